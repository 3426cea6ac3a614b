package importer

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/orglink/orglink/salesforce/sobject"
)

// MemorySink is a Sink in this process, for tests and small tools.
type MemorySink struct {
	mu      sync.Mutex
	streams map[string]*memoryStream
}

type memoryStream struct {
	fence    uint64
	position Position
	records  map[sobject.ID]Stored
}

// Stored is what a sink holds of one record.
type Stored struct {
	Version
	// Record is the last full state, with the partial changes since; that of
	// a tombstone is from before.
	Record   sobject.Record
	Kind     Kind
	Survivor sobject.ID
}

var (
	_ Sink   = (*MemorySink)(nil)
	_ Lister = (*MemorySink)(nil)
	_ Holder = (*MemorySink)(nil)
	_ Peeker = (*MemorySink)(nil)
)

// NewMemorySink returns an empty sink.
func NewMemorySink() *MemorySink { return &MemorySink{streams: map[string]*memoryStream{}} }

func (m *MemorySink) stream(s Stream) *memoryStream {
	st := m.streams[s.Key()]
	if st == nil {
		st = &memoryStream{records: map[sobject.ID]Stored{}}
		m.streams[s.Key()] = st
	}
	return st
}

// Open implements Sink.
func (m *MemorySink) Open(ctx context.Context, s Stream, fence uint64) (Position, error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	st := m.stream(s)
	if fence < st.fence {
		return "", fmt.Errorf("%w (%s: fence %d after %d)", ErrFenced, s.Object, fence, st.fence)
	}
	st.fence = fence
	return st.position, nil
}

// Apply implements Sink.
func (m *MemorySink) Apply(ctx context.Context, b Batch) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	st := m.stream(b.Stream)
	if err := CheckBatch(b, st.fence, st.position); err != nil {
		return err
	}
	for _, c := range b.Changes {
		have := st.records[c.ID]
		if !have.Applies(c) {
			continue
		}
		next := Stored{Version: have.After(c), Record: have.Record, Kind: c.Kind, Survivor: c.Survivor}
		switch c.Kind {
		case Full:
			next.Record = c.Record
		case Partial:
			next.Kind = have.Kind
			for _, name := range c.Fields {
				v, _ := c.Record.Value(name)
				next.Record = next.Record.With(sobject.F(name, v))
			}
		}
		st.records[c.ID] = next
	}
	if b.Next != "" {
		st.position = b.Next
	}
	return nil
}

// Record returns what the sink holds of a record; its Exists is false for an
// unknown one.
func (m *MemorySink) Record(s Stream, id sobject.ID) Stored {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.stream(s).records[id]
}

// All returns a copy of everything that the sink holds of a stream.
func (m *MemorySink) All(s Stream) map[sobject.ID]Stored {
	m.mu.Lock()
	defer m.mu.Unlock()
	return maps.Clone(m.stream(s).records)
}

// IDs implements Lister.
func (m *MemorySink) IDs(ctx context.Context, s Stream, after sobject.ID, limit int) ([]sobject.ID, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []sobject.ID
	for id, r := range m.stream(s).records {
		if !r.Gone && id > after {
			out = append(out, id)
		}
	}
	slices.Sort(out)
	return out[:min(limit, len(out))], nil
}

// Peek implements Peeker.
func (m *MemorySink) Peek(ctx context.Context, s Stream) (Position, error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if st := m.streams[s.Key()]; st != nil {
		return st.position, nil
	}
	return "", nil
}

// Held implements Holder.
func (m *MemorySink) Held(ctx context.Context, s Stream, ids []sobject.ID, _ []string) (map[sobject.ID]Stored, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	out := make(map[sobject.ID]Stored, len(ids))
	for _, id := range ids {
		if r, ok := m.stream(s).records[id]; ok {
			out[id] = r
		}
	}
	return out, nil
}

// HeldBetween implements Holder.
func (m *MemorySink) HeldBetween(ctx context.Context, s Stream, from, to time.Time) (n int64, err error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, r := range m.stream(s).records {
		if !r.Gone && !r.SystemModstamp.Before(from) && r.SystemModstamp.Before(to) {
			n++
		}
	}
	return n, nil
}

// Len returns how many records of a stream are present.
func (m *MemorySink) Len(s Stream) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := 0
	for _, r := range m.stream(s).records {
		if !r.Gone {
			n++
		}
	}
	return n
}

// CheckBatch tells a sink whether a batch may be applied to a stream with the
// given fence and position: nil, ErrFenced, ErrConflict, or that the batch is
// not one.
func CheckBatch(b Batch, fence uint64, position Position) error {
	switch {
	case b.Next != "" && b.Fence == 0:
		return errors.New("importer: a batch that moves the position has no fence")
	case b.Fence != 0 && b.Fence < fence:
		return fmt.Errorf("%w (%s: fence %d after %d)", ErrFenced, b.Stream.Object, b.Fence, fence)
	case b.Next != "" && b.Prev != position:
		return fmt.Errorf("%w (%s)", ErrConflict, b.Stream.Object)
	}
	for _, c := range b.Changes {
		if c.ID == "" || c.Object != b.Stream.Object || c.Kind < Full || c.Kind > NotVisible {
			return fmt.Errorf("importer: a batch of %s holds a change of kind %q of %s %q", b.Stream.Object, c.Kind, c.Object, c.ID)
		}
	}
	return nil
}
