package salesforce

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/orglink/orglink/salesforce/sobject"
)

// longQuery sends a query that is too long for an address inside a composite
// request and returns the page inside its answer, still streaming.
func (f *fetcher) longQuery(ctx context.Context, path, operation string) (page, error) {
	sub := subrequest{Method: http.MethodGet, URL: path, ReferenceID: "query"}
	if f.opts.BatchSize != 0 {
		sub.HTTPHeaders = map[string]string{"Sforce-Query-Options": "batchSize=" + strconv.Itoa(f.opts.BatchSize)}
	}
	req := Request{Method: http.MethodPost, Path: "composite", JSON: compositeRequest{Requests: []subrequest{sub}},
		Operation: operation, Idempotent: true}
	return f.open(ctx, req, func(body io.Reader) (*sobject.PageReader, error) { return unwrapPage(body, operation) })
}

// unwrapPage advances to the body of the only answer of a composite response.
func unwrapPage(body io.Reader, operation string) (*sobject.PageReader, error) {
	dec := json.NewDecoder(body)
	broken := func(err error) error {
		if err == nil || errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return fmt.Errorf("salesforce: %s: composite answer: %w", operation, err)
	}
	for _, want := range []any{json.Delim('{'), "compositeResponse", json.Delim('['), json.Delim('{'), "body"} {
		if got, err := dec.Token(); err != nil || got != want {
			return nil, broken(err)
		}
	}
	rest := io.MultiReader(dec.Buffered(), body)
	var start []byte
	for one := make([]byte, 1); ; {
		if _, err := io.ReadFull(rest, one); err != nil {
			return nil, broken(err)
		}
		if !strings.ContainsRune(": \t\r\n", rune(one[0])) {
			start = append(start, one[0])
			break
		}
	}
	rest = io.MultiReader(strings.NewReader(string(start)), rest)
	if start[0] == '{' {
		return sobject.NewPageReader(rest, sobject.Embedded()), nil
	}
	// A refusal: an array of errors, followed by its status.
	raw, err := io.ReadAll(io.LimitReader(rest, maxErrorBody))
	if err != nil {
		return nil, broken(err)
	}
	failed := parseError(http.StatusBadRequest, raw)
	failed.Operation = operation
	var tail struct {
		Responses []subresponse `json:"compositeResponse"`
	}
	whole := `{"compositeResponse":[{"body":` + string(raw)
	if json.Unmarshal([]byte(whole), &tail) == nil && len(tail.Responses) > 0 && tail.Responses[0].Status != 0 {
		failed.StatusCode = tail.Responses[0].Status
	}
	return nil, failed
}

// read is call for a GET of records. An address that is too long goes inside a
// composite request, as a long query does; the Tooling API has one of its own.
func (c *Client) read(ctx context.Context, req Request, out any) error {
	address := req.Path
	if len(req.Query) > 0 {
		address += "?" + req.Query.Encode()
	}
	if len(address) <= maxQueryURL || strings.HasPrefix(address, "/") {
		_, err := c.call(ctx, req, out)
		return err
	}
	whole := Request{Path: "composite", Operation: req.Operation, Object: req.Object}
	if strings.HasPrefix(address, "tooling/") {
		whole.Path = "tooling/composite"
	}
	answers, _, err := c.composite(ctx, whole, []subrequest{{Method: http.MethodGet, URL: c.base + "/" + address, ReferenceID: "long"}})
	if err != nil {
		return err
	}
	if status := answers[0].Status; status < 200 || status > 299 {
		failed := parseError(status, answers[0].Body)
		failed.Method, failed.Operation, failed.Object = http.MethodGet, req.Operation, req.Object
		return failed
	}
	if err := json.Unmarshal(answers[0].Body, out); err != nil {
		return fmt.Errorf("salesforce: %s: decode the answer: %w", req.what(), err)
	}
	return nil
}
