package conformance

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/mapping"
	"github.com/orglink/orglink/salesforce/sobject"
	"github.com/orglink/orglink/sync/importer"
	"github.com/orglink/orglink/sync/mirror"
)

var wideViewer = orglink.Actor{Tenant: "t"}

// wideStream has n text fields besides Id and SystemModstamp, and some of
// other kinds.
func wideStream(n int) importer.Stream {
	s := importer.Stream{Tenant: "t", Connection: "c", Object: "Wide__c", Columns: []sobject.DescribeField{described("Id", sobject.TypeID), described("SystemModstamp", sobject.TypeDateTime)}}
	for i := range n {
		s.Columns = append(s.Columns, described(fmt.Sprintf("Text%03d__c", i), sobject.TypeString))
		if i%10 == 0 {
			s.Columns = append(s.Columns, described(fmt.Sprintf("Number%03d__c", i), sobject.TypeDouble), described(fmt.Sprintf("Ref%03d__c", i), sobject.TypeReference, "Account"))
		}
	}
	return s
}

// wideRow fills every field with what takes most room in a page.
func wideRow(s importer.Stream, n int, at time.Time) importer.Change {
	id := sobject.MustID(fmt.Sprintf("a00%012d", n))
	names := make([]string, len(s.Columns))
	values := make([]sobject.Value, len(names))
	for i, c := range s.Columns {
		names[i] = c.Name
		switch c.Type {
		case sobject.TypeID:
			values[i] = sobject.IDValue(id)
		case sobject.TypeDateTime:
			values[i] = sobject.DateTimeValue(at)
		case sobject.TypeDouble:
			values[i], _ = sobject.NumberValue(fmt.Sprintf("%d.1234567", n))
		case sobject.TypeReference:
			values[i] = sobject.IDValue("001000000000aBcAAA")
		default:
			values[i] = sobject.TextValue(fmt.Sprintf("%d %d ", n, i) + strings.Repeat("ä", []int{8, 16, 17, 2000}[(i+n)%4]))
		}
	}
	return importer.Change{Kind: importer.Full, Object: s.Object, ID: id, SystemModstamp: at, ReadAt: at, Record: sobject.RecordOf(sobject.NewShape(s.Object, names...), values)}
}

// Objects with more fields than fit into a page of a database, each of them
// full, also when the fields come one after the other.
func TestWideObjects(t *testing.T) {
	eachDatabase(t, func(t *testing.T, open func(t *testing.T) database) {
		d := open(t)
		all := wideStream(700)
		sel := mapping.Selection{Object: "Wide__c"}
		for _, c := range all.Columns {
			sel.Fields = append(sel.Fields, c.Name)
		}
		view := &oneView{Tenant: "t", Connection: "c", Integration: "i", Objects: []mapping.Selection{sel}}
		m := newMirror(t, d, view)
		prev := importer.Position("")
		want := map[sobject.ID]importer.Change{}
		at := shopStart
		for round, width := range []int{120, 240, 260, 700} {
			s := wideStream(width)
			at = at.Add(time.Minute)
			if got, err := m.Open(t.Context(), s, 1); err != nil || got != prev {
				t.Fatalf("%d fields: %q %v", width, got, err)
			}
			next := importer.Position(fmt.Sprint(round + 1))
			b := importer.Batch{Stream: s, Fence: 1, Prev: prev, Next: next}
			for n := round; n < 8+round; n++ {
				c := wideRow(s, n, at)
				want[c.ID] = c
				b.Changes = append(b.Changes, c)
			}
			if err := m.Apply(t.Context(), b); err != nil {
				t.Fatalf("%d fields: %v", width, err)
			}
			prev = next
		}
		// Another process finds the same.
		again := newMirror(t, d, view)
		if err := again.Apply(t.Context(), importer.Batch{Stream: all, Changes: []importer.Change{
			{Kind: importer.Deleted, Object: "Wide__c", ID: wideRow(all, 5, at).ID, SystemModstamp: at.Add(time.Second), ReadAt: at.Add(time.Second)}}}); err != nil {
			t.Fatal(err)
		}
		delete(want, wideRow(all, 5, at).ID)
		viewer := wideViewer
		for id, c := range want {
			got, err := again.Get(t.Context(), viewer, "i", "Wide__c", id)
			if err != nil {
				t.Fatal(err)
			}
			for name, v := range c.Record.Fields() {
				if w, _ := got.Record.Value(name); !w.Equal(v) {
					t.Fatalf("%s of %s is %.40q, not %.40q", name, id, w.Raw(), v.Raw())
				}
			}
		}
		page, err := again.List(t.Context(), viewer, "i", mirror.Query{Object: "Wide__c", Fields: []string{"Id", "Text699__c"}, Limit: 3,
			Where: []mirror.Filter{{Field: "Text690__c", Op: mirror.NotNull}, {Field: "Text000__c", Op: mirror.NotNull}}, Sort: []mirror.Sort{{Field: "Number690__c", Desc: true}}})
		if err != nil || len(page.Rows) != 3 || page.Next == "" || page.Rows[0].ID != wideRow(all, 10, at).ID {
			t.Fatalf("%+v, %v", page, err)
		}
		if n, err := again.Count(t.Context(), viewer, "i", "Wide__c"); err != nil || n != int64(len(want)) {
			t.Errorf("%d of %d, %v", n, len(want), err)
		}
		if groups, err := again.GroupCount(t.Context(), viewer, "i", "Wide__c", "Ref690__c"); err != nil || len(groups) != 2 {
			t.Errorf("%+v, %v", groups, err)
		}
		if rows, err := again.Search(t.Context(), viewer, "i", "Wide__c", "8 692 ", 10); err != nil || len(rows) != 1 {
			t.Errorf("%d rows, %v", len(rows), err)
		}
	})
}
