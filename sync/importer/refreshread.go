package importer

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/orglink/orglink/salesforce"
	"github.com/orglink/orglink/salesforce/sobject"
	"github.com/orglink/orglink/salesforce/soql"
)

// part is one query of a refresh.
type part struct {
	child    *RestChild // nil: the record itself
	object   string
	id       sobject.ID // of the record itself
	text     string
	names    []string
	columns  []sobject.DescribeField
	limit    int
	ref      salesforce.Ref
	describe salesforce.Ref
	checked  bool
}

// read reads the record, if asked for, and children, in composite requests of
// five queries, which also revalidate old descriptions. The record is no query:
// it is retrieved.
func (r *refresh) read(ctx context.Context, object string, id sobject.ID, limit int, children []RestChild, record bool) error {
	r.out.Rest = &Rest{Object: object, ID: id, Limit: limit}
	var parts []part
	if record {
		p, err := r.part(ctx, object, soql.Compare("Id", soql.OpEq, soql.ID(id)), 1)
		if err != nil {
			return err
		}
		p.id = id
		parts = append(parts, p)
	}
	for i := range children {
		c := &children[i]
		refers := make([]soql.Expr, len(c.Fields))
		for n, f := range c.Fields {
			refers[n] = soql.Compare(f, soql.OpEq, soql.ID(id))
		}
		where := refers[0]
		if len(refers) > 1 {
			where = soql.AnyOf(refers...)
		}
		if c.After != "" {
			where = soql.AllOf(where, soql.Compare("Id", soql.OpGt, soql.ID(c.After)))
		}
		p, err := r.part(ctx, c.Object, where, limit)
		if err != nil {
			return err
		}
		p.child = c
		parts = append(parts, p)
	}
	for len(parts) > 0 {
		n := probeObjects
		if parts[0].id != "" {
			n++
		}
		n = min(n, len(parts))
		if err := r.some(ctx, parts[:n]); err != nil || !r.out.Found {
			return err
		}
		parts = parts[n:]
	}
	return nil
}

func (r *refresh) part(ctx context.Context, object string, where soql.Expr, limit int) (part, error) {
	d, err := r.describe(ctx, object)
	if err != nil {
		return part{}, err
	}
	columns, err := r.im.columns(r.tenant, r.conn, d, r.fields[object])
	if err != nil {
		return part{}, &ObjectError{Object: object, Doing: "refresh", Err: err}
	}
	more := []string{"IsDeleted", "MasterRecordId"}
	if r.im.cfg.Owners != nil {
		more = append(more, "OwnerId")
	}
	selected := append(names(columns), extra(d, columns, more...)...)
	q := soql.Select(selected...).From(object).Where(where)
	return part{object: object, columns: columns, names: selected, limit: limit, text: q.OrderBy(soql.Asc("Id")).Limit(limit).String()}, nil
}

// some reads parts in one request and stores them.
func (r *refresh) some(ctx context.Context, parts []part) error {
	var b salesforce.Composite
	checked := map[string]bool{}
	for i := range parts {
		p := &parts[i]
		if p.id != "" {
			p.ref = b.Get(p.object, p.id, p.names...)
		} else {
			p.ref = b.QueryAll(p.text)
		}
		if !r.strict && !checked[p.object] && !r.schema.fresh(p.object, r.im.cfg.DescribeEvery) {
			p.describe, p.checked = r.schema.conditional(&b, p.object), true
			checked[p.object] = true
		}
	}
	at := time.Now()
	r.out.Calls++
	result, err := r.client.Composite(ctx, &b)
	if err != nil {
		return err
	}
	same := true
	for _, p := range parts {
		if p.checked {
			is := result.Of(p.describe).Status == http.StatusNotModified
			r.schema.revalidated(p.object, at, is)
			same = same && is
		}
	}
	if !same {
		return errStale
	}
	var errs []error
	for _, p := range parts {
		if err := r.one(ctx, result, p); err != nil {
			errs = append(errs, &ObjectError{Object: p.object, Doing: "refresh", Err: err})
		}
		if p.id != "" && !r.out.Found {
			break // what refers to it is not looked at either
		}
	}
	return errors.Join(errs...)
}

// one stores the rows of one query.
func (r *refresh) one(ctx context.Context, result *salesforce.CompositeResult, p part) error {
	var records []sobject.Record
	var err error
	if p.id == "" {
		records, err = result.Of(p.ref).Records()
	} else {
		var rec sobject.Record
		rec, err = result.Of(p.ref).Record()
		records = append(records, rec)
	}
	if errors.Is(err, salesforce.ErrIncomplete) || p.id != "" && (errors.Is(err, salesforce.ErrNotFound) || errors.Is(err, salesforce.ErrDeleted)) {
		// Rows so wide that the org cut the page, or a record that is gone, of
		// which a query tells more.
		r.out.Calls++
		records = nil
		for rec, err := range r.client.QueryAll(ctx, p.text) {
			if err != nil {
				return err
			}
			records = append(records, rec)
		}
		err = nil
	}
	if err != nil {
		return err
	}
	reader := newReader(p.object, p.columns, r.now)
	rows := make([]row, 0, len(records))
	for _, rec := range records {
		one, err := reader.row(rec)
		if err != nil {
			return err
		}
		rows = append(rows, one)
	}
	found := len(rows)
	switch {
	case p.id != "":
		if r.out.Found = found > 0; !r.out.Found {
			rows = append(rows, row{change: Change{Kind: NotVisible, Object: p.object, ID: p.id, ReadAt: r.now}})
		}
	case found >= p.limit:
		rest := *p.child
		rest.After = rows[found-1].change.ID
		defer func() { r.left = append(r.left, rest) }()
	}
	stream := Stream{Tenant: r.tenant, Connection: r.conn, Object: p.object, Columns: p.columns}
	changes, err := r.im.owned(ctx, stream, rows)
	if err == nil && len(changes) > 0 {
		err = r.im.cfg.Sink.Apply(ctx, Batch{Stream: stream, Changes: changes})
	}
	if err != nil {
		return err
	}
	r.out.Rows[p.object] += found
	return nil
}
