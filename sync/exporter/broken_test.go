package exporter_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/mapping"
	"github.com/orglink/orglink/sync/exporter"
	"github.com/orglink/orglink/sync/exporter/exportertest"
)

// Each broken outbox has one fault; the suite must find it.
func TestSuiteFindsBrokenOutboxes(t *testing.T) {
	for name, broken := range map[string]func(m *exporter.Memory) exportertest.Subject{
		"non-atomic claim":      func(m *exporter.Memory) exportertest.Subject { return subject(&twiceClaimed{Memory: m}, m.Add) },
		"lost fields":           func(m *exporter.Memory) exportertest.Subject { return subject(&lastRow{m}, m.Add) },
		"missing tenant filter": func(m *exporter.Memory) exportertest.Subject { o := &oneTenant{m}; return subject(o, o.Add) },
		"ignored fence":         func(m *exporter.Memory) exportertest.Subject { return subject(&unfenced{m}, m.Add) },
		"any owner settles":     func(m *exporter.Memory) exportertest.Subject { return subject(&anyOwner{Memory: m}, m.Add) },
		"settles in pieces":     func(m *exporter.Memory) exportertest.Subject { return subject(&piecemeal{m}, m.Add) },
		"abandoned rows":        func(m *exporter.Memory) exportertest.Subject { return subject(&abandoning{m}, m.Add) },
		"certain of the unsure": func(m *exporter.Memory) exportertest.Subject { return subject(&certain{m}, m.Add) },
		"case-folded key":       func(m *exporter.Memory) exportertest.Subject { return subject(m, folding(m)) },
		"ignored wait":          func(m *exporter.Memory) exportertest.Subject { return subject(&impatient{m}, m.Add) },
		"truncated time":        func(m *exporter.Memory) exportertest.Subject { return subject(&wholeSeconds{m}, m.Add) },
		"ignored context":       func(m *exporter.Memory) exportertest.Subject { return subject(&deaf{m}, m.Add) },
		"aliased rows":          func(m *exporter.Memory) exportertest.Subject { return subject(&cached{Memory: m}, m.Add) },
		"edits what is not his": func(m *exporter.Memory) exportertest.Subject { return subject(&meddling{m}, m.Add) },
		"finds too much":        func(m *exporter.Memory) exportertest.Subject { return subject(&loose{m}, m.Add) },
		"forgets who wrote":     func(m *exporter.Memory) exportertest.Subject { return subject(&nameless{m}, m.Add) },
		"forgets who caused":    func(m *exporter.Memory) exportertest.Subject { return subject(m, anonymous(m)) },
		"added in pieces": func(m *exporter.Memory) exportertest.Subject {
			return subject(m, func(ctx context.Context, changes ...exporter.Change) error {
				for _, c := range changes {
					if err := m.Add(ctx, c); err != nil {
						return err
					}
				}
				return ctx.Err()
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			failures := exportertest.Failures(t.Context(), func() exportertest.Subject { return broken(exporter.NewMemory()) })
			if len(failures) == 0 {
				t.Fatal("the suite passed a broken outbox")
			}
			for check, err := range failures {
				t.Logf("%s: %v", check, err)
			}
		})
	}
}

func subject(o exporter.Outbox, add func(context.Context, ...exporter.Change) error) exportertest.Subject {
	return exportertest.Subject{Outbox: o, Add: add}
}

// twiceClaimed reads first and marks later: another claim sees the same.
type twiceClaimed struct {
	*exporter.Memory
	mu   sync.Mutex
	last []exporter.Entry
}

func (o *twiceClaimed) Claim(ctx context.Context, c exporter.Claim) ([]exporter.Entry, error) {
	entries, err := o.Memory.Claim(ctx, c)
	o.mu.Lock()
	defer o.mu.Unlock()
	if err == nil && len(entries) == 0 && c.By.Owner == "shared" {
		entries, o.last = o.last, nil
		return entries, nil
	}
	o.last = entries
	return entries, err
}

// lastRow lets the last waiting change replace the others.
type lastRow struct{ *exporter.Memory }

func (o *lastRow) Claim(ctx context.Context, c exporter.Claim) ([]exporter.Entry, error) {
	entries, err := o.Memory.Claim(ctx, c)
	for i := range entries {
		if len(entries[i].Row) > 2 {
			entries[i].Row = mapping.Row{"phone": "2"}
		}
	}
	return entries, err
}

type oneTenant struct{ *exporter.Memory }

func (o *oneTenant) Add(ctx context.Context, changes ...exporter.Change) error {
	changes = append([]exporter.Change(nil), changes...)
	for i := range changes {
		changes[i].Tenant = "tenant-1"
	}
	return o.Memory.Add(ctx, changes...)
}

type unfenced struct{ *exporter.Memory }

func (o *unfenced) Claim(ctx context.Context, c exporter.Claim) ([]exporter.Entry, error) {
	c.By.Fence = 100
	return o.Memory.Claim(ctx, c)
}

func (o *unfenced) Settle(ctx context.Context, t orglink.TenantID, c orglink.ConnectionID, by exporter.Claimant, s []exporter.Settlement) error {
	by.Fence = 100
	return o.Memory.Settle(ctx, t, c, by, s)
}

// anyOwner settles by the id alone.
type anyOwner struct {
	*exporter.Memory
	mu    sync.Mutex
	owner string
}

func (o *anyOwner) Claim(ctx context.Context, c exporter.Claim) ([]exporter.Entry, error) {
	o.mu.Lock()
	o.owner = c.By.Owner
	o.mu.Unlock()
	return o.Memory.Claim(ctx, c)
}

func (o *anyOwner) Settle(ctx context.Context, t orglink.TenantID, c orglink.ConnectionID, by exporter.Claimant, s []exporter.Settlement) error {
	o.mu.Lock()
	by.Owner = o.owner
	o.mu.Unlock()
	return o.Memory.Settle(ctx, t, c, by, s)
}

type piecemeal struct{ *exporter.Memory }

func (o *piecemeal) Settle(ctx context.Context, t orglink.TenantID, c orglink.ConnectionID, by exporter.Claimant, s []exporter.Settlement) error {
	for _, one := range s {
		if err := o.Memory.Settle(ctx, t, c, by, []exporter.Settlement{one}); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// abandoning forgets what dead workers held.
type abandoning struct{ *exporter.Memory }

func (o *abandoning) Claim(ctx context.Context, c exporter.Claim) ([]exporter.Entry, error) {
	entries, err := o.Memory.Claim(ctx, c)
	var out []exporter.Entry
	for _, e := range entries {
		if !e.Unsure {
			out = append(out, e)
		}
	}
	return out, err
}

type certain struct{ *exporter.Memory }

func (o *certain) Claim(ctx context.Context, c exporter.Claim) ([]exporter.Entry, error) {
	entries, err := o.Memory.Claim(ctx, c)
	for i := range entries {
		entries[i].Unsure = false
	}
	return entries, err
}

func folding(m *exporter.Memory) func(context.Context, ...exporter.Change) error {
	return func(ctx context.Context, changes ...exporter.Change) error {
		changes = append([]exporter.Change(nil), changes...)
		for i := range changes {
			changes[i].Key = strings.ToLower(strings.TrimSpace(changes[i].Key))
		}
		return m.Add(ctx, changes...)
	}
}

type impatient struct{ *exporter.Memory }

func (o *impatient) Settle(ctx context.Context, t orglink.TenantID, c orglink.ConnectionID, by exporter.Claimant, s []exporter.Settlement) error {
	s = append([]exporter.Settlement(nil), s...)
	for i := range s {
		s[i].Wait = 0
	}
	return o.Memory.Settle(ctx, t, c, by, s)
}

type wholeSeconds struct{ *exporter.Memory }

func (o *wholeSeconds) Claim(ctx context.Context, c exporter.Claim) ([]exporter.Entry, error) {
	c.Now = c.Now.Truncate(time.Second)
	return o.Memory.Claim(ctx, c)
}

type nameless struct{ *exporter.Memory }

func (o *nameless) Settle(ctx context.Context, t orglink.TenantID, c orglink.ConnectionID, by exporter.Claimant, s []exporter.Settlement) error {
	s = append([]exporter.Settlement(nil), s...)
	for i := range s {
		s[i].As = orglink.WriteAs{}
	}
	return o.Memory.Settle(ctx, t, c, by, s)
}

func anonymous(m *exporter.Memory) func(context.Context, ...exporter.Change) error {
	return func(ctx context.Context, changes ...exporter.Change) error {
		changes = append([]exporter.Change(nil), changes...)
		for i := range changes {
			if len(changes[i].User) <= exporter.MaxKey {
				changes[i].User = ""
			}
		}
		return m.Add(ctx, changes...)
	}
}

// meddling says that it edited whatever it was told.
type meddling struct{ *exporter.Memory }

func (o *meddling) Edit(ctx context.Context, t orglink.TenantID, c orglink.ConnectionID, id int64, row mapping.Row) (bool, error) {
	_, err := o.Memory.Edit(ctx, t, c, id, row)
	return err == nil, err
}

// loose ignores the reason's code.
type loose struct{ *exporter.Memory }

func (o *loose) List(ctx context.Context, t orglink.TenantID, c orglink.ConnectionID, f exporter.Filter) ([]exporter.Entry, error) {
	f.Code = ""
	return o.Memory.List(ctx, t, c, f)
}

type deaf struct{ *exporter.Memory }

func (o *deaf) Counts(ctx context.Context, t orglink.TenantID, c orglink.ConnectionID) (exporter.Counts, error) {
	return o.Memory.Counts(context.WithoutCancel(ctx), t, c)
}

// cached hands out the same rows again.
type cached struct {
	*exporter.Memory
	rows map[int64]mapping.Row
}

func (o *cached) List(ctx context.Context, t orglink.TenantID, c orglink.ConnectionID, f exporter.Filter) ([]exporter.Entry, error) {
	entries, err := o.Memory.List(ctx, t, c, f)
	if o.rows == nil {
		o.rows = map[int64]mapping.Row{}
	}
	for i, e := range entries {
		if row, ok := o.rows[e.ID]; ok {
			entries[i].Row = row
		}
		o.rows[e.ID] = entries[i].Row
	}
	return entries, err
}
