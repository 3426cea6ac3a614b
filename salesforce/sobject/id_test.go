package sobject_test

import (
	"strings"
	"testing"

	"github.com/orglink/orglink/salesforce/sobject"
)

func TestParseID(t *testing.T) {
	for in, want := range map[string]string{
		"001D000000IqhSL":    "001D000000IqhSLIAZ",
		"001D000000IqhSLIAZ": "001D000000IqhSLIAZ",
		"001d000000iqhsliaz": "001D000000IqhSLIAZ", // the case is restored
		"001D000000IQHSLIAZ": "001D000000IqhSLIAZ",
		"a00D0000008pQRAIA2": "a00D0000008pQRAIA2",
		"000000000000000AAA": "000000000000000AAA",
		"":                   "",
		"001D000000IqhS":     "",
		"001D000000IqhSLIA":  "",
		"001D000000IqhS-":    "",
		"001D000000IqhSL999": "",
		"00100000000000145A": "",
		"001D000000IqhS\x00": "",
		"äaaaaaaaaaaaaa":     "",
	} {
		id, err := sobject.ParseID(in)
		if string(id) != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v; want %q", in, id, err, want)
		}
	}
	id := sobject.MustID("001D000000IqhSL")
	if id.Short() != "001D000000IqhSL" || id.Prefix() != "001" || sobject.ID("").Prefix() != "" || sobject.ID("x").Short() != "x" {
		t.Error(id.Short(), id.Prefix())
	}
}

// FuzzID: what parses has one canonical form, whatever case it came in.
func FuzzID(f *testing.F) {
	f.Add("001D000000IqhSL")
	f.Add("001D000000IqhSLIAZ")
	f.Fuzz(func(t *testing.T, s string) {
		id, err := sobject.ParseID(s)
		if err != nil {
			return
		}
		if len(id) != 18 || !strings.EqualFold(string(id[:15]), s[:15]) {
			t.Fatalf("%q became %q", s, id)
		}
		if len(s) == 15 && id.Short() != s {
			t.Fatalf("%q became %q", s, id)
		}
		for _, again := range []string{string(id), id.Short(), strings.ToLower(string(id)), strings.ToUpper(string(id))} {
			if other, err := sobject.ParseID(again); err != nil || other != id {
				t.Fatalf("%q of %q became %q, %v", again, id, other, err)
			}
		}
	})
}
