package exporter_test

import (
	"context"
	"testing"
	"time"

	"github.com/orglink/orglink/mapping"
	"github.com/orglink/orglink/sync/exporter"
	"github.com/orglink/orglink/sync/runner"
)

// A fresh row leaves at once when the host says so after its commit, and
// within the poll when it does not.
func TestFreshRowsLeaveAtOnce(t *testing.T) {
	w := newWorld(t)
	w.cfg.Poll = time.Hour
	service := w.service()
	steps := make(chan runner.Step, 100)
	r, err := runner.New(runner.Config{Leases: runner.NewMemoryStore(), Observer: func(s runner.Step) { steps <- s }})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- r.Run(ctx, func(context.Context) ([]runner.Job, error) { return []runner.Job{service.Job(tenant, conn)}, nil })
	}()
	defer func() {
		cancel()
		<-ended
	}()
	next := func() {
		t.Helper()
		select {
		case s := <-steps:
			if s.Err != nil {
				t.Fatal(s.Err)
			}
		case <-time.After(20 * time.Second):
			t.Fatal("no step")
		}
	}
	next() // nothing there; the next look is in an hour
	w.add(company("k", "name", "Acme"))
	if err := r.Demand(t.Context(), exporter.JobKey(tenant, conn)); err != nil {
		t.Fatal(err)
	}
	next()
	if got := w.account("k", "Name"); got != "Acme" {
		t.Errorf("the account is %q", got)
	}
	w.cfg.Poll = 0
	if wait, err := w.service().Job(tenant, conn).Step(t.Context(), 100); err != nil || time.Until(wait) > time.Second {
		t.Errorf("without a hint the next look is at %s, %v", wait, err)
	}
}

// A person finds rejected rows by their reason, corrects the values and sends
// them again; what came meanwhile is not lost.
func TestRejectedRowsAreFoundAndCorrected(t *testing.T) {
	w := newWorld(t)
	w.add(company("good", "name", "Good"), company("bad", "name", "Bad", "staff", "many"), company("worse", "name", "W"), company("worse", "notes", "x"))
	c := company("worse", "staff", "few")
	c.User = "ann"
	w.add(c)
	w.want(w.run(), "created 1, updated 0, unchanged 0, deleted 0, rejected 2, parked 0, retrying 0")
	found, err := w.outbox.List(t.Context(), tenant, conn, exporter.Filter{State: exporter.Rejected, Code: exporter.CodeUnmappable})
	if err != nil || len(found) != 2 {
		t.Fatalf("%d found, %v", len(found), err)
	}
	for _, e := range found {
		row := mapping.Row{}
		for name, v := range e.Row {
			row[name] = v
		}
		row["staff"] = 7
		if done, err := w.outbox.Edit(t.Context(), tenant, conn, e.ID, row); err != nil || !done {
			t.Fatal(done, err)
		}
	}
	w.add(company("bad", "phone", "1"))
	w.want(w.run(), "created 2, updated 0, unchanged 0, deleted 0, rejected 0, parked 0, retrying 0")
	if staff, phone, notes := w.account("bad", "NumberOfEmployees"), w.account("bad", "Phone"), w.account("worse", "Description"); staff != "7" || phone != "1" || notes != "x" {
		t.Errorf("the accounts have %q, %q and %q", staff, phone, notes)
	}
}
