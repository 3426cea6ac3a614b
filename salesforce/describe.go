package salesforce

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/orglink/orglink/salesforce/sobject"
)

// ObjectSummary is one object of DescribeGlobal.
type ObjectSummary struct {
	Name          string `json:"name"`
	Label         string `json:"label"`
	LabelPlural   string `json:"labelPlural"`
	KeyPrefix     string `json:"keyPrefix"`
	Custom        bool   `json:"custom"`
	CustomSetting bool   `json:"customSetting"`
	Createable    bool   `json:"createable"`
	Updateable    bool   `json:"updateable"`
	Deletable     bool   `json:"deletable"`
	Queryable     bool   `json:"queryable"`
	Replicateable bool   `json:"replicateable"`
	Retrieveable  bool   `json:"retrieveable"`
	Searchable    bool   `json:"searchable"`
	Triggerable   bool   `json:"triggerable"`
}

// DescribeGlobal lists the objects that the user may see. An answer is kept and
// revalidated (Config.Describes); the result is the caller's own.
func (c *Client) DescribeGlobal(ctx context.Context) ([]ObjectSummary, error) {
	type global struct {
		SObjects []ObjectSummary `json:"sobjects"`
	}
	out, err := cachedGet(ctx, c, "", Request{Path: "sobjects", Operation: "describe.global"}, func(g *global) error {
		if g.SObjects == nil {
			return fmt.Errorf("salesforce: describe.global: the answer lists no objects: %w", ErrIncomplete)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return slices.Clone(out.SObjects), nil
}

// Describe tells about one object and the fields of it that the user may see.
// An answer is kept and revalidated by each call (Config.Describes); the result
// is the caller's own.
func (c *Client) Describe(ctx context.Context, object string) (*sobject.Describe, error) {
	if object == "" {
		return nil, errors.New("salesforce: describe: the object is not named")
	}
	out, err := cachedGet(ctx, c, object, Request{Path: describePath(object), Operation: "describe", Object: object}, func(d *sobject.Describe) error {
		if d.Name == "" {
			return fmt.Errorf("salesforce: describe %s: the answer names no object: %w", object, ErrIncomplete)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return deepCopy(out), nil
}

func describePath(object string) string { return "sobjects/" + url.PathEscape(object) + "/describe" }

// describesPerCall is how many describes one composite request carries.
const describesPerCall = 25

// DescribeMany describes objects, 25 a call, and returns them by the names
// asked for. Objects that do not exist, or that the user may not see, are
// absent. Answers are kept and revalidated as those of Describe are.
func (c *Client) DescribeMany(ctx context.Context, objects []string) (map[string]*sobject.Describe, error) {
	out := make(map[string]*sobject.Describe, len(objects))
	wanted := slices.Clone(objects)
	slices.Sort(wanted)
	for chunk := range slices.Chunk(slices.Compact(wanted), describesPerCall) {
		if err := c.describeChunk(ctx, chunk, out); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (c *Client) describeChunk(ctx context.Context, chunk []string, out map[string]*sobject.Describe) error {
	subs, kept := make([]subrequest, len(chunk)), make([]*describeEntry, len(chunk))
	for i, object := range chunk {
		subs[i] = subrequest{Method: http.MethodGet, URL: c.base + "/" + describePath(object), ReferenceID: fmt.Sprintf("d%d", i)}
		cache, key := c.describes(ctx, object)
		if cache == nil {
			continue
		}
		if kept[i] = cache.get(key); kept[i] != nil {
			subs[i].HTTPHeaders = map[string]string{"If-Modified-Since": kept[i].modified}
		}
	}
	results, header, err := c.composite(ctx, Request{Path: "composite", Operation: "describe.many"}, subs)
	if err != nil {
		return err
	}
	for i, r := range results {
		d := new(sobject.Describe)
		switch {
		case r.Status == http.StatusNotModified && kept[i] != nil:
			d = kept[i].value.(*sobject.Describe)
		case r.Status < 200 || r.Status > 299:
			failed := parseError(r.Status, r.Body)
			failed.Operation, failed.Object = "describe", chunk[i]
			if errors.Is(failed, ErrNotFound) || errors.Is(failed, ErrInvalidType) {
				continue
			}
			return failed
		default:
			if err := json.Unmarshal(r.Body, d); err != nil || d.Name == "" {
				return fmt.Errorf("salesforce: describe %s: the answer is malformed: %w", chunk[i], ErrIncomplete)
			}
			if cache, key := c.describes(ctx, chunk[i]); cache != nil {
				cache.put(key, d, r.header("Last-Modified"), header.Get("Date"))
			}
		}
		out[chunk[i]] = deepCopy(d)
	}
	return nil
}

// subrequest is one element of a composite request that only reads.
type subrequest struct {
	Method      string            `json:"method"`
	URL         string            `json:"url"`
	ReferenceID string            `json:"referenceId"`
	HTTPHeaders map[string]string `json:"httpHeaders,omitempty"`
}

type subresponse struct {
	Body        json.RawMessage   `json:"body"`
	HTTPHeaders map[string]string `json:"httpHeaders"`
	Status      int               `json:"httpStatusCode"`
	ReferenceID string            `json:"referenceId"`
}

func (r *subresponse) header(name string) string {
	for have, value := range r.HTTPHeaders {
		if strings.EqualFold(have, name) {
			return value
		}
	}
	return ""
}

type compositeRequest struct {
	AllOrNone bool         `json:"allOrNone"`
	Requests  []subrequest `json:"compositeRequest"`
}

// composite sends subrequests that only read in one call, which req names, and
// returns their answers in the same order, and the headers of the whole.
func (c *Client) composite(ctx context.Context, req Request, subs []subrequest) ([]subresponse, http.Header, error) {
	var out struct {
		Responses []subresponse `json:"compositeResponse"`
	}
	req.Method, req.JSON, req.Idempotent = http.MethodPost, compositeRequest{Requests: subs}, true
	resp, err := c.call(ctx, req, &out)
	if err != nil {
		return nil, nil, err
	}
	ordered := make([]subresponse, len(subs))
	for i, s := range subs {
		at := slices.IndexFunc(out.Responses, func(r subresponse) bool { return strings.EqualFold(r.ReferenceID, s.ReferenceID) })
		if at < 0 {
			return nil, nil, fmt.Errorf("salesforce: %s: no answer to subrequest %s: %w", req.what(), s.ReferenceID, ErrIncomplete)
		}
		ordered[i] = out.Responses[at]
	}
	return ordered, resp.Header, nil
}
