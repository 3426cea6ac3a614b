package conformance

import (
	"bufio"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/mapping"
	"github.com/orglink/orglink/salesforce"
	"github.com/orglink/orglink/salesforce/sobject"
	"github.com/orglink/orglink/sync/importer"
	"github.com/orglink/orglink/sync/mirror"
	"github.com/orglink/orglink/sync/runner"
)

const (
	modelVariable = "ORGLINK_MODEL_WORKER"
	modelHeader   = "X-Model-Work" // object, worker and fence of a request
)

// modelWork is what a worker process does for one line of its input.
type modelWork struct {
	Org, Token string
	Connection orglink.ConnectionID
	Selections []mapping.Selection
	// Deadly is the chance of dying at each request and commit, before or
	// after it.
	Deadly                                   float64
	Lag, Overlap                             time.Duration
	ChunkRows, PageRows, QueryRows, MaxBytes int
}

// modelWorker is a worker process: it imports until nothing is left to do.
type modelWorker struct {
	name, driver, dsn string
	db                database
	mirror            *mirror.Mirror
	run               *runner.Runner
	giveUp            context.CancelFunc // the wait for a lease
	work              modelWork
	client            *salesforce.Client
	object            string // at work, with its fence
	fence             uint64
}

// TestModelWorker is no test but the process that TestModelKilled starts.
func TestModelWorker(t *testing.T) {
	raw := os.Getenv(modelVariable)
	if raw == "" {
		return
	}
	w := &modelWorker{}
	if err := json.Unmarshal([]byte(raw), &[]*string{&w.name, &w.driver, &w.dsn}); err != nil {
		t.Fatal(err)
	}
	if err := w.open(); err != nil {
		t.Fatal(err)
	}
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 1<<20)
	for in.Scan() {
		w.work = modelWork{}
		err := json.Unmarshal(in.Bytes(), &w.work)
		for tries := 0; err == nil; tries++ {
			// A schema that changes under the run may need another look.
			if err = w.all(t.Context()); err == nil || tries == 20 {
				break
			}
			err = nil
		}
		if err != nil {
			fmt.Println("failed:", strings.ReplaceAll(err.Error(), "\n", " "))
			continue
		}
		fmt.Println("done")
	}
}

func (w *modelWorker) open() (err error) {
	w.db.Config.Dialect = map[string]orglink.Dialect{"sqlite": orglink.SQLite, "pgx": orglink.PostgreSQL, "mysql": orglink.MariaDB}[w.driver]
	if w.db.DB, err = sql.Open(w.driver, w.dsn); err != nil {
		return err
	}
	store, err := runner.NewSQLStore(w.db.DB, w.db.Config)
	if err != nil {
		return err
	}
	// Who comes back under the same name gets its leases anew at once; nobody
	// else does before the test is over.
	if w.run, err = runner.New(runner.Config{Leases: impatientLeases{store, w}, Owner: w.name, TTL: 5 * time.Minute}); err != nil {
		return err
	}
	w.mirror, err = mirror.New(w.db.DB, mirror.Config{SQL: w.db.Config})
	return err
}

// impatientLeases ends the wait for a lease that somebody else holds.
type impatientLeases struct {
	runner.LeaseStore
	w *modelWorker
}

func (l impatientLeases) Acquire(ctx context.Context, key, owner string, ttl time.Duration) (runner.Lease, error) {
	lease, err := l.LeaseStore.Acquire(ctx, key, owner, ttl)
	if errors.Is(err, runner.ErrHeld) {
		l.w.giveUp()
	}
	return lease, err
}

// all does every job that no other worker has.
func (w *modelWorker) all(ctx context.Context) error {
	var err error
	w.client, err = salesforce.New(salesforce.Config{Tokens: salesforce.StaticToken(w.work.Org, w.work.Token), HTTPClient: &http.Client{Transport: w},
		TrustedHosts: []string{strings.TrimPrefix(w.work.Org, "http://")}, MaxRetries: -1})
	if err != nil {
		return err
	}
	im, err := importer.New(importer.Config{Clients: w, Selections: w, Sink: w, Lag: w.work.Lag, Overlap: w.work.Overlap, ChunkRows: w.work.ChunkRows,
		PageRows: w.work.PageRows, QueryRows: w.work.QueryRows, BatchBytes: w.work.MaxBytes, PollMin: time.Microsecond, ReconcileEvery: time.Hour})
	if err != nil {
		return err
	}
	jobs, err := im.Jobs(ctx, "t", w.work.Connection)
	if err != nil {
		return err
	}
	rand.Shuffle(len(jobs), func(i, j int) { jobs[i], jobs[j] = jobs[j], jobs[i] })
	for _, job := range jobs {
		if err := w.steps(ctx, job); err != nil {
			return err
		}
	}
	return nil
}

func (w *modelWorker) steps(ctx context.Context, job *importer.Job) error {
	ctx, w.giveUp = context.WithCancel(ctx)
	defer w.giveUp()
	err := w.run.Do(ctx, job.Key(), func(ctx context.Context, fence uint64) error {
		w.object, w.fence = job.Object(), fence
		for idle := 0; idle < 2; { // the second time ids may be compared
			next, err := job.Step(ctx, fence)
			if err != nil {
				return err
			}
			if next.After(time.Now()) {
				idle++
			}
		}
		return nil
	})
	// Another has it, or an admin took the object away from the user: that is
	// said, and nothing else happens.
	if errors.Is(err, runner.ErrHeld) || errors.Is(err, importer.ErrNoObject) {
		return nil
	}
	return err
}

func (w *modelWorker) Client(context.Context, orglink.TenantID, orglink.ConnectionID) (*salesforce.Client, error) {
	return w.client, nil
}

func (w *modelWorker) Selections(context.Context, orglink.TenantID, orglink.ConnectionID) ([]mapping.Selection, error) {
	return w.work.Selections, nil
}

// deadly is a place to die at: SIGKILL, nothing is flushed, closed or
// released.
func (w *modelWorker) deadly() {
	if rand.Float64() >= w.work.Deadly {
		return
	}
	if p, err := os.FindProcess(os.Getpid()); err == nil && p.Kill() == nil {
		select {}
	}
	panic("the worker could not kill itself")
}

// RoundTrip implements http.RoundTripper.
func (w *modelWorker) RoundTrip(req *http.Request) (*http.Response, error) {
	w.deadly()
	req = req.Clone(req.Context())
	req.Header.Set(modelHeader, fmt.Sprintf("%s %s %s %d", w.work.Connection, w.object, w.name, w.fence))
	resp, err := http.DefaultTransport.RoundTrip(req)
	w.deadly()
	return resp, err
}

// Open implements importer.Sink.
func (w *modelWorker) Open(ctx context.Context, s importer.Stream, fence uint64) (importer.Position, error) {
	w.deadly()
	return w.mirror.Open(ctx, s, fence)
}

// Apply implements importer.Sink.
func (w *modelWorker) Apply(ctx context.Context, b importer.Batch) error {
	w.deadly()
	err := w.mirror.Apply(ctx, b)
	w.deadly()
	return err
}

// IDs implements importer.Lister.
func (w *modelWorker) IDs(ctx context.Context, s importer.Stream, after sobject.ID, limit int) ([]sobject.ID, error) {
	return w.mirror.IDs(ctx, s, after, limit)
}

// Held implements importer.Holder.
func (w *modelWorker) Held(ctx context.Context, s importer.Stream, ids []sobject.ID, fields []string) (map[sobject.ID]importer.Stored, error) {
	return w.mirror.Held(ctx, s, ids, fields)
}

// HeldBetween implements importer.Holder.
func (w *modelWorker) HeldBetween(ctx context.Context, s importer.Stream, from, to time.Time) (int64, error) {
	return w.mirror.HeldBetween(ctx, s, from, to)
}
