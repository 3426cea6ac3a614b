package importer

import (
	"crypto/rand"
	"slices"
	"strings"
	"time"

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
		if deleted, err := v.Bool(); err == nil && deleted {
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
		v, _ := rec.Value(r.columns[i].Name)
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
