package salesforce

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/orglink/orglink/salesforce/sobject"
)

// Limits of a composite request.
const (
	compositeSteps = 25
	compositeHeavy = 5
)

// Composite is up to 25 requests that travel in one call, of which at most 5
// are queries or collections. Later ones may use the answers of earlier ones:
//
//	var b salesforce.Composite
//	acme := b.Create(account)
//	b.Create(contact, salesforce.Link{Field: "AccountId", To: acme.ID()})
//	result, err := client.Composite(ctx, &b)
//
// See Steps for its rules. It counts as one call.
type Composite struct {
	Steps
	// Options apply to every step that writes. With AllOrNone one failure
	// undoes all of them, rows of collections included.
	Options WriteOptions
	// KeepOrder carries out the steps in the order given. By default
	// Salesforce may combine and reorder steps that do not refer to each
	// other, which is faster and changes the order in which triggers run.
	KeepOrder bool
}

// Get reads a record: the given fields, or all that the user may see.
func (b *Composite) Get(object string, id sobject.ID, fields ...string) Ref {
	path, err := recordPath(object, id)
	return b.add(step{operation: "get", object: object, method: http.MethodGet, path: withFields(path, fields), kind: oneRecord}, err)
}

// GetOf reads the record that an earlier step's answer names.
func (b *Composite) GetOf(object string, id Expr, fields ...string) Ref {
	path, err := b.pathOf(object, id)
	return b.add(step{operation: "get", object: object, method: http.MethodGet, path: withFields(path, fields), kind: oneRecord, uses: []int{id.ref.at}}, err)
}

func withFields(path string, fields []string) string {
	if len(fields) == 0 {
		return path
	}
	return path + "?fields=" + url.QueryEscape(strings.Join(fields, ","))
}

// Query runs SOQL of which one page, of up to 2000 rows, is answered. uses
// lists the references that stand in its text, as Expr.String writes them; an
// unlisted "@{" is refused.
func (b *Composite) Query(soql string, uses ...Expr) Ref { return b.query("query", soql, uses) }

// QueryAll is Query with deleted and archived records.
func (b *Composite) QueryAll(soql string, uses ...Expr) Ref { return b.query("queryAll", soql, uses) }

func (b *Composite) query(resource, soql string, uses []Expr) Ref {
	st := step{operation: resource, method: http.MethodGet, kind: queryPage}
	at := len(b.steps)
	for _, e := range uses {
		b.wrong(at, st, b.check(e))
		st.uses = append(st.uses, e.ref.at)
	}
	text, rest := "", soql
next:
	for {
		i := strings.Index(rest, "@{")
		if i < 0 {
			break
		}
		for _, e := range uses {
			if strings.HasPrefix(rest[i:], e.String()) {
				text += url.QueryEscape(rest[:i]) + e.String()
				rest = rest[i+len(e.String()):]
				continue next
			}
		}
		b.wrong(at, st, fmt.Errorf("the query holds %q, which is none of its references", clip(rest[i:], 20)))
		break
	}
	st.path = resource + "?q=" + text + url.QueryEscape(rest)
	return b.add(st)
}

// CreateAll inserts up to 200 records in one step, all or none if asked or if
// the whole request is.
func (b *Composite) CreateAll(recs []sobject.Record, allOrNone bool) Ref {
	return b.rows("collections.create", http.MethodPost, "composite/sobjects", recs, allOrNone)
}

// UpdateAll changes up to 200 records, each of which has its Id, in one step.
func (b *Composite) UpdateAll(recs []sobject.Record, allOrNone bool) Ref {
	return b.rows("collections.update", http.MethodPatch, "composite/sobjects", recs, allOrNone)
}

// UpsertAll updates or creates up to 200 records of one object by an external
// id field that they hold, in one step.
func (b *Composite) UpsertAll(object, extField string, recs []sobject.Record, allOrNone bool) Ref {
	path := "composite/sobjects/" + url.PathEscape(object) + "/" + url.PathEscape(extField)
	return b.rows("collections.upsert", http.MethodPatch, path, recs, allOrNone)
}

func (b *Composite) rows(operation, method, path string, recs []sobject.Record, allOrNone bool) Ref {
	st := step{operation: operation, method: method, path: path, kind: rowResults, write: true, rows: len(recs)}
	body, n, err := collectionBody(recs, allOrNone || b.Options.AllOrNone)
	if err == nil && (n == 0 || n < len(recs)) {
		err = fmt.Errorf("%d records: a step takes 1 to %d of them and %d bytes, with at most %d changes of object", len(recs), CollectionSize, collectionBytes, collectionTypes)
	}
	if err != nil {
		return b.add(st, err)
	}
	st.object, st.body = recs[0].Object(), body
	return b.add(st, err, noReference(body))
}

// Request adds any other request. path is below /services/data/vXX.X/; body is
// encoded as JSON, nil for none; both may hold references. header must not
// hold Accept, Authorization or Content-Type.
func (b *Composite) Request(method, path string, body any, header http.Header) Ref {
	st := step{operation: strings.ToLower(method) + " " + path, method: method, path: strings.TrimPrefix(path, "/"), write: method != http.MethodGet}
	var err error
	if body != nil {
		st.body, err = json.Marshal(body)
	}
	for name, values := range header {
		switch name = http.CanonicalHeaderKey(name); name {
		case "Accept", "Authorization", "Content-Type":
			err = errors.Join(err, fmt.Errorf("the header %s cannot be sent with a step", name))
		}
		if st.header == nil {
			st.header = map[string]string{}
		}
		st.header[name] = strings.Join(values, ", ")
	}
	return b.add(st, err)
}

// heavy reports whether a step is one of the five kinds that Salesforce allows
// only five of.
func (st *step) heavy() bool {
	return strings.HasPrefix(st.path, "query") || strings.HasPrefix(st.path, "composite/sobjects")
}

func (b *Composite) problems() error {
	errs := append([]error(nil), b.errs...)
	if n := len(b.steps); n == 0 || n > compositeSteps {
		errs = append(errs, fmt.Errorf("%d steps: a composite request takes 1 to %d", n, compositeSteps))
	}
	heavy := 0
	for i := range b.steps {
		if b.steps[i].heavy() {
			heavy++
		}
	}
	if heavy > compositeHeavy {
		errs = append(errs, fmt.Errorf("%d queries and collections: a composite request takes at most %d", heavy, compositeHeavy))
	}
	return errors.Join(errs...)
}

// wireStep is a step as it is sent.
type wireStep struct {
	Method      string            `json:"method"`
	URL         string            `json:"url"`
	ReferenceID string            `json:"referenceId"`
	Body        json.RawMessage   `json:"body,omitempty"`
	HTTPHeaders map[string]string `json:"httpHeaders,omitempty"`
}

func (s *Steps) wire(base string, opts WriteOptions) []wireStep {
	out := make([]wireStep, len(s.steps))
	for i := range s.steps {
		st := &s.steps[i]
		out[i] = wireStep{Method: st.method, URL: base + "/" + st.path, ReferenceID: Ref{s, i}.name(), Body: st.body, HTTPHeaders: st.headers(opts)}
	}
	return out
}

// Composite sends a composite request. The error is that of a request which
// failed as a whole, or that did not answer every step; what became of each
// step is in the result, and its Err tells whether all went well. A request
// that writes is not repeated when its answer is lost.
func (c *Client) Composite(ctx context.Context, b *Composite) (*CompositeResult, error) {
	if err := b.problems(); err != nil {
		return nil, fmt.Errorf("salesforce: composite: nothing was sent: %w", err)
	}
	reads := true
	for i := range b.steps {
		reads = reads && !b.steps[i].write
	}
	req := struct {
		AllOrNone bool       `json:"allOrNone"`
		Collate   bool       `json:"collateSubrequests"`
		Steps     []wireStep `json:"compositeRequest"`
	}{b.Options.AllOrNone, !b.KeepOrder, b.wire(c.base, b.Options)}
	var out wireResults
	_, err := c.call(ctx, Request{Method: http.MethodPost, Path: "composite", JSON: req, Header: b.Options.header(),
		Operation: "composite", Idempotent: reads}, &out)
	if err != nil {
		return nil, err
	}
	result, err := out.match(&b.Steps)
	if err != nil {
		return nil, fmt.Errorf("salesforce: composite: %w", err)
	}
	if b.Options.AllOrNone && result.anyFailed() {
		result.rollBack()
	}
	return result, nil
}
