package salesforce

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/orglink/orglink/salesforce/sobject"
)

// Limits of a tree.
const (
	treeRecords = 200
	treeTypes   = 5
	treeLevels  = 5
)

// TreeNode is a record to be created with records below it.
type TreeNode struct {
	Record sobject.Record
	// Children are records below it, by child relationships.
	Children []TreeChildren
}

// TreeChildren are the records of one child relationship.
type TreeChildren struct {
	// Relationship is the name of the children at their parent: Contacts.
	Relationship string
	Nodes        []TreeNode
}

// CreateTree creates records of one object with records below them, up to 200
// of up to 5 objects on up to 5 levels, all or none. There is one outcome for
// each record, in the order in which a reader meets them: a record, then its
// children with their own, then the next record. When one is refused, the
// outcomes of the others are ErrRolledBack and the error is that of the
// request, an *Error. Nothing is repeated when the answer is lost.
func (c *Client) CreateTree(ctx context.Context, object string, roots []TreeNode, opts WriteOptions) ([]Outcome, error) {
	t := treeWriter{types: map[string]bool{}}
	t.nodes(object, roots, 1)
	if t.count == 0 || t.count > treeRecords {
		t.errs = append(t.errs, fmt.Errorf("%d records: a tree takes 1 to %d", t.count, treeRecords))
	}
	if len(t.types) > treeTypes {
		t.errs = append(t.errs, fmt.Errorf("%d objects: a tree takes at most %d", len(t.types), treeTypes))
	}
	outcomes := make([]Outcome, t.count)
	if err := errors.Join(t.errs...); err != nil {
		return outcomes, fmt.Errorf("salesforce: tree %s: nothing was sent: %w", object, err)
	}
	var out struct {
		HasErrors *bool `json:"hasErrors"`
		Results   []struct {
			ReferenceID string `json:"referenceId"`
			ID          string `json:"id"`
		} `json:"results"`
	}
	_, err := c.call(ctx, Request{Method: http.MethodPost, Path: "composite/tree/" + url.PathEscape(object), Body: t.body.Bytes(),
		Header: opts.header(), Operation: "tree", Object: object}, &out)
	arrived := err == nil || mayHaveArrived(err)
	var refused *Error
	if errors.As(err, &refused) && refused.refuses() {
		arrived = true // unless it is of the request as a whole
	}
	for i := range outcomes {
		outcomes[i].Sent = arrived
	}
	if refused != nil && refused.refuses() {
		t.refused(refused, outcomes)
	}
	if err != nil {
		return outcomes, err
	}
	if out.HasErrors == nil || *out.HasErrors || len(out.Results) != len(outcomes) {
		return outcomes, fmt.Errorf("salesforce: tree %s: %d results for %d records: %w", object, len(out.Results), len(outcomes), ErrIncomplete)
	}
	for _, r := range out.Results {
		at, ok := t.place(r.ReferenceID)
		id, idErr := sobject.ParseID(r.ID)
		if !ok || outcomes[at].Success || idErr != nil {
			return outcomes, fmt.Errorf("salesforce: tree %s: the result of %q is about no record, twice about one, or has no id: %w", object, r.ReferenceID, ErrIncomplete)
		}
		outcomes[at] = Outcome{ID: id, Success: true, Created: true, Sent: true}
	}
	return outcomes, nil
}

// treeWriter writes the body of a tree and counts.
type treeWriter struct {
	body  bytes.Buffer
	count int
	types map[string]bool
	errs  []error
}

func (t *treeWriter) nodes(object string, nodes []TreeNode, level int) {
	if level > treeLevels {
		t.errs = append(t.errs, fmt.Errorf("more than %d levels", treeLevels))
		return
	}
	t.body.WriteString(`{"records":[`)
	for i, n := range nodes {
		if i > 0 {
			t.body.WriteByte(',')
		}
		if object == "" { // of children, the first says which
			object = n.Record.Object()
		}
		if n.Record.Object() == "" || n.Record.Object() != object {
			t.errs = append(t.errs, fmt.Errorf("record %d is of %q among records of %q", t.count, n.Record.Object(), object))
		}
		t.types[n.Record.Object()] = true
		t.node(n, level)
	}
	t.body.WriteString("]}")
}

func (t *treeWriter) node(n TreeNode, level int) {
	fields, err := recordBody(n.Record)
	if err != nil {
		t.errs = append(t.errs, fmt.Errorf("record %d: %w", t.count, err))
		fields = []byte("{}")
	}
	object, _ := json.Marshal(n.Record.Object())
	fmt.Fprintf(&t.body, `{"attributes":{"type":%s,"referenceId":"r%d"}`, object, t.count)
	t.count++
	if inner := bytes.TrimSuffix(bytes.TrimPrefix(fields, []byte("{")), []byte("}")); len(inner) > 0 {
		t.body.WriteByte(',')
		t.body.Write(inner)
	}
	var taken []string
	for _, children := range n.Children {
		if children.Relationship == "" || slices.Contains(taken, children.Relationship) {
			t.errs = append(t.errs, fmt.Errorf("the relationship %q of record %d is not named or named twice", children.Relationship, t.count-1))
		}
		taken = append(taken, children.Relationship)
		if len(children.Nodes) == 0 {
			continue
		}
		name, _ := json.Marshal(children.Relationship)
		t.body.WriteByte(',')
		t.body.Write(name)
		t.body.WriteByte(':')
		t.nodes("", children.Nodes, level+1)
	}
	t.body.WriteByte('}')
}

// place reads the number out of a reference id.
func (t *treeWriter) place(ref string) (int, bool) {
	if len(ref) < 2 || ref[0] != 'r' {
		return 0, false
	}
	n, err := strconv.Atoi(ref[1:])
	return n, err == nil && n >= 0 && n < t.count
}

// refused spreads a refusal over the records: those it names have their own
// reasons, the others were undone. A refusal that names none was of the
// request, and no record was looked at.
func (t *treeWriter) refused(e *Error, outcomes []Outcome) {
	named := false
	for _, d := range e.Details {
		if at, ok := t.place(d.Reference); ok {
			outcomes[at].Errors = append(outcomes[at].Errors, d)
			named = true
		}
	}
	for i := range outcomes {
		switch {
		case !named:
			outcomes[i].Sent = false
		case len(outcomes[i].Errors) == 0:
			outcomes[i].Errors = []ErrorDetail{{Code: rolledBack, Message: "undone, because another record of the tree was refused"}}
		}
	}
}
