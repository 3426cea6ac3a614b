package salesforce_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/orglink/orglink/salesforce"
	"github.com/orglink/orglink/salesforce/salesforcetest"
	"github.com/orglink/orglink/salesforce/sobject"
)

// Types and values.
func TestIncidentsValues(t *testing.T) {
	bites(t, "airbytehq/airbyte#43436", naiveReader, func(t *testing.T, read reader) error {
		want := map[string]string{"Big__c": "9007199254740993", "Money__c": "12345678901234567.89", "Scale__c": "0.12345678901234567", "Rate__c": "1.10"}
		var fields []string
		for name, digits := range want {
			fields = append(fields, fmt.Sprintf(`%q:%s`, name, digits))
		}
		rows, err := read(oneRow(t, strings.Join(fields, ",")), "SELECT Big__c FROM A")
		if err != nil || len(rows) != 1 {
			return fmt.Errorf("%d rows, %w", len(rows), err)
		}
		for name, digits := range want {
			if got := fmt.Sprint(rows[0][name]); got != digits {
				return fmt.Errorf("%s came as %s", digits, got)
			}
		}
		return nil
	})
	t.Run("singer-io/tap-salesforce PR69", func(t *testing.T) {
		rec := readOne(t, `"N":47.0,"Zero":0.0,"Half":47.5,"Exp":1E3`)
		for name, want := range map[string]int64{"N": 47, "Zero": 0, "Exp": 1000} {
			if n, err := rec.Int(name); n != want || err != nil {
				t.Error(name, n, err)
			}
		}
		if n, err := rec.Int("Half"); err == nil {
			t.Errorf("47.5 passed as %d", n)
		}
		if v, _ := rec.Value("N"); v.Raw() != "47.0" {
			t.Error(v.Raw())
		}
	})
	t.Run("singer-io/tap-salesforce 2.3.0", func(t *testing.T) {
		rec := readOne(t, `"N":"NaN","I":"-Infinity"`)
		for name, want := range map[string]string{"N": "NaN", "I": "-Infinity"} {
			v, _ := rec.Value(name)
			if v.Raw() != want {
				t.Error(name, v.Raw())
			}
			if n, err := rec.Int(name); err == nil {
				t.Error(name, n)
			}
		}
		// It never becomes a number of JSON, which has none.
		if text, err := rec.MarshalJSON(); err != nil || !strings.Contains(string(text), `"N":"NaN"`) {
			t.Errorf("%s, %v", text, err)
		}
	})
	t.Run("data-integrations/salesforce PR246", func(t *testing.T) {
		rec := readOne(t, `"Name":null,"Amount":null,"IsWon":null,"CloseDate":null,"CreatedDate":null,"OwnerId":null`)
		for name, v := range rec.Fields() {
			if !v.IsNull() {
				t.Error(name, v.Raw())
			}
		}
		if b, err := rec.Bool("IsWon"); err == nil {
			t.Errorf("null passed as %v", b)
		}
		if _, ok := rec.Value("Absent"); ok {
			t.Error("an absent field is there")
		}
	})
	t.Run("singer-io/tap-salesforce 1.4.13", func(t *testing.T) {
		rec := readOne(t, `"Old":"0201-01-01","Odd":"2024-02-30","Stamp":"0000-00-00T00:00:00.000+0000"`)
		if d, err := rec.Date("Old"); err != nil || d.String() != "0201-01-01" {
			t.Error(d, err)
		}
		for name, raw := range map[string]string{"Odd": "2024-02-30", "Stamp": "0000-00-00T00:00:00.000+0000"} {
			if d, err := rec.Time(name); err == nil {
				t.Error(name, d)
			}
			if v, _ := rec.Value(name); v.Raw() != raw {
				t.Error(name, v.Raw())
			}
		}
	})
	t.Run("forcedotcom/dataloader#280", func(t *testing.T) {
		rec := readOne(t, `"CloseDate":"2024-03-01"`)
		d, err := rec.Date("CloseDate")
		if err != nil || d.String() != "2024-03-01" {
			t.Error(d, err)
		}
		// And back, whatever zone the program runs in.
		if v := sobject.DateValue(d); v.Raw() != "2024-03-01" {
			t.Error(v.Raw())
		}
		naive, err := time.Parse(time.DateOnly, "2024-03-01")
		if err != nil || naive.In(time.FixedZone("PST", -8*3600)).Format(time.DateOnly) == "2024-03-01" {
			t.Error("a naive date does not bite")
		}
	})
	bites(t, "roblesterjr04/EloquentSalesForce PR5", func(s site, q string) ([]map[string]any, error) {
		rows, err := naiveReader(s, q)
		for _, row := range rows {
			for name, v := range row {
				text, _ := v.(string)
				if n, err := strconv.ParseFloat(text, 64); err == nil {
					row[name] = n // it looks like a number
				} else if at, err := time.Parse(time.DateOnly, text); err == nil {
					row[name] = at
				}
			}
		}
		return rows, err
	}, func(t *testing.T, read reader) error {
		want := map[string]string{"A": "00123", "B": "1e5", "C": "2024-01-01", "D": "0012024010100AAA", "E": "TRUE", "F": "null", "G": "Infinity", "H": ""}
		var fields []string
		for name, text := range want {
			fields = append(fields, fmt.Sprintf("%q:%q", name, text))
		}
		rows, err := read(oneRow(t, strings.Join(fields, ",")), "SELECT A FROM A")
		if err != nil {
			return err
		}
		for name, text := range want {
			if rows[0][name] != text {
				return fmt.Errorf("the text %q came as %v", text, rows[0][name])
			}
		}
		return nil
	})
	t.Run("funraise/Funraise-Salesforce PR42", func(t *testing.T) {
		const short, long = "0013000000xbtZZ", "0013000000xbtZZAAY"
		a, err1 := sobject.ParseID(short)
		b, err2 := sobject.ParseID(long)
		other, err3 := sobject.ParseID("0013000000XbtZZ") // differs by case only
		if a != b || a == other || errors.Join(err1, err2, err3) != nil {
			t.Error(a, b, other, err1, err2, err3)
		}
		rec := readOne(t, fmt.Sprintf(`"Id":%q,"ParentId":%q`, long, short))
		if ref, err := rec.Ref("ParentId"); ref != rec.ID() || err != nil {
			t.Error(ref, rec.ID(), err)
		}
		rows, _ := naiveReader(oneRow(t, fmt.Sprintf(`"Id":%q,"ParentId":%q`, long, short)), "SELECT Id FROM A")
		if rows[0]["Id"] == rows[0]["ParentId"] {
			t.Error("naive ids do not bite")
		}
	})
	t.Run("Estuary .000Z and +0000", func(t *testing.T) {
		rec := readOne(t, `"A":"2024-03-01T12:00:00.000Z","B":"2024-03-01T12:00:00.000+0000","C":"2024-03-01T13:00:00.000+01:00"`)
		a, errA := rec.Time("A")
		for _, name := range []string{"B", "C"} {
			b, err := rec.Time(name)
			if !a.Equal(b) || a.String() != b.String() || errors.Join(errA, err) != nil {
				t.Error(a, b, errA, err)
			}
			va, _ := rec.Value("A")
			vb, _ := rec.Value(name)
			if va.As("datetime").Canonical() != vb.As("datetime").Canonical() {
				t.Errorf("%s and %s are hashed apart", va.Canonical(), vb.Canonical())
			}
		}
	})
	t.Run("Estuary custom fields cast to string", func(t *testing.T) {
		rec := readOne(t, `"N":"12","B":"true","T":5,"D":"2024-03-01"`)
		n, err1 := rec.Int("N")
		b, err2 := rec.Bool("B")
		if n != 12 || !b || errors.Join(err1, err2) != nil {
			t.Error(n, b, err1, err2)
		}
		if text, err := rec.Text("T"); err == nil {
			t.Errorf("a number passed as the text %q", text)
		}
		if v, _ := rec.Value("T"); v.Raw() != "5" {
			t.Error(v.Raw())
		}
	})
	t.Run("forcedotcom/dataloader#1191", func(t *testing.T) {
		org, c := fake(t, salesforcetest.Config{})
		_, err := c.Create(t.Context(), sobject.NewRecord("Account", sobject.F("Name", sobject.TextValue(strings.Repeat("x", 300)))))
		var failed *salesforce.Error
		if !errors.As(err, &failed) || failed.Code != "STRING_TOO_LONG" || len(failed.Fields) != 1 || failed.Fields[0] != "Name" || salesforce.IsRetryable(err) {
			t.Error(err)
		}
		if n, _ := org.Org().Count("SELECT COUNT() FROM Account"); n != 0 {
			t.Error("something was stored, cut short")
		}
	})
	t.Run("RudderStack array and object", func(t *testing.T) {
		const lock = `"errorCode":"UNABLE_TO_LOCK_ROW","message":"unable to obtain exclusive access to this record"`
		for _, body := range []string{
			"[{" + lock + "}]", "{" + lock + "}",
			`{"success":false,"errors":[{"statusCode":"UNABLE_TO_LOCK_ROW","message":"unable","fields":[]}]}`,
			`<?xml version="1.0"?><Errors><Error><errorCode>UNABLE_TO_LOCK_ROW</errorCode><message>unable</message></Error></Errors>`,
			`<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:sf="urn:fault.partner.soap.sforce.com"><soapenv:Body><soapenv:Fault><faultcode>sf:UNABLE_TO_LOCK_ROW</faultcode><faultstring>UNABLE_TO_LOCK_ROW: unable</faultstring></soapenv:Fault></soapenv:Body></soapenv:Envelope>`,
		} {
			if err := failWith(t, 400, body); !errors.Is(err, salesforce.ErrLock) || !salesforce.IsRetryable(err) {
				t.Errorf("%s: %v", body, err)
			}
		}
		// What was done there: an array has no message, and no lock is seen.
		var naive struct{ ErrorCode, Message string }
		if _ = json.Unmarshal([]byte("[{"+lock+"}]"), &naive); strings.Contains(naive.ErrorCode+naive.Message, "UNABLE_TO_LOCK_ROW") {
			t.Error("the naive way sees the lock too")
		}
		for _, body := range []string{"<html><title>Down</title></html>", "", "upstream connect error"} {
			if err := failWith(t, 503, body); !errors.Is(err, salesforce.ErrUnavailable) || err.StatusCode != http.StatusServiceUnavailable {
				t.Errorf("%s: %v", body, err)
			}
		}
	})
}

// oneRow is a site whose every query has one row with the given fields.
func oneRow(t testing.TB, fields string) site {
	return fixed(t, 200, `{"totalSize":1,"done":true,"records":[{"attributes":{"type":"A"},`+fields+`}]}`)
}

// readOne reads that row.
func readOne(t *testing.T, fields string) sobject.Record {
	t.Helper()
	for rec, err := range oneRow(t, fields).client(t).Query(t.Context(), "SELECT Id FROM A") {
		if err != nil {
			t.Fatal(err)
		}
		return rec
	}
	t.Fatal("no row")
	return sobject.Record{}
}
