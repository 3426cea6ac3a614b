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
	"sync"
	"testing"
	"time"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/connection"
)

// grantsJob is what a worker process of the kill test is told.
type grantsJob struct {
	DSN, Org string
	Tenants  []orglink.TenantID
	// Deadly is the chance that a worker kills itself at each of the six
	// places around a refresh where a process may die.
	Deadly float64
}

const grantsVariable = "ORGLINK_GRANTS_WORKER"

// newGrantsManager is one process's manager; short times, so that those who
// come after a dead process do not wait for long.
func newGrantsManager(db *sql.DB, org string, tokens func(connection.TokenStore) connection.TokenStore, transport http.RoundTripper) (*connection.Manager, error) {
	s, err := connection.NewSQLStore(db, orglink.SQLConfig{Dialect: orglink.PostgreSQL})
	if err != nil {
		return nil, err
	}
	ring, err := orglink.NewKeyRing(orglink.Key{ID: 1, Bytes: make([]byte, 32)})
	if err != nil {
		return nil, err
	}
	return connection.New(connection.Config{
		Apps:  []connection.App{{ClientID: "key", ClientSecret: orglink.NewSecret("secret")}},
		Store: s, Tokens: tokens(s.Tokens()), Sealer: ring, Environment: "test", RedirectURL: "http://127.0.0.1:9/callback",
		LoginHost: org, TrustedHosts: []string{strings.TrimPrefix(org, "http://")}, HTTPClient: &http.Client{Transport: transport},
		RefreshTimeout: 3 * time.Second, // also on a machine that does much else
		Staleness:      -1,              // hours pass in milliseconds here
	})
}

// TestGrantsWorker is no test but the process that TestKilledRefreshers starts:
// it uses every connection once for each line on its standard input.
func TestGrantsWorker(t *testing.T) {
	raw := os.Getenv(grantsVariable)
	if raw == "" {
		return
	}
	var job grantsJob
	if err := json.Unmarshal([]byte(raw), &job); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("pgx", job.DSN)
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(8)
	deadly := func() {
		if rand.Float64() < job.Deadly {
			p, err := os.FindProcess(os.Getpid())
			if err == nil {
				err = p.Kill() // SIGKILL: nothing is flushed, closed or released
			}
			if err != nil {
				t.Error(err)
			}
			select {}
		}
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = 32
	m, err := newGrantsManager(db, job.Org,
		func(s connection.TokenStore) connection.TokenStore { return deadlyTokens{s, deadly} }, deadlyTransport{transport, deadly})
	if err != nil {
		t.Fatal(err)
	}
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		var wg sync.WaitGroup
		for _, i := range rand.Perm(len(job.Tenants)) {
			for range 3 {
				wg.Go(func() {
					if err := useUntilSettled(m, job.Tenants[i]); err != nil {
						fmt.Println("error", err)
					}
				})
			}
		}
		wg.Wait()
		fmt.Println("done", in.Text())
	}
}

// useUntilSettled calls the org as a tenant until it works or a person is
// needed; the parent asks the store who needs one.
func useUntilSettled(m *connection.Manager, tenant orglink.TenantID) error {
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	for {
		list, err := m.List(ctx, tenant)
		if err == nil && len(list) != 1 {
			return fmt.Errorf("tenant %s has %d connections", tenant, len(list))
		}
		if err == nil {
			client, clientErr := m.Client(ctx, tenant, list[0].ID)
			if err = clientErr; err == nil {
				_, err = client.Limits(ctx)
			}
		}
		switch {
		case err == nil || errors.Is(err, connection.ErrNeedsReauthorization):
			return nil
		case ctx.Err() != nil:
			return err
		case errors.Is(err, connection.ErrUnreachable) || errors.Is(err, connection.ErrLeaseHeld):
			time.Sleep(100 * time.Millisecond) // a dead worker's outcome is waited for
		default:
			return err
		}
	}
}

type deadlyTokens struct {
	connection.TokenStore
	here func()
}

func (s deadlyTokens) CompareAndSwap(ctx context.Context, g connection.Grant) (int64, error) {
	s.here()
	version, err := s.TokenStore.CompareAndSwap(ctx, g)
	s.here()
	return version, err
}

type deadlyTransport struct {
	http.RoundTripper
	here func()
}

func (t deadlyTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	if !strings.HasSuffix(r.URL.Path, "/oauth2/token") {
		return t.RoundTripper.RoundTrip(r)
	}
	t.here()
	resp, err := t.RoundTripper.RoundTrip(r)
	t.here()
	return resp, err
}
