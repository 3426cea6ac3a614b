package importertest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/orglink/orglink/salesforce/sobject"
	"github.com/orglink/orglink/sync/importer"
)

// Fixture is a sink and a way to look into it.
type Fixture struct {
	Sink importer.Sink
	// Read returns what the sink holds of a record of a stream; Exists is
	// false for an unknown one. Of Version only Exists and Gone are looked
	// at.
	Read func(ctx context.Context, s importer.Stream, id sobject.ID) (importer.Stored, error)
}

// TestSink runs every check of a sink as a sub-test. open returns an empty
// sink.
func TestSink(t *testing.T, open func(t *testing.T) Fixture) {
	t.Helper()
	for _, c := range checks {
		t.Run(c.name, func(t *testing.T) {
			if err := c.run(t.Context(), open(t)); err != nil {
				t.Error(err)
			}
		})
	}
}

// Check runs every check, each on a sink of its own, and returns what failed.
func Check(ctx context.Context, open func() Fixture) error {
	var errs []error
	for _, c := range checks {
		if err := c.run(ctx, open()); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", c.name, err))
		}
	}
	return errors.Join(errs...)
}

var checks = []struct {
	name string
	run  func(ctx context.Context, f Fixture) error
}{
	{"position moves with the data", positionMoves},
	{"a stale fence is refused", staleFence},
	{"a wrong start is refused", wrongStart},
	{"a failed batch leaves nothing", failedBatch},
	{"streams are apart", streamsApart},
	{"values come back as they were", values},
	{"the version rule", versionRule},
	{"one record twice in a batch", twiceInBatch},
	{"a batch without next", withoutNext},
	{"columns come and go", columns},
	{"a lister lists what is present", lists},
	{"a holder tells what it holds", holds},
	{"a peeker tells the position", peeks},
	{"an ended context is obeyed", endedContext},
}

var base = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// at is a time some seconds after the base.
func at(seconds int) time.Time { return base.Add(time.Duration(seconds) * time.Second) }

// Two records that the checks use.
var (
	idA = sobject.MustID("001000000000001")
	idB = sobject.MustID("001000000000002")
)

func field(name string, t sobject.FieldType) sobject.DescribeField {
	f := sobject.DescribeField{Name: name, Type: t, Nillable: true, Length: 255}
	if t.Numeric() {
		f.Length, f.Precision, f.Scale = 0, 18, 2
	}
	return f
}

func stream() importer.Stream {
	return importer.Stream{Tenant: "tenant", Connection: "connection", Object: "Account", Columns: []sobject.DescribeField{
		field("Id", sobject.TypeID), field("Name", sobject.TypeString), field("AnnualRevenue", sobject.TypeCurrency),
		field("NumberOfEmployees", sobject.TypeInt), field("Active__c", sobject.TypeBoolean), field("Founded__c", sobject.TypeDate),
		field("OwnerId", sobject.TypeReference), field("Description", sobject.TypeTextArea),
		field("CreatedDate", sobject.TypeDateTime), field("SystemModstamp", sobject.TypeDateTime),
	}}
}

// full is a Full change with a name and a version.
func full(id sobject.ID, name string, stamp, read int) importer.Change {
	return importer.Change{Kind: importer.Full, Object: "Account", ID: id, SystemModstamp: at(stamp), ReadAt: at(read),
		Record: sobject.NewRecord("Account", sobject.F("Id", sobject.IDValue(id)), sobject.F("Name", sobject.TextValue(name)),
			sobject.F("AnnualRevenue", sobject.NullValue()), sobject.F("NumberOfEmployees", sobject.NullValue()),
			sobject.F("Active__c", sobject.BoolValue(true)), sobject.F("Founded__c", sobject.NullValue()),
			sobject.F("OwnerId", sobject.NullValue()), sobject.F("Description", sobject.NullValue()),
			sobject.F("CreatedDate", sobject.NullValue()), sobject.F("SystemModstamp", sobject.DateTimeValue(at(stamp))))}
}

func partial(id sobject.ID, name string, stamp, read int) importer.Change {
	return importer.Change{Kind: importer.Partial, Object: "Account", ID: id, SystemModstamp: at(stamp), ReadAt: at(read),
		Fields: []string{"Name"}, Record: sobject.NewRecord("Account", sobject.F("Name", sobject.TextValue(name)))}
}

func gone(kind importer.Kind, id, survivor sobject.ID, stamp, read int) importer.Change {
	c := importer.Change{Kind: kind, Object: "Account", ID: id, Survivor: survivor, ReadAt: at(read)}
	if stamp >= 0 {
		c.SystemModstamp = at(stamp)
	}
	return c
}

// has checks the present name of a record; "" means that it is unknown, and a
// leading "-" that it is a tombstone.
func has(ctx context.Context, f Fixture, s importer.Stream, id sobject.ID, name string) error {
	got, err := f.Read(ctx, s, id)
	if err != nil {
		return fmt.Errorf("read: %w", err)
	}
	have := ""
	if got.Exists {
		have, _ = got.Record.Text("Name")
	}
	if got.Gone {
		have = "-"
	}
	if have != name {
		return fmt.Errorf("the sink holds %q of %s, not %q", have, id, name)
	}
	return nil
}

// opened opens a stream and checks its position.
func opened(ctx context.Context, f Fixture, s importer.Stream, fence uint64, want importer.Position) error {
	got, err := f.Sink.Open(ctx, s, fence)
	if err != nil {
		return fmt.Errorf("open with fence %d: %w", fence, err)
	}
	if got != want {
		return fmt.Errorf("the position is %q, not %q", got, want)
	}
	return nil
}
