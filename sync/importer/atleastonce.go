package importer

import (
	"context"
	"fmt"
	"sync"
)

// Receiver is a destination without transactions, such as a queue or another
// service. It may be handed the same changes again after a failure, and must
// then end in the same state: apply [Version], or store by record id.
type Receiver interface {
	Receive(ctx context.Context, b Batch) error
}

// Positions keeps fence and position of streams for AtLeastOnce.
// Implementations are safe for concurrent use.
type Positions interface {
	// Open remembers the highest fence and returns the position; ErrFenced
	// for a lower fence.
	Open(ctx context.Context, s Stream, fence uint64) (Position, error)
	// Check returns ErrFenced or ErrConflict where Move would.
	Check(ctx context.Context, s Stream, fence uint64, prev Position) error
	// Move replaces prev by next in one atomic comparison.
	Move(ctx context.Context, s Stream, fence uint64, prev, next Position) error
}

// AtLeastOnce makes a Sink of a destination without transactions: the
// position moves after the data was received. A crash in between hands the
// same batch over again, never skips one.
func AtLeastOnce(r Receiver, p Positions) Sink { return &atLeastOnce{r, p} }

type atLeastOnce struct {
	receiver  Receiver
	positions Positions
}

func (a *atLeastOnce) Open(ctx context.Context, s Stream, fence uint64) (Position, error) {
	return a.positions.Open(ctx, s, fence)
}

func (a *atLeastOnce) Apply(ctx context.Context, b Batch) error {
	if b.Next != "" {
		if err := a.positions.Check(ctx, b.Stream, b.Fence, b.Prev); err != nil {
			return err
		}
	}
	if len(b.Changes) > 0 {
		if err := a.receiver.Receive(ctx, b); err != nil {
			return fmt.Errorf("importer: %s: hand over %d changes: %w", b.Stream.Object, len(b.Changes), err)
		}
	}
	if b.Next == "" {
		return nil
	}
	return a.positions.Move(ctx, b.Stream, b.Fence, b.Prev, b.Next)
}

// MemoryPositions keeps positions in this process: after a restart everything
// is imported again.
type MemoryPositions struct {
	mu sync.Mutex
	m  map[string]memoryPosition
}

type memoryPosition struct {
	fence uint64
	at    Position
}

// NewMemoryPositions returns an empty store.
func NewMemoryPositions() *MemoryPositions {
	return &MemoryPositions{m: map[string]memoryPosition{}}
}

// Open implements Positions.
func (m *MemoryPositions) Open(ctx context.Context, s Stream, fence uint64) (Position, error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	p := m.m[s.Key()]
	if fence < p.fence {
		return "", ErrFenced
	}
	p.fence = fence
	m.m[s.Key()] = p
	return p.at, nil
}

// Check implements Positions.
func (m *MemoryPositions) Check(ctx context.Context, s Stream, fence uint64, prev Position) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	p := m.m[s.Key()]
	return CheckBatch(Batch{Stream: s, Fence: fence, Prev: prev, Next: "next"}, p.fence, p.at)
}

// Move implements Positions.
func (m *MemoryPositions) Move(ctx context.Context, s Stream, fence uint64, prev, next Position) error {
	if err := m.Check(ctx, s, fence, prev); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	p := m.m[s.Key()]
	if fence < p.fence || p.at != prev {
		return ErrConflict
	}
	p.at = next
	m.m[s.Key()] = p
	return nil
}
