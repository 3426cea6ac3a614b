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

// Peeker is implemented by sinks that can tell a position without being opened
// for writing. Plan needs it.
type Peeker interface {
	// Peek returns the position of a stream, "" for one that was never opened.
	Peek(ctx context.Context, s Stream) (Position, error)
}

// Plan says what an import would do now, object by object.
type Plan struct {
	// Objects are in the order of the selections.
	Objects []ObjectPlan
	// Total is the sum of the estimates.
	Total orglink.Estimate
}

// ObjectPlan is the part of one object.
type ObjectPlan struct {
	Object string
	// Phase is what comes next: "backfill", "read added fields", "increment".
	Phase string
	// Added are the fields that would be read alone, for all records.
	Added []string
	// Covered is up to when all is stored; zero before the first reading.
	Covered time.Time
	// Estimate is rough: rows that change meanwhile are not known.
	Estimate orglink.Estimate
	// Err is why the object cannot be imported, such as ErrNoObject.
	Err error
}

// Plan tells what Sync would do now, without doing it: nothing is written, in
// the org or in the sink, which must be a Peeker. It takes a call for the
// descriptions of 25 objects and one for the counts of five.
func (im *Importer) Plan(ctx context.Context, tenant orglink.TenantID, conn orglink.ConnectionID) (Plan, error) {
	peeker, ok := im.cfg.Sink.(Peeker)
	if !ok {
		return Plan{}, errors.New("importer: plan: the sink is no Peeker: it cannot tell positions without being opened")
	}
	objects, fields, err := im.wanted(ctx, tenant, conn)
	if err != nil {
		return Plan{}, err
	}
	client, err := im.cfg.Clients.Client(ctx, tenant, conn)
	if err != nil {
		return Plan{}, fmt.Errorf("importer: client of connection %s: %w", conn, err)
	}
	p := &planner{im: im, client: client, peeker: peeker}
	plan := Plan{Objects: make([]ObjectPlan, len(objects))}
	schema := im.schemas.of(tenant, conn)
	for i, object := range objects {
		o := &plan.Objects[i]
		o.Object = object
		d, _, err := schema.describe(ctx, client, object, objects, fields, im.cfg.DescribeEvery, false)
		var columns []sobject.DescribeField
		if err == nil {
			columns, err = im.columns(tenant, conn, d, fields[object])
		}
		if errors.Is(err, ErrNoObject) || errors.Is(err, ErrNoModstamp) {
			o.Err = &ObjectError{Object: object, Doing: "plan", Err: err}
			continue
		}
		if err == nil {
			err = p.object(ctx, o, Stream{Tenant: tenant, Connection: conn, Object: object, Columns: columns}, d)
		}
		if err != nil {
			return Plan{}, &ObjectError{Object: object, Doing: "plan", Err: err}
		}
	}
	if err := p.count(ctx); err != nil {
		return Plan{}, err
	}
	for _, o := range plan.Objects {
		plan.Total = plan.Total.Add(o.Estimate)
	}
	plan.Total.Calls += int64((len(objects) + 24) / 25)
	return plan, nil
}

// planner gathers what is to be counted.
type planner struct {
	im     *Importer
	client *salesforce.Client
	peeker Peeker
	list   []planned
}

type planned struct {
	o   *ObjectPlan
	q   *soql.Query
	all bool
}

func (p *planner) object(ctx context.Context, o *ObjectPlan, stream Stream, d *sobject.Describe) error {
	position, err := p.peeker.Peek(ctx, stream)
	if err != nil {
		return err
	}
	place, err := position.decode()
	if err != nil {
		return err
	}
	now := signature(stream.Columns)
	kept := slices.DeleteFunc(slices.Clone(place.Fields), func(f string) bool { return !slices.Contains(now, f) })
	s := &step{im: p.im, describe: d, stream: stream}
	q, all := s.present(soql.SelectCount().From(stream.Object))
	b := place.Backfill
	if b != nil && b.Compare {
		b = nil
	}
	switch {
	case position == "" || b != nil && b.Added == nil:
		o.Phase = "backfill"
	case b != nil || len(added(kept, now)) > 0:
		o.Phase, o.Added, o.Covered = "read added fields", added(kept, now), place.Covered
		if b != nil {
			o.Added = slices.Concat(b.Added, o.Added)
		}
	default:
		o.Phase, o.Covered = "increment", place.Covered
		q, all = soql.SelectCount().From(stream.Object).Where(soql.Compare("SystemModstamp", soql.OpGe, soql.DateTime(place.Covered.Add(-p.im.cfg.Overlap)))), true
	}
	if b != nil && b.After != "" {
		q.AndWhere(soql.Compare("Id", soql.OpGt, soql.ID(b.After)))
	}
	p.list = append(p.list, planned{o, q, all})
	return nil
}

// count asks for the rows, five objects at a time.
func (p *planner) count(ctx context.Context) error {
	for chunk := range slices.Chunk(p.list, probeObjects) {
		var b salesforce.Composite
		refs := make([]salesforce.Ref, len(chunk))
		for i, c := range chunk {
			if c.all {
				refs[i] = b.QueryAll(c.q.String())
			} else {
				refs[i] = b.Query(c.q.String())
			}
		}
		result, err := p.client.Composite(ctx, &b)
		if err != nil {
			return fmt.Errorf("importer: plan: %w", err)
		}
		for i, c := range chunk {
			var count struct {
				Total int64 `json:"totalSize"`
			}
			if err := result.Of(refs[i]).Decode(&count); err != nil {
				return &ObjectError{Object: c.o.Object, Doing: "count", Err: err}
			}
			if c.o.Estimate = p.im.bulkEstimate(count.Total); c.o.Phase == "increment" {
				pages := count.Total/int64(p.im.cfg.QueryRows) + 1
				c.o.Estimate = orglink.Estimate{Rows: count.Total, Calls: pages + 1, Time: time.Duration(pages)*time.Second/2 + time.Duration(count.Total)*estimateRowTime}
			}
		}
	}
	return nil
}
