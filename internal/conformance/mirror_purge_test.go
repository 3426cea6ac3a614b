package conformance

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/orglink/orglink/salesforce/sobject"
	"github.com/orglink/orglink/sync/importer"
	"github.com/orglink/orglink/sync/integration"
	"github.com/orglink/orglink/sync/mirror"
)

var _ integration.Streams = (*mirror.Mirror)(nil)

// left counts what the mirror's own tables have of a stream, its entries in the
// log, and the records' tables that are there.
func left(t *testing.T, d database, object string) string {
	t.Helper()
	var columns, entries, streams int
	for query, n := range map[string]*int{
		"SELECT COUNT(*) FROM orglink_mirror_columns WHERE stream IN (SELECT id FROM orglink_mirror_streams WHERE object = '" + object + "')": &columns,
		"SELECT COUNT(*) FROM orglink_mirror_changes WHERE object = '" + object + "'":                                                         &entries,
		"SELECT COUNT(*) FROM orglink_mirror_streams WHERE object = '" + object + "' AND position <> ''":                                      &streams,
	} {
		if err := d.DB.QueryRow(query).Scan(n); err != nil {
			t.Fatal(err)
		}
	}
	tables := 0
	for stream := range 4 {
		var n int
		if d.DB.QueryRow(fmt.Sprintf("SELECT COUNT(*) FROM orglink_m%d_%s", stream, strings.ToLower(object))).Scan(&n) == nil {
			tables++
		}
	}
	return fmt.Sprint(columns, entries, streams, tables)
}

func TestMirrorPurge(t *testing.T) {
	eachDatabase(t, func(t *testing.T, open func(t *testing.T) database) {
		d := open(t)
		s := openShop(t, d)
		other := newMirror(t, d, nil) // another process, which has the table in memory
		if _, err := other.Open(t.Context(), s.stream["Account"], 1); err != nil {
			t.Fatal(err)
		}
		for range 2 { // it may be repeated
			if err := s.Purge(t.Context(), "t", "c", "Account"); err != nil {
				t.Fatal(err)
			}
			if got := left(t, d, "Account"); got != "0 0 0 0" {
				t.Fatalf("columns, entries, positions and tables left: %s", got)
			}
		}
		if err := s.Purge(t.Context(), "t", "c", "Lead"); err != nil {
			t.Errorf("what was never there: %v", err)
		}
		if got := left(t, d, "Contact"); !strings.HasSuffix(got, " 1 1") {
			t.Errorf("the other object: %s", got)
		}
		if n, err := s.Count(t.Context(), s.viewer, "i", "Account"); n != 0 || err != nil {
			t.Errorf("%d records, %v", n, err)
		}
		if list, err := s.Changes(t.Context(), "t", "c", 0, 100); err != nil || len(list) != 25 || list[0].Object != "Contact" {
			t.Errorf("%d entries, %v", len(list), err)
		}
		// Stale workers, wherever they stood, with what they remember or not.
		for what, m := range map[string]*mirror.Mirror{"the same": s.Mirror, "other": other, "restarted": newMirror(t, d, nil)} {
			for _, prev := range []importer.Position{"1", ""} {
				b := importer.Batch{Stream: s.stream["Account"], Fence: 1, Prev: prev, Next: "9", Changes: []importer.Change{s.account(1, 5, sobject.F("Name", sobject.TextValue("ghost")))}}
				if err := m.Apply(t.Context(), b); !errors.Is(err, importer.ErrConflict) && !errors.Is(err, importer.ErrFenced) {
					t.Errorf("%s process, batch from %q: %v", what, prev, err)
				}
				b.Next, b.Prev, b.Fence = "", "", 0 // a record refreshed on request
				if err := m.Apply(t.Context(), b); !errors.Is(err, importer.ErrConflict) {
					t.Errorf("%s process, a refresh: %v", what, err)
				}
			}
			if _, err := m.Open(t.Context(), s.stream["Account"], 0); !errors.Is(err, importer.ErrFenced) {
				t.Errorf("%s process opens again with an old fence: %v", what, err)
			}
			if n, err := s.Count(t.Context(), s.viewer, "i", "Account"); n != 0 || err != nil {
				t.Fatalf("%s process: %d records, %v", what, n, err)
			}
		}
		// Whoever opens the object again begins anew, under the same lease too and
		// in a process that remembers the old table.
		position, err := other.Open(t.Context(), s.stream["Account"], 1)
		if err != nil || position != "" {
			t.Fatalf("%q, %v", position, err)
		}
		if err := other.Apply(t.Context(), importer.Batch{Stream: s.stream["Account"], Fence: 1, Next: "1", Initial: true, Changes: []importer.Change{s.account(1, 0, sobject.F("Name", sobject.TextValue("again")))}}); err != nil {
			t.Fatal(err)
		}
		if n, err := s.Count(t.Context(), s.viewer, "i", "Account"); n != 1 || err != nil {
			t.Errorf("%d records, %v", n, err)
		}
	})
}

// A worker at full speed and a purge: whatever comes first, nothing is left.
func TestMirrorPurgeAmongBatches(t *testing.T) {
	eachDatabase(t, func(t *testing.T, open func(t *testing.T) database) {
		d := open(t)
		s := openShop(t, d)
		var worker sync.WaitGroup
		begun := make(chan struct{})
		worker.Go(func() {
			prev := importer.Position("1")
			for n := range 400 {
				if n == 5 {
					close(begun)
				}
				next := importer.Position(fmt.Sprint("w", n))
				err := s.Apply(t.Context(), importer.Batch{Stream: s.stream["Account"], Fence: 1, Prev: prev, Next: next, Changes: []importer.Change{s.account(100+n, 1)}})
				if errors.Is(err, importer.ErrFenced) || errors.Is(err, importer.ErrConflict) {
					return
				}
				if err != nil {
					t.Error(err)
					return
				}
				prev = next
			}
		})
		<-begun
		if err := s.Purge(t.Context(), "t", "c", "Account"); err != nil {
			t.Error(err)
		}
		worker.Wait()
		if got := left(t, d, "Account"); got != "0 0 0 0" {
			t.Errorf("columns, entries, positions and tables left: %s", got)
		}
	})
}

func TestMirrorForget(t *testing.T) {
	eachDatabase(t, func(t *testing.T, open func(t *testing.T) database) {
		d := open(t)
		s := openShop(t, d)
		stream := s.stream["Contact"]
		stream.Tenant = "T" // not the same
		if _, err := s.Open(t.Context(), stream, 1); err != nil {
			t.Fatal(err)
		}
		if err := s.Apply(t.Context(), importer.Batch{Stream: stream, Fence: 1, Next: "1"}); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if err := s.Forget(t.Context(), "t"); err != nil {
				t.Fatal(err)
			}
		}
		for _, table := range []string{"streams", "changes", "feeds", "consumers"} {
			var n int
			if err := d.DB.QueryRow("SELECT COUNT(*) FROM orglink_mirror_" + table + " WHERE tenant = 't'").Scan(&n); err != nil || n != 0 {
				t.Errorf("%d rows in %s, %v", n, table, err)
			}
		}
		b := importer.Batch{Stream: s.stream["Account"], Fence: 1, Prev: "1", Next: "2", Changes: []importer.Change{s.account(1, 5)}}
		for range 2 {
			if err := s.Apply(t.Context(), b); !errors.Is(err, importer.ErrConflict) {
				t.Errorf("a stale worker: %v", err)
			}
		}
		if position, err := s.Open(t.Context(), stream, 1); err != nil || position != "1" {
			t.Errorf("the other tenant: %q, %v", position, err)
		}
	})
}
