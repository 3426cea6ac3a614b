package salesforce

import (
	"context"
	"fmt"
	"iter"
	"net/url"
	"strings"

	"github.com/orglink/orglink/salesforce/sobject"
)

// GetBy reads the record whose external id has a value: the given fields, or
// all that the user may see. No match is ErrNotFound, several are
// ErrAmbiguousExternalID with Error.Candidates.
func (c *Client) GetBy(ctx context.Context, object, extField, extValue string, fields ...string) (sobject.Record, error) {
	if object == "" || extField == "" || extValue == "" {
		return sobject.Record{}, fmt.Errorf("salesforce: get %s: the object, the external id field and its value must not be empty", object)
	}
	path := "sobjects/" + url.PathEscape(object) + "/" + url.PathEscape(extField) + "/" + escapeExternalID(extValue)
	return c.getRecord(ctx, Request{Path: path, Operation: "get", Object: object}, fields)
}

// Parent reads the record that a relationship of a record leads to, such as
// Owner or Distributor__r, or Account.Parent over several. A relationship that
// is empty is ErrNotFound.
func (c *Client) Parent(ctx context.Context, object string, id sobject.ID, relationship string, fields ...string) (sobject.Record, error) {
	path, err := relationshipPath(object, id, relationship)
	if err != nil {
		return sobject.Record{}, err
	}
	return c.getRecord(ctx, Request{Path: path, Operation: "get.parent", Object: object}, fields)
}

// Children reads the records that a child relationship of a record holds, such
// as Contacts, page after page: the given fields, or all that the user may
// see. It keeps the rules of Query.
func (c *Client) Children(ctx context.Context, object string, id sobject.ID, relationship string, fields ...string) iter.Seq2[sobject.Record, error] {
	return func(yield func(sobject.Record, error) bool) {
		path, err := relationshipPath(object, id, relationship)
		if err != nil {
			yield(sobject.Record{}, err)
			return
		}
		req := Request{Path: path, Query: fieldsQuery(fields), Operation: "get.children", Object: object}
		c.eachPage(ctx, req, yield)
	}
}

func (c *Client) getRecord(ctx context.Context, req Request, fields []string) (sobject.Record, error) {
	req.Query = fieldsQuery(fields)
	var rec sobject.Record
	if err := c.read(ctx, req, &rec); err != nil {
		return sobject.Record{}, err
	}
	if rec.Object() == "" {
		return sobject.Record{}, fmt.Errorf("salesforce: %s: the answer is no record: %w", req.what(), ErrIncomplete)
	}
	return rec, nil
}

func fieldsQuery(fields []string) url.Values {
	if len(fields) == 0 {
		return nil
	}
	return url.Values{"fields": {strings.Join(fields, ",")}}
}

// relationshipPath makes the address of REST's "friendly URLs".
func relationshipPath(object string, id sobject.ID, relationship string) (string, error) {
	path, err := recordPath(object, id)
	if err != nil {
		return "", err
	}
	for name := range strings.SplitSeq(relationship, ".") {
		if name == "" {
			return "", fmt.Errorf("salesforce: %s %s: relationship %q is not a name or names joined by dots", object, id, relationship)
		}
		path += "/" + url.PathEscape(name)
	}
	return path, nil
}

// recordPage is a page of records, decoded whole: for the small results of
// other resources than query.
type recordPage struct {
	TotalSize int              `json:"totalSize"`
	Done      *bool            `json:"done"`
	Next      string           `json:"nextRecordsUrl"`
	Records   []sobject.Record `json:"records"`
}

// eachPage passes on the records of a resource that answers in pages, and then
// the first error.
func (c *Client) eachPage(ctx context.Context, req Request, yield func(sobject.Record, error) bool) {
	rows := 0
	fail := func(err error) { yield(sobject.Record{}, err) }
	for {
		var page recordPage
		if err := c.read(ctx, req, &page); err != nil {
			fail(err)
			return
		}
		for _, rec := range page.Records {
			if rec.Partial() {
				whole, err := c.complete(ctx, rec)
				if err != nil {
					fail(err)
					return
				}
				rec = whole
			}
			if rows++; !yield(rec, nil) {
				return
			}
		}
		switch {
		case page.Done == nil || !*page.Done && page.Next == "":
			fail(fmt.Errorf("salesforce: %s: page without done and without nextRecordsUrl after %d rows: %w", req.what(), rows, ErrIncomplete))
			return
		case *page.Done && rows != page.TotalSize:
			fail(fmt.Errorf("salesforce: %s: %d rows, but the org counted %d: %w", req.what(), rows, page.TotalSize, ErrIncomplete))
			return
		case *page.Done:
			return
		case rows >= page.TotalSize:
			fail(fmt.Errorf("salesforce: %s: further pages after all %d rows: %w", req.what(), rows, ErrIncomplete))
			return
		}
		req.Path, req.Query = page.Next, nil
	}
}
