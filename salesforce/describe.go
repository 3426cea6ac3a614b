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

// DescribeGlobal lists the objects that the user may see.
func (c *Client) DescribeGlobal(ctx context.Context) ([]ObjectSummary, error) {
	var out struct {
		SObjects []ObjectSummary `json:"sobjects"`
	}
	_, err := c.call(ctx, Request{Path: "sobjects", Operation: "describe.global"}, &out)
	return out.SObjects, err
}

// Describe tells about one object and the fields of it that the user may see.
func (c *Client) Describe(ctx context.Context, object string) (*sobject.Describe, error) {
	if object == "" {
		return nil, errors.New("salesforce: describe: the object is not named")
	}
	var out sobject.Describe
	_, err := c.call(ctx, Request{Path: describePath(object), Operation: "describe", Object: object}, &out)
	if err != nil {
		return nil, err
	}
	if out.Name == "" {
		return nil, fmt.Errorf("salesforce: describe %s: the answer names no object: %w", object, ErrIncomplete)
	}
	return &out, nil
}

func describePath(object string) string { return "sobjects/" + url.PathEscape(object) + "/describe" }

// describeChunk is how many describes one composite request carries.
const describeChunk = 25

// DescribeMany describes objects, 25 a call, and returns them by the names
// asked for. Objects that do not exist, or that the user may not see, are
// absent.
func (c *Client) DescribeMany(ctx context.Context, objects []string) (map[string]*sobject.Describe, error) {
	out := make(map[string]*sobject.Describe, len(objects))
	wanted := slices.Clone(objects)
	slices.Sort(wanted)
	for chunk := range slices.Chunk(slices.Compact(wanted), describeChunk) {
		subs := make([]subrequest, len(chunk))
		for i, object := range chunk {
			subs[i] = subrequest{Method: http.MethodGet, URL: c.base + "/" + describePath(object), ReferenceID: fmt.Sprintf("d%d", i)}
		}
		results, err := c.composite(ctx, "describe.many", subs)
		if err != nil {
			return nil, err
		}
		for i, r := range results {
			if r.Status < 200 || r.Status > 299 {
				failed := parseError(r.Status, r.Body)
				failed.Operation, failed.Object = "describe", chunk[i]
				if errors.Is(failed, ErrNotFound) || errors.Is(failed, ErrInvalidType) {
					continue
				}
				return nil, failed
			}
			d := new(sobject.Describe)
			if err := json.Unmarshal(r.Body, d); err != nil || d.Name == "" {
				return nil, fmt.Errorf("salesforce: describe %s: the answer is malformed: %w", chunk[i], ErrIncomplete)
			}
			out[chunk[i]] = d
		}
	}
	return out, nil
}

// subrequest is one element of a composite request that only reads.
type subrequest struct {
	Method      string            `json:"method"`
	URL         string            `json:"url"`
	ReferenceID string            `json:"referenceId"`
	HTTPHeaders map[string]string `json:"httpHeaders,omitempty"`
}

type subresponse struct {
	Body        json.RawMessage `json:"body"`
	Status      int             `json:"httpStatusCode"`
	ReferenceID string          `json:"referenceId"`
}

type compositeRequest struct {
	AllOrNone bool         `json:"allOrNone"`
	Requests  []subrequest `json:"compositeRequest"`
}

// composite sends subrequests that only read in one call and returns their
// answers in the same order.
func (c *Client) composite(ctx context.Context, operation string, subs []subrequest) ([]subresponse, error) {
	var out struct {
		Responses []subresponse `json:"compositeResponse"`
	}
	_, err := c.call(ctx, Request{Method: http.MethodPost, Path: "composite", JSON: compositeRequest{Requests: subs},
		Operation: operation, Idempotent: true}, &out)
	if err != nil {
		return nil, err
	}
	ordered := make([]subresponse, len(subs))
	for i, s := range subs {
		at := slices.IndexFunc(out.Responses, func(r subresponse) bool { return strings.EqualFold(r.ReferenceID, s.ReferenceID) })
		if at < 0 {
			return nil, fmt.Errorf("salesforce: %s: no answer to subrequest %s: %w", operation, s.ReferenceID, ErrIncomplete)
		}
		ordered[i] = out.Responses[at]
	}
	return ordered, nil
}
