package importertest

import (
	"context"
	"fmt"
	"slices"

	"github.com/orglink/orglink/salesforce/sobject"
	"github.com/orglink/orglink/sync/importer"
)

// lists checks a sink that is an importer.Lister; others pass.
func lists(ctx context.Context, f Fixture) error {
	l, ok := f.Sink.(importer.Lister)
	if !ok {
		return nil
	}
	s := stream()
	if ids, err := l.IDs(ctx, s, "", 10); err != nil || len(ids) > 0 {
		return fmt.Errorf("a stream that was never opened has %v (%w)", ids, err)
	}
	if err := opened(ctx, f, s, 1, ""); err != nil {
		return err
	}
	// In the order of bytes: digits, capitals, small letters.
	all := []sobject.ID{sobject.MustID("0010000000000A0"), sobject.MustID("0010000000000Z9"), sobject.MustID("0010000000000a0"), sobject.MustID("0010000000000z9")}
	b := batch(s, 1, "", "one", full(all[3], "d", 1, 1), full(all[0], "a", 1, 1), full(all[2], "c", 1, 1), full(all[1], "b", 1, 1), full(idA, "gone", 1, 1), gone(importer.Deleted, idA, "", 2, 2))
	if err := f.Sink.Apply(ctx, b); err != nil {
		return err
	}
	other := s
	other.Tenant = "another"
	for _, k := range []struct {
		stream importer.Stream
		after  sobject.ID
		limit  int
		want   []sobject.ID
	}{{s, "", 10, all}, {s, "", 4, all}, {s, "", 2, all[:2]}, {s, all[1], 10, all[2:]}, {s, all[1], 1, all[2:3]}, {s, all[3], 10, nil}, {other, "", 10, nil}} {
		got, err := l.IDs(ctx, k.stream, k.after, k.limit)
		if err != nil || !slices.Equal(got, k.want) {
			return fmt.Errorf("up to %d ids of %s after %q are %v (%w), not %v", k.limit, k.stream.Tenant, k.after, got, err, k.want)
		}
	}
	return nil
}
