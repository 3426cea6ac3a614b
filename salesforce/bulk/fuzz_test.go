package bulk

import (
	"encoding/csv"
	"strings"
	"testing"
)

// The counter of raw CSV agrees with encoding/csv on whatever that reads.
func FuzzRowCounter(f *testing.F) {
	for _, s := range []string{"", "\"Id\"\n", "a,b\n1,\"x\ny\"\n\n2,\"\"\"\"", "\"a\"\n\"1\"\n\"2\""} {
		f.Add(s, 3)
	}
	f.Fuzz(func(t *testing.T, text string, cut int) {
		if strings.ContainsAny(text, "\r\x00") {
			return // dropped by the one, kept by the other
		}
		r := csv.NewReader(strings.NewReader(text))
		r.FieldsPerRecord = -1
		all, err := r.ReadAll()
		if err != nil {
			return
		}
		var c rowCounter
		cut = max(0, min(cut, len(text)))
		_, _ = c.Write([]byte(text[:cut]))
		_, _ = c.Write([]byte(text[cut:]))
		if want := max(len(all)-1, 0); c.rows() != want || c.quoted {
			t.Errorf("%q: %d rows, want %d", text, c.rows(), want)
		}
	})
}

// A row error is never lost, whatever its form.
func FuzzRowError(f *testing.F) {
	f.Add("INVALID_FIELD:Due to, 'x:y' is not valid:CloseDate --")
	f.Add("no form at all")
	f.Fuzz(func(t *testing.T, text string) {
		d := parseRowError(text)
		if !strings.Contains(text, d.Message) || !strings.HasPrefix(text, d.Code) || text != "" && d.Code == "" && d.Message != text && !strings.HasPrefix(text, ":") {
			t.Errorf("%q: %+v", text, d)
		}
	})
}
