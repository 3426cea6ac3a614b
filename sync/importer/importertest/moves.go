package importertest

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/orglink/orglink/sync/importer"
)

func batch(s importer.Stream, fence uint64, prev, next importer.Position, changes ...importer.Change) importer.Batch {
	return importer.Batch{Stream: s, Fence: fence, Prev: prev, Next: next, Changes: changes}
}

func positionMoves(ctx context.Context, f Fixture) error {
	s := stream()
	if err := opened(ctx, f, s, 1, ""); err != nil {
		return err
	}
	long := importer.Position(`{"text":"` + strings.Repeat("é", 20000) + `"}`)
	if err := f.Sink.Apply(ctx, batch(s, 1, "", "one", full(idA, "a", 1, 2))); err != nil {
		return err
	}
	if err := f.Sink.Apply(ctx, batch(s, 1, "one", long)); err != nil {
		return fmt.Errorf("an empty batch: %w", err)
	}
	if err := opened(ctx, f, s, 1, long); err != nil {
		return err
	}
	return has(ctx, f, s, idA, "a")
}

func staleFence(ctx context.Context, f Fixture) error {
	s := stream()
	if err := opened(ctx, f, s, 5, ""); err != nil {
		return err
	}
	if _, err := f.Sink.Open(ctx, s, 4); !errors.Is(err, importer.ErrFenced) {
		return fmt.Errorf("open with a lower fence: %w, not ErrFenced", err)
	}
	if err := opened(ctx, f, s, 7, ""); err != nil {
		return err
	}
	if err := f.Sink.Apply(ctx, batch(s, 5, "", "one", full(idA, "a", 1, 2))); !errors.Is(err, importer.ErrFenced) {
		return fmt.Errorf("apply with a lower fence: %w, not ErrFenced", err)
	}
	if err := has(ctx, f, s, idA, ""); err != nil {
		return err
	}
	if err := opened(ctx, f, s, 7, ""); err != nil {
		return err
	}
	if err := f.Sink.Apply(ctx, batch(s, 7, "", "one", full(idA, "a", 1, 2))); err != nil {
		return err
	}
	return has(ctx, f, s, idA, "a")
}

func wrongStart(ctx context.Context, f Fixture) error {
	s := stream()
	if err := opened(ctx, f, s, 1, ""); err != nil {
		return err
	}
	first := batch(s, 1, "", "one", full(idA, "a", 1, 2))
	if err := f.Sink.Apply(ctx, first); err != nil {
		return err
	}
	again := batch(s, 1, "", "two", full(idB, "b", 1, 2))
	if err := f.Sink.Apply(ctx, again); !errors.Is(err, importer.ErrConflict) {
		return fmt.Errorf("a batch from an older position: %w, not ErrConflict", err)
	}
	if err := has(ctx, f, s, idB, ""); err != nil {
		return err
	}
	return opened(ctx, f, s, 1, "one")
}

// failedBatch applies a batch whose second change is none.
func failedBatch(ctx context.Context, f Fixture) error {
	s := stream()
	if err := opened(ctx, f, s, 1, ""); err != nil {
		return err
	}
	bad := full(idB, "b", 1, 2)
	bad.Object = "Contact"
	if err := f.Sink.Apply(ctx, batch(s, 1, "", "one", full(idA, "a", 1, 2), bad)); err == nil {
		return errors.New("a change of another object was taken")
	}
	if err := has(ctx, f, s, idA, ""); err != nil {
		return err
	}
	return opened(ctx, f, s, 1, "")
}

func streamsApart(ctx context.Context, f Fixture) error {
	s := stream()
	others := []importer.Stream{s, s, s}
	others[0].Tenant = "Tenant"
	others[1].Connection = "connection2"
	others[2].Object = "Account2"
	if err := opened(ctx, f, s, 9, ""); err != nil {
		return err
	}
	for _, o := range others {
		if err := opened(ctx, f, o, 1, ""); err != nil {
			return err
		}
	}
	if err := f.Sink.Apply(ctx, batch(s, 9, "", "one", full(idA, "a", 1, 2))); err != nil {
		return err
	}
	for _, o := range others {
		if err := opened(ctx, f, o, 1, ""); err != nil {
			return err
		}
		if err := has(ctx, f, o, idA, ""); err != nil {
			return fmt.Errorf("%s of %s on %s: %w", o.Object, o.Tenant, o.Connection, err)
		}
	}
	return nil
}

func withoutNext(ctx context.Context, f Fixture) error {
	s := stream()
	// A record may be refreshed before its stream was ever opened.
	if err := f.Sink.Apply(ctx, batch(s, 0, "", "", full(idB, "early", 1, 2))); err != nil {
		return err
	}
	if err := opened(ctx, f, s, 3, ""); err != nil {
		return err
	}
	if err := f.Sink.Apply(ctx, batch(s, 3, "", "one", full(idA, "a", 5, 5))); err != nil {
		return err
	}
	if err := f.Sink.Apply(ctx, batch(s, 0, "", "", full(idA, "old", 4, 9), full(idB, "new", 6, 9))); err != nil {
		return err
	}
	if err := errors.Join(has(ctx, f, s, idA, "a"), has(ctx, f, s, idB, "new")); err != nil {
		return err
	}
	return opened(ctx, f, s, 3, "one")
}

func endedContext(ctx context.Context, f Fixture) error {
	s := stream()
	if err := opened(ctx, f, s, 1, ""); err != nil {
		return err
	}
	ended, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := f.Sink.Open(ended, s, 1); err == nil {
		return errors.New("Open ignored its context")
	}
	if err := f.Sink.Apply(ended, batch(s, 1, "", "one", full(idA, "a", 1, 2))); err == nil {
		return errors.New("Apply ignored its context")
	}
	if err := has(ctx, f, s, idA, ""); err != nil {
		return err
	}
	return opened(ctx, f, s, 1, "")
}
