package salesforce

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/orglink/orglink/salesforce/sobject"
)

// Steps are writes of single records that travel in one request and may use
// what earlier ones of them answered. Composite and Graph are made of them.
// The zero Steps is empty and ready for use; it is not safe for concurrent use.
//
// Each method adds a step and returns a Ref to it. What is wrong with a step is
// reported when the request is to be sent, and nothing is sent then. Text that
// Salesforce would take for a reference ("@{") is refused in the fields of
// records, so that a customer's data is never read as one; references come from
// a Link alone.
type Steps struct {
	steps []step
	errs  []error
}

// step is one request within another.
type step struct {
	operation, object string
	method            string
	path              string // below /services/data/vXX.X/, may hold references
	body              json.RawMessage
	header            map[string]string
	uses              []int // the steps that it refers to
	id                sobject.ID
	kind              answerKind
	write             bool
	rows              int // of a collection
}

// answerKind is what a successful answer to a step holds.
type answerKind uint8

const (
	anything answerKind = iota
	saveResult
	noBody
	oneRecord
	queryPage
	rowResults
)

// Ref stands for a step and for its answer.
type Ref struct {
	of *Steps
	at int
}

// Expr is a value that Salesforce takes out of an earlier step's answer.
type Expr struct {
	ref  Ref
	path string
}

// String returns the reference as it stands in a request: @{r0.id}.
func (e Expr) String() string { return "@{" + e.ref.name() + "." + e.path + "}" }

func (r Ref) name() string { return "r" + strconv.Itoa(r.at) }

// ID is the id of the record that a step creates, upserts or reads. An update
// and a deletion answer nothing, and have none.
func (r Ref) ID() Expr {
	if r.of != nil && r.of.steps[r.at].kind == oneRecord {
		return Expr{r, "Id"} // the answer to a read spells it so
	}
	return Expr{r, "id"}
}

// Field is a value of a step's answer by its path there, which is matched
// letter by letter: "records[0].Id", "BillingAddress.city".
func (r Ref) Field(path string) Expr { return Expr{r, path} }

// Link sets a field of a record to a value of an earlier step.
type Link struct {
	Field string
	To    Expr
}

// Create inserts a record.
func (s *Steps) Create(rec sobject.Record, links ...Link) Ref {
	st := step{operation: "create", object: rec.Object(), method: http.MethodPost, path: "sobjects/" + url.PathEscape(rec.Object()), kind: saveResult, write: true}
	return s.add(s.withBody(st, rec, links))
}

// Update changes a record. An Id in rec is left out.
func (s *Steps) Update(id sobject.ID, rec sobject.Record, links ...Link) Ref {
	path, err := recordPath(rec.Object(), id)
	st := step{operation: "update", object: rec.Object(), method: http.MethodPatch, path: path, kind: noBody, write: true, id: canonical(id)}
	return s.add(s.withBody(st, rec, links, "Id"), err)
}

// UpdateOf changes the record that an earlier step's answer names.
func (s *Steps) UpdateOf(id Expr, rec sobject.Record, links ...Link) Ref {
	path, err := s.pathOf(rec.Object(), id)
	st := step{operation: "update", object: rec.Object(), method: http.MethodPatch, path: path, kind: noBody, write: true, uses: []int{id.ref.at}}
	return s.add(s.withBody(st, rec, links, "Id"), err)
}

// Upsert updates or creates the record whose external id has the value. Id and
// the external id field in rec are left out.
func (s *Steps) Upsert(extField, extValue string, rec sobject.Record, links ...Link) Ref {
	var err error
	if extField == "" || extValue == "" || rec.Object() == "" {
		err = errors.New("the object, the external id field and its value must not be empty")
	} else if strings.Contains(extValue, "@{") {
		err = fmt.Errorf("the value of %s holds @{, which Salesforce would take for a reference", extField)
	}
	st := step{operation: "upsert", object: rec.Object(), method: http.MethodPatch, kind: saveResult, write: true,
		path: "sobjects/" + url.PathEscape(rec.Object()) + "/" + url.PathEscape(extField) + "/" + escapeExternalID(extValue)}
	return s.add(s.withBody(st, rec, links, "Id", extField), err)
}

// Delete moves a record to the recycle bin.
func (s *Steps) Delete(object string, id sobject.ID) Ref {
	path, err := recordPath(object, id)
	return s.add(step{operation: "delete", object: object, method: http.MethodDelete, path: path, kind: noBody, write: true, id: canonical(id)}, err)
}

// DeleteOf deletes the record that an earlier step's answer names.
func (s *Steps) DeleteOf(object string, id Expr) Ref {
	path, err := s.pathOf(object, id)
	return s.add(step{operation: "delete", object: object, method: http.MethodDelete, path: path, kind: noBody, write: true, uses: []int{id.ref.at}}, err)
}

// Len returns the number of steps.
func (s *Steps) Len() int { return len(s.steps) }

// add appends a step and keeps what is wrong with it.
func (s *Steps) add(st step, errs ...error) Ref {
	at := len(s.steps)
	for _, err := range errs {
		s.wrong(at, st, err)
	}
	s.steps = append(s.steps, st)
	return Ref{s, at}
}

func (s *Steps) wrong(at int, st step, err error) {
	if err != nil {
		s.errs = append(s.errs, fmt.Errorf("step %d (%s %s): %w", at, st.operation, st.object, err))
	}
}

// withBody encodes a record and its links.
func (s *Steps) withBody(st step, rec sobject.Record, links []Link, without ...string) step {
	at := len(s.steps)
	for _, l := range links {
		without = append(without, l.Field)
	}
	data, err := recordBody(rec, without...)
	s.wrong(at, st, err)
	s.wrong(at, st, noReference(data))
	st.body = data
	if len(links) == 0 || err != nil {
		return st
	}
	b := bytes.NewBuffer(bytes.TrimSuffix(bytes.Clone(data), []byte("}")))
	for _, l := range links {
		s.wrong(at, st, s.check(l.To))
		if b.Len() > 1 {
			b.WriteByte(',')
		}
		name, _ := json.Marshal(l.Field)
		fmt.Fprintf(b, `%s:"%s"`, name, l.To)
		st.uses = append(st.uses, l.To.ref.at)
	}
	b.WriteByte('}')
	st.body = b.Bytes()
	return st
}

// noReference refuses data that Salesforce would read as a reference.
func noReference(data []byte) error {
	i := bytes.Index(data, []byte("@{"))
	if i < 0 {
		return nil
	}
	return fmt.Errorf("the data holds %q, which Salesforce would take for a reference: write this record with Create or a collection",
		clip(string(data[i:]), 20))
}

// check refuses references that cannot have a value.
func (s *Steps) check(e Expr) error {
	switch {
	case e.ref.of != s:
		return fmt.Errorf("the reference %s is to a step of another request", e)
	case e.ref.at >= len(s.steps):
		return fmt.Errorf("the reference %s is to a later step", e)
	case s.steps[e.ref.at].kind == noBody:
		return fmt.Errorf("the reference %s is to an update or a deletion, which answers nothing", e)
	case e.path == "" || strings.ContainsAny(e.path, "{}\"\\"):
		return fmt.Errorf("the reference path %q is malformed", e.path)
	}
	return nil
}

func (s *Steps) pathOf(object string, id Expr) (string, error) {
	if object == "" {
		return "", errors.New("the object is not named")
	}
	return "sobjects/" + url.PathEscape(object) + "/" + id.String(), s.check(id)
}

// canonical returns an id with 18 characters, or "" for none.
func canonical(id sobject.ID) sobject.ID {
	long, err := sobject.ParseID(string(id))
	if err != nil {
		return ""
	}
	return long
}

// headers are those of a step that writes: the same as of a request by itself.
func (st *step) headers(opts WriteOptions) map[string]string {
	if !st.write {
		return st.header
	}
	out := map[string]string{}
	for name, values := range opts.header() {
		out[name] = values[0]
	}
	for name, v := range st.header {
		out[name] = v
	}
	return out
}
