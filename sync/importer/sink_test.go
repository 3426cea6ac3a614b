package importer_test

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/orglink/orglink/salesforce/sobject"
	"github.com/orglink/orglink/sync/importer"
	"github.com/orglink/orglink/sync/importer/importertest"
)

func fixture(sink importer.Sink, m *importer.MemorySink) importertest.Fixture {
	return importertest.Fixture{Sink: sink, Read: func(_ context.Context, s importer.Stream, id sobject.ID) (importer.Stored, error) {
		return m.Record(s, id), nil
	}}
}

func TestMemorySink(t *testing.T) {
	importertest.TestSink(t, func(*testing.T) importertest.Fixture {
		m := importer.NewMemorySink()
		return fixture(m, m)
	})
}

// receiver stores batches without caring for positions.
type receiver struct{ *importer.MemorySink }

func (r receiver) Receive(ctx context.Context, b importer.Batch) error {
	b.Fence, b.Prev, b.Next = 0, "", ""
	return r.Apply(ctx, b)
}

func TestAtLeastOnce(t *testing.T) {
	importertest.TestSink(t, func(*testing.T) importertest.Fixture {
		m := importer.NewMemorySink()
		return fixture(importer.AtLeastOnce(receiver{m}, importer.NewMemoryPositions()), m)
	})
}

// broken turns a good sink into one with a single fault.
type broken struct {
	*importer.MemorySink
	open  func(ctx context.Context, s importer.Stream, fence uint64) (importer.Stream, uint64, context.Context)
	apply func(ctx context.Context, m *importer.MemorySink, b importer.Batch) error
}

func (b broken) Open(ctx context.Context, s importer.Stream, fence uint64) (importer.Position, error) {
	if b.open != nil {
		s, fence, ctx = b.open(ctx, s, fence)
	}
	return b.MemorySink.Open(ctx, s, fence)
}

func (b broken) Apply(ctx context.Context, batch importer.Batch) error {
	if b.apply != nil {
		return b.apply(ctx, b.MemorySink, batch)
	}
	return b.MemorySink.Apply(ctx, batch)
}

func TestSuiteFindsBrokenSinks(t *testing.T) {
	for name, b := range map[string]broken{
		"ignored fence": {apply: func(ctx context.Context, m *importer.MemorySink, b importer.Batch) error {
			b.Fence = 1 << 60
			return m.Apply(ctx, b)
		}},
		"fence forgotten at open": {open: func(ctx context.Context, s importer.Stream, _ uint64) (importer.Stream, uint64, context.Context) {
			return s, 0, ctx
		}},
		"position without data": {apply: func(ctx context.Context, m *importer.MemorySink, b importer.Batch) error {
			if len(b.Changes) > 1 {
				if err := m.Apply(ctx, importer.Batch{Stream: b.Stream, Fence: b.Fence, Prev: b.Prev, Next: b.Next}); err != nil {
					return err
				}
				b.Fence, b.Prev, b.Next = 0, "", ""
			}
			return m.Apply(ctx, b)
		}},
		"data without position": {apply: func(ctx context.Context, m *importer.MemorySink, b importer.Batch) error {
			for _, c := range b.Changes {
				_ = m.Apply(ctx, importer.Batch{Stream: b.Stream, Changes: []importer.Change{c}})
			}
			return m.Apply(ctx, b)
		}},
		"lost compare": {apply: func(ctx context.Context, m *importer.MemorySink, b importer.Batch) error {
			if b.Next != "" {
				b.Prev, _ = m.Open(ctx, b.Stream, b.Fence)
			}
			return m.Apply(ctx, b)
		}},
		"no version rule": {apply: func(ctx context.Context, m *importer.MemorySink, b importer.Batch) error {
			return m.Apply(ctx, restamped(b, func(c importer.Change, n int) importer.Change {
				c.SystemModstamp, c.ReadAt = c.SystemModstamp.AddDate(n, 0, 0), c.ReadAt.AddDate(n, 0, 0)
				return c
			}))
		}},
		"partial raises the version": {apply: func(ctx context.Context, m *importer.MemorySink, b importer.Batch) error {
			return m.Apply(ctx, restamped(b, func(c importer.Change, _ int) importer.Change {
				if have := m.Record(b.Stream, c.ID); c.Kind == importer.Partial && have.Applies(c) {
					c.Kind = importer.Full
					c.Record = have.Record.With(sobject.F("Name", field(c.Record, "Name")))
				}
				return c
			}))
		}},
		"physical delete": {apply: func(ctx context.Context, m *importer.MemorySink, b importer.Batch) error {
			kept := b.Changes[:0:0]
			for _, c := range b.Changes {
				if !c.Kind.Gone() {
					kept = append(kept, c)
				}
			}
			b.Changes = kept
			return m.Apply(ctx, b)
		}},
		"missing tenant": {
			open: func(ctx context.Context, s importer.Stream, fence uint64) (importer.Stream, uint64, context.Context) {
				s.Tenant = "x"
				return s, fence, ctx
			},
			apply: func(ctx context.Context, m *importer.MemorySink, b importer.Batch) error {
				b.Stream.Tenant = "x"
				return m.Apply(ctx, b)
			},
		},
		"ignored context": {apply: func(ctx context.Context, m *importer.MemorySink, b importer.Batch) error {
			return m.Apply(context.WithoutCancel(ctx), b)
		}},
		"first of two changes of one record": {apply: func(ctx context.Context, m *importer.MemorySink, b importer.Batch) error {
			seen := map[sobject.ID]bool{}
			kept := b.Changes[:0:0]
			for _, c := range b.Changes {
				if !seen[c.ID] {
					kept = append(kept, c)
				}
				seen[c.ID] = true
			}
			b.Changes = kept
			return m.Apply(ctx, b)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			err := importertest.Check(t.Context(), func() importertest.Fixture {
				b.MemorySink = importer.NewMemorySink()
				return fixture(b, b.MemorySink)
			})
			if err == nil {
				t.Error("the suite passed a broken sink")
			}
		})
	}
}

func TestSuiteFindsBrokenListers(t *testing.T) {
	err := importertest.Check(t.Context(), func() importertest.Fixture {
		m := importer.NewMemorySink()
		return fixture(listsAll{m}, m)
	})
	if err == nil || !strings.Contains(err.Error(), "a lister lists") {
		t.Errorf("%v", err)
	}
}

func TestSuiteFindsBrokenHolders(t *testing.T) {
	for name, h := range map[string]func(m *importer.MemorySink) importer.Sink{
		"counts the end of a span":  func(m *importer.MemorySink) importer.Sink { return countsTheEnd{m} },
		"peeks at any tenant":       func(m *importer.MemorySink) importer.Sink { return peeksAnywhere{m} },
		"knows nothing of the gone": func(m *importer.MemorySink) importer.Sink { return holdsPresent{m} },
	} {
		err := importertest.Check(t.Context(), func() importertest.Fixture {
			m := importer.NewMemorySink()
			return fixture(h(m), m)
		})
		if err == nil || !strings.Contains(err.Error(), " tells ") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

type countsTheEnd struct{ *importer.MemorySink }

func (c countsTheEnd) HeldBetween(ctx context.Context, s importer.Stream, from, to time.Time) (int64, error) {
	return c.MemorySink.HeldBetween(ctx, s, from, to.Add(time.Second))
}

type peeksAnywhere struct{ *importer.MemorySink }

func (p peeksAnywhere) Peek(ctx context.Context, s importer.Stream) (importer.Position, error) {
	s.Tenant = "tenant"
	return p.MemorySink.Peek(ctx, s)
}

type holdsPresent struct{ *importer.MemorySink }

func (h holdsPresent) Held(ctx context.Context, s importer.Stream, ids []sobject.ID, fields []string) (map[sobject.ID]importer.Stored, error) {
	out, err := h.MemorySink.Held(ctx, s, ids, fields)
	maps.DeleteFunc(out, func(_ sobject.ID, r importer.Stored) bool { return r.Gone })
	return out, err
}

// listsAll lists what is gone, too.
type listsAll struct{ *importer.MemorySink }

func (l listsAll) IDs(_ context.Context, s importer.Stream, after sobject.ID, limit int) ([]sobject.ID, error) {
	var out []sobject.ID
	for id := range l.All(s) {
		if id > after {
			out = append(out, id)
		}
	}
	slices.Sort(out)
	return out[:min(limit, len(out))], nil
}

var (
	stampMu sync.Mutex
	stamps  int
)

// restamped changes every change of a batch; n grows with each call.
func restamped(b importer.Batch, by func(c importer.Change, n int) importer.Change) importer.Batch {
	stampMu.Lock()
	defer stampMu.Unlock()
	out := make([]importer.Change, 0, len(b.Changes))
	for _, c := range b.Changes {
		stamps++
		out = append(out, by(c, stamps))
	}
	b.Changes = out
	return b
}

func field(r sobject.Record, name string) sobject.Value {
	v, _ := r.Value(name)
	return v
}
