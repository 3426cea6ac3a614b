package conformance

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/connection"
	"github.com/orglink/orglink/salesforce/salesforcetest"
)

// Rule A1 and what is left of it when processes die: three processes with many
// goroutines share connections in one PostgreSQL database, with refresh-token
// rotation on, and are killed with SIGKILL at any moment. For every expiry the
// org gives out new tokens exactly once. A grant is lost when a kill fell
// between the org's rotation and our commit, which shows in the org as a
// rotation that no store knows, and each such loss is reported as one.
//
// jetstreamapp/jetstream PR1664, restforce/restforce#957, airbytehq/airbyte
// PR80892. ORGLINK_EXPIRIES sets how many expiries; the default is 1,000, or
// 100 with -short.
func TestKilledRefreshers(t *testing.T) {
	const tenants, processes = 25, 3
	expiries := 1000
	if testing.Short() {
		expiries = 100
	}
	if n, err := strconv.Atoi(os.Getenv("ORGLINK_EXPIRIES")); err == nil && n >= tenants {
		expiries = n
	}
	rounds := expiries / tenants
	d := openPostgres(t)
	org := salesforcetest.NewServer(t, salesforcetest.Config{
		Apps:          []salesforcetest.App{{ClientID: "key", ClientSecret: "secret", RotateRefreshTokens: true, RequirePKCE: true, PreAuthorized: true}},
		ApprovalLimit: -1, DailyRequests: 1 << 30,
	})
	var rotations, refusals atomic.Int64 // as the org counts them
	var refused sync.Map                 // the refresh tokens that it refused
	org.OnAnswered(func(r salesforcetest.RequestRecord) {
		if r.Path == "/services/oauth2/token" && strings.Contains(string(r.Body), "grant_type=refresh_token") {
			if r.Status == http.StatusOK {
				rotations.Add(1)
			} else {
				refusals.Add(1)
				form, _ := url.ParseQuery(string(r.Body))
				refused.Store(form.Get("refresh_token"), true)
			}
		}
	})
	store, err := connection.NewSQLStore(d.DB, d.Config)
	if err == nil {
		err = store.Migrate(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	m, err := newGrantsManager(d.DB, org.URL, func(s connection.TokenStore) connection.TokenStore { return s }, http.DefaultTransport)
	if err != nil {
		t.Fatal(err)
	}
	authorise := func(tenant orglink.TenantID) {
		actor := orglink.Actor{Tenant: tenant, User: "ada", Admin: true}
		auth, err := m.Start(t.Context(), actor, connection.StartRequest{})
		if err == nil {
			_, err = m.Finish(t.Context(), actor, signIn(t, org, auth.URL))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	job := grantsJob{DSN: d.DSN, Org: org.URL, Deadly: 0.003}
	for i := range tenants {
		job.Tenants = append(job.Tenants, orglink.TenantID(fmt.Sprint("tenant-", i)))
		authorise(job.Tenants[i])
	}
	workers := make([]*grantsWorker, processes)
	for i := range workers {
		workers[i] = &grantsWorker{t: t, job: job}
		t.Cleanup(workers[i].stop)
	}

	// stored is how many rotations the stores know of.
	stored := func(tenant orglink.TenantID) (n int64) {
		grants, err := store.Tokens().Grants(t.Context(), tenant)
		if err != nil {
			t.Fatal(err)
		}
		for _, g := range grants {
			n += g.Generation - 1
		}
		return n
	}
	var known, lost int64
	for round := range rounds {
		org.Org().Advance(3 * time.Hour)
		var wg sync.WaitGroup
		for _, w := range workers {
			wg.Go(func() { w.round(round) })
		}
		wg.Wait()
		if t.Failed() {
			t.FailNow()
		}
		for _, tenant := range job.Tenants {
			list, err := store.Connections(t.Context(), tenant)
			if err != nil || len(list) != 1 {
				t.Fatalf("%d connections, %v", len(list), err)
			}
			switch c := list[0]; c.State {
			case connection.Healthy:
			case connection.NeedsReauthorization:
				lost++
				if !strings.Contains(c.StateDetail, "never learnt") {
					t.Errorf("a lost grant is reported as %q", c.StateDetail)
				}
				known += stored(tenant)
				authorise(tenant)
			default:
				t.Errorf("%s is %s (%s)", tenant, c.State, c.StateDetail)
			}
		}
	}
	kills := 0
	for _, w := range workers {
		kills += w.killed
	}
	for _, tenant := range job.Tenants {
		known += stored(tenant)
	}
	t.Logf("%d expiries, %d kills, %d grants lost", rounds*tenants, kills, lost)
	if n := rotations.Load(); n != int64(rounds*tenants) {
		t.Errorf("the org rotated %d times for %d expiries", n, rounds*tenants)
	}
	if gone := rotations.Load() - known; gone != lost {
		t.Errorf("%d rotations reached no store, and %d grants were reported as lost", gone, lost)
	}
	// The token of a lost grant is tried, and then never again, unless who
	// tried was killed before it could store the refusal. No other is refused.
	tokens := int64(0)
	refused.Range(func(any, any) bool { tokens++; return true })
	if tokens != lost {
		t.Errorf("the org refused %d refresh tokens, and %d grants were lost", tokens, lost)
	}
	if n := refusals.Load(); n > lost+int64(kills) {
		t.Errorf("the org refused %d refreshes of %d lost grants, with %d kills", n, lost, kills)
	}
	if rounds >= 20 && (kills < rounds/8 || lost == 0) {
		t.Errorf("%d kills and %d losses in %d rounds: the test does not bite", kills, lost, rounds)
	}
}

// grantsWorker is a process that is started again whenever it dies.
type grantsWorker struct {
	t      *testing.T
	job    grantsJob
	cmd    *exec.Cmd
	in     io.WriteCloser
	out    *bufio.Scanner
	killed int
}

func (w *grantsWorker) start() error {
	job, err := json.Marshal(w.job)
	if err != nil {
		return err
	}
	w.cmd = exec.Command(os.Args[0], "-test.run=^TestGrantsWorker$", "-test.count=1")
	w.cmd.Env = append(os.Environ(), grantsVariable+"="+string(job))
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

// round has the worker use every connection, however often it dies meanwhile,
// by its own hand or, now and then, by ours.
func (w *grantsWorker) round(n int) {
	for tries := 0; ; tries++ {
		if tries == 200 {
			w.t.Error("a worker died 200 times in one round")
			return
		}
		if w.cmd == nil {
			if err := w.start(); err != nil {
				w.t.Error(err)
				return
			}
		}
		if rand.IntN(20) == 0 {
			p := w.cmd.Process
			killer := time.AfterFunc(rand.N(30*time.Millisecond), func() { _ = p.Kill() })
			defer killer.Stop()
		}
		_, err := fmt.Fprintln(w.in, n)
		for err == nil && w.out.Scan() {
			line := w.out.Text()
			if line == fmt.Sprint("done ", n) {
				return
			}
			w.t.Errorf("a worker says: %s", line)
		}
		w.stop()
		w.killed++
	}
}

func (w *grantsWorker) stop() {
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
