package salesforcetest

import (
	"errors"
	"fmt"
	"sort"
	"time"

	"github.com/orglink/orglink/salesforce/salesforcetest/internal/engine"
	"github.com/orglink/orglink/salesforce/sobject"
)

// Org reads and changes an org's data and schema without HTTP: for arranging
// a test and for looking at what a client did. Nothing of it counts as an API
// call. In a server made with a testing.TB a failure ends the test with the
// caller's line, and the returned error need not be looked at; without one it
// is returned.
type Org struct {
	s  *Server
	as engine.Session
}

// Org returns access to the data as the org's administrator.
func (s *Server) Org() *Org {
	s.settle()
	return &Org{s: s, as: engine.Session{User: s.admin}}
}

// As returns access as another user, with that user's permissions.
func (o *Org) As(username string) *Org {
	o.tb().Helper()
	u, err := o.s.userByName(username)
	if err != nil {
		_ = o.check("As", err)
		return o
	}
	return &Org{s: o.s, as: engine.Session{User: u.id}}
}

// System returns access that may write everything, read-only fields and audit
// fields such as CreatedDate too. Load also takes SystemModstamp.
func (o *Org) System() *Org { return &Org{s: o.s, as: system()} }

// tb is the test that misuse fails; outside of tests, one that does nothing.
// Callers call its Helper themselves, so that the test's line is told.
func (o *Org) tb() interface{ Helper() } {
	if o.s.t != nil {
		return o.s.t
	}
	return noTest{}
}

type noTest struct{}

func (noTest) Helper() {}

// check fails the test, if there is one.
func (o *Org) check(what string, err error) error {
	if err == nil {
		return nil
	}
	err = fmt.Errorf("salesforcetest: Org.%s: %w", what, err)
	if o.s.t != nil {
		o.s.t.Helper()
		o.s.t.Fatal(err)
	}
	return err
}

// Fields are a record's fields by API name. Values are nil, string, bool, any
// int or float, time.Time, sobject.Date, sobject.ID or sobject.Value.
type Fields map[string]any

func (f Fields) record(object string) (sobject.Record, error) {
	names := make([]string, 0, len(f))
	for n := range f {
		names = append(names, n)
	}
	sort.Strings(names)
	fields := make([]sobject.Field, 0, len(f))
	for _, n := range names {
		v, err := valueOf(f[n])
		if err != nil {
			return sobject.Record{}, fmt.Errorf("%s.%s: %w", object, n, err)
		}
		fields = append(fields, sobject.F(n, v))
	}
	return sobject.NewRecord(object, fields...), nil
}

func valueOf(v any) (sobject.Value, error) {
	switch v := v.(type) {
	case nil:
		return sobject.NullValue(), nil
	case sobject.Value:
		return v, nil
	case string:
		return sobject.TextValue(v), nil
	case bool:
		return sobject.BoolValue(v), nil
	case int:
		return sobject.IntValue(int64(v)), nil
	case int32:
		return sobject.IntValue(int64(v)), nil
	case int64:
		return sobject.IntValue(v), nil
	case float32:
		return sobject.FloatValue(float64(v)), nil
	case float64:
		return sobject.FloatValue(v), nil
	case time.Time:
		return sobject.DateTimeValue(v), nil
	case sobject.Date:
		return sobject.DateValue(v), nil
	case sobject.ID:
		return sobject.IDValue(v), nil
	default:
		return sobject.Value{}, fmt.Errorf("a %T is no value of a field", v)
	}
}

// outcomeErrors joins the reasons why records were refused.
func outcomeErrors(outs []engine.Outcome) error {
	var errs []error
	for i, out := range outs {
		for _, e := range out.Errors {
			errs = append(errs, fmt.Errorf("record %d: %s: %s", i, e.Code, e.Message))
		}
	}
	return errors.Join(errs...)
}

// Create inserts one record and returns its id.
func (o *Org) Create(object string, fields Fields) (sobject.ID, error) {
	o.tb().Helper()
	rec, err := fields.record(object)
	if err != nil {
		return "", o.check("Create", err)
	}
	ids, err := o.insert(object, []sobject.Record{rec})
	if err != nil {
		return "", o.check("Create "+object, err)
	}
	return ids[0], nil
}

// Insert inserts records of one object in one transaction: all or none.
func (o *Org) Insert(object string, recs ...sobject.Record) ([]sobject.ID, error) {
	o.tb().Helper()
	ids, err := o.insert(object, recs)
	return ids, o.check("Insert "+object, err)
}

func (o *Org) insert(object string, recs []sobject.Record) ([]sobject.ID, error) {
	outs, err := o.s.org.Insert(o.as, object, recs, engine.WriteOptions{AllOrNone: true})
	if err == nil {
		err = outcomeErrors(outs)
	}
	if err != nil {
		return nil, err
	}
	ids := make([]sobject.ID, len(outs))
	for i, out := range outs {
		ids[i] = out.ID
	}
	return ids, nil
}

// Load stores records of one object as if they had been there for a while:
// unlike Insert it takes SystemModstamp, IsDeleted and Id too, and no delay of
// visibility applies. All or none are stored.
func (o *Org) Load(object string, recs ...sobject.Record) ([]sobject.ID, error) {
	o.tb().Helper()
	ids, err := o.s.org.Load(object, recs)
	return ids, o.check("Load "+object, err)
}

// objectOfID finds the object of an id by its prefix.
func (o *Org) objectOfID(id sobject.ID) (string, error) {
	name, ok := o.s.org.ObjectByPrefix(id.Prefix())
	if !ok {
		return "", fmt.Errorf("no object has ids like %q", id)
	}
	return name, nil
}

// Update changes fields of one record.
func (o *Org) Update(id sobject.ID, fields Fields) error {
	o.tb().Helper()
	object, err := o.objectOfID(id)
	if err != nil {
		return o.check("Update", err)
	}
	rec, err := fields.record(object)
	if err != nil {
		return o.check("Update", err)
	}
	outs, err := o.s.org.Update(o.as, object, []sobject.Record{rec.With(sobject.F("Id", sobject.IDValue(id)))}, engine.WriteOptions{})
	if err == nil {
		err = outcomeErrors(outs)
	}
	return o.check(fmt.Sprintf("Update %s %s", object, id), err)
}

// Delete moves records to the recycle bin, all or none.
func (o *Org) Delete(ids ...sobject.ID) error {
	o.tb().Helper()
	outs, err := o.s.org.Delete(o.as, ids, engine.WriteOptions{AllOrNone: true})
	if err == nil {
		err = outcomeErrors(outs)
	}
	return o.check("Delete", err)
}

// HardDelete removes records without a trace, all or none, whatever the user
// may do.
func (o *Org) HardDelete(ids ...sobject.ID) error {
	o.tb().Helper()
	outs, err := o.s.org.HardDelete(system(), ids, engine.WriteOptions{AllOrNone: true})
	if err == nil {
		err = outcomeErrors(outs)
	}
	return o.check("HardDelete", err)
}

// Undelete takes records back from the recycle bin, all or none.
func (o *Org) Undelete(ids ...sobject.ID) error {
	o.tb().Helper()
	outs, err := o.s.org.Undelete(o.as, ids, engine.WriteOptions{AllOrNone: true})
	if err == nil {
		err = outcomeErrors(outs)
	}
	return o.check("Undelete", err)
}

// Merge merges up to two records into a master: they are deleted with
// MasterRecordId set and their children move to the master.
func (o *Org) Merge(master sobject.ID, losers ...sobject.ID) error {
	o.tb().Helper()
	object, err := o.objectOfID(master)
	if err != nil {
		return o.check("Merge", err)
	}
	out, err := o.s.org.Merge(o.as, object, master, losers, sobject.NewRecord(object))
	if err == nil {
		err = outcomeErrors([]engine.Outcome{out})
	}
	return o.check("Merge", err)
}

// Query runs SOQL.
func (o *Org) Query(soql string) ([]sobject.Record, error) {
	o.tb().Helper()
	res, err := o.s.org.QueryText(o.as, soql, engine.QueryOptions{})
	if err != nil {
		return nil, o.check("Query", err)
	}
	return res.Records(), nil
}

// QueryAll runs SOQL over deleted records too.
func (o *Org) QueryAll(soql string) ([]sobject.Record, error) {
	o.tb().Helper()
	res, err := o.s.org.QueryText(o.as, soql, engine.QueryOptions{All: true})
	if err != nil {
		return nil, o.check("QueryAll", err)
	}
	return res.Records(), nil
}

// Count returns the number of rows of a query, or the number that SELECT
// COUNT() tells.
func (o *Org) Count(soql string) (int, error) {
	o.tb().Helper()
	res, err := o.s.org.QueryText(o.as, soql, engine.QueryOptions{})
	if err != nil {
		return 0, o.check("Count", err)
	}
	return res.TotalSize(), nil
}

// Get reads one record; no fields: all.
func (o *Org) Get(id sobject.ID, fields ...string) (sobject.Record, error) {
	o.tb().Helper()
	object, err := o.objectOfID(id)
	if err != nil {
		return sobject.Record{}, o.check("Get", err)
	}
	res, err := o.s.org.Get(o.as, object, id, fields)
	if err != nil {
		return sobject.Record{}, o.check(fmt.Sprintf("Get %s %s", object, id), err)
	}
	return res.Record(0), nil
}

// Now returns the org's time.
func (o *Org) Now() time.Time { return o.s.org.Now() }

// Advance moves the org's clock on: sessions and cursors expire, bulk jobs get
// done, delayed changes become visible.
func (o *Org) Advance(d time.Duration) {
	o.s.clock.advance(max(d, 0))
	o.s.settle()
}
