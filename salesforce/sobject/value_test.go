package sobject_test

import (
	"encoding/json"
	"errors"
	"math"
	"math/big"
	"testing"
	"time"

	"github.com/orglink/orglink/salesforce/sobject"
)

func number(t testing.TB, text string) sobject.Value {
	t.Helper()
	v, err := sobject.NumberValue(text)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestNumbersAreExact(t *testing.T) {
	for in, want := range map[string]int64{"47": 47, "47.0": 47, "5.0E7": 50000000, "-0.0": 0, "9007199254740993": 9007199254740993, "1200e-2": 12, "9223372036854775807": math.MaxInt64} {
		if n, err := number(t, in).Int(); n != want || err != nil {
			t.Errorf("%s: %d, %v", in, n, err)
		}
	}
	for _, in := range []string{"47.5", "9223372036854775808", "1e400", "1e-1"} {
		if n, err := number(t, in).Int(); err == nil {
			t.Errorf("%s: %d", in, n)
		}
	}
	for _, bad := range []string{"", "x", "01", "1.", ".5", "+1", "0x10", "1e", "NaN", "1 ", " 1", "--1", `"1"`, "1,2"} {
		if v, err := sobject.NumberValue(bad); err == nil {
			t.Errorf("%q is %q", bad, v.Raw())
		}
	}
	if d, err := number(t, "0.10").Decimal(); d != "0.10" || err != nil {
		t.Error(d, err)
	}
	// k-capehart/go-salesforce mapsToCSV wrote 1.2345678e+07.
	if got := sobject.FloatValue(12345678.0).Raw(); got != "12345678" {
		t.Error(got)
	}
	if !sobject.FloatValue(math.NaN()).IsNull() || !sobject.FloatValue(math.Inf(1)).IsNull() {
		t.Error("Salesforce has no NaN and no infinity")
	}
	if !number(t, "1.50").Equal(number(t, "15e-1")) || number(t, "1").Equal(sobject.TextValue("1")) || number(t, "1").Equal(number(t, "2")) {
		t.Error("numbers are compared by value")
	}
}

// FuzzNumber: equality of numbers is that of exact arithmetic.
func FuzzNumber(f *testing.F) {
	f.Add("1.50", "15e-1")
	f.Add("-0", "0.000")
	f.Add("100e-2", "1")
	f.Fuzz(func(t *testing.T, a, b string) {
		v, err1 := sobject.NumberValue(a)
		w, err2 := sobject.NumberValue(b)
		if (err1 == nil) != (json.Valid([]byte(a)) && len(a) > 0 && (a[0] == '-' || a[0] >= '0' && a[0] <= '9') && a[len(a)-1] >= '0' && a[len(a)-1] <= '9') {
			t.Fatalf("%q: %v", a, err1)
		}
		if err1 != nil || err2 != nil || len(a) > 40 || len(b) > 40 {
			return
		}
		x, err1 := exact(a)
		y, err2 := exact(b)
		if err1 != nil || err2 != nil {
			return
		}
		if got := v.Equal(w); got != (x.Cmp(y) == 0) {
			t.Fatalf("%s equals %s: %v", a, b, got)
		}
		if n, err := v.Int(); err == nil && x.Cmp(new(big.Rat).SetInt64(n)) != 0 {
			t.Fatalf("%s became %d", a, n)
		}
	})
}

// exact refuses exponents that would cost the test its memory.
func exact(s string) (*big.Rat, error) {
	if f, err := json.Number(s).Float64(); err != nil || f != 0 && (math.Abs(f) > 1e100 || math.Abs(f) < 1e-100) {
		return nil, errors.New("too far out")
	}
	for i := range len(s) {
		if c := s[i]; (c == 'e' || c == 'E') && len(s)-i > 4 {
			return nil, errors.New("too far out")
		}
	}
	r, ok := new(big.Rat).SetString(s)
	if !ok {
		return nil, errors.New("not a number")
	}
	return r, nil
}

func TestDateTimes(t *testing.T) {
	want := time.Date(2024, 1, 2, 3, 4, 5, 0, time.UTC)
	for _, s := range []string{"2024-01-02T03:04:05.000+0000", "2024-01-02T03:04:05.000Z", "2024-01-02T03:04:05Z", "2024-01-02T05:04:05.000+0200", "2024-01-02T05:04:05+02:00", "2024-01-02T03:04:05+0000"} {
		if got, err := sobject.ParseDateTime(s); err != nil || !got.Equal(want) || got.Location() != time.UTC {
			t.Errorf("%s: %v, %v", s, got, err)
		}
	}
	for _, s := range []string{"", "2024-01-02", "2024-01-02T03:04:05", "03:04:05.000Z", "2024-13-02T03:04:05Z"} {
		if got, err := sobject.ParseDateTime(s); err == nil {
			t.Errorf("%s: %v", s, got)
		}
	}
	if got := sobject.FormatDateTime(want.In(time.FixedZone("", 7200))); got != "2024-01-02T03:04:05.000Z" {
		t.Error(got)
	}
}

func FuzzDateTime(f *testing.F) {
	f.Add("2024-01-02T03:04:05.123+0000")
	f.Fuzz(func(t *testing.T, s string) {
		at, err := sobject.ParseDateTime(s)
		if err != nil || at.Year() < 0 || at.Year() > 9999 {
			return
		}
		again, err := sobject.ParseDateTime(sobject.FormatDateTime(at))
		if err != nil || !again.Equal(at.Truncate(time.Millisecond)) {
			t.Fatalf("%q: %v, then %v, %v", s, at, again, err)
		}
	})
}

func TestDates(t *testing.T) {
	d, err := sobject.ParseDate("2024-02-29")
	if err != nil || d != (sobject.Date{Year: 2024, Month: 2, Day: 29}) || d.String() != "2024-02-29" || d.IsZero() {
		t.Error(d, err)
	}
	for _, s := range []string{"", "2023-02-29", "2024-2-9", "2024-01-02T00:00:00Z", "02/01/2024"} {
		if _, err := sobject.ParseDate(s); err == nil {
			t.Error(s)
		}
	}
	// beeekind/go-salesforce-sdk Date.MarshalJSON wrote a date without quotes.
	b, err := json.Marshal(d)
	var back sobject.Date
	if err != nil || string(b) != `"2024-02-29"` || json.Unmarshal(b, &back) != nil || back != d {
		t.Error(string(b), err)
	}
}

func TestAccessorsSayWhatIsWrong(t *testing.T) {
	r := sobject.NewRecord("Account", sobject.F("Name", sobject.TextValue("x")), sobject.F("Null", sobject.NullValue()), sobject.F("B", sobject.TextValue("TRUE")))
	if _, err := r.Int("Name"); err == nil || err.Error() != "sobject: Account.Name: the value is text, not number" {
		t.Error(err)
	}
	if _, err := r.Text("Null"); !errors.Is(err, sobject.ErrNull) {
		t.Error(err)
	}
	if _, err := r.Text("Gone"); err == nil || errors.Is(err, sobject.ErrNull) {
		t.Error(err)
	}
	if b, err := r.Bool("B"); !b || err != nil {
		t.Error(b, err)
	}
	if v, err := r.Text("nAME"); v != "x" || err != nil {
		t.Error(v, err)
	}
}

func TestAs(t *testing.T) {
	for _, tc := range []struct {
		in   string
		typ  sobject.FieldType
		kind sobject.Kind
		want string
	}{
		{"true", sobject.TypeBoolean, sobject.Boolean, "true"},
		{"FALSE", sobject.TypeBoolean, sobject.Boolean, "false"},
		{"yes", sobject.TypeBoolean, sobject.Text, "yes"},
		{"1.50", sobject.TypeCurrency, sobject.Number, "1.50"},
		{"n/a", sobject.TypeDouble, sobject.Text, "n/a"},
		{"", sobject.TypeString, sobject.Null, ""},
		{"001D000000IqhSL", sobject.TypeReference, sobject.Text, "001D000000IqhSLIAZ"},
		{"2024-01-02T03:04:05.000+0000", sobject.TypeDateTime, sobject.Text, "2024-01-02T03:04:05.000Z"},
		{"2024-01-02", sobject.TypeDate, sobject.Text, "2024-01-02"},
		{"true", sobject.TypeString, sobject.Text, "true"},
		{"5", "newtype", sobject.Text, "5"},
	} {
		if v := sobject.TextValue(tc.in).As(tc.typ); v.Kind() != tc.kind || v.Raw() != tc.want {
			t.Errorf("%q as %s: %s %q", tc.in, tc.typ, v.Kind(), v.Raw())
		}
	}
	if v := number(t, "1").As(sobject.TypeBoolean); v.Kind() != sobject.Number {
		t.Error(v)
	}
}
