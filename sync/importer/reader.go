package importer

import (
	"crypto/rand"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/orglink/orglink/salesforce"
	"github.com/orglink/orglink/salesforce/sobject"
)

func newID() string { return strings.ToLower(rand.Text()) }

// reader turns rows of an API into changes.
type reader struct {
	object  string
	columns []sobject.DescribeField
	shape   *sobject.Shape
	partial []string // the fields of partial changes; nil: full ones
	readAt  time.Time
}

func newReader(object string, columns []sobject.DescribeField, readAt time.Time) *reader {
	return &reader{object: object, columns: columns, shape: sobject.NewShape(object, names(columns)...), readAt: readAt}
}

// extra are fields that are read besides the columns, where the object has
// them.
func extra(d *sobject.Describe, columns []sobject.DescribeField, wanted ...string) []string {
	var out []string
	for _, name := range wanted {
		f, ok := d.Field(name)
		if ok && !slices.ContainsFunc(columns, func(c sobject.DescribeField) bool { return c.Name == f.Name }) {
			out = append(out, f.Name)
		}
	}
	return out
}

// row is a change and what is needed besides it.
type row struct {
	change Change
	owner  sobject.ID
}

// row reads one row. A row without a usable Id or SystemModstamp is an error:
// it could not be stored safely.
func (r *reader) row(rec sobject.Record) (row, error) {
	id, err := rec.Ref("Id")
	if err != nil {
		return row{}, err
	}
	stamp, err := rec.Time("SystemModstamp")
	if err != nil {
		return row{}, err
	}
	c := Change{Kind: Full, Object: r.object, ID: id, SystemModstamp: stamp, ReadAt: r.readAt}
	if v, ok := rec.Value("IsDeleted"); ok {
		deleted, err := v.Bool()
		if err != nil {
			return row{}, fmt.Errorf("IsDeleted of %s: %w", id, err)
		}
		if deleted {
			c.Kind = Deleted
			if master, _ := rec.Value("MasterRecordId"); !master.IsNull() {
				c.Kind = Merged
				c.Survivor, _ = master.ID()
			}
			return row{change: c}, nil
		}
	}
	values := make([]sobject.Value, len(r.columns))
	for i := range r.columns {
		v, ok := rec.Value(r.columns[i].Name)
		if !ok {
			// Not a null: storing one would wipe a value that the org has.
			return row{}, fmt.Errorf("the answer lacks the field %s of %s: %w", r.columns[i].Name, id, salesforce.ErrIncomplete)
		}
		values[i] = v.As(r.columns[i].Type)
	}
	c.Record = sobject.RecordOf(r.shape, values)
	if r.partial != nil {
		c.Kind, c.Fields = Partial, r.partial
	}
	owner, _ := rec.Value("OwnerId")
	ownerID, _ := owner.ID()
	return row{c, ownerID}, nil
}

// rowBytes is about what a row takes in memory besides its values.
const rowBytes = 200

// size is about what a row takes in memory.
func (r *reader) size(one row) int {
	n := rowBytes
	for _, v := range one.change.Record.Fields() {
		n += 40 + len(v.Raw())
	}
	return n
}

// gather reads the rows of a query that is limited to a number of rows. It
// stops early when they fill the memory set aside for a batch; more tells that
// there may be further rows behind the last.
func (s *step) gather(r *reader, limit int, records iter.Seq2[sobject.Record, error]) (rows []row, more bool, err error) {
	s.did.calls++
	bytes := 0
	for rec, err := range records {
		if err != nil {
			return nil, false, err
		}
		if bytes >= s.im.cfg.BatchBytes {
			return rows, true, nil
		}
		one, err := r.row(rec)
		if err != nil {
			return nil, false, err
		}
		rows = append(rows, one)
		bytes += r.size(one)
	}
	return rows, len(rows) >= limit, nil
}
