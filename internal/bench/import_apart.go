package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"runtime"
	"strings"
	"sync/atomic"
	"time"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/mapping"
	"github.com/orglink/orglink/salesforce"
	"github.com/orglink/orglink/salesforce/salesforcetest"
	"github.com/orglink/orglink/salesforce/sobject"
	"github.com/orglink/orglink/sync/importer"
)

// serveAccounts is the process of a fake org with n accounts.
func serveAccounts(n int) error {
	org, err := salesforcetest.Start(salesforcetest.Config{DailyRequests: 1 << 30, KeepRequests: 1,
		Seed: salesforcetest.Empty()})
	if err != nil {
		return err
	}
	defer org.Close()
	if err := loadImport(org, n); err != nil {
		return err
	}
	runtime.GC()
	fmt.Println(org.URL, org.Ready().AccessToken)
	_, err = io.Copy(io.Discard, os.Stdin) // until the other process closes it
	return err
}

func startAccounts(ctx context.Context, n int) (org accountsOrg, stop func() error, err error) {
	cmd, err := process(ctx, "accounts", n)
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
	if _, err = fmt.Sscan(line, &org.url, &org.token); err != nil {
		err = errors.Join(fmt.Errorf("the org does not say where it is: %w", err), stop())
	}
	return org, stop, err
}

var importShape = sobject.NewShape("Account", importNames()...)

// memoryChange is record number i as the importer hands it over.
func memoryChange(i int) importer.Change {
	at := importEpoch.Add(time.Duration(i) * time.Second)
	id := importID(i)
	return importer.Change{Kind: importer.Full, Object: "Account", ID: id, SystemModstamp: at, ReadAt: at,
		Record: sobject.RecordOf(importShape, importValues(i, id, "005ak0000000001AAA"))}
}

// importApart runs an import in a process of its own.
func importApart(ctx context.Context, way string, to *importTo, org accountsOrg, rows int) (result, error) {
	var out result
	cmd, err := process(ctx, "import", rows, way, to.dialect, to.dsn, org.url, org.token)
	if err != nil {
		return out, err
	}
	raw, err := cmd.Output()
	if err == nil {
		err = json.Unmarshal(raw, &out)
	}
	return out, err
}

// wholeSelection selects the accounts.
type wholeSelection struct{}

func (wholeSelection) Selections(context.Context, orglink.TenantID, orglink.ConnectionID) ([]mapping.Selection, error) {
	return []mapping.Selection{importSelection}, nil
}

// countingCalls counts API calls, looks at a running Bulk job apart.
type countingCalls struct {
	accountsOrg
	calls, polls, jobs atomic.Int64
	client             *salesforce.Client
}

func (c *countingCalls) RoundTrip(r *http.Request) (*http.Response, error) {
	isJob := strings.Contains(r.URL.Path, "/jobs/query")
	switch {
	case isJob && r.Method == http.MethodGet && !strings.HasSuffix(r.URL.Path, "/results"):
		c.polls.Add(1)
	case isJob && r.Method == http.MethodPost:
		c.jobs.Add(1)
		c.calls.Add(1)
	case strings.HasPrefix(r.URL.Path, "/services/data/v"):
		c.calls.Add(1)
	}
	return transport.RoundTrip(r)
}

func (c *countingCalls) Client(context.Context, orglink.TenantID, orglink.ConnectionID) (*salesforce.Client, error) {
	var err error
	if c.client == nil {
		c.client, err = salesforce.New(salesforce.Config{Tokens: salesforce.StaticToken(c.url, c.token), HTTPClient: &http.Client{Transport: c},
			TrustedHosts: []string{strings.TrimPrefix(c.url, "http://")}})
	}
	return c.client, err
}

// runImport is that process: it steps the job until everything is covered.
func runImport(rows int, args []string) error {
	ctx := context.Background()
	way, dialect, dsn := args[0], orglink.Dialect(args[1]), args[2]
	db, err := openImportDB(dialect, dsn)
	if err != nil {
		return err
	}
	defer db.Close()
	to := &importTo{db: db, dialect: dialect, dsn: dsn}
	m, err := to.mirror(ctx, way)
	if err != nil {
		return err
	}
	clients := &countingCalls{accountsOrg: accountsOrg{url: args[3], token: args[4]}}
	var got int64
	done := false
	im, err := importer.New(importer.Config{Clients: clients, Selections: wholeSelection{}, Sink: m, Lag: -1, Overlap: -1, PollMin: 10 * time.Millisecond, ReconcileEvery: -1,
		Progress: func(p importer.Progress) { got += p.Rows; done = done || !p.Covered.IsZero() }})
	if err != nil {
		return err
	}
	jobs, err := im.Jobs(ctx, "tenant", "conn")
	if err != nil {
		return err
	}
	before := heapAndMallocs()
	baseline := peakResident()
	start := time.Now()
	for !done {
		next, err := jobs[0].Step(ctx, 1)
		if err != nil {
			return err
		}
		if !done && !next.IsZero() {
			time.Sleep(time.Until(next))
		}
	}
	seconds := time.Since(start).Seconds()
	var after runtime.MemStats
	runtime.ReadMemStats(&after)
	if got != int64(rows) {
		return fmt.Errorf("%d rows of %d", got, rows)
	}
	return json.NewEncoder(os.Stdout).Encode(result{Suite: "import", Workload: string(dialect), Decoder: way, Rows: rows, RecordsPerSecond: float64(rows) / seconds,
		AllocsPerRecord: float64(after.Mallocs-before.Mallocs) / float64(rows), PeakResidentBytes: peakResident() - baseline,
		Calls: clients.calls.Load(), Polls: clients.polls.Load(), Jobs: clients.jobs.Load()})
}
