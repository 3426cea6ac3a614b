package importertest

import (
	"context"
	"errors"
	"fmt"

	"github.com/orglink/orglink/salesforce/sobject"
	"github.com/orglink/orglink/sync/importer"
)

// peeks checks a sink that is an importer.Peeker; others pass.
func peeks(ctx context.Context, f Fixture) error {
	p, ok := f.Sink.(importer.Peeker)
	if !ok {
		return nil
	}
	s, other := stream(), stream()
	other.Tenant = "another"
	for _, want := range []importer.Position{"", "one", "two"} {
		if want != "" {
			before, err := f.Sink.Open(ctx, s, 7)
			if err == nil {
				err = f.Sink.Apply(ctx, batch(s, 7, before, want))
			}
			if err != nil {
				return err
			}
		}
		if got, err := p.Peek(ctx, s); err != nil || got != want {
			return fmt.Errorf("the position is %q (%w), not %q", got, err, want)
		}
	}
	if got, err := p.Peek(ctx, other); err != nil || got != "" {
		return fmt.Errorf("the position of another tenant is %q (%w)", got, err)
	}
	return opened(ctx, f, s, 7, "two") // looking raised no fence
}

// holds checks a sink that is an importer.Holder; others pass.
func holds(ctx context.Context, f Fixture) error {
	h, ok := f.Sink.(importer.Holder)
	if !ok {
		return nil
	}
	s := stream()
	other := s
	other.Tenant = "another"
	one, two, three := sobject.MustID("0010000000000A0"), sobject.MustID("0010000000000a0"), sobject.MustID("0010000000000z9")
	all := []sobject.ID{one, two, three, idA}
	counts := func(s importer.Stream, from, to int, want int64) error {
		if n, err := h.HeldBetween(ctx, s, at(from), at(to)); err != nil || n != want {
			return fmt.Errorf("%d records of %s between %d and %d (%w), not %d", n, s.Tenant, from, to, err, want)
		}
		return nil
	}
	if got, err := h.Held(ctx, s, all, []string{"Name"}); err != nil || len(got) > 0 {
		return fmt.Errorf("a stream that was never opened holds %v (%w)", got, err)
	}
	if err := errors.Join(counts(s, 0, 100, 0), opened(ctx, f, s, 1, "")); err != nil {
		return err
	}
	b := batch(s, 1, "", "one", full(one, "a", 1, 1), full(two, "b", 2, 1), full(three, "c", 3, 1), gone(importer.Deleted, three, "", 4, 2))
	b.Changes = append(b.Changes, partial(two, "new", 5, 2))
	if err := f.Sink.Apply(ctx, b); err != nil {
		return err
	}
	if err := errors.Join(counts(s, 0, 100, 2), counts(s, 1, 2, 1), counts(s, 2, 3, 1), counts(s, 3, 100, 0), counts(other, 0, 100, 0)); err != nil {
		return err
	}
	got, err := h.Held(ctx, s, all, []string{"Name", "AnnualRevenue"})
	if err != nil || len(got) != 3 {
		return fmt.Errorf("of three records %d are held (%w)", len(got), err)
	}
	if name, _ := got[two].Record.Value("Name"); name.Raw() != "new" {
		return fmt.Errorf("the name is %q after a partial change", name.Raw())
	}
	if v, ok := got[one].Record.Value("AnnualRevenue"); !ok || !v.IsNull() {
		return fmt.Errorf("an empty value is held as %v %v", v, ok)
	}
	if v := got[two]; !v.Exists || v.Gone || !v.SystemModstamp.Equal(at(2)) || !v.ReadAt.Equal(at(1)) {
		return fmt.Errorf("the version is %+v: a partial change raises none", v.Version)
	}
	if v := got[three]; !v.Exists || !v.Gone || v.Kind != importer.Deleted {
		return fmt.Errorf("the tombstone is %+v, %v", v.Version, v.Kind)
	}
	if got, err := h.Held(ctx, other, all, []string{"Name"}); err != nil || len(got) > 0 {
		return fmt.Errorf("another tenant's stream holds %v (%w)", got, err)
	}
	return nil
}
