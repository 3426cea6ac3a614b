package conformance

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/orglink/orglink/salesforce/sobject"
	"github.com/orglink/orglink/sync/importer"
	"github.com/orglink/orglink/sync/mirror"
)

func TestMirrorConsumers(t *testing.T) {
	eachDatabase(t, func(t *testing.T, open func(t *testing.T) database) {
		s := openShop(t, open(t)) // 50 entries
		ctx := t.Context()
		acked := func(consumer string, want int64) {
			t.Helper()
			if got, err := s.Acked(ctx, "t", "c", consumer); err != nil || got != want {
				t.Errorf("%s has acknowledged %d, %v; want %d", consumer, got, err, want)
			}
		}
		first := func() int64 {
			t.Helper()
			list, err := s.Changes(ctx, "t", "c", 0, 1)
			if err != nil || len(list) != 1 {
				t.Fatal(list, err)
			}
			return list[0].Serial
		}
		prune := func(want int64) {
			t.Helper()
			if got, err := s.Prune(ctx, "t", "c"); err != nil || got != want {
				t.Errorf("pruned up to %d, %v; want %d", got, err, want)
			}
		}
		ack := func(consumer string, serial int64) {
			t.Helper()
			if err := s.Ack(ctx, "t", "c", consumer, serial); err != nil {
				t.Fatal(err)
			}
		}
		acked("feed", 0)
		prune(0) // nobody has acknowledged anything
		ack("feed", 30)
		ack("feed", 20) // repeated late
		acked("feed", 30)
		acked("Feed", 0)
		ack("search", 0)
		prune(0)
		if got := first(); got != 1 {
			t.Errorf("begins with %d although a consumer has seen nothing", got)
		}
		ack("search", 26)
		prune(26)
		// The entries of a batch of a first reading go together.
		if got := first(); got != 26 {
			t.Errorf("begins with %d, not with the batch that a consumer has not done with", got)
		}
		if err := s.Dismiss(ctx, "t", "c", "search"); err != nil {
			t.Fatal(err)
		}
		ack("feed", 50)
		prune(50)
		if list, err := s.Changes(ctx, "t", "c", 0, 10); err != nil || len(list) != 0 {
			t.Errorf("%v, %v", list, err)
		}
		s.apply(t, "Account", false, "1", "2", s.account(1, 1, sobject.F("Name", sobject.TextValue("new"))))
		if got := first(); got != 51 {
			t.Errorf("goes on with %d", got)
		}
		for _, bad := range []func() error{
			func() error { return s.Ack(ctx, "t", "c", "feed", 52) },
			func() error { return s.Ack(ctx, "t", "c", "feed", -1) },
			func() error { return s.Ack(ctx, "t", "c", "", 1) },
			func() error { return s.Ack(ctx, "T", "c", "feed", 1) },
		} {
			if bad() == nil {
				t.Error("was taken")
			}
		}
		acked("feed", 50)
	})
}

// Objects of one connection are written at once, some in transactions that
// last; a consumer that only ever asks for what comes behind the last entry it
// saw gets every entry once, in order, while the log is pruned behind it.
func TestConsumersSkipNothing(t *testing.T) {
	eachDatabase(t, func(t *testing.T, open func(t *testing.T) database) {
		d := open(t)
		l := &failing{meanwhile: func() { time.Sleep(20 * time.Millisecond) }}
		var m *mirror.Mirror
		if d.Config.Dialect == "postgresql" {
			m = loading(t, d, l, nil) // first readings hold their transaction
		} else {
			m = newMirror(t, d, nil)
		}
		const streams, batches, rows = 4, 12, 5
		var writers sync.WaitGroup
		for n := range streams {
			s := benchStream()
			s.Object = fmt.Sprint("Object", n)
			if _, err := m.Open(t.Context(), s, 1); err != nil {
				t.Fatal(err)
			}
			writers.Go(func() {
				prev := importer.Position("")
				for b := range batches {
					list := benchRows(s, b*rows, rows, shopStart)
					next := importer.Position(fmt.Sprint(b))
					if err := m.Apply(t.Context(), importer.Batch{Stream: s, Fence: 1, Prev: prev, Next: next, Initial: b%3 > 0, Changes: list}); err != nil {
						t.Error(err)
						return
					}
					prev = next
				}
			})
		}
		seen, after := map[string]bool{}, int64(0)
		for end := time.Now().Add(60 * time.Second); after < streams*batches*rows; {
			list, err := m.Changes(t.Context(), "t", "c", after, 7)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range list {
				if e.Serial != after+1 || seen[e.Object+string(e.ID)] || len(e.Fields) == 0 {
					t.Fatalf("after %d comes %+v", after, e)
				}
				after, seen[e.Object+string(e.ID)] = e.Serial, true
			}
			if err := m.Ack(t.Context(), "t", "c", "feed", after); err != nil {
				t.Fatal(err)
			}
			if _, err := m.Prune(t.Context(), "t", "c"); err != nil {
				t.Fatal(err)
			}
			if time.Now().After(end) || t.Failed() {
				t.Fatalf("%d entries of %d", after, streams*batches*rows)
			}
		}
		writers.Wait()
		if len(seen) != streams*batches*rows {
			t.Errorf("%d records", len(seen))
		}
	})
}
