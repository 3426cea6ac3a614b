package salesforce

import (
	"context"
	"fmt"

	"github.com/orglink/orglink/salesforce/sobject"
)

// complete fetches the further pages of a record's child sets.
func (c *Client) complete(ctx context.Context, rec sobject.Record) (sobject.Record, error) {
	var changed []sobject.Field
	for name, v := range rec.Fields() {
		if parent, ok := v.Record(); ok && parent.Partial() {
			whole, err := c.complete(ctx, parent)
			if err != nil {
				return rec, err
			}
			changed = append(changed, sobject.F(name, sobject.RecordValue(whole)))
			continue
		}
		set, ok := v.Children()
		if !ok || v.IsNull() {
			continue
		}
		whole, err := c.completeSet(ctx, rec.Object()+"."+name, set)
		if err != nil {
			return rec, err
		}
		changed = append(changed, sobject.F(name, sobject.ChildrenValue(whole)))
	}
	return rec.With(changed...), nil
}

func (c *Client) completeSet(ctx context.Context, name string, set sobject.ChildSet) (sobject.ChildSet, error) {
	var records []sobject.Record
	add := func(r sobject.Record) error {
		if r.Partial() {
			var err error
			if r, err = c.complete(ctx, r); err != nil {
				return err
			}
		}
		records = append(records, r)
		return nil
	}
	for _, r := range set.Records {
		if err := add(r); err != nil {
			return set, err
		}
	}
	for next, done := set.NextURL, set.Done; !done; {
		if next == "" || set.TotalSize > 0 && len(records) >= set.TotalSize {
			return set, fmt.Errorf("salesforce: query: children %s: not done after %d of %d: %w", name, len(records), set.TotalSize, ErrIncomplete)
		}
		f := &fetcher{client: c}
		p, err := f.nextPage(ctx, next)
		if err != nil {
			return set, err
		}
		rows := 0
		if _, err := f.eachRecord(ctx, &p, &rows, func(r sobject.Record) bool { records = append(records, r); return true }); err != nil {
			return set, err
		}
		next, done = p.reader.NextURL(), p.reader.Done()
	}
	if set.TotalSize != len(records) {
		return set, fmt.Errorf("salesforce: query: children %s: %d, but the org counted %d: %w", name, len(records), set.TotalSize, ErrIncomplete)
	}
	return sobject.ChildSet{TotalSize: len(records), Done: true, Records: records}, nil
}
