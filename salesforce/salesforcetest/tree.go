package salesforcetest

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/orglink/orglink/salesforce/salesforcetest/internal/engine"
	"github.com/orglink/orglink/salesforce/sobject"
)

// node is one record of a tree, with the field that points to its parent.
type node struct {
	object, ref, parentField string
	rec                      sobject.Record
	children                 []*node
}

type treeResult struct {
	ReferenceID string    `json:"referenceId"`
	ID          string    `json:"id,omitempty"`
	Errors      []rowFail `json:"errors,omitempty"`
}

type treeAnswer struct {
	HasErrors bool         `json:"hasErrors"`
	Results   []treeResult `json:"results"`
}

const maxTree = 200

// tree creates records with their children, all or nothing.
func (c *call) tree() answer {
	o, refused := c.object()
	if refused != nil {
		return *refused
	}
	var req struct {
		Records []json.RawMessage `json:"records"`
	}
	if refused := c.decode(&req); refused != nil {
		return *refused
	}
	t := treeReader{c: c, refs: map[string]bool{}}
	var roots []*node
	for _, raw := range req.Records {
		n, refused := t.read(o.Name, "", raw, 1)
		if refused != nil {
			return *refused
		}
		roots = append(roots, n)
	}
	if len(roots) == 0 {
		return failure(http.StatusBadRequest, "REQUIRED_FIELD_MISSING", "At least 1 record is required")
	}
	var done, failed []treeResult
	err := c.s.org.Transact(c.user, func(tx *engine.Tx) error {
		if err := insertNodes(tx, roots, "", c.writeOptions(false), &done, &failed); err != nil {
			return err
		}
		if len(failed) > 0 {
			return errRollback
		}
		return nil
	})
	switch {
	case errors.Is(err, errRollback):
		return jsonAnswer(http.StatusBadRequest, treeAnswer{true, failed})
	case err != nil:
		return c.refusal(err)
	}
	return jsonAnswer(http.StatusCreated, treeAnswer{false, done})
}

func insertNodes(tx *engine.Tx, nodes []*node, parent sobject.ID, opt engine.WriteOptions, done, failed *[]treeResult) error {
	for _, n := range nodes {
		rec := n.rec
		if parent != "" {
			rec = rec.With(sobject.F(n.parentField, sobject.IDValue(parent)))
		}
		out, err := tx.Insert(n.object, []sobject.Record{rec}, opt)
		if err != nil {
			return err
		}
		if !out[0].Success {
			*failed = append(*failed, treeResult{ReferenceID: n.ref, Errors: resultOf(out[0], false).Errors})
			continue
		}
		*done = append(*done, treeResult{ReferenceID: n.ref, ID: string(out[0].ID)})
		if err := insertNodes(tx, n.children, out[0].ID, opt, done, failed); err != nil {
			return err
		}
	}
	return nil
}

type treeReader struct {
	c    *call
	refs map[string]bool
}

// read takes one record apart: its own fields, and children under the names of
// child relationships.
func (t *treeReader) read(object, parentField string, raw json.RawMessage, depth int) (*node, *answer) {
	bad := func(code, message string) (*node, *answer) {
		a := failure(http.StatusBadRequest, code, message)
		return nil, &a
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(raw, &fields); err != nil {
		a := syntaxAnswer(raw, err)
		return nil, &a
	}
	var attributes struct {
		ReferenceID string `json:"referenceId"`
	}
	_ = json.Unmarshal(fields["attributes"], &attributes)
	switch {
	case attributes.ReferenceID == "":
		return bad("INVALID_INPUT", "Include a reference ID for each record in the request.")
	case t.refs[attributes.ReferenceID]:
		return bad("INVALID_INPUT", "Duplicate ReferenceId provided in the request.")
	case len(t.refs) >= maxTree:
		return bad("INVALID_INPUT", "The request exceeds the maximum of 200 records.")
	case depth > 5:
		return bad("INVALID_INPUT", "The request exceeds the maximum depth of 5 levels.")
	}
	t.refs[attributes.ReferenceID] = true
	n := &node{object: object, ref: attributes.ReferenceID, parentField: parentField}
	own := map[string]json.RawMessage{}
	for name, value := range fields {
		var nested struct {
			Records []json.RawMessage `json:"records"`
		}
		if len(value) == 0 || value[0] != '{' || json.Unmarshal(value, &nested) != nil || nested.Records == nil {
			own[name] = value
			continue
		}
		child, field, ok := t.c.childOf(object, name)
		if !ok {
			return bad("INVALID_FIELD", "No such relation '"+name+"' on entity '"+object+"'.")
		}
		for _, record := range nested.Records {
			kid, refused := t.read(child, field, record, depth+1)
			if refused != nil {
				return nil, refused
			}
			n.children = append(n.children, kid)
		}
	}
	rec, err := engine.ParseRecord(object, encode(own))
	if err != nil {
		a := t.c.refusal(err)
		return nil, &a
	}
	n.rec = rec
	return n, nil
}

// childOf finds the object and the field behind a child relationship.
func (c *call) childOf(object, relationship string) (child, field string, ok bool) {
	for _, name := range c.s.org.Objects(c.user) {
		o, _ := c.s.org.Object(name)
		for _, f := range o.Fields {
			if f.ChildRelationshipName == "" || !strings.EqualFold(f.ChildRelationshipName, relationship) {
				continue
			}
			for _, target := range f.ReferenceTo {
				if strings.EqualFold(target, object) {
					return name, f.Name, true
				}
			}
		}
	}
	return "", "", false
}
