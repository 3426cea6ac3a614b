package main

import (
	"context"
	"fmt"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/sync/importer"
	"github.com/orglink/orglink/sync/runner"
)

const (
	idleIntegrationCount = 1000
	idleEvery            = 10 * time.Minute // the importer's default
	idleLook             = 5 * time.Second
)

// idleIntegrations measures the processor time that a process needs for
// 1,000 integrations in which nothing changed: one look for changes of each,
// of which there is one every 10 minutes, and the runner's waiting between.
func idleIntegrations(ctx context.Context, org accountsOrg) (result, error) {
	to, err := newImportDB(ctx, orglink.PostgreSQL)
	if err != nil {
		return result{}, err
	}
	defer to.drop()
	to.db.SetMaxOpenConns(8)
	m, err := to.mirror(ctx, "")
	if err != nil {
		return result{}, err
	}
	leases, err := runner.NewSQLStore(to.db, orglink.SQLConfig{Dialect: orglink.PostgreSQL})
	if err == nil {
		err = leases.Migrate(ctx)
	}
	if err != nil {
		return result{}, err
	}
	clients := &countingCalls{accountsOrg: org}
	var covered atomic.Int64
	im, err := importer.New(importer.Config{Clients: clients, Selections: wholeSelection{}, Sink: m, Lag: -1, Overlap: -1, PollMin: 10 * time.Millisecond, ReconcileEvery: -1, Interval: idleEvery,
		Progress: func(p importer.Progress) {
			if !p.Covered.IsZero() {
				covered.Add(1)
			}
		}})
	if err != nil {
		return result{}, err
	}
	var jobs []runner.Job
	for i := range idleIntegrationCount {
		list, err := im.Jobs(ctx, "tenant", orglink.ConnectionID(fmt.Sprint("conn-", i)))
		if err != nil {
			return result{}, err
		}
		jobs = append(jobs, list[0])
	}
	first, err := runner.New(runner.Config{Leases: leases})
	if err != nil {
		return result{}, err
	}
	if err := first.RunDue(ctx, jobs...); err != nil { // the first readings
		return result{}, err
	}
	time.Sleep(time.Second) // so that there is a second to look at
	covered.Store(0)
	run, err := runner.New(runner.Config{Leases: leases})
	if err != nil {
		return result{}, err
	}
	begun := processorTime()
	ended := make(chan error, 1)
	work, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() { ended <- run.Run(work, func(context.Context) ([]runner.Job, error) { return jobs, nil }) }()
	for covered.Load() < idleIntegrationCount {
		select {
		case err := <-ended:
			return result{}, err
		case <-time.After(20 * time.Millisecond):
		}
	}
	looks := processorTime() - begun
	begun = processorTime()
	time.Sleep(idleLook)
	waits := processorTime() - begun
	run.Stop()
	if err := <-ended; err != nil {
		return result{}, err
	}
	perMinute := looks.Seconds()*float64(time.Minute)/float64(idleEvery) + waits.Seconds()*float64(time.Minute)/float64(idleLook)
	return result{Suite: "import", Workload: "idle", Decoder: "orglink", Rows: idleIntegrationCount, CoreSecondsPerMinute: perMinute}, nil
}

// processorTime is what this process used of the processors.
func processorTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
