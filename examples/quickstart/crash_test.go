package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/orglink/orglink/salesforce/salesforcetest"
)

var (
	every = flag.Int("kill-every", 30, "kill at every nth request and commit; 1 is every one, and takes ten minutes or so")
	small = 24 // accounts in the org of these tests
)

// The moments at which the host is killed, counted from 1.
const (
	beforeRequest = "before request" // the org has the request and does nothing yet
	afterRequest  = "after request"  // the work is done, the answer is not sent
	beforeCommit  = "before commit"  // of the host's database
	afterCommit   = "after commit"   // the host does not know it yet
)

// TestKilledAnywhere kills the host with SIGKILL at every request and every
// commit in turn, lets the org run on, starts the host again with the same
// database, and expects the end state of a run that nobody disturbed.
func TestKilledAnywhere(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a binary and runs it hundreds of times")
	}
	binary := build(t)
	calm := newScene(t, binary)
	if err := calm.run(); err != nil {
		t.Fatalf("undisturbed: %v", err)
	}
	want := calm.state()
	counts := map[string]int64{
		beforeRequest: calm.requests.Load(), afterRequest: calm.requests.Load(), beforeCommit: calm.commits.Load(), afterCommit: calm.commits.Load(),
	}
	t.Logf("%d requests, %d commits", calm.requests.Load(), calm.commits.Load())
	if counts[beforeRequest] < 50 || counts[beforeCommit] < 50 {
		t.Fatalf("too little happens to be a test: %v", counts)
	}
	var killed atomic.Int64
	gate := make(chan struct{}, runtime.GOMAXPROCS(0)+1)
	t.Run("points", func(t *testing.T) {
		for _, moment := range []string{beforeRequest, afterRequest, beforeCommit, afterCommit} {
			for n := int64(1); n <= counts[moment]; n += int64(*every) {
				t.Run(fmt.Sprintf("%s %d", moment, n), func(t *testing.T) {
					t.Parallel()
					gate <- struct{}{}
					defer func() { <-gate }()
					s := newScene(t, binary)
					if s.killAt(moment, n) {
						killed.Add(1)
					}
					// A host that died after its last commit is done: one more run
					// would be the next round.
					if !s.finished() {
						if err := s.run(); err != nil {
							t.Fatalf("the run after the kill: %v", err)
						}
					}
					if diff := cmp.Diff(want, s.state()); diff != "" {
						t.Errorf("the end state differs (-undisturbed +killed):\n%s", diff)
					}
				})
			}
		}
	})
	t.Logf("%d kills", killed.Load())
	if killed.Load() < int64(len(counts))*10/int64(*every) {
		t.Errorf("only %d kills happened", killed.Load())
	}
}

// build compiles the program with commits announced.
func build(t *testing.T) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "quickstart")
	cmd := exec.Command("go", "build", "-tags", "crashtest", "-o", binary, ".")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	return binary
}

// scene is one org, one database, and the host that is run on them.
type scene struct {
	t       *testing.T
	binary  string
	db      string
	server  *salesforcetest.Server
	commit  *httptest.Server
	process atomic.Pointer[os.Process]

	requests, answered, commits atomic.Int64
	moment                      atomic.Pointer[string] // when to kill; nil: never
	at                          int64

	mu      sync.Mutex
	written map[string]int // successful writes of each exported row
}

func newScene(t *testing.T, binary string) *scene {
	t.Helper()
	begun := time.Now()
	s := &scene{t: t, binary: binary, db: filepath.Join(t.TempDir(), "host.db"), written: map[string]int{}}
	s.server = salesforcetest.NewServer(t, salesforcetest.Config{
		Seed: salesforcetest.Demo(salesforcetest.DemoConfig{Accounts: small}),
		// The org's clock runs fast, so that nobody waits for a lag.
		Clock: func() time.Time { return begun.Add(200 * time.Since(begun)) },
	})
	s.server.OnRequest(func(salesforcetest.RequestRecord) { s.passed(beforeRequest, s.requests.Add(1)) })
	s.server.OnAnswered(func(r salesforcetest.RequestRecord) {
		s.count(r)
		s.passed(afterRequest, s.answered.Add(1))
	})
	var committed atomic.Int64
	s.commit = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/before-commit" {
			s.passed(beforeCommit, s.commits.Add(1))
			return
		}
		s.passed(afterCommit, committed.Add(1))
	}))
	t.Cleanup(s.commit.Close)
	return s
}

// passed kills the host when its moment has come, and waits until it is dead.
func (s *scene) passed(moment string, n int64) {
	if m := s.moment.Load(); m == nil || *m != moment || n != s.at {
		return
	}
	if p := s.process.Load(); p != nil {
		_ = p.Kill()
		time.Sleep(20 * time.Millisecond) // nothing that it would still do may count
	}
}

// killAt runs the host and kills it; false when it ended before that.
func (s *scene) killAt(moment string, n int64) bool {
	s.at = n
	s.moment.Store(&moment)
	err := s.run()
	s.moment.Store(nil)
	// The org goes on with what it was asked; the next run begins after that.
	for s.answered.Load() < s.requests.Load() {
		time.Sleep(time.Millisecond)
	}
	if err == nil {
		return false
	}
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != -1 {
		s.t.Fatalf("killed %s %d, the host ended by itself: %v", moment, n, err)
	}
	return true
}

// run runs the host to its end.
func (s *scene) run() error {
	ctx, cancel := context.WithTimeout(s.t.Context(), time.Minute)
	defer cancel()
	ready := s.server.Ready()
	cmd := exec.CommandContext(ctx, s.binary, "-json", "-org", s.server.URL, "-client-id", ready.ClientID, "-client-secret", ready.ClientSecret, "-db", s.db, "-poll", "5ms")
	cmd.Env = append(os.Environ(), "ORGLINK_ANNOUNCE="+s.commit.URL)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Start(); err != nil {
		return err
	}
	s.process.Store(cmd.Process)
	err := cmd.Wait()
	s.process.Store(nil)
	if err != nil {
		return fmt.Errorf("%w\n%s\n%s", err, errs.String(), failedChecks(out.Bytes()))
	}
	return nil
}

// finished tells whether the round was closed.
func (s *scene) finished() (yes bool) {
	s.t.Helper()
	db, done, err := openDatabase(s.t.Context(), &config{db: s.db})
	if err != nil {
		s.t.Fatal(err)
	}
	defer done()
	if err := db.QueryRowContext(s.t.Context(), "SELECT COUNT(*) > 0 FROM quickstart_round WHERE finished").Scan(&yes); err != nil {
		s.t.Fatal(err)
	}
	return yes
}

func failedChecks(out []byte) string {
	var r result
	if json.Unmarshal(out, &r) != nil {
		return string(out)
	}
	var b strings.Builder
	for _, c := range r.failed() {
		fmt.Fprintf(&b, "%s: got %s, the org says %s\n", c.What, c.Got, c.Want)
	}
	return b.String()
}

// count notes which exported rows a request of the host has written.
func (s *scene) count(r salesforcetest.RequestRecord) {
	upsert, byID := strings.Contains(r.Path, "/composite/sobjects/"+usageObject), strings.HasSuffix(r.Path, "/composite/sobjects")
	if r.Method != http.MethodPatch || !upsert && !byID || r.Status != http.StatusOK {
		return
	}
	var body struct {
		Records []map[string]any `json:"records"`
	}
	if err := json.Unmarshal(r.Body, &body); err != nil {
		s.t.Errorf("an export that cannot be read: %v", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, rec := range body.Records {
		key := fmt.Sprint(rec["Usage_Key__c"])
		if byID {
			found, err := s.server.Org().Query("SELECT Usage_Key__c FROM " + usageObject + " WHERE Id = '" + fmt.Sprint(rec["Id"]) + "'")
			if err != nil || len(found) != 1 {
				s.t.Errorf("an update of %v: %v", rec["Id"], err)
				continue
			}
			v, _ := found[0].Value("Usage_Key__c")
			key = v.Raw()
		}
		s.written[key]++
	}
}
