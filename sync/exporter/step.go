package exporter

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/salesforce"
)

// settleGrace is how long a step may still write down what it knows after its
// context has ended.
const settleGrace = 5 * time.Second

// step does one batch: claim, prepare, send, remember, settle.
func (s *Service) step(ctx context.Context, tenant orglink.TenantID, conn orglink.ConnectionID, fence uint64) (Report, time.Duration, error) {
	rep := newReport(tenant, conn)
	wait, any, err := s.cfg.Outbox.Next(ctx, tenant, conn)
	if err != nil {
		return rep, s.cfg.Poll, err
	}
	if !any || wait > 0 {
		if !any || wait > s.cfg.Poll {
			wait = s.cfg.Poll // a fresh row may come at any time
		}
		return rep, wait, nil
	}
	client, err := s.cfg.Clients.Client(ctx, tenant, conn)
	if err != nil {
		return rep, s.cfg.Poll, fmt.Errorf("exporter: client of connection %s: %w", conn, err)
	}
	// The org's clock, before anything is claimed: records created later than
	// this were created by this attempt or after it. It also finds out whether
	// the org can be reached at all.
	now, err := client.ServerTime(ctx)
	if err != nil {
		return rep, s.cfg.Poll, fmt.Errorf("exporter: connection %s: read the org's clock: %w", conn, err)
	}
	by := Claimant{Fence: fence, Owner: rand.Text()}
	entries, err := s.cfg.Outbox.Claim(ctx, Claim{Tenant: tenant, Connection: conn, By: by, Limit: s.cfg.BatchRows, Now: now})
	if err != nil || len(entries) == 0 {
		return rep, s.cfg.Poll, err
	}
	rep.Claimed = len(entries)
	st := &step{s: s, tenant: tenant, conn: conn, by: by, report: &rep, calls: map[*salesforce.Client]int64{}}
	err = st.run(ctx, entries)
	for c, before := range st.calls {
		rep.Calls += c.Calls() - before
	}
	rep.Took = time.Since(rep.Started)
	if s.cfg.Progress != nil {
		s.cfg.Progress(rep)
	}
	if err != nil {
		return rep, s.cfg.Poll, fmt.Errorf("exporter: connection %s: %w", conn, err)
	}
	return rep, 0, nil
}

// step is one step's state.
type step struct {
	s      *Service
	tenant orglink.TenantID
	conn   orglink.ConnectionID
	by     Claimant
	report *Report
	calls  map[*salesforce.Client]int64
}

// group is the rows that travel together: one map, one writer.
type group struct {
	name    string
	writer  orglink.ConnectionID
	nobody  error // why there is no writer
	entries []Entry
}

// run exports the entries group by group. Each group is settled before the
// next one is sent, so that a crash leaves little to verify.
func (st *step) run(ctx context.Context, entries []Entry) error {
	var stopped error
	for _, g := range st.groups(ctx, entries) {
		b := &batch{step: st, group: g}
		if stopped == nil {
			stopped = b.export(ctx)
		} else {
			for i := range g.entries {
				b.rows = append(b.rows, &row{entry: g.entries[i]})
			}
		}
		b.release(stopped)
		if err := b.settle(ctx); err != nil {
			return errors.Join(stopped, err)
		}
	}
	return stopped
}

func (st *step) groups(ctx context.Context, entries []Entry) []*group {
	type key struct {
		name   string
		writer orglink.ConnectionID
	}
	var out []*group
	at := make(map[key]*group)
	for _, e := range entries {
		writer, err := st.s.cfg.Identity.Writer(ctx, st.tenant, st.conn, e)
		if err != nil {
			g := &group{name: e.Object, nobody: err, entries: []Entry{e}}
			out = append(out, g)
			continue
		}
		k := key{e.Object, writer}
		g := at[k]
		if g == nil {
			g = &group{name: e.Object, writer: writer}
			at[k] = g
			out = append(out, g)
		}
		g.entries = append(g.entries, e)
	}
	return out
}

// client returns a connection's client and begins to count its calls.
func (st *step) client(ctx context.Context, conn orglink.ConnectionID) (*salesforce.Client, error) {
	c, err := st.s.cfg.Clients.Client(ctx, st.tenant, conn)
	if err != nil {
		return nil, fmt.Errorf("client of connection %s: %w", conn, err)
	}
	if _, ok := st.calls[c]; !ok {
		st.calls[c] = c.Calls()
	}
	return c, nil
}
