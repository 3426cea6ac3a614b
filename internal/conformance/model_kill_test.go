package conformance

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/salesforce/salesforcetest"
	"github.com/orglink/orglink/sync/mirror"
	"github.com/orglink/orglink/sync/runner"
)

// The model test with processes that are really killed: some histories (-kills) on each
// database, imported by two processes that share it while the org goes on
// changing. Both die by SIGKILL around requests and commits, or anywhere, and
// come back. No stream is ever worked on by both.
func TestModelKilled(t *testing.T) {
	for _, kind := range kinds {
		t.Run(kind.name, func(t *testing.T) {
			d := modelDatabase{database: kind.open(t)}
			store, err := runner.NewSQLStore(d.DB, d.Config)
			if err == nil {
				err = store.Migrate(t.Context())
			}
			m, err2 := mirror.New(d.DB, mirror.Config{SQL: d.Config})
			if err2 == nil {
				err2 = m.Migrate(t.Context())
			}
			if err := errors.Join(err, err2); err != nil {
				t.Fatal(err)
			}
			d.leases = store
			driver := map[string]string{"sqlite": "sqlite", "postgresql": "pgx", "mariadb": "mysql"}[kind.name]
			var workers []*modelChild
			for _, name := range []string{"ada", "bob"} {
				w := &modelChild{t: t, config: []string{name, driver, d.DSN}}
				t.Cleanup(w.stop)
				workers = append(workers, w)
			}
			histories := max(*modelKills, 1)
			first := *modelSeed
			for i := range histories {
				seed := first + uint64(i)
				if err := killedHistory(t, d, seed, workers); err != nil {
					t.Fatalf("history %d: %v", seed, err)
				}
			}
			kills := workers[0].killed + workers[1].killed
			t.Logf("%d histories, %d kills", histories, kills)
			if histories >= 10 && kills < histories {
				t.Errorf("only %d kills in %d histories", kills, histories)
			}
		})
	}
}

// killedHistory is one history with killed workers.
func killedHistory(t *testing.T, d modelDatabase, seed uint64, workers []*modelChild) error {
	h, err := openHistory(t.Context(), d, orglink.ConnectionID(fmt.Sprint("killed-", seed)), seed)
	if err != nil {
		return err
	}
	defer h.org.server.Close()
	one := &oneWorker{holders: map[string]string{}, fences: map[string]uint64{}}
	h.org.server.OnRequest(one.seen)
	for round := range 3 {
		r := seeded(seed, round)
		for range 8 {
			h.note(h.org.move(r))
			if r.IntN(3) == 0 {
				h.note(h.org.pass(r))
			}
		}
		work := modelWork{Org: h.org.server.URL, Token: h.org.server.Token(modelUser), Connection: h.conn, Selections: h.org.selections(), Deadly: 0.01,
			Lag: h.cfg.Lag, Overlap: h.cfg.Overlap, ChunkRows: h.cfg.ChunkRows, PageRows: h.cfg.PageRows, QueryRows: h.cfg.QueryRows, MaxBytes: h.cfg.BatchBytes}
		var wg sync.WaitGroup
		for _, w := range workers {
			// At least one dies in each history.
			wg.Go(func() { w.do(work, round == 0 && w == workers[0]) })
		}
		for range 6 { // meanwhile people work, too
			h.note("meanwhile: " + h.org.move(r))
			time.Sleep(time.Millisecond)
		}
		wg.Wait()
		if t.Failed() {
			return errors.New(strings.Join(h.log, "\n"))
		}
	}
	if one.wrong != nil {
		return one.wrong
	}
	if h.leases, err = freed(h); err != nil {
		return err
	}
	if err := errors.Join(h.settle(), h.check()); err != nil {
		return fmt.Errorf("%s\n%w", strings.Join(h.log, "\n"), err)
	}
	return nil
}

// freed is for the last look of the test's own process: leases of workers that
// died and had no work since are still theirs.
func freed(h *history) (runner.LeaseStore, error) {
	for _, object := range modelObjects {
		for _, owner := range []string{"ada", "bob"} {
			key := "import/t/" + string(h.conn) + "/" + object
			lease, err := h.leases.Acquire(h.ctx, key, owner, time.Minute)
			if errors.Is(err, runner.ErrHeld) {
				continue
			}
			if err == nil {
				err = h.leases.Release(h.ctx, lease)
			}
			if err != nil {
				return nil, err
			}
		}
	}
	return h.leases, nil
}

// oneWorker watches the requests of a history: a stream's fences only rise,
// and no two workers have the same.
type oneWorker struct {
	mu      sync.Mutex
	holders map[string]string // by stream and fence
	fences  map[string]uint64 // by stream
	wrong   error
}

func (o *oneWorker) seen(r salesforcetest.RequestRecord) {
	work := r.Header.Get(modelHeader)
	if work == "" {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	var conn, object, worker string
	var fence uint64
	if _, err := fmt.Sscan(work, &conn, &object, &worker, &fence); err != nil {
		o.wrong = err
		return
	}
	key := fmt.Sprint(object, " ", fence)
	if before := o.holders[key]; before != "" && before != worker {
		o.wrong = fmt.Errorf("%s and %s worked on %s with the fence %d", before, worker, object, fence)
	}
	if fence < o.fences[object] {
		o.wrong = fmt.Errorf("%s worked on %s with the fence %d, after %d", worker, object, fence, o.fences[object])
	}
	o.holders[key], o.fences[object] = worker, fence
}

// modelChild is a worker process that is started again whenever it dies.
type modelChild struct {
	t      *testing.T
	config []string
	cmd    *exec.Cmd
	in     io.WriteCloser
	out    *bufio.Scanner
	killed int
}

func (w *modelChild) start() error {
	config, err := json.Marshal(w.config)
	if err != nil {
		return err
	}
	w.cmd = exec.Command(os.Args[0], "-test.run=^TestModelWorker$", "-test.count=1")
	w.cmd.Env = append(os.Environ(), modelVariable+"="+string(config))
	w.cmd.Stderr = os.Stderr
	if w.in, err = w.cmd.StdinPipe(); err != nil {
		return err
	}
	out, err := w.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	w.out = bufio.NewScanner(out)
	return w.cmd.Start()
}

// do has the worker finish some work, however often it dies meanwhile: by its
// own hand, or by ours at any moment, once for certain when sure is set.
func (w *modelChild) do(work modelWork, sure bool) {
	line, err := json.Marshal(work)
	if err != nil {
		w.t.Error(err)
		return
	}
	for tries := 0; ; tries++ {
		if tries == 5 { // enough
			work.Deadly = 0
			line, _ = json.Marshal(work)
		}
		if w.cmd == nil {
			if err := w.start(); err != nil {
				w.t.Error(err)
				return
			}
		}
		if tries == 0 && (sure || rand.IntN(4) == 0) {
			p := w.cmd.Process
			killer := time.AfterFunc(rand.N(40*time.Millisecond), func() { _ = p.Kill() })
			defer killer.Stop()
		}
		_, err := fmt.Fprintln(w.in, string(line))
		if err == nil && w.out.Scan() {
			if text := w.out.Text(); text != "done" {
				w.t.Errorf("worker %s says: %s", w.config[0], text)
			}
			return
		}
		w.stop()
		w.killed++
		if tries == 100 {
			w.t.Errorf("worker %s died 100 times", w.config[0])
			return
		}
	}
}

func (w *modelChild) stop() {
	if w.cmd == nil {
		return
	}
	_ = w.cmd.Process.Kill()
	_ = w.in.Close()
	if err := w.cmd.Wait(); err != nil && !errors.As(err, new(*exec.ExitError)) {
		w.t.Error(err)
	}
	w.cmd = nil
}
