package sobject_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/orglink/orglink/salesforce/sobject"
)

type stage string

type user struct {
	Name  string  `salesforce:"Name"`
	Email *string `salesforce:"Email"`
}

type audit struct {
	Changed time.Time `salesforce:"SystemModstamp"`
}

type line struct {
	Quantity float32 `salesforce:"Quantity"`
}

type deal struct {
	audit
	ID       sobject.ID       `salesforce:"Id"`
	Name     string           `salesforce:"Name"`
	Stage    stage            `salesforce:"StageName"`
	Amount   string           `salesforce:"Amount"`
	Chance   *float64         `salesforce:"Probability"`
	Count    int32            `salesforce:"Count__c"`
	Small    uint8            `salesforce:"Small__c"`
	Won      bool             `salesforce:"IsWon"`
	Closes   sobject.Date     `salesforce:"CloseDate"`
	At       sobject.Time     `salesforce:"At__c"`
	Exact    json.Number      `salesforce:"Exact__c"`
	Raw      sobject.Value    `salesforce:"Any__c"`
	Nothing  *time.Time       `salesforce:"Null__c"`
	Zero     int              `salesforce:"Null2__c"`
	Place    *sobject.Address `salesforce:"Address__c"`
	Where    sobject.Location `salesforce:"Where__c"`
	Owner    user             `salesforce:"Owner"`
	Manager  string           `salesforce:"Owner.Manager.Name"`
	Account  *user            `salesforce:"Account"`
	Lines    []line           `salesforce:"Lines"`
	Others   []sobject.Record `salesforce:"Others"`
	Optional *string          `salesforce:"Missing__c,optional"`
	Untagged string
}

const dealJSON = `{"attributes":{"type":"Opportunity","url":"/x"},"Id":"006000000000001","Name":"A \"big\" one","StageName":"Won","Amount":0.10,"Probability":12.5,"Count__c":47.0,"Small__c":255,
"IsWon":true,"CloseDate":"2024-02-29","At__c":"03:04:05.678Z","Exact__c":9007199254740993,"Any__c":null,"Null__c":null,"Null2__c":null,"SystemModstamp":"2024-01-02T03:04:05.006+0000",
"Address__c":{"city":"Paris","street":null,"latitude":48.850},"Where__c":{"latitude":1.50,"longitude":-2},
"Owner":{"attributes":{"type":"User"},"Name":"Ann","Email":null,"Manager":{"attributes":{"type":"User"},"Name":"Bo"}},"Account":null,
"Lines":{"totalSize":2,"done":true,"records":[{"attributes":{"type":"Line"},"Quantity":1},{"attributes":{"type":"Line"},"Quantity":2.5}]},"Others":null}`

func record(t *testing.T, raw string) sobject.Record {
	t.Helper()
	var r sobject.Record
	if err := json.Unmarshal([]byte(raw), &r); err != nil {
		t.Fatal(err)
	}
	return r
}

func TestDecodeIntoAStruct(t *testing.T) {
	got, err := sobject.DecodeRecord[deal](record(t, dealJSON))
	if err != nil {
		t.Fatal(err)
	}
	chance, city, latitude := 12.5, "Paris", json.Number("48.850")
	want := deal{audit: audit{time.Date(2024, 1, 2, 3, 4, 5, 6e6, time.UTC)}, ID: "006000000000001AAA", Name: `A "big" one`, Stage: "Won", Amount: "0.10", Chance: &chance,
		Count: 47, Small: 255, Won: true, Closes: sobject.Date{Year: 2024, Month: 2, Day: 29}, At: sobject.Time(3*time.Hour + 4*time.Minute + 5678*time.Millisecond),
		Exact: "9007199254740993", Place: &sobject.Address{City: &city, Latitude: &latitude}, Where: sobject.Location{Latitude: "1.50", Longitude: "-2"},
		Owner: user{Name: "Ann"}, Manager: "Bo", Lines: []line{{1}, {2.5}}}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(deal{}), cmp.Comparer(func(a, b sobject.Value) bool { return a.Equal(b) })); diff != "" {
		t.Error(diff)
	}
}

// The columns of a Bulk result are flat; the same struct takes them.
func TestDecodeCSVIntoAStruct(t *testing.T) {
	type row struct {
		ID      sobject.ID `salesforce:"Id"`
		Amount  *float64   `salesforce:"Amount"`
		Count   int        `salesforce:"Count__c"`
		Won     bool       `salesforce:"IsWon"`
		At      time.Time  `salesforce:"CreatedDate"`
		Email   *string    `salesforce:"Owner.Email"`
		Owner   user       `salesforce:"Owner"`
		Account *user      `salesforce:"Account"`
	}
	const file = "\"Id\",\"Amount\",\"Count__c\",\"IsWon\",\"CreatedDate\",\"Owner.Name\",\"Owner.Email\",\"Account.Name\",\"Account.Email\"\n" +
		"\"006000000000001AAA\",\"\",\"47\",\"true\",\"2024-01-02T03:04:05.000Z\",\"Ann\",\"a@example.com\",\"\",\"\"\n" +
		"\"006000000000002AAA\",\"1.5E3\",\"0\",\"FALSE\",\"\",\"\",\"\",\"Acme\",\"\"\n"
	for _, reader := range []*sobject.CSVReader{
		sobject.NewCSVReader(strings.NewReader(file), "Opportunity"), sobject.NewCSVReader(strings.NewReader(file), "Opportunity").Reuse(),
	} {
		var got []row
		for r, err := range sobject.DecodeEach[row](reader.Records()) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, r)
		}
		amount, mail := 1500.0, "a@example.com"
		want := []row{
			{ID: "006000000000001AAA", Count: 47, Won: true, At: time.Date(2024, 1, 2, 3, 4, 5, 0, time.UTC), Email: &mail, Owner: user{"Ann", &mail}},
			{ID: "006000000000002AAA", Amount: &amount, Account: &user{Name: "Acme"}},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}
}

func TestDecodeErrorsSayWhatAndWhere(t *testing.T) {
	check := func(err error, parts ...string) {
		t.Helper()
		if err == nil {
			t.Errorf("no error with %q", parts)
			return
		}
		for _, p := range parts {
			if !strings.Contains(err.Error(), p) {
				t.Errorf("%q lacks %q", err, p)
			}
		}
	}
	rec := record(t, `{"attributes":{"type":"Lead"},"Id":"00Q000000000001","Name":"x","N":300,"F":1.5,"Big":1e300,"Neg":-1,"P":{"attributes":{"type":"User"},"Name":1}}`)
	_, err := sobject.DecodeRecord[struct {
		N string `salesforce:"Nope__c"`
		M string `salesforce:"P.Nope__c"`
	}](rec)
	check(err, "Lead 00Q000000000001EAA", "Nope__c", "select it")
	_, err = sobject.DecodeRecord[struct {
		M string `salesforce:"P.Nope__c"`
	}](rec)
	check(err, "P.Nope__c", "select it")
	_, err = sobject.DecodeRecord[struct {
		N int8 `salesforce:"N"`
	}](rec)
	check(err, "field N", "300 does not fit int8")
	_, err = sobject.DecodeRecord[struct {
		F int `salesforce:"F"`
	}](rec)
	check(err, "1.5", "whole number")
	_, err = sobject.DecodeRecord[struct {
		F float32 `salesforce:"Big"`
	}](rec)
	check(err, "float32")
	_, err = sobject.DecodeRecord[struct {
		F uint `salesforce:"Neg"`
	}](rec)
	check(err, "-1 does not fit uint")
	_, err = sobject.DecodeRecord[struct {
		F time.Time `salesforce:"Name"`
	}](rec)
	check(err, "field F, Name", "date-time")
	_, err = sobject.DecodeRecord[struct {
		P string `salesforce:"P"`
	}](rec)
	check(err, "record, not text")
	_, err = sobject.DecodeRecord[struct {
		P *struct {
			Name bool `salesforce:"Name"`
		} `salesforce:"P"`
	}](rec)
	check(err, "field P, P: field Name, Name")
	_, err = sobject.NewStructDecoder[int]()
	check(err, "no struct")
	_, err = sobject.NewStructDecoder[struct{ Name string }]()
	check(err, "tag")
	_, err = sobject.NewStructDecoder[struct {
		A chan int       `salesforce:"A"`
		B string         `salesforce:"B,sometimes"`
		c string         `salesforce:"C"` //nolint:unused // it is there to be refused
		D string         `salesforce:""`
		E string         `salesforce:"E"`
		H string         `salesforce:"e"`
		F **int          `salesforce:"F"`
		G map[string]int `salesforce:"G"`
	}]()
	check(err, "chan int", "sometimes", "not exported", "no field name", "E has the same tag", "pointer to a pointer", "map[string]int")
	type loop struct {
		Next []loop `salesforce:"Next"`
	}
	_, err = sobject.NewStructDecoder[struct {
		L loop `salesforce:"L"`
	}]()
	check(err, "contains itself")
}

// Records of one answer need not look alike: each shape has its own plan.
func TestDecodeFollowsTheShape(t *testing.T) {
	d, err := sobject.NewStructDecoder[user]()
	if err != nil {
		t.Fatal(err)
	}
	var u user
	for _, raw := range []string{`{"Name":"a","Email":"b"}`, `{"Email":"b","Name":"a"}`, `{"x":1,"email":"b","NAME":"a"}`, `{"Name":"a","Email":"b"}`} {
		if err := d.Decode(record(t, raw), &u); err != nil || u.Name != "a" || *u.Email != "b" {
			t.Errorf("%s: %+v %v", raw, u, err)
		}
	}
	if err := d.Decode(record(t, `{"Name":null,"Email":null}`), &u); err != nil || u.Name != "" || u.Email != nil {
		t.Errorf("what was decoded before is still there: %+v %v", u, err)
	}
	if err := d.Decode(sobject.Record{}, &u); err == nil {
		t.Error("the zero record was decoded")
	}
}

// The hand-written readers agree with package time, and with strconv.
func FuzzQuickReaders(f *testing.F) {
	for _, s := range []string{"2024-02-29T23:59:59.999+0000", "2023-02-29T00:00:00.000Z", "2024-13-01T00:00:00.000Z", "1700-01-01T00:00:00.000+0000", "2024-01-01", "1900-02-29", "0000-01-01", "2024-01-02T24:00:00.000Z", "2024-01-02T03:04:05.12xZ", "2024-01-02T03:04:05.1x2Z", "2024-01-02T03:04:05.x12Z", "20x4-01-02", "202x-01-02", "12.50", "-0", "1e5", "01", "1.", ".5", "-", "1e+", "1E-2"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		date, dateErr := sobject.ParseDate(s)
		slow, slowErr := time.Parse(time.DateOnly, s)
		if (dateErr == nil) != (slowErr == nil) || dateErr == nil && date != sobject.DateOf(slow) {
			t.Fatalf("%q: %v %v, package time says %v %v", s, date, dateErr, slow, slowErr)
		}
		at, err := sobject.ParseDateTime(s)
		for _, layout := range []string{"2006-01-02T15:04:05.000-0700", "2006-01-02T15:04:05.000Z07:00"} {
			slow, slowErr := time.Parse(layout, s)
			if slowErr == nil && (err != nil || !at.Equal(slow) || at.Location() != time.UTC) {
				t.Fatalf("%q: %v %v, package time says %v", s, at, err, slow)
			}
		}
		valid := len(s) > 0 && (s[0] == '-' || s[0] >= '0' && s[0] <= '9') && s[len(s)-1] >= '0' && s[len(s)-1] <= '9' && json.Valid([]byte(s))
		if _, err := sobject.NumberValue(s); (err == nil) != valid {
			t.Fatalf("%q: number %v, encoding/json says %v", s, err, valid)
		}
		if n, err := sobject.TextValue(s).Int(); valid && err == nil {
			var f float64
			if json.Unmarshal([]byte(s), &f) == nil && math.Abs(f) < 1<<53 && float64(n) != f {
				t.Fatalf("%q: %d, encoding/json says %v", s, n, f)
			}
		}
	})
}

func TestTimesOfDay(t *testing.T) {
	want := sobject.Time(13*time.Hour + 5*time.Minute + 30*time.Second)
	for _, s := range []string{"13:05:30.000Z", "13:05:30Z", "13:05:30", "13:05:30.000", "13:05:30.000+0000", "13:05:30+00:00"} {
		if got, err := sobject.ParseTime(s); err != nil || got != want {
			t.Errorf("%s: %v %v", s, got, err)
		}
	}
	if got, err := sobject.ParseTime("23:59"); err != nil || got.String() != "23:59:00.000Z" {
		t.Error(got, err)
	}
	for _, s := range []string{"", "24:00:00.000Z", "13:05:30.000+0100", "2024-01-02", "1:2:3", "13:05:30.0001Z", "13:60"} {
		if got, err := sobject.ParseTime(s); err == nil {
			t.Errorf("%q is %v", s, got)
		}
	}
	rec := record(t, `{"At__c":"03:04:05.006Z","Never__c":null}`)
	if got, err := rec.TimeOfDay("At__c"); err != nil || got.Duration() != 3*time.Hour+4*time.Minute+5006*time.Millisecond {
		t.Error(got, err)
	}
	if _, err := rec.TimeOfDay("Never__c"); err == nil {
		t.Error("null is a time")
	}
	// Not shifted by a zone, and back as it came.
	zone := time.FixedZone("x", 5*3600)
	if got := sobject.TimeOf(time.Date(2024, 1, 2, 3, 4, 5, 6_999_999, zone)); got.String() != "03:04:05.006Z" {
		t.Error(got)
	}
	raw, err := json.Marshal(sobject.TimeValue(want))
	if string(raw) != `"13:05:30.000Z"` || err != nil {
		t.Error(string(raw), err)
	}
	if _, err := json.Marshal(sobject.Time(24 * time.Hour)); err == nil {
		t.Error("24:00 was written")
	}
}

func TestCompoundFields(t *testing.T) {
	rec := record(t, `{"A":{"street":"1 Main St\nFloor 2","city":null,"latitude":48.85000000000000142,"geocodeAccuracy":"Zip"},"L":{"latitude":0.10,"longitude":-0},"Half":{"latitude":1},"T":"x","N":null,"Owner":{"attributes":{"type":"User"},"A":{"city":"Rome"}}}`)
	a, err := rec.Address("A")
	if err != nil || *a.Street != "1 Main St\nFloor 2" || a.City != nil || *a.Latitude != "48.85000000000000142" || a.Longitude != nil || *a.GeocodeAccuracy != "Zip" {
		t.Errorf("%+v %v", a, err)
	}
	if a, err := rec.Address("Owner.A"); err != nil || *a.City != "Rome" {
		t.Errorf("%+v %v", a, err)
	}
	if l, err := rec.Location("L"); err != nil || l != (sobject.Location{Latitude: "0.10", Longitude: "-0"}) {
		t.Errorf("%+v %v", l, err)
	}
	for _, name := range []string{"Half", "T", "N", "Owner", "X"} {
		if _, err := rec.Location(name); err == nil {
			t.Errorf("%s is a location", name)
		}
	}
}
