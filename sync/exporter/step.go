package exporter

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
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
	st := &step{s: s, tenant: tenant, conn: conn, by: by, report: &rep, calls: map[*salesforce.Client]int64{}, answers: map[orglink.Write]answer{}}
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
	// answers are what Config.Identity said in this step.
	answers map[orglink.Write]answer
}

// run exports the entries name by name and writer by writer. Each batch is
// settled before the next one is sent, so that a crash leaves little to verify.
func (st *step) run(ctx context.Context, entries []Entry) error {
	var stopped error
	for _, lead := range st.byName(entries) {
		var batches []*Batch
		if stopped == nil {
			batches, stopped = st.assign(ctx, lead)
		}
		if stopped != nil {
			lead.release(stopped)
		}
		if err := lead.settle(ctx); err != nil {
			return errors.Join(stopped, err)
		}
		for _, b := range batches {
			if stopped == nil {
				stopped = st.s.exporters[b.name].Export(ctx, b)
			}
			if b.alone(ctx, stopped) {
				b.postpone(stopped)
				stopped = nil
			}
			b.release(stopped)
			if err := b.settle(ctx); err != nil {
				return errors.Join(stopped, err)
			}
		}
	}
	return stopped
}

// byName makes one batch for each name, by the team's connection.
func (st *step) byName(entries []Entry) []*Batch {
	var out []*Batch
	at := make(map[string]*Batch)
	for _, e := range entries {
		b := at[e.Object]
		if b == nil {
			b = &Batch{step: st, name: e.Object, writer: st.conn}
			at[e.Object] = b
			out = append(out, b)
		}
		b.rows = append(b.rows, &Item{entry: e})
	}
	return out
}

// assign decides as whom each row is written, and divides a batch by writer.
// Rows that got their fate on the way stay where they were.
func (st *step) assign(ctx context.Context, lead *Batch) ([]*Batch, error) {
	ex, ok := st.s.exporters[lead.name]
	if !ok {
		lead.rejectAll(CodeNoMap, fmt.Sprintf("there is no map or exporter named %q", lead.name), "add it to exporter.Config and retry, or discard the row")
		return nil, nil
	}
	lead.object = ex.Object()
	if err := lead.remember(ctx); err != nil {
		return nil, err
	}
	var unknown []*Item
	for _, r := range lead.rows {
		update, err := st.ask(ctx, orglink.Write{Object: lead.object, User: r.entry.User})
		if err != nil {
			return nil, fmt.Errorf("find who writes %s: %w", lead.name, err)
		}
		r.create = update
		if r.entry.Op == Upsert && !byRecordID(ex) {
			if r.create, err = st.ask(ctx, orglink.Write{Object: lead.object, User: r.entry.User, Create: true}); err != nil {
				return nil, fmt.Errorf("find who creates %s: %w", lead.name, err)
			}
		}
		if r.entry.Op == Upsert && r.create.differs(update) && (r.last.Record == "" || r.entry.Unsure) {
			unknown = append(unknown, r)
			continue
		}
		r.assign(update)
	}
	if len(unknown) > 0 {
		if err := ex.Find(ctx, lead.with(st.conn, unknown)); err != nil {
			return nil, err
		}
		for _, r := range unknown {
			if r.done != nil {
				continue
			}
			a := r.create
			if !r.found.IsZero() || r.last.Record != "" {
				a, _ = st.ask(ctx, orglink.Write{Object: lead.object, User: r.entry.User}) // known
			}
			r.assign(a)
		}
	}
	return lead.byWriter(), nil
}

// byRecordID tells an exporter whose keys are ids of records that exist.
func byRecordID(ex Exporter) bool {
	r, ok := ex.(Records)
	return ok && strings.EqualFold(r.Map.ExternalID, "Id")
}

func (b *Batch) with(writer orglink.ConnectionID, rows []*Item) *Batch {
	return &Batch{step: b.step, name: b.name, object: b.object, writer: writer, rows: rows}
}

// byWriter moves the rows without a fate to batches of their own.
func (b *Batch) byWriter() []*Batch {
	var out []*Batch
	var settled []*Item
	at := make(map[orglink.ConnectionID]*Batch)
	for _, r := range b.rows {
		if r.done != nil {
			settled = append(settled, r)
			continue
		}
		w := at[r.as.Connection]
		if w == nil {
			w = b.with(r.as.Connection, nil)
			at[w.writer] = w
			out = append(out, w)
		}
		w.rows = append(w.rows, r)
	}
	b.rows = settled
	return out
}

// client returns a connection's client and begins to count its calls.
func (st *step) client(ctx context.Context, conn orglink.ConnectionID) (*salesforce.Client, error) {
	c, err := st.s.cfg.Clients.Client(ctx, st.tenant, conn)
	if err != nil {
		return nil, clientError{fmt.Errorf("client of connection %s: %w", conn, err)}
	}
	if _, ok := st.calls[c]; !ok {
		st.calls[c] = c.Calls()
	}
	return c, nil
}
