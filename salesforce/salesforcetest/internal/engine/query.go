package engine

import (
	"errors"
	"strings"

	"github.com/orglink/orglink/salesforce/sobject"
	"github.com/orglink/orglink/salesforce/soql"
)

// QueryText parses and runs a query.
func (o *Org) QueryText(s Session, text string, opt QueryOptions) (*Result, error) {
	q, err := soql.Parse(text)
	if err != nil {
		var bad *soql.SyntaxError
		if errors.As(err, &bad) {
			if len(text) > soql.MaxLength {
				return nil, malformed(bad.Message)
			}
			return nil, malformed(bad.Report(text))
		}
		return nil, malformed(err.Error())
	}
	opt.Text = text
	return o.Query(s, q, opt)
}

// Query runs a query. The rows of the result are those of this moment.
func (o *Org) Query(s Session, q *soql.Query, opt QueryOptions) (*Result, error) {
	o.showGrants(mentionsGrants(q, opt.Text)...)
	o.refresh(q, opt.Text)
	o.mu.RLock()
	defer o.mu.RUnlock()
	return o.query(s, env{now: o.clock().UnixNano()}, q, opt)
}

// compile turns a query into a plan; the caller holds the lock.
func (o *Org) compile(s Session, e env, q *soql.Query, opt QueryOptions, semi int) (*plan, *Error) {
	if opt.Text == "" {
		opt.Text = q.String()
	}
	e.loc, e.s = o.location(s), s
	c := &compiler{org: o, s: s, g: o.grants(s), env: e, opt: opt, text: opt.Text, q: q, semi: semi}
	c.obj = o.object(q.Object)
	if c.obj == nil || !c.g.object(c.obj).Read || c.obj.def.NoQuery {
		return nil, c.noObject(q.Object)
	}
	return c.plan()
}

func (o *Org) query(s Session, e env, q *soql.Query, opt QueryOptions) (*Result, error) {
	p, err := o.compile(s, e, q, opt, 0)
	if err != nil {
		return nil, err
	}
	r := &Result{plan: p, own: e.now == seeAll}
	switch {
	case p.count:
		r.total = len(p.run())
	case p.agg != nil:
		limit, skip := p.limit, p.skip
		rows := &plan{c: p.c, obj: p.obj, filter: p.filter, sees: p.sees, bounds: p.bounds, limit: -1}
		r.groups = p.agg.groups(rows.run(), limit, skip)
		r.total = len(r.groups)
		if r.total > 2000 {
			return nil, plain("EXCEEDED_ID_LIMIT", "Aggregate query does not support queryMore(), use LIMIT to restrict the results to a single batch")
		}
	default:
		r.rows = p.run()
		r.total = len(r.rows)
	}
	return r, nil
}

// Get returns one record as a Result of one row. fields nil asks for all that
// the session may read. A deleted record is ENTITY_IS_DELETED, a missing or
// invisible one NOT_FOUND, an unknown or hidden field INVALID_FIELD.
func (o *Org) Get(s Session, object string, id sobject.ID, fields []string) (*Result, error) {
	o.showGrants(object)
	o.refresh(&soql.Query{Object: object}, object)
	o.mu.RLock()
	defer o.mu.RUnlock()
	return o.get(s, env{now: o.clock().UnixNano()}, object, id, fields)
}

func (o *Org) get(s Session, e env, object string, id sobject.ID, fields []string) (*Result, error) {
	obj := o.object(object)
	if obj == nil || !o.grants(s).object(obj).Read {
		return nil, notFound()
	}
	parsed, err := sobject.ParseID(string(id))
	if err != nil {
		return nil, &Error{Status: 404, Code: "NOT_FOUND", Message: "Provided external ID field does not exist or is not accessible: " + string(id)}
	}
	if parsed.Prefix() != obj.def.KeyPrefix {
		return nil, notFound()
	}
	r := o.find(string(parsed))
	if r == nil {
		return nil, notFound()
	}
	return o.row(s, e, obj, r, fields)
}

// row makes the Result of one record.
func (o *Org) row(s Session, e env, obj *object, r *record, fields []string) (*Result, error) {
	v := r.at(e.now)
	if v == nil {
		return nil, notFound()
	}
	if sees := o.sees(s, obj); sees != nil && !sees(v) {
		return nil, notFound()
	}
	if v.deleted {
		return nil, &Error{Status: 404, Code: "ENTITY_IS_DELETED", Message: "entity is deleted", Fields: []string{}}
	}
	g := o.grants(s)
	if fields == nil {
		for _, f := range obj.fields {
			if g.read(f) {
				fields = append(fields, f.Name)
			}
		}
	}
	q := soql.Select(fields...).From(obj.def.Name)
	e.loc, e.s = o.location(s), s
	c := &compiler{org: o, s: s, g: g, env: e, text: strings.Join(fields, ","), q: q, obj: obj}
	p, bad := c.plan()
	if bad != nil {
		if bad.Code == "INVALID_FIELD" && strings.Contains(bad.Message, "No such column") {
			bad.Message = bad.Message[strings.LastIndex(bad.Message, "\n")+1:]
		}
		return nil, bad
	}
	return &Result{plan: p, own: e.now == seeAll, rows: []*version{v}, total: 1}, nil
}

// GetByKey returns the record with the value of an external id or id-lookup
// field. Several are an *Error with Status 300 and Matches.
func (o *Org) GetByKey(s Session, object, name, value string, fields []string) (*Result, error) {
	o.mu.RLock()
	defer o.mu.RUnlock()
	e := env{now: o.clock().UnixNano()}
	obj := o.object(object)
	if obj == nil || !o.grants(s).object(obj).Read {
		return nil, notFound()
	}
	tx := &Tx{org: o, s: s, g: o.grants(s), env: e}
	f, err := tx.key(obj, name)
	if err != nil {
		return nil, err
	}
	if f == obj.id {
		return o.get(s, e, object, sobject.ID(value), fields)
	}
	stored, bad := f.convert(sobject.TextValue(value), true)
	if bad != nil {
		return nil, notFound()
	}
	found := tx.matches(f, stored)
	switch len(found) {
	case 0:
		return nil, notFound()
	case 1:
		return o.row(s, e, obj, found[0], fields)
	}
	amb := &Error{Status: 300, Code: "DUPLICATE_EXTERNAL_ID", Message: f.Name + ": more than one record found for external id field: " + ids(found)}
	for _, r := range found {
		amb.Matches = append(amb.Matches, r.id)
	}
	return nil, amb
}
