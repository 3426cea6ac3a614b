package soql_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/orglink/orglink/salesforce/soql"
)

func FuzzParse(f *testing.F) {
	for _, s := range statements {
		f.Add(s[0])
	}
	f.Fuzz(func(t *testing.T, text string) {
		q, err := soql.Parse(text)
		if err != nil {
			return
		}
		printed := q.String()
		again, err := soql.Parse(printed)
		if err != nil {
			// Spaces that printing adds can lengthen a statement at the limit.
			if len(printed) > soql.MaxLength {
				return
			}
			t.Fatalf("%q prints as %q: %v", text, printed, err)
		}
		if diff := cmp.Diff(q, again); diff != "" {
			t.Fatalf("%q prints as %q, which is another tree:\n%s", text, printed, diff)
		}
		if len(printed) > soql.MaxLength {
			return
		}
		if err := q.Check(); err != nil {
			t.Fatalf("%q was parsed but does not pass Check: %v", text, err)
		}
	})
}

func FuzzQuote(f *testing.F) {
	for _, s := range []string{"", "O'Brien", `\`, `\'`, `\\'`, "a\nb\x00\x7f", "é😀", `%_\%\_\u0027`, "\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if len(s) > 10_000 {
			return
		}
		want := strings.ToValidUTF8(s, "\uFFFD")
		q, err := soql.Parse("SELECT Id FROM A WHERE x = " + soql.Quote(s))
		if err != nil {
			t.Fatalf("%q: %v", s, err)
		}
		got := q.Filter.(soql.Comparison).Value
		if utf8.ValidString(s) && got.Text != want || got.Kind != soql.StringLiteral {
			t.Fatalf("%q came back as %q", s, got.Text)
		}
		// A pattern made of user text must be one literal without wildcards.
		q, err = soql.Parse("SELECT Id FROM A WHERE x LIKE " + soql.QuoteLike(soql.EscapeLike(s)))
		if err != nil {
			t.Fatalf("LIKE %q: %v", s, err)
		}
		if p := q.Filter.(soql.Comparison).Value.Text; utf8.ValidString(s) && p != soql.EscapeLike(s) {
			t.Fatalf("LIKE %q came back as %q", s, p)
		}
		if _, err := soql.Bind("SELECT Id FROM A WHERE x = ? AND y LIKE ?", s, s); err != nil {
			t.Fatalf("Bind %q: %v", s, err)
		}
	})
}
