package salesforcetest

import (
	"net/http"
	"strings"

	"github.com/orglink/orglink/salesforce/salesforcetest/internal/engine"
	"github.com/orglink/orglink/salesforce/sobject"
	"github.com/orglink/orglink/salesforce/soql"
)

// store is what handlers read and write through: the org itself, or the
// transaction of a composite request.
type store interface {
	Insert(object string, recs []sobject.Record, opt engine.WriteOptions) ([]engine.Outcome, error)
	Update(object string, recs []sobject.Record, opt engine.WriteOptions) ([]engine.Outcome, error)
	Upsert(object, keyField string, recs []sobject.Record, opt engine.WriteOptions) ([]engine.Outcome, error)
	Delete(ids []sobject.ID, opt engine.WriteOptions) ([]engine.Outcome, error)
	Get(object string, id sobject.ID, fields []string) (*engine.Result, error)
	GetByKey(object, field, value string, fields []string) (*engine.Result, error)
	QueryText(text string, opt engine.QueryOptions) (*engine.Result, error)
}

// bound is the org as one user.
type bound struct {
	org *engine.Org
	as  engine.Session
}

func (b bound) Insert(object string, recs []sobject.Record, opt engine.WriteOptions) ([]engine.Outcome, error) {
	return b.org.Insert(b.as, object, recs, opt)
}

func (b bound) Update(object string, recs []sobject.Record, opt engine.WriteOptions) ([]engine.Outcome, error) {
	return b.org.Update(b.as, object, recs, opt)
}

func (b bound) Upsert(object, keyField string, recs []sobject.Record, opt engine.WriteOptions) ([]engine.Outcome, error) {
	return b.org.Upsert(b.as, object, keyField, recs, opt)
}

func (b bound) Delete(ids []sobject.ID, opt engine.WriteOptions) ([]engine.Outcome, error) {
	return b.org.Delete(b.as, ids, opt)
}

func (b bound) Get(object string, id sobject.ID, fields []string) (*engine.Result, error) {
	return b.org.Get(b.as, object, id, fields)
}

func (b bound) GetByKey(object, field, value string, fields []string) (*engine.Result, error) {
	return b.org.GetByKey(b.as, object, field, value, fields)
}

func (b bound) QueryText(text string, opt engine.QueryOptions) (*engine.Result, error) {
	return b.org.QueryText(b.as, text, opt)
}

// transaction is an open transaction as a store.
type transaction struct {
	*engine.Tx
	org *engine.Org
}

func (t transaction) Delete(ids []sobject.ID, opt engine.WriteOptions) ([]engine.Outcome, error) {
	return t.Tx.Delete(ids, opt), nil
}

func (t transaction) QueryText(text string, opt engine.QueryOptions) (*engine.Result, error) {
	q, err := soql.Parse(text)
	if err != nil {
		// The org words a syntax error before it takes any lock.
		return t.org.QueryText(engine.Session{}, text, opt)
	}
	opt.Text = text
	return t.Query(q, opt)
}

func (t transaction) GetByKey(object, field, value string, fields []string) (*engine.Result, error) {
	res, err := t.Query(&soql.Query{
		Fields: []soql.SelectItem{soql.FieldItem{Path: "Id"}}, Object: object,
		Filter: soql.Comparison{Left: soql.Path(field), Op: soql.OpEq, Value: soql.Value{Kind: soql.StringLiteral, Text: value}},
	}, engine.QueryOptions{})
	switch {
	case err != nil || res.Len() == 0:
		return nil, &engine.Error{Status: http.StatusNotFound, Code: "NOT_FOUND", Message: "The requested resource does not exist"}
	case res.Len() > 1:
		return nil, &engine.Error{Status: http.StatusMultipleChoices, Matches: res.IDs(0, res.Len())}
	}
	return t.Get(object, res.IDs(0, 1)[0], fields)
}

// schema is what a request needs to know of the objects its user may see. It
// is read before a transaction is opened, because inside of one only the
// transaction may be used.
type schema struct {
	objects  map[string]engine.Object // by lower-case name
	prefixes map[string]string
}

func (s *Server) schemaFor(as engine.Session) *schema {
	out := &schema{objects: map[string]engine.Object{}, prefixes: map[string]string{}}
	for _, name := range s.org.Objects(as) {
		if o, ok := s.org.Object(name); ok {
			out.objects[strings.ToLower(name)] = o
			out.prefixes[o.KeyPrefix] = name
		}
	}
	return out
}

// visible finds an object that the user may see, by its name in any case.
func (c *call) visible(name string) (engine.Object, bool) {
	if c.schema != nil {
		o, ok := c.schema.objects[strings.ToLower(name)]
		return o, ok
	}
	name, ok := c.s.org.CanonicalObject(c.user, name)
	if !ok {
		return engine.Object{}, false
	}
	return c.s.org.Object(name)
}

// data is where this call reads and writes.
func (c *call) data() store {
	if c.tx != nil {
		return transaction{c.tx, c.s.org}
	}
	return bound{c.s.org, c.user}
}
