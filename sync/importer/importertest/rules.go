package importertest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/orglink/orglink/salesforce/sobject"
	"github.com/orglink/orglink/sync/importer"
)

// play applies changes one by one and returns how the record ends.
func play(ctx context.Context, f Fixture, s importer.Stream, pos *importer.Position, changes ...importer.Change) error {
	for _, c := range changes {
		next := *pos + "."
		if err := f.Sink.Apply(ctx, batch(s, 1, *pos, next, c)); err != nil {
			return err
		}
		*pos = next
	}
	return nil
}

func versionRule(ctx context.Context, f Fixture) error {
	type c = []importer.Change
	cases := []struct {
		what    string
		changes c
		want    string
	}{
		{"a newer full", c{full(idA, "1", 1, 1), full(idA, "2", 2, 2)}, "2"},
		{"an older full", c{full(idA, "2", 2, 2), full(idA, "1", 1, 9)}, "2"},
		{"the same version read earlier", c{full(idA, "2", 2, 5), full(idA, "1", 2, 4)}, "2"},
		{"the same version read later", c{full(idA, "1", 2, 4), full(idA, "2", 2, 5)}, "2"},
		{"a partial", c{full(idA, "1", 1, 1), partial(idA, "2", 2, 2)}, "2"},
		{"a partial never raises the version", c{full(idA, "1", 1, 1), partial(idA, "2", 5, 5), full(idA, "3", 4, 4)}, "3"},
		{"an older partial", c{full(idA, "2", 2, 2), partial(idA, "1", 1, 9)}, "2"},
		{"a partial of an unknown record", c{partial(idA, "1", 1, 1)}, ""},
		{"a partial of a tombstone", c{full(idA, "1", 1, 1), gone(importer.Deleted, idA, "", 2, 2), partial(idA, "3", 3, 3)}, "-"},
		{"a deletion", c{full(idA, "1", 1, 1), gone(importer.Deleted, idA, "", 2, 2)}, "-"},
		{"a deletion of an unknown record", c{gone(importer.Deleted, idA, "", 2, 2)}, "-"},
		{"an older full after the deletion", c{gone(importer.Deleted, idA, "", 5, 5), full(idA, "1", 1, 4)}, "-"},
		{"a later read beats a tombstone", c{gone(importer.Deleted, idA, "", 5, 5), full(idA, "1", 1, 6)}, "1"},
		{"an undeleted record read in the same second", c{gone(importer.Deleted, idA, "", 5, 7), full(idA, "1", 6, 7)}, "1"},
		{"an old deletion of a record undeleted since", c{full(idA, "1", 6, 7), gone(importer.Deleted, idA, "", 5, 7)}, "1"},
		{"a deletion read before a later full read", c{full(idA, "1", 1, 6), gone(importer.Deleted, idA, "", 5, 5)}, "1"},
		{"no longer visible", c{full(idA, "1", 1, 1), gone(importer.NotVisible, idA, "", -1, 2)}, "-"},
		{"a deletion does not hide the survivor of a merge", c{gone(importer.Merged, idA, idB, 2, 2), gone(importer.Deleted, idA, "", 3, 3)}, "-"},
		{"visible again", c{gone(importer.NotVisible, idA, "", -1, 2), full(idA, "1", 1, 3)}, "1"},
	}
	s := stream()
	var pos importer.Position
	if err := opened(ctx, f, s, 1, ""); err != nil {
		return err
	}
	var errs []error
	for i, k := range cases {
		id := sobject.MustID(fmt.Sprintf("0010000000%05d", i+100))
		for j := range k.changes {
			k.changes[j].ID = id
		}
		// Twice: what was applied may come again and changes nothing.
		for range 2 {
			if err := play(ctx, f, s, &pos, k.changes...); err != nil {
				return fmt.Errorf("%s: %w", k.what, err)
			}
			if err := has(ctx, f, s, id, k.want); err != nil {
				errs = append(errs, fmt.Errorf("%s: %w", k.what, err))
			}
			if merged := slices.IndexFunc(k.changes, func(c importer.Change) bool { return c.Kind == importer.Merged }); merged >= 0 {
				if got, err := f.Read(ctx, s, id); err != nil || got.Survivor != k.changes[merged].Survivor {
					errs = append(errs, fmt.Errorf("%s: the survivor is %q (%w)", k.what, got.Survivor, err))
				}
			}
			// Only the last change is repeated: a longer history need not
			// pass through the same states again.
			k.changes = k.changes[len(k.changes)-1:]
		}
	}
	return errors.Join(errs...)
}

func twiceInBatch(ctx context.Context, f Fixture) error {
	s := stream()
	if err := opened(ctx, f, s, 1, ""); err != nil {
		return err
	}
	b := batch(s, 1, "", "one",
		full(idA, "1", 1, 5), full(idA, "2", 2, 5), partial(idA, "3", 2, 5),
		full(idB, "b", 1, 5), gone(importer.Merged, idB, idA, 3, 5))
	if err := f.Sink.Apply(ctx, b); err != nil {
		return err
	}
	got, err := f.Read(ctx, s, idB)
	if err != nil {
		return err
	}
	if got.Survivor != idA || got.Kind != importer.Merged {
		return fmt.Errorf("the merged record is %v into %q", got.Kind, got.Survivor)
	}
	return errors.Join(has(ctx, f, s, idA, "3"), has(ctx, f, s, idB, "-"))
}

func values(ctx context.Context, f Fixture) error {
	s := stream()
	if err := opened(ctx, f, s, 1, ""); err != nil {
		return err
	}
	number := func(text string) sobject.Value {
		v, err := sobject.NumberValue(text)
		if err != nil {
			panic(err) //nolint:forbidigo // the texts stand below
		}
		return v
	}
	rows := []sobject.Record{
		full(idA, "O'Neil \"quoted\" 🎉 \\ %_?$1 {x}\r\nnew line\ttab ", 1, 1).Record.With(
			sobject.F("AnnualRevenue", number("1234567890123456.78")), sobject.F("NumberOfEmployees", number("2147483647")),
			sobject.F("Founded__c", sobject.TextValue("1969-07-20")), sobject.F("OwnerId", sobject.IDValue(sobject.MustID("005000000000aBc"))),
			sobject.F("Description", sobject.TextValue(strings.Repeat("é🎉\n", 20000))),
			sobject.F("CreatedDate", sobject.TextValue("2021-12-31T23:59:59.999Z"))),
		full(idB, "b", 1, 1).Record.With(
			sobject.F("AnnualRevenue", number("-0.1")), sobject.F("NumberOfEmployees", number("0")),
			sobject.F("Active__c", sobject.BoolValue(false)), sobject.F("Founded__c", sobject.TextValue("1700-01-01")),
			sobject.F("Name", sobject.NullValue())),
	}
	b := batch(s, 1, "", "one")
	for _, r := range rows {
		c := full(r.ID(), "", 1, 1)
		c.Record = r
		b.Changes = append(b.Changes, c)
	}
	if err := f.Sink.Apply(ctx, b); err != nil {
		return err
	}
	var errs []error
	for _, want := range rows {
		got, err := f.Read(ctx, s, want.ID())
		if err != nil {
			return err
		}
		for name, v := range want.Fields() {
			if w, ok := got.Record.Value(name); !ok || !w.Equal(v) {
				errs = append(errs, fmt.Errorf("%s of %s is %s %.60q, not %s %.60q", name, want.ID(), w.Kind(), w.Raw(), v.Kind(), v.Raw()))
			}
		}
	}
	return errors.Join(errs...)
}

func columns(ctx context.Context, f Fixture) error {
	s := stream()
	if err := opened(ctx, f, s, 1, ""); err != nil {
		return err
	}
	if err := f.Sink.Apply(ctx, batch(s, 1, "", "one", full(idA, "a", 1, 1))); err != nil {
		return err
	}
	// One field goes, two come: one of them by a reserved word's name.
	wider := s
	wider.Columns = slices.DeleteFunc(slices.Clone(s.Columns), func(c sobject.DescribeField) bool { return c.Name == "Active__c" })
	wider.Columns = append(wider.Columns, field("Order", sobject.TypeDouble), field("Select__c", sobject.TypeString))
	if err := opened(ctx, f, wider, 1, "one"); err != nil {
		return err
	}
	c := importer.Change{Kind: importer.Partial, Object: "Account", ID: idA, SystemModstamp: at(1), ReadAt: at(2), Fields: []string{"Order", "Select__c"},
		Record: sobject.NewRecord("Account", sobject.F("Order", sobject.IntValue(7)), sobject.F("Select__c", sobject.TextValue("x")))}
	if err := f.Sink.Apply(ctx, batch(wider, 1, "one", "two", c)); err != nil {
		return err
	}
	got, err := f.Read(ctx, wider, idA)
	if err != nil {
		return err
	}
	n, err := got.Record.Int("Order")
	if err != nil || n != 7 {
		return fmt.Errorf("the added field is %d (%w)", n, err)
	}
	return has(ctx, f, wider, idA, "a")
}
