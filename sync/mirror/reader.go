package mirror

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/mapping"
	"github.com/orglink/orglink/salesforce/sobject"
)

// Page is a part of a list.
type Page struct {
	Rows []Row
	// Next is the After of the next page, "" after the last.
	Next string
}

// Group is one value of a field and how many records have it.
type Group struct {
	Value sobject.Value
	Count int64
}

// Card is a record with what refers to it.
type Card struct {
	Row
	Related []Related
}

// Related are the records of one object that refer to a card's record by one
// field.
type Related struct {
	Object, Field string
	// Total counts them; Rows are the first, newest change first.
	Total int64
	Rows  []Row
}

// viewed is one object as a view shows it.
type viewed struct {
	m      *Mirror
	object string
	shown  []string // fields that the view shows
	t      *table   // nil: nothing imported yet
	shape  *sobject.Shape
}

func (m *Mirror) view(ctx context.Context, viewer orglink.Actor, id orglink.IntegrationID) (mapping.View, error) {
	if m.views == nil {
		return mapping.View{}, errors.New("mirror: reading needs Config.Views: give an integration.Service")
	}
	view, err := m.views.View(ctx, viewer, id)
	if err != nil {
		return view, fmt.Errorf("mirror: view of integration %s: %w", id, err)
	}
	if view.Tenant != viewer.Tenant {
		return mapping.View{}, fmt.Errorf("mirror: integration %s: %w", id, ErrForbidden)
	}
	return view, nil
}

// object prepares reading one object of a view.
func (m *Mirror) object(ctx context.Context, view mapping.View, object string) (*viewed, error) {
	shown, ok := view.Fields(object)
	if !ok {
		return nil, fmt.Errorf("%w: object %s", ErrForbidden, object)
	}
	for _, s := range view.Objects {
		if strings.EqualFold(s.Object, object) {
			object = s.Object
		}
	}
	t, err := m.find(ctx, nil, view.Tenant, view.Connection, object)
	if err != nil {
		return nil, fmt.Errorf("mirror: %s: %w", object, m.outdated(ctx, err))
	}
	if t != nil && len(t.columns) == 0 {
		t = nil
	}
	return &viewed{m: m, object: object, shown: shown, t: t}, nil
}

// choose checks the fields to return.
func (v *viewed) choose(fields []string) error {
	if fields == nil {
		fields = v.shown
	}
	names := make([]string, len(fields))
	for n, f := range fields {
		i := slices.IndexFunc(v.shown, func(s string) bool { return strings.EqualFold(s, f) })
		if i < 0 {
			return fmt.Errorf("%w: field %s.%s", ErrForbidden, v.object, f)
		}
		names[n] = v.shown[i]
	}
	v.shape = sobject.NewShape(v.object, names...)
	return nil
}

// place finds the column of a field that the view shows.
func (v *viewed) place(field string) (int, error) {
	if !slices.ContainsFunc(v.shown, func(s string) bool { return strings.EqualFold(s, field) }) {
		return 0, fmt.Errorf("%w: field %s.%s", ErrForbidden, v.object, field)
	}
	i, ok := v.t.column(field)
	if !ok {
		return 0, fmt.Errorf("mirror: field %s.%s is selected, but not imported yet", v.object, field)
	}
	return i, nil
}

// places are the columns of the chosen fields that exist.
func (v *viewed) places() []int {
	out := []int{}
	for _, name := range v.shape.Names() {
		if i, ok := v.t.column(name); ok {
			out = append(out, i)
		}
	}
	return out
}

// record puts values into the chosen shape; what is not imported yet is null.
func (v *viewed) record(places []int, values []sobject.Value) sobject.Record {
	names := v.shape.Names()
	all := make([]sobject.Value, len(names))
	n := 0
	for i, name := range names {
		if at, ok := v.t.column(name); ok && n < len(places) && places[n] == at {
			all[i] = values[n]
			n++
		}
	}
	return sobject.RecordOf(v.shape, all)
}

// Get returns one record. ErrNotFound when it is not there, or gone.
func (m *Mirror) Get(ctx context.Context, viewer orglink.Actor, integration orglink.IntegrationID, object string, id sobject.ID, fields ...string) (Row, error) {
	view, err := m.view(ctx, viewer, integration)
	if err != nil {
		return Row{}, err
	}
	return m.get(ctx, view, object, id, fields)
}

func (m *Mirror) get(ctx context.Context, view mapping.View, object string, id sobject.ID, fields []string) (Row, error) {
	v, err := m.object(ctx, view, object)
	if err == nil {
		err = v.choose(fields)
	}
	if err != nil {
		return Row{}, err
	}
	if v.t == nil {
		return Row{}, fmt.Errorf("%w: %s %s", ErrNotFound, object, id)
	}
	rows, err := v.query(ctx, v.places(), " WHERE "+m.quote("id")+" = ? AND "+m.quote("_gone")+" = 0", string(id))
	if err != nil {
		return Row{}, fmt.Errorf("mirror: get %s %s: %w", object, id, err)
	}
	if len(rows) == 0 {
		return Row{}, fmt.Errorf("%w: %s %s", ErrNotFound, object, id)
	}
	return rows[0], nil
}

// List returns a page of records.
func (m *Mirror) List(ctx context.Context, viewer orglink.Actor, integration orglink.IntegrationID, q Query) (Page, error) {
	if q.Limit == 0 {
		q.Limit = 100
	}
	if q.Limit < 0 || q.Limit > 2000 {
		return Page{}, fmt.Errorf("mirror: list %s: the limit is %d; from 1 to 2000", q.Object, q.Limit)
	}
	view, err := m.view(ctx, viewer, integration)
	if err != nil {
		return Page{}, err
	}
	v, err := m.object(ctx, view, q.Object)
	if err == nil {
		err = v.choose(q.Fields)
	}
	if err != nil {
		return Page{}, err
	}
	if v.t == nil {
		return Page{}, v.allowed(q)
	}
	return v.list(ctx, q)
}

// allowed checks a query on an object that is not imported yet.
func (v *viewed) allowed(q Query) error {
	named := make([]string, 0, len(q.Where)+len(q.Sort))
	for _, f := range q.Where {
		named = append(named, f.Field)
	}
	for _, s := range q.Sort {
		named = append(named, s.Field)
	}
	return v.choose(named)
}

func (v *viewed) list(ctx context.Context, q Query) (Page, error) {
	where, err := v.where(q.Where)
	if err != nil {
		return Page{}, err
	}
	sorts := make([]int, len(q.Sort))
	for n, s := range q.Sort {
		if sorts[n], err = v.place(s.Field); err != nil {
			return Page{}, err
		}
	}
	if q.After != "" {
		more, err := v.beyond(q.After, q.Sort, sorts)
		if err != nil {
			return Page{}, err
		}
		where = condition{where.sql + " AND " + more.sql, append(where.args, more.args...)}
	}
	// The sort columns are read too, for the cursor; one row more tells
	// whether there is a next page.
	chosen := v.places()
	places := append(slices.Clone(chosen), sorts...)
	rows, err := v.m.db.Query(ctx, nil, "SELECT "+v.m.selectList(v.t, places)+" FROM "+v.t.from+" WHERE "+where.sql+
		" ORDER BY "+v.order(q.Sort, sorts)+" LIMIT ?", append(where.args, q.Limit+1)...)
	if err != nil {
		return Page{}, fmt.Errorf("mirror: list %s: %w", v.object, err)
	}
	var page Page
	var last cursor
	err = v.m.scan(rows, v.t, places, func(r Row, values []sobject.Value) {
		if len(page.Rows) == q.Limit {
			page.Next = last.encode()
			return
		}
		r.Record = v.record(chosen, values[:len(chosen)])
		page.Rows = append(page.Rows, r)
		last = cursor{ID: r.ID}
		for _, value := range values[len(chosen):] {
			raw, _ := value.MarshalJSON() // read from typed columns
			last.Values = append(last.Values, json.RawMessage(raw))
		}
	})
	if err != nil {
		return Page{}, fmt.Errorf("mirror: list %s: %w", v.object, err)
	}
	return page, nil
}

// Count returns how many records meet the conditions.
func (m *Mirror) Count(ctx context.Context, viewer orglink.Actor, integration orglink.IntegrationID, object string, where ...Filter) (int64, error) {
	view, err := m.view(ctx, viewer, integration)
	if err != nil {
		return 0, err
	}
	v, err := m.object(ctx, view, object)
	if err != nil {
		return 0, err
	}
	if v.t == nil {
		return 0, v.allowed(Query{Where: where})
	}
	return v.count(ctx, where)
}

func (v *viewed) count(ctx context.Context, filters []Filter) (n int64, err error) {
	where, err := v.where(filters)
	if err != nil {
		return 0, err
	}
	if err := v.m.db.QueryRow(ctx, nil, "SELECT COUNT(*) FROM "+v.t.from+" WHERE "+where.sql, where.args...).Scan(&n); err != nil {
		return 0, fmt.Errorf("mirror: count %s: %w", v.object, err)
	}
	return n, nil
}

// GroupCount counts the records that meet the conditions by the values of a
// field, the most frequent first, at most 1000 values.
func (m *Mirror) GroupCount(ctx context.Context, viewer orglink.Actor, integration orglink.IntegrationID, object, field string, where ...Filter) ([]Group, error) {
	view, err := m.view(ctx, viewer, integration)
	if err != nil {
		return nil, err
	}
	v, err := m.object(ctx, view, object)
	if err != nil {
		return nil, err
	}
	if v.t == nil {
		return nil, v.allowed(Query{Where: where, Sort: []Sort{{Field: field}}})
	}
	i, err := v.place(field)
	if err != nil {
		return nil, err
	}
	cond, err := v.where(where)
	if err != nil {
		return nil, err
	}
	name := m.quote(v.t.columns[i].name)
	rows, err := m.db.Query(ctx, nil, "SELECT "+name+", COUNT(*) FROM "+v.t.from+" WHERE "+cond.sql+" GROUP BY "+name+" ORDER BY COUNT(*) DESC, "+name+" LIMIT 1000", cond.args...)
	if err != nil {
		return nil, fmt.Errorf("mirror: group %s: %w", object, err)
	}
	defer rows.Close()
	var out []Group
	for rows.Next() {
		var raw any
		var g Group
		if err := rows.Scan(&raw, &g.Count); err != nil {
			return nil, fmt.Errorf("mirror: group %s: %w", object, err)
		}
		if g.Value, err = m.value(v.t.columns[i].class, raw); err != nil {
			return nil, fmt.Errorf("mirror: group %s: %w", object, err)
		}
		out = append(out, g)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("mirror: group %s: %w", object, err)
	}
	return out, nil
}

// Search returns records with a text in any of the text fields that the view
// shows, ids apart; at most limit (1 to 200), ordered by Id. Case does not
// matter as far as the database's LOWER goes.
func (m *Mirror) Search(ctx context.Context, viewer orglink.Actor, integration orglink.IntegrationID, object, words string, limit int) ([]Row, error) {
	if limit < 1 || limit > 200 || strings.TrimSpace(words) == "" {
		return nil, fmt.Errorf("mirror: search %s: give a text, and a limit from 1 to 200", object)
	}
	view, err := m.view(ctx, viewer, integration)
	if err != nil {
		return nil, err
	}
	v, err := m.object(ctx, view, object)
	if err == nil {
		err = v.choose(nil)
	}
	if err != nil || v.t == nil {
		return nil, err
	}
	var terms []string
	var args []any
	for _, i := range v.places() {
		c := v.t.columns[i]
		if c.class != text || c.typ == sobject.TypeID || c.typ == sobject.TypeReference {
			continue
		}
		one := v.contains(c, words)
		terms, args = append(terms, one.sql), append(args, one.args...)
	}
	if len(terms) == 0 {
		return nil, nil
	}
	rows, err := v.query(ctx, v.places(), " WHERE "+m.quote("_gone")+" = 0 AND ("+strings.Join(terms, " OR ")+") ORDER BY "+m.quote("id")+" LIMIT ?", append(args, limit)...)
	if err != nil {
		return nil, fmt.Errorf("mirror: search %s: %w", object, err)
	}
	return rows, nil
}

// cardRows is how many related records of each kind a card shows.
const cardRows = 50

// Card returns a record and, for each object and field of the view that refers
// to it, the related records.
func (m *Mirror) Card(ctx context.Context, viewer orglink.Actor, integration orglink.IntegrationID, object string, id sobject.ID) (Card, error) {
	view, err := m.view(ctx, viewer, integration)
	if err != nil {
		return Card{}, err
	}
	row, err := m.get(ctx, view, object, id, nil)
	if err != nil {
		return Card{}, err
	}
	card := Card{Row: row}
	for _, sel := range view.Objects {
		v, err := m.object(ctx, view, sel.Object)
		if err == nil {
			err = v.choose(nil)
		}
		if err != nil {
			return card, err
		}
		if v.t == nil {
			continue
		}
		for _, i := range v.places() {
			c := v.t.columns[i]
			if !slices.ContainsFunc(c.refs, func(o string) bool { return strings.EqualFold(o, object) }) {
				continue
			}
			rel := Related{Object: v.object, Field: c.field}
			where := " WHERE " + m.quote("_gone") + " = 0 AND " + m.quote(c.name) + " = ?"
			if rel.Total, err = v.count(ctx, []Filter{{Field: c.field, Op: Eq, Values: []sobject.Value{sobject.IDValue(id)}}}); err != nil {
				return card, err
			}
			if rel.Total > 0 {
				rel.Rows, err = v.query(ctx, v.places(), where+" ORDER BY "+m.quote("_stamp")+" DESC, "+m.quote("id")+" LIMIT ?", string(id), cardRows)
				if err != nil {
					return card, fmt.Errorf("mirror: card of %s %s: %s: %w", object, id, v.object, err)
				}
			}
			card.Related = append(card.Related, rel)
		}
	}
	return card, nil
}
