package sobject_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/orglink/orglink/salesforce/sobject"
)

// readPage reads a page to its end.
func readPage(r io.Reader) ([]sobject.Record, *sobject.PageReader, error) {
	p := sobject.NewPageReader(r)
	var out []sobject.Record
	for rec, err := range p.Records() {
		if err != nil {
			return out, p, err
		}
		out = append(out, rec)
	}
	return out, p, nil
}

// The slow, obvious decoder: the oracle of the fast one.

type slowPage struct {
	totalSize *int
	done      *bool
	next      string
	records   []sobject.Record
}

type member struct {
	key string
	raw json.RawMessage
}

func members(raw json.RawMessage) ([]member, error) {
	dec := json.NewDecoder(bytes.NewReader(raw))
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return nil, errors.New("not an object")
	}
	var out []member
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return nil, err
		}
		var m member
		m.key = key.(string)
		if err := dec.Decode(&m.raw); err != nil {
			return nil, err
		}
		out = append(out, m)
	}
	return out, nil
}

func decodeSlowly(raw []byte) (*slowPage, error) {
	if !json.Valid(raw) {
		return nil, errors.New("invalid")
	}
	ms, err := members(raw)
	if err != nil {
		return nil, err
	}
	var p slowPage
	seen := false
	for _, m := range ms {
		var err error
		switch m.key {
		case "totalSize":
			err = json.Unmarshal(m.raw, &p.totalSize)
		case "done":
			err = json.Unmarshal(m.raw, &p.done)
		case "nextRecordsUrl":
			err = json.Unmarshal(m.raw, &p.next)
		case "records":
			if string(m.raw) == "null" {
				seen = true
				continue
			}
			if seen || m.raw[0] != '[' {
				return nil, errors.New("records")
			}
			seen = true
			p.records, err = slowRecords(m.raw)
		}
		if err != nil {
			return nil, err
		}
	}
	if !seen {
		return nil, errors.New("no records")
	}
	return &p, nil
}

func slowRecords(raw json.RawMessage) ([]sobject.Record, error) {
	var list []json.RawMessage
	if err := json.Unmarshal(raw, &list); err != nil {
		return nil, err
	}
	out := make([]sobject.Record, len(list))
	for i, r := range list {
		var err error
		if out[i], err = slowRecord(r); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func slowRecord(raw json.RawMessage) (sobject.Record, error) {
	ms, err := members(raw)
	if err != nil {
		return sobject.Record{}, err
	}
	object := ""
	var fields []sobject.Field
	for _, m := range ms {
		if m.key == "attributes" && m.raw[0] == '{' {
			var a struct {
				Type any `json:"type"`
			}
			if err := json.Unmarshal(m.raw, &a); err != nil {
				return sobject.Record{}, err
			}
			object, _ = a.Type.(string)
			continue
		}
		v, err := slowValue(m.raw)
		if err != nil {
			return sobject.Record{}, err
		}
		fields = append(fields, sobject.F(m.key, v))
	}
	return sobject.NewRecord(object, fields...), nil
}

func slowValue(raw json.RawMessage) (sobject.Value, error) {
	switch raw[0] {
	case 'n':
		return sobject.NullValue(), nil
	case 't', 'f':
		return sobject.BoolValue(raw[0] == 't'), nil
	case '"':
		var s string
		err := json.Unmarshal(raw, &s)
		return sobject.TextValue(s), err
	case '[':
		return sobject.JSONValue(string(raw)), nil
	case '{':
	default:
		return sobject.NumberValue(string(raw))
	}
	ms, err := members(raw)
	if err != nil {
		return sobject.Value{}, err
	}
	isRecord, hasRecords, hasDone := false, false, false
	for _, m := range ms {
		switch m.key {
		case "attributes":
			isRecord = isRecord || m.raw[0] == '{'
		case "records":
			hasRecords = m.raw[0] == '['
		case "done":
			hasDone = m.raw[0] == 't' || m.raw[0] == 'f'
		}
	}
	switch {
	case isRecord:
		rec, err := slowRecord(raw)
		return sobject.RecordValue(rec), err
	case hasRecords && hasDone:
		var set sobject.ChildSet
		for _, m := range ms {
			switch m.key {
			case "totalSize":
				err = json.Unmarshal(m.raw, &set.TotalSize)
			case "done":
				err = json.Unmarshal(m.raw, &set.Done)
			case "nextRecordsUrl":
				err = json.Unmarshal(m.raw, &set.NextURL)
			case "records":
				if m.raw[0] == '[' {
					set.Records, err = slowRecords(m.raw)
				}
			}
			if err != nil {
				return sobject.Value{}, err
			}
		}
		return sobject.ChildrenValue(set), nil
	default:
		return sobject.JSONValue(string(raw)), nil
	}
}

// same compares two records in every respect.
func same(a, b sobject.Record) error {
	if a.Object() != b.Object() || a.Len() != b.Len() {
		return fmt.Errorf("%s with %d fields, %s with %d", a.Object(), a.Len(), b.Object(), b.Len())
	}
	var names [2][]string
	var values [2][]sobject.Value
	for i, r := range []sobject.Record{a, b} {
		for n, v := range r.Fields() {
			names[i], values[i] = append(names[i], n), append(values[i], v)
		}
	}
	if !slices.Equal(names[0], names[1]) {
		return fmt.Errorf("fields %q and %q", names[0], names[1])
	}
	for i, v := range values[0] {
		w := values[1][i]
		if v.Kind() != w.Kind() || v.Raw() != w.Raw() {
			return fmt.Errorf("%s: %s %q and %s %q", names[0][i], v.Kind(), v.Raw(), w.Kind(), w.Raw())
		}
		if p, ok := v.Record(); ok {
			q, _ := w.Record()
			if err := same(p, q); err != nil {
				return fmt.Errorf("%s: %w", names[0][i], err)
			}
		}
		if v.Kind() == sobject.Children {
			p, _ := v.Children()
			q, _ := w.Children()
			if p.TotalSize != q.TotalSize || p.Done != q.Done || p.NextURL != q.NextURL || len(p.Records) != len(q.Records) {
				return fmt.Errorf("%s: children %+v and %+v", names[0][i], p, q)
			}
			for j := range p.Records {
				if err := same(p.Records[j], q.Records[j]); err != nil {
					return fmt.Errorf("%s[%d]: %w", names[0][i], j, err)
				}
			}
		}
	}
	return nil
}

// checkReused reads a page twice into the same memory and looks at each record
// while it is good, and at its clone when it is good no more.
func checkReused(t *testing.T, raw []byte, want []sobject.Record) {
	t.Helper()
	last := sobject.NewPageReader(strings.NewReader("")).Reuse()
	for range 2 {
		p := sobject.NewPageReader(bytes.NewReader(raw)).Reuse().Continue(last)
		last = p
		var clones []sobject.Record
		for r, err := range p.Records() {
			if err != nil {
				t.Fatalf("%q: reused: %v", raw, err)
			}
			if err := same(r, want[len(clones)]); err != nil {
				t.Fatalf("%q: reused record %d: %v", raw, len(clones), err)
			}
			clones = append(clones, r.Clone())
		}
		if len(clones) != len(want) {
			t.Fatalf("%q: reused: %d records, want %d", raw, len(clones), len(want))
		}
		for i := range clones {
			if err := same(clones[i], want[i]); err != nil {
				t.Fatalf("%q: clone of reused record %d: %v", raw, i, err)
			}
		}
	}
	checkBatches(t, raw, want)
}

// checkBatches reads a page into two batches that take turns, both of which
// held something before.
func checkBatches(t *testing.T, raw []byte, want []sobject.Record) {
	t.Helper()
	var turns [2]sobject.Batch
	for i := range turns {
		before := sobject.NewPageReader(strings.NewReader(`{"records":[{"other":"\u0041","x":{"y":1}}]}`)).Reuse()
		if err := before.ReadBatch(&turns[i]); err != nil {
			t.Fatal(err)
		}
	}
	p := sobject.NewPageReader(bytes.NewReader(raw)).Reuse()
	n := 0
	for turn := 0; ; turn++ {
		b := &turns[turn%2]
		if err := p.ReadBatch(b); err != nil {
			if !errors.Is(err, io.EOF) || n != len(want) {
				t.Fatalf("%q: batches: %d records, %v", raw, n, err)
			}
			return
		}
		for _, r := range b.Records {
			if err := same(r, want[n]); err != nil {
				t.Fatalf("%q: record %d in a batch: %v", raw, n, err)
			}
			n++
		}
	}
}

func checkPage(t *testing.T, raw []byte) {
	t.Helper()
	want, slowErr := decodeSlowly(raw)
	for _, r := range []io.Reader{bytes.NewReader(raw), iotest.OneByteReader(bytes.NewReader(raw))} {
		got, p, err := readPage(r)
		if (err != nil) != (slowErr != nil) {
			t.Fatalf("%q: error %v, encoding/json says %v", raw, err, slowErr)
		}
		if err != nil {
			continue
		}
		if len(got) != len(want.records) {
			t.Fatalf("%q: %d records, want %d", raw, len(got), len(want.records))
		}
		for i := range got {
			if err := same(got[i], want.records[i]); err != nil {
				t.Fatalf("%q: record %d: %v", raw, i, err)
			}
			if err := same(got[i].Clone(), want.records[i]); err != nil {
				t.Fatalf("%q: clone of record %d: %v", raw, i, err)
			}
		}
		checkReused(t, raw, want.records)
		total, ok := p.TotalSize()
		if ok != (want.totalSize != nil) || ok && total != *want.totalSize || p.NextURL() != want.next {
			t.Fatalf("%q: totalSize %v %v, next %q", raw, total, ok, p.NextURL())
		}
	}
}

var pages = []string{
	`{"totalSize":0,"done":true,"records":[]}`,
	`{"totalSize":3,"done":true,"records":null}`,
	` { "done" : false , "nextRecordsUrl" : "/x-1" , "records" : [ { "attributes" : { "type" : "A" } , "Id" : "1" } ] , "totalSize" : 5 } ` + "\n",
	`{"totalSize":3,"done":true,"records":[{"attributes":{"type":"Account","url":"/u/1"},"Id":"1","Name":"A\u00e9\n\"","N":1.50,"B":true,"X":null},` +
		`{"attributes":{"type":"Account","url":"/u/2"},"Id":"2","Name":"Ünïcödé 😀 long enough for eight","N":-0.0e+5,"B":false,"X":"\ud83d\ude00\ud800x"},` +
		`{"attributes":{"type":"Account","url":"/u/3"},"Id":"3","Other":1}]}`,
	`{"totalSize":2,"done":true,"records":[{"attributes":{"type":"Contact","url":"/u/1"},"Account":{"attributes":{"type":"Account","url":"/a"},"Name":"P","Owner":{"attributes":{"type":"User","url":"/o"},"Name":"O"}},"MailingAddress":{"city":"Zürich","latitude":1.5},"Cases":{"totalSize":3,"done":false,"nextRecordsUrl":"/c","records":[{"attributes":{"type":"Case","url":"/c/1"},"Id":"c1"}]}},` +
		`{"attributes":{"type":"Contact","url":"/u/2"},"Account":null,"MailingAddress":null,"Cases":null}]}`,
	`{"totalSize":2,"done":true,"records":[{"attributes":{"type":"Task","url":"/u/1"},"Who":{"attributes":{"type":"Lead","url":"/l"},"Name":"L"}},{"attributes":{"type":"Task","url":"/u/2"},"Who":{"attributes":{"type":"Contact","url":"/l"},"Name":"C","Email":"e"}},{"attributes":{"type":"Task","url":"/u/1"},"Who":{"attributes":{"type":"Lead","url":"/l"},"Name":"L"}}]}`,
	`{"totalSize":2,"done":true,"records":[{"attributes":{"type":"AggregateResult"},"expr0":300.0},{"attributes":{"type":"AggregateResult"},"expr0":null}]}`,
	`{"records":[{"a":1,"a":2,"A":3}],"size":1,"entityTypeName":"x","done":true}`,
	`{"records":[{"attributes":5,"x":{"attributes":7}}],"done":true}`,
	`{"records":[{"x":{"records":[1],"done":true}}]}`,
	`{"records":[{"x":[1,{"y":[]}],"y":{}}]}`,
	`{"records":[{},{}]}`, `{"records":[1]}`, `{"records":[],"records":[]}`, `{"records":{}}`, `{}`, `[]`, ``, `{"records":[`, `{"records":[]`, `{"records":[]}x`,
	`{"records":[{"a":1 2}]}`, `{"records":[{"a":01}]}`, `{"records":[{"a":1.}]}`, `{"records":[{"a":-}]}`, `{"records":[{"a":tru}]}`,
	`{"records":[{"a":"\x"}]}`, `{"records":[{"a":"\u12"}]}`, "{\"records\":[{\"a\":\"\x01\"}]}", "{\"records\":[{\"a\":\"\xff\xfe\"}]}", "{\"records\":[{\"a\":\"\\n\xff\"}]}",
	`{"records":[{"a":1},]}`, `{"records":[{"a":1,}]}`, `{"records":[,{"a":1}]}`, `{"records":[{"a":1}{"a":1}]}`, `{"totalSize":"x","records":[]}`,
	"{\"records\":[{\"a\\u0022b\":1},{\"a\\u0022b\":2}]}", `{"records":[{"attrib\u0075tes":{"type":"T"},"a":{"attrib\u0075tes":{"type":"T"}}}]}`,
}

func TestPageAgainstEncodingJSON(t *testing.T) {
	for _, raw := range pages {
		checkPage(t, []byte(raw))
	}
}

func TestPageMutations(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	spice := []byte(`"\{}[],:0-+.eEtn u` + "\x00\xff\xc3 \n")
	for range 4000 {
		raw := []byte(pages[rng.IntN(len(pages))])
		if len(raw) == 0 {
			continue
		}
		for range 1 + rng.IntN(3) {
			at := rng.IntN(len(raw))
			switch rng.IntN(3) {
			case 0:
				raw[at] = spice[rng.IntN(len(spice))]
			case 1:
				raw = slices.Delete(raw, at, min(at+1+rng.IntN(4), len(raw)))
			default:
				raw = slices.Insert(raw, at, spice[rng.IntN(len(spice))])
			}
			if len(raw) == 0 {
				break
			}
		}
		checkPage(t, raw)
	}
}

func FuzzPage(f *testing.F) {
	for _, p := range pages {
		f.Add([]byte(p))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		if bytes.Count(raw, []byte("["))+bytes.Count(raw, []byte("{")) > 200 {
			t.Skip("deeper than the decoder allows on purpose")
		}
		checkPage(t, raw)
	})
}

// bigPage returns a page of n accounts of about 900 bytes.
func bigPage(n int) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, `{"totalSize":%d,"done":true,"records":[`, n)
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"attributes":{"type":"Account","url":"/services/data/v66.0/sobjects/Account/001%015d"},"Id":"001%015d","IsDeleted":false,"Name":"Account number %d","Type":"Customer - Direct","Industry":"Energy","AnnualRevenue":%d.5,"NumberOfEmployees":%d,"BillingStreet":"Main Street %d\nSecond floor","BillingCity":"Springfield","BillingPostalCode":"12345","BillingCountry":"United States of America","Phone":"+1 555 0100 %d","Website":"https://www.example.com/accounts/%d","Description":"A description that is neither short nor long, as they tend to be in a CRM.","OwnerId":"005000000000001AAA","CreatedDate":"2024-01-02T03:04:05.000+0000","LastModifiedDate":"2024-02-03T04:05:06.000+0000","SystemModstamp":"2024-02-03T04:05:06.000+0000","ParentId":null,"Rating":null}`,
			i, i, i, i*1000, i%5000, i, i%10000, i)
	}
	b.WriteString(`]}`)
	return b.Bytes()
}

func TestPageRecordsMayBeKept(t *testing.T) {
	got, p, err := readPage(bytes.NewReader(bigPage(3000)))
	if err != nil || len(got) != 3000 || !p.Done() {
		t.Fatal(len(got), err)
	}
	for i, r := range got {
		name, err := r.Text("Name")
		if want := fmt.Sprintf("Account number %d", i); err != nil || name != want {
			t.Fatalf("record %d: %q, %v", i, name, err)
		}
		if street, _ := r.Text("BillingStreet"); street != fmt.Sprintf("Main Street %d\nSecond floor", i) {
			t.Fatalf("record %d: street %q", i, street)
		}
	}
}

func TestPageCutAnywhereIsAnError(t *testing.T) {
	whole := bigPage(30)
	for n := range len(whole) {
		if _, _, err := readPage(bytes.NewReader(whole[:n])); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Fatalf("cut after %d of %d bytes: %v", n, len(whole), err)
		}
	}
	broken := errors.New("broken")
	if _, _, err := readPage(io.MultiReader(bytes.NewReader(whole[:5000]), iotest.ErrReader(broken))); !errors.Is(err, broken) {
		t.Fatal(err)
	}
}

func TestPageHugeField(t *testing.T) {
	text := strings.Repeat("0123456789abcdef", 1<<16)
	got, _, err := readPage(strings.NewReader(`{"records":[{"a":"x"},{"a":"` + text + `"},{"a":"y"}]}`))
	if err != nil || len(got) != 3 {
		t.Fatal(len(got), err)
	}
	if v, _ := got[1].Text("a"); v != text {
		t.Fatal("the field of a megabyte changed")
	}
}

func TestRecordUnmarshal(t *testing.T) {
	var r sobject.Record
	if err := json.Unmarshal([]byte(` {"attributes":{"type":"Lead","url":"/x"},"Id":"00Q000000000001","N":9007199254740993} `), &r); err != nil {
		t.Fatal(err)
	}
	// g8rswimmer/go-sfdc soql/record.go: 9007199254740993 became ...992.
	if n, err := r.Int("N"); r.Object() != "Lead" || n != 9007199254740993 {
		t.Fatal(r.Object(), n, err)
	}
	for _, bad := range []string{`[]`, `{"a":1`, `{"a":1}}`, `null`} {
		if err := new(sobject.Record).UnmarshalJSON([]byte(bad)); err == nil {
			t.Errorf("%s: no error", bad)
		}
	}
}

func BenchmarkPage(b *testing.B) {
	page := bigPage(2000)
	b.SetBytes(int64(len(page)))
	b.Run("orglink", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			n := 0
			for _, err := range sobject.NewPageReader(bytes.NewReader(page)).Records() {
				if err != nil {
					b.Fatal(err)
				}
				n++
			}
		}
		b.ReportMetric(float64(2000*b.N)/b.Elapsed().Seconds(), "records/s")
	})
	b.Run("reused", func(b *testing.B) {
		b.ReportAllocs()
		last := sobject.NewPageReader(strings.NewReader("")).Reuse()
		for b.Loop() {
			last = sobject.NewPageReader(bytes.NewReader(page)).Reuse().Continue(last)
			for _, err := range last.Records() {
				if err != nil {
					b.Fatal(err)
				}
			}
		}
		b.ReportMetric(float64(2000*b.N)/b.Elapsed().Seconds(), "records/s")
	})
	b.Run("struct", func(b *testing.B) {
		b.ReportAllocs()
		last := sobject.NewPageReader(strings.NewReader("")).Reuse()
		for b.Loop() {
			last = sobject.NewPageReader(bytes.NewReader(page)).Reuse().Continue(last)
			for _, err := range sobject.DecodeEach[typedAccount](last.Records()) {
				if err != nil {
					b.Fatal(err)
				}
			}
		}
		b.ReportMetric(float64(2000*b.N)/b.Elapsed().Seconds(), "records/s")
	})
	b.Run("encoding-json", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var out struct{ Records []account }
			if err := json.NewDecoder(bytes.NewReader(page)).Decode(&out); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(2000*b.N)/b.Elapsed().Seconds(), "records/s")
	})
}

type typedAccount struct {
	ID                string     `salesforce:"Id"`
	IsDeleted         bool       `salesforce:"IsDeleted"`
	Name              string     `salesforce:"Name"`
	Type              string     `salesforce:"Type"`
	Industry          string     `salesforce:"Industry"`
	AnnualRevenue     float64    `salesforce:"AnnualRevenue"`
	NumberOfEmployees int64      `salesforce:"NumberOfEmployees"`
	BillingStreet     string     `salesforce:"BillingStreet"`
	BillingCity       string     `salesforce:"BillingCity"`
	BillingPostalCode string     `salesforce:"BillingPostalCode"`
	BillingCountry    string     `salesforce:"BillingCountry"`
	Phone             string     `salesforce:"Phone"`
	Website           string     `salesforce:"Website"`
	Description       string     `salesforce:"Description"`
	OwnerID           sobject.ID `salesforce:"OwnerId"`
	CreatedDate       time.Time  `salesforce:"CreatedDate"`
	LastModifiedDate  time.Time  `salesforce:"LastModifiedDate"`
	SystemModstamp    time.Time  `salesforce:"SystemModstamp"`
	ParentID          string     `salesforce:"ParentId"`
	Rating            string     `salesforce:"Rating"`
}

type account struct {
	ID                                string `json:"Id"`
	IsDeleted                         bool
	Name, Type, Industry              string
	AnnualRevenue                     float64
	NumberOfEmployees                 int
	BillingStreet, BillingCity        string
	BillingPostalCode, BillingCountry string
	Phone, Website, Description       string
	OwnerID                           string `json:"OwnerId"`
	CreatedDate, LastModifiedDate     string
	SystemModstamp                    string
	ParentID                          *string `json:"ParentId"`
	Rating                            *string
}
