package exporter

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/orglink/orglink/mapping"
	"github.com/orglink/orglink/salesforce/sobject"
)

// Ref fills a lookup with the record that another row of the host became, such
// as WhatId with the account of a company. Where that row has not been exported
// yet, the one that points to it waits: parents go before children. Several
// Refs of one field make it polymorphic: the first whose value the row holds
// counts.
type Ref struct {
	// Host is the row's field with the key, or with a list of them in
	// Activities.Attendees.
	Host string
	// Salesforce is the lookup, such as WhatId.
	Salesforce string
	// Of is the name under which the other row is exported. Defaults to "":
	// the value is the id of a record.
	Of string
}

// CodeParent is the reason of a row that waits for the record it points to.
const CodeParent = "ORGLINK_PARENT_MISSING"

func checkRefs(refs []Ref) error {
	for _, r := range refs {
		if r.Host == "" || r.Salesforce == "" {
			return fmt.Errorf("Refs: %+v must name a Host and a Salesforce field", r)
		}
	}
	return nil
}

// resolve fills the lookups of rows, or lets rows wait for their parents.
func (b *records) resolve(ctx context.Context) error {
	if len(b.cfg.Refs) == 0 {
		return nil
	}
	known, err := b.lookRefs(ctx, b.cfg.Refs)
	if err != nil {
		return err
	}
	for _, r := range b.open() {
		r.refs = nil
		if r.entry.Op == Delete {
			continue
		}
		filled := make(map[string]bool)
		for _, ref := range b.cfg.Refs {
			x, set := r.entry.Row[ref.Host]
			keys, err := refKeys(x)
			switch {
			case !set || filled[ref.Salesforce]:
				continue
			case err != nil || len(keys) > 1:
				r.reject(CodeUnmappable, fmt.Sprintf("%s: the row holds no single key in %s", ref.Salesforce, ref.Host), "correct the value in the product", ref.Salesforce)
			case len(keys) == 0:
				continue
			default:
				id, err := known.id(ref, keys[0])
				if err != nil {
					b.waitFor(r, ref, err)
					break
				}
				filled[ref.Salesforce] = true
				r.refs = append(r.refs, sobject.F(ref.Salesforce, sobject.IDValue(id)))
			}
		}
		for _, ref := range b.cfg.Refs { // a nil clears, if nothing else fills
			if x, set := r.entry.Row[ref.Host]; set && x == nil && !filled[ref.Salesforce] {
				filled[ref.Salesforce] = true
				r.refs = append(r.refs, sobject.F(ref.Salesforce, sobject.NullValue()))
			}
		}
	}
	return nil
}

// waitFor lets a row wait for its parent, or rejects it for an id that is none.
func (b *Batch) waitFor(r *Item, ref Ref, err error) {
	if !errors.Is(err, errNoParent) {
		r.reject(CodeUnmappable, ref.Salesforce+": "+err.Error(), "correct the value in the product", ref.Salesforce)
		return
	}
	unsure := r.entry.Unsure
	b.retry(r, later, &Reason{Code: CodeParent, Message: ref.Salesforce + ": " + err.Error(), Fields: []string{ref.Salesforce},
		Remedy: "nothing, when the other row is on its way; export it otherwise"}, unsure)
}

var errNoParent = errors.New("the row that it points to is in no link")

// parents are records by name and key.
type parents map[string]map[string]mapping.Written

func (p parents) id(ref Ref, key string) (sobject.ID, error) {
	if ref.Of == "" {
		return sobject.ParseID(key)
	}
	if w := p[ref.Of][key]; w.Record != "" {
		return w.Record, nil
	}
	return "", fmt.Errorf("%s %q: %w", ref.Of, key, errNoParent)
}

// lookRefs reads the links of everything that the rows point to.
func (b *Batch) lookRefs(ctx context.Context, refs []Ref) (parents, error) {
	keys := make(map[string][]string)
	for _, r := range b.open() {
		for _, ref := range refs {
			list, err := refKeys(r.entry.Row[ref.Host])
			if ref.Of != "" && err == nil {
				keys[ref.Of] = append(keys[ref.Of], list...)
			}
		}
	}
	out := make(parents)
	for name, list := range keys {
		found, err := b.recallOf(ctx, name, list)
		if err != nil {
			return nil, err
		}
		out[name] = found
	}
	return out, nil
}

// refKeys are the keys in a value of a row: a text, or a list of them.
func refKeys(x any) ([]string, error) {
	switch x := x.(type) {
	case nil:
		return nil, nil
	case string:
		if strings.TrimSpace(x) == "" {
			return nil, nil
		}
		return []string{x}, nil
	case []string:
		return x, nil
	case []any:
		var out []string
		for _, v := range x {
			s, ok := v.(string)
			if !ok {
				return nil, fmt.Errorf("%v is no key", v)
			}
			out = append(out, s)
		}
		return out, nil
	}
	return nil, fmt.Errorf("%v is no key", x)
}
