package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"text/tabwriter"
	"time"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/connection"
	"github.com/orglink/orglink/salesforce/salesforcetest"
)

// The connection suite: what it costs to get at a client, to keep many
// connections in memory, and to refresh their tokens.
const idleConnections = 1000

// serveOrg is the process of a fake org.
func serveOrg() error {
	org, err := salesforcetest.Start(salesforcetest.Config{
		Apps:          []salesforcetest.App{{ClientID: "key", ClientSecret: "secret", RotateRefreshTokens: true, PreAuthorized: true, RunAs: salesforcetest.AdminUsername}},
		ApprovalLimit: -1, DailyRequests: 1 << 30, LoginsPerHour: 1 << 30, KeepRequests: 1,
	})
	if err != nil {
		return err
	}
	defer org.Close()
	ready := org.Ready()
	fmt.Println(org.URL, ready.Username, ready.Password)
	_, err = io.Copy(io.Discard, os.Stdin) // until the other process closes it
	return err
}

// theOrg is the fake org as the suite sees it.
type theOrg struct{ url, user, password string }

func startOrg(ctx context.Context) (org theOrg, stop func() error, err error) {
	cmd, err := process(ctx, "org", 0)
	if err != nil {
		return org, nil, err
	}
	in, err := cmd.StdinPipe()
	if err != nil {
		return org, nil, err
	}
	line, err := firstLine(cmd)
	if err != nil {
		return org, nil, err
	}
	stop = func() error { return errors.Join(in.Close(), cmd.Wait()) }
	if _, err = fmt.Sscan(line, &org.url, &org.user, &org.password); err != nil {
		err = errors.Join(fmt.Errorf("the org does not say where it is: %w", err), stop())
	}
	return org, stop, err
}

func firstLine(cmd *exec.Cmd) (string, error) {
	out, err := cmd.StdoutPipe()
	if err != nil {
		return "", err
	}
	if err := cmd.Start(); err != nil {
		return "", err
	}
	return bufio.NewReader(out).ReadString('\n')
}

// connectionSuite runs all of it.
func connectionSuite(ctx context.Context, s settings) (out []result, err error) {
	org, stop, err := startOrg(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, stop()) }()
	for _, part := range []func(context.Context, settings, theOrg) ([]result, error){clientLookups, idleMemory, refreshing} {
		results, err := part(ctx, s, org)
		if err != nil {
			return nil, err
		}
		out = append(out, results...)
	}
	return out, nil
}

// manager is one process's manager on some stores.
func (o theOrg) manager(store connection.Store, tokens connection.TokenStore) (*connection.Manager, error) {
	ring, err := orglink.NewKeyRing(orglink.Key{ID: 1, Bytes: make([]byte, 32)})
	if err != nil {
		return nil, err
	}
	return connection.New(connection.Config{
		Apps:  []connection.App{{ClientID: "key", ClientSecret: orglink.NewSecret("secret")}},
		Store: store, Tokens: tokens, Sealer: ring, Environment: "bench", RedirectURL: "http://127.0.0.1:9/callback",
		LoginHost: o.url, TrustedHosts: []string{strings.TrimPrefix(o.url, "http://")}, HTTPClient: &http.Client{Transport: transport},
		Staleness: time.Hour,
	})
}

var transport = func() *http.Transport {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.MaxIdleConnsPerHost = 64
	return t
}()

// tenants are connected by the app's own credentials, one connection each.
func connectTenants(ctx context.Context, m *connection.Manager, n int) ([]connection.Connection, error) {
	out := make([]connection.Connection, n)
	for i := range out {
		actor := orglink.Actor{Tenant: orglink.TenantID(fmt.Sprint("tenant-", i)), User: "ada", Admin: true}
		c, err := m.Connect(ctx, actor, connection.ConnectRequest{Flow: connection.ClientCredentials, Vouched: true})
		if err != nil {
			return nil, err
		}
		out[i] = c
	}
	return out, nil
}

// clientLookups compares Manager.Client on a live connection with what it
// cannot do without: a map lookup under a lock.
func clientLookups(ctx context.Context, s settings, org theOrg) ([]result, error) {
	m, err := org.manager(connection.NewMemoryStore(), connection.NewMemoryTokenStore())
	if err != nil {
		return nil, err
	}
	conns, err := connectTenants(ctx, m, 100)
	if err != nil {
		return nil, err
	}
	type key struct {
		tenant orglink.TenantID
		id     orglink.ConnectionID
	}
	var mu sync.Mutex
	bare := map[key]*connection.Connection{}
	for i, c := range conns {
		bare[key{c.Tenant, c.ID}] = &conns[i]
	}
	s.rows *= 10
	return measure(ctx, "connection", "client", s, []reader{
		{name: "orglink", read: func(ctx context.Context) (n int, err error) {
			for i := range s.rows {
				c := &conns[i%len(conns)]
				if _, err := m.Client(ctx, c.Tenant, c.ID); err != nil {
					return n, err
				}
				n++
			}
			return n, nil
		}},
		{name: "stdlib", read: func(context.Context) (n int, err error) {
			for i := range s.rows {
				c := &conns[i%len(conns)]
				mu.Lock()
				found := bare[key{c.Tenant, c.ID}]
				mu.Unlock()
				if found != nil {
					n++
				}
			}
			return n, nil
		}},
	})
}

// idleMemory is what a process keeps of connections that it used once: the
// peak heap of the row is what is left after a collection, of all of them.
func idleMemory(ctx context.Context, _ settings, org theOrg) ([]result, error) {
	store, tokens := connection.NewMemoryStore(), connection.NewMemoryTokenStore()
	maker, err := org.manager(store, tokens)
	if err != nil {
		return nil, err
	}
	conns, err := connectTenants(ctx, maker, idleConnections)
	if err != nil {
		return nil, err
	}
	m, err := org.manager(store, tokens) // another process, whose store is a database
	if err != nil {
		return nil, err
	}
	before, start := heapAndMallocs(), time.Now()
	for _, c := range conns {
		client, err := m.Client(ctx, c.Tenant, c.ID)
		if err == nil {
			_, err = client.Limits(ctx)
		}
		if err != nil {
			return nil, err
		}
	}
	seconds, after := time.Since(start).Seconds(), heapAndMallocs()
	runtime.KeepAlive(m)
	return []result{{
		Suite: "connection", Workload: "idle", Decoder: "orglink", Rows: len(conns), RecordsPerSecond: float64(len(conns)) / seconds,
		AllocsPerRecord: float64(after.Mallocs-before.Mallocs) / float64(len(conns)), PeakHeapBytes: after.HeapAlloc - min(before.HeapAlloc, after.HeapAlloc),
	}}, nil
}

func heapAndMallocs() (m runtime.MemStats) {
	debug.FreeOSMemory()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m
}

// connectionTable prints the suite with its ratios.
func connectionTable(out io.Writer, s settings, results []result) error {
	fmt.Fprintf(out, "median of %d interleaved rounds\n\n", s.rounds)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "workload\twhat\tpieces\tpieces/s\tx stdlib\tallocs/piece\theap bytes/piece\t")
	for _, r := range results {
		ratio := "-"
		for _, other := range results {
			if other.Workload == r.Workload && other.Decoder == "stdlib" {
				ratio = fmt.Sprintf("%.2f", r.RecordsPerSecond/other.RecordsPerSecond)
			}
		}
		fmt.Fprintf(w, "%s\t%s\t%d\t%.0f\t%s\t%.1f\t%d\t\n", r.Workload, r.Decoder, r.Rows, r.RecordsPerSecond, ratio, r.AllocsPerRecord, r.PeakHeapBytes/uint64(r.Rows))
	}
	return w.Flush()
}

// discard drains an answer and reports one that is no success.
func discard(resp *http.Response, err error) error {
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, resp.Body)
	if err = errors.Join(err, resp.Body.Close()); err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("HTTP status %d", resp.StatusCode)
	}
	return err
}
