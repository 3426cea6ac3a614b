package sobject_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/orglink/orglink/salesforce/sobject"
)

func TestRecordByHand(t *testing.T) {
	owner := sobject.NewRecord("User", sobject.F("Name", sobject.TextValue("Ann")))
	r := sobject.NewRecord("Account", sobject.F("Name", sobject.TextValue("A<b>")), sobject.F("Name", sobject.TextValue("B")),
		sobject.F("Owner", sobject.RecordValue(owner)), sobject.F("Parent", sobject.NullValue()), sobject.F("N", number(t, "1.50")))
	if r.Len() != 4 || r.IsZero() || r.Object() != "Account" {
		t.Error(r.Len())
	}
	if v, ok := r.Path("Owner.Name"); !ok || v.Raw() != "Ann" {
		t.Error(v, ok)
	}
	if v, ok := r.Path("Parent.Owner.Name"); !ok || !v.IsNull() {
		t.Error("a field of a null parent is null", v, ok)
	}
	if _, ok := r.Path("Name.X"); ok {
		t.Error("a field of a text")
	}
	flat := sobject.NewRecord("Account", sobject.F("Owner.Name", sobject.TextValue("Ann")))
	if v, ok := flat.Path("Owner.Name"); !ok || v.Raw() != "Ann" {
		t.Error("the flat name of a Bulk result", v, ok)
	}
	b, err := json.Marshal(r)
	if want := `{"attributes":{"type":"Account"},"Name":"B","Owner":{"attributes":{"type":"User"},"Name":"Ann"},"Parent":null,"N":1.50}`; err != nil || string(b) != want {
		t.Errorf("got  %s\nwant %s, %v", b, want, err)
	}
	var back sobject.Record
	if err := json.Unmarshal(b, &back); err != nil || !back.Equal(r) || !r.Equal(back) || same(back, r) != nil {
		t.Error(err, same(back, r))
	}
	changed := back.With(sobject.F("name", sobject.TextValue("C")), sobject.F("New", sobject.BoolValue(true)))
	if name, _ := changed.Text("Name"); name != "C" || changed.Len() != 5 || back.Equal(changed) {
		t.Error(changed)
	}
	if name, _ := back.Text("Name"); name != "B" {
		t.Error("With changed its receiver")
	}
	var zero sobject.Record
	if !zero.IsZero() || zero.Len() != 0 || zero.ID() != "" || zero.Partial() || !zero.Clone().IsZero() || !zero.Equal(sobject.Record{}) {
		t.Error("the zero record")
	}
	if _, ok := zero.Value("x"); ok {
		t.Error("the zero record has a field")
	}
}

// A clone keeps its own bytes alive and nothing else.
func TestCloneLetsItsBlockGo(t *testing.T) {
	raw := bigPage(2000)
	var kept []sobject.Record
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for range 20 {
		got, _, err := readPage(bytes.NewReader(raw))
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; i < len(got); i += 100 { // one of each block
			kept = append(kept, got[i].Clone())
		}
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > int64(len(kept))*4000 {
		t.Errorf("%d clones of 900 bytes keep %d bytes alive", len(kept), grown)
	}
	if name, err := kept[len(kept)-1].Text("Name"); err != nil || name != "Account number 1900" {
		t.Error(name, err)
	}
}

func TestRecordForPeople(t *testing.T) {
	rec := sobject.NewRecord("Account", sobject.F("Id", sobject.IDValue("001000000000001AAA")), sobject.F("Name", sobject.TextValue("O\"B")), sobject.F("Phone", sobject.NullValue()))
	if got := fmt.Sprint(rec); got != `Account{"Id":"001000000000001AAA","Name":"O\"B","Phone":null}` {
		t.Error(got)
	}
	if got := fmt.Sprint(sobject.Record{}); got != "{}" {
		t.Error(got)
	}
}

func TestRecordChildren(t *testing.T) {
	kid := sobject.NewRecord("Contact", sobject.F("LastName", sobject.TextValue("Hopper")))
	rec := sobject.NewRecord("Account",
		sobject.F("Contacts", sobject.ChildrenValue(sobject.ChildSet{TotalSize: 1, Done: true, Records: []sobject.Record{kid}})),
		sobject.F("Cases", sobject.NullValue()),
		sobject.F("Tasks", sobject.ChildrenValue(sobject.ChildSet{TotalSize: 2, Records: []sobject.Record{kid}})),
		sobject.F("Name", sobject.TextValue("Acme")))
	if kids, err := rec.Children("contacts"); err != nil || len(kids) != 1 || !kids[0].Equal(kid) {
		t.Error(kids, err)
	}
	if kids, err := rec.Children("Cases"); err != nil || len(kids) != 0 {
		t.Error(kids, err)
	}
	for name, want := range map[string]string{"Tasks": "1 of 2", "Name": "text", "Nope": "was it selected"} {
		if kids, err := rec.Children(name); err == nil || kids != nil || !strings.Contains(err.Error(), want) {
			t.Error(name, kids, err)
		}
	}
}
