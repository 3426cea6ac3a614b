package importer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/salesforce"
	"github.com/orglink/orglink/salesforce/sobject"
	"github.com/orglink/orglink/salesforce/soql"
)

// RefreshRequest names a record to read again now.
type RefreshRequest struct {
	Object string
	ID     sobject.ID
	// Related are the child records to read with it. Defaults to every
	// selected object that refers to Object, as the org describes; an empty,
	// non-nil list means none.
	Related []Relation
	// Limit is how many children of each object are read. Defaults to 200, at
	// most 2000.
	Limit int
}

// Relation names the field of a child object that refers to the record.
type Relation struct{ Object, Field string }

// RefreshResult tells what a refresh found.
type RefreshResult struct {
	// Found is false when the org shows no such record, deleted or not.
	Found bool
	// Rows counts what was read of each object.
	Rows map[string]int
	// More lists objects that have further children than were read; these come
	// with the next increment if they changed.
	More []string
	// Calls is how many API requests it took.
	Calls int64
}

// Refresh reads one record and its children and stores them, without moving
// any position: what a host calls when somebody opens a company. Children that
// are not among those read are left as they are.
func (im *Importer) Refresh(ctx context.Context, tenant orglink.TenantID, conn orglink.ConnectionID, req RefreshRequest) (RefreshResult, error) {
	out := RefreshResult{Rows: map[string]int{}}
	if req.Limit == 0 {
		req.Limit = 200
	}
	if req.ID == "" || req.Limit < 0 || req.Limit > 2000 {
		return out, errors.New("importer: refresh: give an ID, and a Limit of at most 2000")
	}
	objects, fields, err := im.wanted(ctx, tenant, conn)
	if err != nil {
		return out, err
	}
	if !slices.Contains(objects, req.Object) {
		return out, &ObjectError{Object: req.Object, Doing: "refresh", Err: ErrNotSelected}
	}
	client, err := im.cfg.Clients.Client(ctx, tenant, conn)
	if err != nil {
		return out, fmt.Errorf("importer: client of connection %s: %w", conn, err)
	}
	r := &refresh{im: im, client: client, tenant: tenant, conn: conn, objects: objects, fields: fields, limit: req.Limit, out: &out}
	if r.now, err = client.ServerTime(ctx); err != nil {
		return out, err
	}
	if err := r.record(ctx, req); err != nil {
		return out, err
	}
	if !out.Found {
		return out, nil
	}
	related := req.Related
	if related == nil {
		if related, err = r.relations(ctx, req.Object); err != nil {
			return out, err
		}
	}
	return out, r.children(ctx, req.ID, related)
}

type refresh struct {
	im      *Importer
	client  *salesforce.Client
	tenant  orglink.TenantID
	conn    orglink.ConnectionID
	objects []string
	fields  map[string][]string
	limit   int
	now     time.Time
	out     *RefreshResult
}

func (r *refresh) describe(ctx context.Context, object string) (*sobject.Describe, error) {
	d, calls, err := r.im.schemas.of(r.tenant, r.conn).describe(ctx, r.client, object, r.objects, r.fields, r.im.cfg.DescribeEvery, false)
	r.out.Calls += calls
	if err != nil {
		return nil, &ObjectError{Object: object, Doing: "describe", Err: err}
	}
	return d, nil
}

// read queries one object and applies what it finds. When the org changed
// since it was described, it is described again, once.
func (r *refresh) read(ctx context.Context, object string, where soql.Expr, limit int, missing sobject.ID) (found int, err error) {
	found, err = r.try(ctx, object, where, limit, missing)
	if errors.Is(err, salesforce.ErrInvalidField) {
		r.im.schemas.of(r.tenant, r.conn).forget()
		found, err = r.try(ctx, object, where, limit, missing)
	}
	return found, err
}

func (r *refresh) try(ctx context.Context, object string, where soql.Expr, limit int, missing sobject.ID) (int, error) {
	d, err := r.describe(ctx, object)
	if err != nil {
		return 0, err
	}
	columns, err := r.im.columns(r.tenant, r.conn, d, r.fields[object])
	if err != nil {
		return 0, &ObjectError{Object: object, Doing: "refresh", Err: err}
	}
	q := soql.Select(names(columns)...).From(object)
	more := []string{"IsDeleted", "MasterRecordId"}
	if r.im.cfg.Owners != nil {
		more = append(more, "OwnerId")
	}
	q.AddFields(extra(d, columns, more...)...).AndWhere(where)
	q.OrderBy(soql.Asc("Id")).Limit(limit)
	reader := newReader(object, columns, r.now)
	var rows []row
	r.out.Calls++
	for rec, err := range r.client.QueryAll(ctx, q.String()) {
		if err != nil {
			return 0, &ObjectError{Object: object, Doing: "refresh", Err: err}
		}
		one, err := reader.row(rec)
		if err != nil {
			return 0, &ObjectError{Object: object, Doing: "refresh", Err: err}
		}
		rows = append(rows, one)
	}
	found := len(rows)
	if found == 0 && missing != "" {
		rows = []row{{change: Change{Kind: NotVisible, Object: object, ID: missing, ReadAt: r.now}}}
	}
	stream := Stream{Tenant: r.tenant, Connection: r.conn, Object: object, Columns: columns}
	changes, err := r.im.owned(ctx, stream, rows)
	if err == nil && len(changes) > 0 {
		err = r.im.cfg.Sink.Apply(ctx, Batch{Stream: stream, Changes: changes})
	}
	if err != nil {
		return 0, &ObjectError{Object: object, Doing: "store a refresh", Err: err}
	}
	r.out.Rows[object] += found
	return found, nil
}

func (r *refresh) record(ctx context.Context, req RefreshRequest) error {
	n, err := r.read(ctx, req.Object, soql.Compare("Id", soql.OpEq, soql.ID(req.ID)), 1, req.ID)
	r.out.Found = n > 0
	return err
}

// relations finds the selected objects that refer to an object.
func (r *refresh) relations(ctx context.Context, object string) ([]Relation, error) {
	d, err := r.describe(ctx, object)
	if err != nil {
		return nil, err
	}
	var out []Relation
	for _, c := range d.ChildRelationships {
		if slices.Contains(r.objects, c.ChildSObject) {
			out = append(out, Relation{c.ChildSObject, c.Field})
		}
	}
	return out, nil
}

// children reads the children, one query for each object.
func (r *refresh) children(ctx context.Context, id sobject.ID, related []Relation) error {
	var order []string
	by := map[string][]soql.Expr{}
	for _, rel := range related {
		if !slices.Contains(r.objects, rel.Object) {
			return &ObjectError{Object: rel.Object, Doing: "refresh", Err: ErrNotSelected}
		}
		d, err := r.describe(ctx, rel.Object)
		if err != nil {
			return err
		}
		f, ok := d.Field(rel.Field)
		if !ok || !f.Filterable {
			continue // hidden from this user, or of a kind that cannot be asked by
		}
		if by[rel.Object] == nil {
			order = append(order, rel.Object)
		}
		by[rel.Object] = append(by[rel.Object], soql.Compare(f.Name, soql.OpEq, soql.ID(id)))
	}
	for _, object := range order {
		where := by[object][0]
		if len(by[object]) > 1 {
			where = soql.AnyOf(by[object]...)
		}
		n, err := r.read(ctx, object, where, r.limit, "")
		if err != nil {
			return err
		}
		if n == r.limit {
			r.out.More = append(r.out.More, object)
		}
	}
	return nil
}
