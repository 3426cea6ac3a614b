package salesforce_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/orglink/orglink/salesforce"
	"github.com/orglink/orglink/salesforce/salesforcetest"
)

func TestEscapeSOSL(t *testing.T) {
	for in, want := range map[string]string{
		"Acme":                                  "Acme",
		"O'Brien & \"Söhne\"":                   `O\'Brien \& \"Söhne\"`,
		`? & | ! { } [ ] ( ) ^ ~ * : \ " ' + -`: `\? \& \| \! \{ \} \[ \] \( \) \^ \~ \* \: \\ \" \' \+ \-`,
		"a\nb\tc\x00d\x7f":                      "a b c d ",
		"AND":                                   "and",
		"Salt AND Pepper OR NOT":                "Salt and Pepper or not",
		"BRAND Not ANDy":                        "BRAND Not ANDy",
		"} RETURNING User(Id)":                  `\} RETURNING User\(Id\)`,
		"":                                      "",
	} {
		if got := salesforce.EscapeSOSL(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

// An escaped term never ends the braces it stands in.
func FuzzEscapeSOSL(f *testing.F) {
	f.Add("O'Brien} RETURNING User")
	f.Add(`\`)
	f.Fuzz(func(t *testing.T, s string) {
		out := salesforce.EscapeSOSL(s)
		var plain strings.Builder
		escaped := false
		for _, r := range out {
			switch {
			case escaped:
				plain.WriteRune(r)
				escaped = false
			case r == '\\':
				escaped = true
			case strings.ContainsRune("?&|!{}[]()^~*:\"'+-", r) || r < ' ':
				t.Fatalf("%q became %q, which holds a bare %q", s, out, r)
			default:
				plain.WriteRune(r)
			}
		}
		clean := strings.Map(func(r rune) rune {
			if r < ' ' || r == 0x7f {
				return ' '
			}
			return r
		}, s)
		if escaped || !strings.EqualFold(plain.String(), clean) && strings.ToValidUTF8(s, "\ufffd") == s {
			t.Fatalf("%q became %q", s, out)
		}
	})
}

func TestSearches(t *testing.T) {
	org, c := fake(t, salesforcetest.Config{})
	for _, name := range []string{"Acme One", "Acme Two", "Other"} {
		create(t, org, "Account", salesforcetest.Fields{"Name": name, "Phone": "1"})
	}
	create(t, org, "Contact", salesforcetest.Fields{"LastName": "Acme"})
	found, err := c.Search(t.Context(), "FIND {"+salesforce.EscapeSOSL("Acme")+"} IN NAME FIELDS RETURNING Account(Id, Name), Contact(Id)")
	if err != nil || len(found) != 3 || found[0].Object() != "Account" || found[2].Object() != "Contact" {
		t.Error(found, err)
	}
	if found, err := c.Search(t.Context(), "FIND {Nobody}"); err != nil || len(found) != 0 {
		t.Error(found, err)
	}
	if _, err := c.Search(t.Context(), "FIND {A}"); !errors.Is(err, salesforce.ErrMalformedQuery) {
		t.Error(err)
	}
	if _, err := c.Search(t.Context(), "FIND {"+strings.Repeat("long ", 4000)+"}"); !errors.Is(err, salesforce.ErrTooLarge) {
		t.Error(err)
	}
	found, err = c.SearchWith(t.Context(), salesforce.SearchRequest{Text: "Acme", In: salesforce.SearchName, Fields: []string{"Id", "Name"},
		Objects: []salesforce.SearchObject{{Name: "Account", Fields: []string{"Id", "Phone"}, Where: "Name != 'Acme One'", OrderBy: "Name DESC NULLS_LAST", Limit: 5}, {Name: "Contact"}}, Limit: 10})
	if err != nil || len(found) != 2 || textOf(t, found[0], "Phone") != "1" || textOf(t, found[1], "Name") != "Acme" {
		t.Error(found, err)
	}
	if found, err := c.SearchWith(t.Context(), salesforce.SearchRequest{Text: "Acme", Limit: 1}); err != nil || len(found) != 1 {
		t.Error(found, err)
	}
	if found, err := c.SearchWith(t.Context(), salesforce.SearchRequest{Text: "Acme", Objects: []salesforce.SearchObject{{Name: "Account"}}, Offset: 1}); err != nil || len(found) != 1 {
		t.Error(found, err)
	}
	before := len(org.Requests())
	for name, bad := range map[string]salesforce.SearchRequest{
		"no text": {Text: " "}, "fields of nothing": {Text: "xx", Fields: []string{"Id"}}, "no name": {Text: "xx", Objects: []salesforce.SearchObject{{}}},
		"offset of all": {Text: "xx", Offset: 1},
	} {
		if _, err := c.SearchWith(t.Context(), bad); err == nil {
			t.Error(name)
		}
	}
	if len(org.Requests()) != before || len(org.Unsupported()) != 0 {
		t.Error("a bad search was sent", org.Unsupported())
	}
}

func TestSearchAnswers(t *testing.T) {
	for body, want := range map[string]int{
		`[{"attributes":{"type":"A"},"Id":"001000000000001AAA"}]`:                                      1, // before version 37
		`{"searchRecords":[{"attributes":{"type":"A"},"Id":"001000000000001AAA"}],"metadata":{"x":1}}`: 1,
		`{"searchRecords":[]}`:     0,
		`[]`:                       0,
		`{}`:                       -1,
		`{"searchRecords":null}`:   -1,
		`{"searchRecords":[{"a":1`: -1,
		`[1]`:                      -1,
	} {
		o := newOrg(t, answer(200, body))
		found, err := o.client(t, func(cfg *salesforce.Config) { cfg.MaxRetries = -1 }).Search(t.Context(), "FIND {Acme}")
		if (want < 0) != (err != nil) || err == nil && len(found) != want {
			t.Errorf("%s: %v, %v", body, found, err)
		}
	}
	o := newOrg(t, answer(200, `{"searchRecords":[]}`))
	off := false
	if _, err := o.client(t).SearchWith(t.Context(), salesforce.SearchRequest{Text: `a "b c" d*`, SpellCorrection: &off, LimitPerObject: 3}); err != nil {
		t.Fatal(err)
	}
	r := o.requests()[0]
	var sent map[string]any
	if err := json.Unmarshal([]byte(r.body), &sent); err != nil || r.method != "POST" || r.uri != "/services/data/v66.0/parameterizedSearch" ||
		len(sent) != 3 || sent["q"] != `a "b c" d*` || sent["spellCorrection"] != false || sent["defaultLimit"] != 3.0 {
		t.Error(r, err)
	}
}
