package conformance

import (
	"context"
	"database/sql"
	"flag"
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/sync/mirror"
	"github.com/orglink/orglink/sync/runner"
)

var (
	modelHistories = flag.Int("histories", 0, "histories of TestModel on each database; 0: 300 on SQLite and 30 on each server, a tenth of that with -short or the race detector; 2,000 take minutes")
	modelKills     = flag.Int("kills", 1, "histories of TestModelKilled on each database")
	modelSeed      = flag.Uint64("seed", 20_779_000_000, "seed of TestModel's first history")
)

// modelDatabase is shared by histories; each has a connection of its own.
type modelDatabase struct {
	database
	leases runner.LeaseStore
}

// TestModel is the proof that nothing is lost: random histories of an org,
// with faults at any request, deaths before and after any request and commit,
// stale workers that wake up; at the end the mirror equals what the
// connection's user sees, value by value, and the log replays to the mirror.
func TestModel(t *testing.T) {
	// An org lives for milliseconds here: collecting it early is most of the
	// work.
	defer debug.SetGCPercent(debug.SetGCPercent(400))
	first := *modelSeed
	for _, kind := range kinds {
		t.Run(kind.name, func(t *testing.T) {
			n := *modelHistories
			if n == 0 {
				n = 30
				if kind.name == "sqlite" {
					n = 300
				}
				if testing.Short() || underRace {
					n /= 10
				}
			}
			runModel(t, kind.name, kind.open, first, n)
		})
	}
}

func runModel(t *testing.T, name string, open func(t testing.TB) database, first uint64, n int) {
	var next atomic.Int64
	var mu sync.Mutex
	sum := map[string]int{}
	var wg sync.WaitGroup
	for range min(n, 2*runtime.GOMAXPROCS(0)) {
		wg.Go(func() {
			d := openModelDatabase(t, name, open)
			for {
				i := next.Add(1) - 1
				if i >= int64(n) || t.Failed() {
					return
				}
				seed := first + uint64(i)
				if name == "sqlite" && i%64 == 63 {
					d = openModelDatabase(t, name, open)
				}
				h, err := tell(t.Context(), d, orglink.ConnectionID(fmt.Sprint(seed)), seed, nil)
				if err != nil {
					report(t, d, seed, h, err)
					return
				}
				mu.Lock()
				for k, v := range h.org.count {
					sum[k] += v
				}
				sum["deaths"] += h.deaths
				sum["requests"] += h.org.server.Requests()[len(h.org.server.Requests())-1].Seq
				sum["incidents"] += h.struck
				sum["stale workers refused"] += h.fenced
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if t.Failed() {
		return
	}
	t.Logf("%d histories from seed %d: %v", n, first, sum)
	if n < 200 {
		return
	}
	// A model that does nothing proves nothing.
	for _, m := range modelMoves {
		if sum[m.name] == 0 {
			t.Errorf("no history had the move %q", m.name)
		}
	}
	for _, k := range []mirror.ChangeKind{mirror.Created, mirror.Updated, mirror.Deleted, mirror.Merged, mirror.Undeleted, mirror.Hidden, mirror.Visible} {
		if sum["log: "+string(k)] == 0 {
			t.Errorf("no history logged %q", k)
		}
	}
	if sum["deaths"] < n || sum["incidents"] < n || sum["stale workers refused"] < n/20 {
		t.Errorf("%d deaths, %d incidents and %d stale workers in %d histories", sum["deaths"], sum["incidents"], sum["stale workers refused"], n)
	}
}

func openModelDatabase(t *testing.T, name string, open func(t testing.TB) database) modelDatabase {
	var d modelDatabase
	var err error
	if name == "sqlite" {
		d.Config = orglink.SQLConfig{Dialect: orglink.SQLite}
		if d.DB, err = sql.Open("sqlite", ":memory:"); err != nil {
			t.Fatal(err)
		}
		d.DB.SetMaxOpenConns(1) // it is one database per connection
		t.Cleanup(func() { _ = d.DB.Close() })
		d.leases = runner.NewMemoryStore()
	} else {
		d.database = open(t)
		store, err := runner.NewSQLStore(d.DB, d.Config)
		if err == nil {
			err = store.Migrate(t.Context())
		}
		if err != nil {
			t.Fatal(err)
		}
		d.leases = store
	}
	m, err := mirror.New(d.DB, mirror.Config{SQL: d.Config})
	if err == nil {
		err = m.Migrate(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// tell plays a history: all of its operations, or some. It is never nil.
func tell(ctx context.Context, d modelDatabase, conn orglink.ConnectionID, seed uint64, some []int) (*history, error) {
	h, err := openHistory(ctx, d, conn, seed, 0, 3*time.Second)
	if err != nil {
		return &history{}, err
	}
	defer h.org.server.Close()
	if some == nil {
		some = allOperations(seed)
	}
	for _, op := range some {
		h.note(fmt.Sprintf("operation %d at %s", op, h.org.data.Now().Format(time.RFC3339)))
		if err := h.operation(seeded(seed, op)); err != nil {
			return h, err
		}
	}
	if err := h.settle(); err != nil {
		return h, err
	}
	return h, h.check()
}

// allOperations numbers the 20 to 60 operations of a history from 1.
func allOperations(seed uint64) []int {
	r := seeded(seed, 1<<20)
	out := make([]int, 20+min(r.IntN(41), r.IntN(41)))
	for i := range out {
		out[i] = i + 1
	}
	return out
}

// report makes a failed history as short as it gets in a few seconds, and
// prints it.
func report(t *testing.T, d modelDatabase, seed uint64, h *history, err error) {
	if t.Context().Err() != nil {
		return
	}
	some, begun, tries := allOperations(seed), time.Now(), 0
	fails := func(list []int) bool {
		tries++
		again, e := tell(t.Context(), d, orglink.ConnectionID(fmt.Sprintf("%d-%d", seed, tries)), seed, list)
		if e != nil {
			h, err = again, e
		}
		return e != nil
	}
	if fails(some) {
		for size := len(some) / 2; size > 0; size /= 2 {
			for at := 0; at < len(some) && time.Since(begun) < 20*time.Second; {
				without := slices.Delete(slices.Clone(some), at, min(at+size, len(some)))
				if len(without) > 0 && fails(without) {
					some = without
				} else {
					at += size
				}
			}
		}
	} else {
		t.Logf("the history of seed %d did not fail again: it depends on timing", seed)
	}
	t.Errorf("history %d (repeat it with -run 'TestModel/.*' -histories 1 -seed %d; shortest of %d tries):\nlag %v, overlap %v, rows visible after %v\n%s\n%v",
		seed, seed, tries, h.cfg.Lag, h.cfg.Overlap, h.late, strings.Join(h.log, "\n"), err)
}
