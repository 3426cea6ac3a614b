package importer

import (
	"testing"
	"time"
)

func FuzzPosition(f *testing.F) {
	f.Add(``)
	f.Add(`{"v":1,"covered":"2026-01-01T00:00:00Z"}`)
	f.Add(`{"v":1,"fields":["Id#t"],"backfill":{"after":"001000000000001AAA","job":"750000000000001","limit":10,"locator":"x","rows":7},"covered":"2026-01-01T00:00:00Z"}`)
	f.Add(`{"v":1,"covered":"2026-01-01T00:00:00Z","window":{"from":"2026-01-01T00:00:00Z","to":"2026-01-02T00:00:00Z","at":"2026-01-01T10:00:00Z","id":"001000000000001AAA"}}`)
	f.Add(`{"v":2}`)
	f.Add(`{"v":1}x`)
	f.Fuzz(func(t *testing.T, text string) {
		p, err := Position(text).decode()
		if err != nil || text == "" {
			return
		}
		again, err := p.encode()
		if err != nil {
			t.Skip(err) // a year beyond 9999
		}
		q, err := again.decode()
		if err != nil {
			t.Fatalf("%q decodes, its own encoding %q does not: %v", text, again, err)
		}
		if twice, _ := q.encode(); twice != again {
			t.Errorf("%q became %q", again, twice)
		}
	})
}

func TestPositionOfAnotherReleaseIsRefused(t *testing.T) {
	p, err := place{Covered: time.Unix(1, 0)}.encode()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.decode(); err != nil {
		t.Errorf("%q: %v", p, err)
	}
	for _, bad := range []Position{`{"v":2,"covered":"2026-01-01T00:00:00Z"}`, `{`, `[]`, `{"v":1,"covered":"2026-01-01T00:00:00Z","more":1}`, p + p} {
		if _, err := bad.decode(); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}
