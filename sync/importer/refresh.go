package importer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/salesforce"
	"github.com/orglink/orglink/salesforce/sobject"
)

// RefreshRequest names a record to read again now.
type RefreshRequest struct {
	Object string
	ID     sobject.ID
	// Related are the child records to read with it. Defaults to every
	// selected object that refers to Object, as the org describes; an empty,
	// non-nil list means none.
	Related []Relation
	// Limit is how many children of each object are read at once; the rest is
	// left to RefreshRest. Defaults to 200, at most 2000.
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
	// More lists objects that have, or may have, further children than were
	// read.
	More []string
	// Rest is what RefreshRest or a job of RestJob is to read; nil for nothing.
	Rest *Rest
	// Calls is how many API requests it took.
	Calls int64
}

// Rest is what a refresh left to be read. It is plain data: a host may put it
// into a queue.
type Rest struct {
	Object  string      `json:"object"`
	ID      sobject.ID  `json:"id"`
	Related []RestChild `json:"related"`
	Limit   int         `json:"limit"`
}

// RestChild are the children of one object behind an Id.
type RestChild struct {
	Object string     `json:"object"`
	Fields []string   `json:"fields"`
	After  sobject.ID `json:"after,omitempty"`
}

// Refresh reads one record and its children and stores them, without moving
// any position: what a host calls when somebody opens a company. It takes one
// call for the record and the children of five objects, one more for each five
// further, and one to describe them when that was not done lately. Children
// that are not among those read are left as they are. What could be read is
// stored also when there is an error.
func (im *Importer) Refresh(ctx context.Context, tenant orglink.TenantID, conn orglink.ConnectionID, req RefreshRequest) (RefreshResult, error) {
	if req.Limit == 0 {
		req.Limit = 200
	}
	if req.ID == "" || req.Limit < 0 || req.Limit > 2000 {
		return RefreshResult{}, errors.New("importer: refresh: give an ID, and a Limit of at most 2000")
	}
	return im.refresh(ctx, tenant, conn, func(r *refresh) error {
		if !slices.Contains(r.objects, req.Object) {
			return &ObjectError{Object: req.Object, Doing: "refresh", Err: ErrNotSelected}
		}
		related := req.Related
		if related == nil {
			var err error
			if related, err = r.relations(ctx, req.Object); err != nil {
				return err
			}
		}
		children, err := r.children(ctx, related)
		if err != nil {
			return err
		}
		return r.read(ctx, req.Object, req.ID, req.Limit, children, true)
	})
}

// RefreshRest goes on with a refresh: one call, for the children of up to five
// objects. The result's Rest is what is left then.
func (im *Importer) RefreshRest(ctx context.Context, tenant orglink.TenantID, conn orglink.ConnectionID, rest Rest) (RefreshResult, error) {
	if rest.ID == "" || rest.Limit < 1 || rest.Limit > 2000 {
		return RefreshResult{}, errors.New("importer: refresh: a rest that no refresh returned")
	}
	return im.refresh(ctx, tenant, conn, func(r *refresh) error {
		r.out.Found = true
		now := rest.Related[:min(probeObjects, len(rest.Related))]
		for _, c := range now {
			if !slices.Contains(r.objects, c.Object) || len(c.Fields) == 0 {
				return &ObjectError{Object: c.Object, Doing: "refresh", Err: ErrNotSelected}
			}
		}
		r.left = slices.Clone(rest.Related[len(now):])
		return r.read(ctx, rest.Object, rest.ID, rest.Limit, now, false)
	})
}

// RestJob reads a rest step by step. It is a runner.Job; its steps leave a
// reserve of the quota.
func (im *Importer) RestJob(tenant orglink.TenantID, conn orglink.ConnectionID, rest Rest) *RestJob {
	return &RestJob{im, tenant, conn, rest}
}

// RestJob reads what a refresh left. It is not safe for concurrent use.
type RestJob struct {
	im     *Importer
	tenant orglink.TenantID
	conn   orglink.ConnectionID
	rest   Rest
}

// Key implements runner.Job.
func (j *RestJob) Key() string {
	return "refresh/" + strings.TrimPrefix(Stream{Tenant: j.tenant, Connection: j.conn, Object: j.rest.Object}.Key(), "import/") + "/" + string(j.rest.ID)
}

// Left is what is still to be read.
func (j *RestJob) Left() Rest { return j.rest }

// Step implements runner.Job.
func (j *RestJob) Step(ctx context.Context, _ uint64) (time.Time, error) {
	if len(j.rest.Related) > 0 {
		client, err := j.im.cfg.Clients.Client(ctx, j.tenant, j.conn)
		if err != nil {
			return time.Time{}, fmt.Errorf("importer: client of connection %s: %w", j.conn, err)
		}
		if err := j.im.reserve(ctx, client); err != nil {
			return time.Time{}, &ObjectError{Object: j.rest.Object, Doing: "refresh", Err: err}
		}
		out, err := j.im.RefreshRest(ctx, j.tenant, j.conn, j.rest)
		if err != nil {
			return time.Time{}, err
		}
		if j.rest.Related = nil; out.Rest != nil {
			j.rest = *out.Rest
			return time.Time{}, nil
		}
	}
	return time.Now().Add(j.im.cfg.Interval), nil
}

type refresh struct {
	im      *Importer
	client  *salesforce.Client
	schema  *schema
	tenant  orglink.TenantID
	conn    orglink.ConnectionID
	objects []string
	fields  map[string][]string
	now     time.Time
	strict  bool        // asks for descriptions anew
	left    []RestChild // not read yet
	out     RefreshResult
}

// refresh runs fn, and once more when it shows that the org changed since it
// was described.
func (im *Importer) refresh(ctx context.Context, tenant orglink.TenantID, conn orglink.ConnectionID, fn func(r *refresh) error) (RefreshResult, error) {
	objects, fields, err := im.wanted(ctx, tenant, conn)
	if err != nil {
		return RefreshResult{}, err
	}
	client, err := im.cfg.Clients.Client(ctx, tenant, conn)
	if err != nil {
		return RefreshResult{}, fmt.Errorf("importer: client of connection %s: %w", conn, err)
	}
	r := &refresh{im: im, client: client, schema: im.schemas.of(tenant, conn), tenant: tenant, conn: conn, objects: objects, fields: fields}
	r.out.Rows = map[string]int{}
	if r.now, err = client.ServerTime(ctx); err != nil {
		return r.out, err
	}
	err = fn(r)
	if refused := errors.Is(err, salesforce.ErrInvalidField) || errors.Is(err, salesforce.ErrInvalidType); refused || errors.Is(err, errStale) {
		if refused {
			r.schema.forget()
		}
		r.out = RefreshResult{Rows: map[string]int{}, Calls: r.out.Calls}
		r.strict, r.left = true, nil
		err = fn(r)
	}
	if len(r.left) > 0 && r.out.Rest != nil {
		r.out.Rest.Related = r.left
		for _, c := range r.left {
			r.out.More = append(r.out.More, c.Object)
		}
	} else {
		r.out.Rest = nil
	}
	return r.out, err
}

func (r *refresh) describe(ctx context.Context, object string) (*sobject.Describe, error) {
	d, calls, err := r.schema.describe(ctx, r.client, object, r.objects, r.fields, r.im.cfg.DescribeEvery, !r.strict)
	r.out.Calls += calls
	if err != nil {
		return nil, &ObjectError{Object: object, Doing: "describe", Err: err}
	}
	return d, nil
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

// children gathers the relations of each object.
func (r *refresh) children(ctx context.Context, related []Relation) ([]RestChild, error) {
	var out []RestChild
	for _, rel := range related {
		if !slices.Contains(r.objects, rel.Object) {
			return nil, &ObjectError{Object: rel.Object, Doing: "refresh", Err: ErrNotSelected}
		}
		d, err := r.describe(ctx, rel.Object)
		if err != nil {
			return nil, err
		}
		f, ok := d.Field(rel.Field)
		if !ok || !f.Filterable {
			continue // hidden from this user, or of a kind that cannot be asked by
		}
		i := slices.IndexFunc(out, func(c RestChild) bool { return c.Object == rel.Object })
		if i < 0 {
			i, out = len(out), append(out, RestChild{Object: rel.Object})
		}
		out[i].Fields = append(out[i].Fields, f.Name)
	}
	return out, nil
}
