package soql_test

import (
	"testing"

	"github.com/orglink/orglink/salesforce/sobject"
	"github.com/orglink/orglink/salesforce/soql"
)

// The type of the field decides about quotes, not the look of the value.
func TestTyped(t *testing.T) {
	text := sobject.TextValue
	for _, tc := range []struct {
		kind sobject.FieldType
		v    sobject.Value
		want string // "" is a refusal
	}{
		{sobject.TypeString, text("5"), "'5'"},
		{sobject.TypeString, sobject.IntValue(5), "'5'"},
		{sobject.TypeString, text(`O'Brien \ x`), `'O\'Brien \\ x'`},
		{sobject.TypeString, text("TODAY"), "'TODAY'"},
		{sobject.TypePicklist, text("true"), "'true'"},
		{sobject.TypeTextArea, sobject.BoolValue(true), "'true'"},
		{"somethingnew", text("null"), "'null'"},
		{sobject.TypeString, sobject.NullValue(), "NULL"},
		{sobject.TypeInt, text("5"), "5"},
		{sobject.TypeInt, sobject.IntValue(-5), "-5"},
		{sobject.TypeCurrency, text("12345678901234567.89"), "12345678901234567.89"},
		{sobject.TypeDouble, text("5 OR Id != null"), ""},
		{sobject.TypeDouble, text("NaN"), ""},
		{sobject.TypeInt, sobject.BoolValue(true), ""},
		{sobject.TypeBoolean, text("true"), "TRUE"},
		{sobject.TypeBoolean, sobject.BoolValue(false), "FALSE"},
		{sobject.TypeBoolean, text("yes"), ""},
		{sobject.TypeDate, text("2024-02-29"), "2024-02-29"},
		{sobject.TypeDate, text("2024-02-30"), ""},
		{sobject.TypeDate, text("TODAY"), ""},
		{sobject.TypeDateTime, text("2024-02-29T01:02:03.000+0000"), "2024-02-29T01:02:03.000Z"},
		{sobject.TypeDateTime, text("2024-02-29T01:02:03.500+02:00"), "2024-02-28T23:02:03.500Z"},
		{sobject.TypeTime, text("10:00:00.000Z"), "10:00:00.000Z"},
		{sobject.TypeTime, text("25:00:00.000Z"), ""},
		{sobject.TypeID, text("0013000000xbtZZ"), "'0013000000xbtZZAAY'"},
		{sobject.TypeReference, text("x' OR Id != '"), ""},
		{sobject.TypeAddress, sobject.JSONValue(`{"city":"x"}`), ""},
		{sobject.TypeBase64, text("eA=="), ""},
	} {
		got, err := soql.Typed(tc.kind, tc.v)
		if (err != nil) != (tc.want == "") {
			t.Errorf("%s %q: %v, want %q", tc.kind, tc.v.Raw(), err, tc.want)
			continue
		}
		if err == nil && got.String() != tc.want {
			t.Errorf("%s %q: %s, want %s", tc.kind, tc.v.Raw(), got, tc.want)
		}
		if err != nil {
			continue
		}
		q := soql.Select("Id").From("A").Where(soql.Compare("F__c", soql.OpEq, got))
		if _, err := soql.Parse(q.String()); err != nil || q.Check() != nil {
			t.Errorf("%s: %v, %v", q, err, q.Check())
		}
	}
}
