package salesforce

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// Request is one call of any endpoint of an org.
type Request struct {
	// Method defaults to GET.
	Method string
	// Path is an absolute path on the org ("/services/apexrest/x", or a
	// nextRecordsUrl, with its query), or one below /services/data/vXX.X/
	// ("sobjects/Account"). A whole address must be of a trusted host.
	Path string
	// Query is added to the query of Path.
	Query url.Values
	// Header is added to the client's own headers and to those of WithHeader,
	// and wins over them, but for Authorization. To ask for an
	// Accept-Encoding is needless: gzip and deflate are asked for or not as
	// the transport likes, and always decoded.
	Header http.Header
	// At most one of JSON, Body and Stream is the body, or nothing is sent: a
	// value to encode, bytes, or a function that opens a stream and is called
	// once for every attempt.
	JSON   any
	Body   []byte
	Stream func() (io.ReadCloser, error)
	// ContentType defaults to application/json when there is a body.
	ContentType string
	// Compress sends the body gzipped, a Stream too. Config.CompressFrom does
	// so for JSON and Body by their size.
	Compress bool
	// MaxBytes bounds the answer, after decompression: the read that would
	// pass it fails with ErrTooLarge. Defaults to 0, no bound.
	MaxBytes int64
	// Interactive lets the call pass Config.QuotaFloor, as a context of
	// Interactive does.
	Interactive bool
	// Operation and Object tell an Observer and errors what the call is for.
	Operation, Object string
	// Idempotent allows a repetition after a failure that may have come when
	// the work was done. GET and HEAD always are.
	Idempotent bool
}

// Response is an answer with a status of 2xx or 304. Its body must be closed;
// Decode does.
type Response struct {
	StatusCode int
	Header     http.Header
	Body       io.ReadCloser
}

// MaxBody is the size of the largest JSON or Body that is sent, in bytes before
// compression, which is Salesforce's own limit. Streams have none here.
const MaxBody = 50 << 20

// maxURI is the longest address that Salesforce takes.
const maxURI = 16384

// MaxDecoded is the size of the largest answer that Response.Decode takes, in
// bytes. Records are streamed and have no such limit.
const MaxDecoded = 64 << 20

// Decode decodes a JSON body and closes it. A cut or malformed body is an
// error.
func (r *Response) Decode(into any) error {
	defer r.Body.Close()
	limited := &io.LimitedReader{R: r.Body, N: MaxDecoded + 1}
	dec := json.NewDecoder(limited)
	err := dec.Decode(into)
	if err == nil {
		// What follows must be read to its end too: a gzip stream ends with
		// its checksum.
		if _, tail := dec.Token(); tail == nil {
			err = errors.New("data after the end of the JSON value")
		} else if !errors.Is(tail, io.EOF) {
			err = tail
		}
	}
	switch {
	case limited.N <= 0:
		return fmt.Errorf("salesforce: decode the answer: more than %d bytes: %w", MaxDecoded, ErrTooLarge)
	case errors.Is(err, io.EOF):
		return fmt.Errorf("salesforce: decode the answer: empty body: %w", io.ErrUnexpectedEOF)
	case err != nil:
		return fmt.Errorf("salesforce: decode the answer: %w", err)
	}
	return nil
}

// Do sends a request to any endpoint of the org - Apex REST, actions, reports,
// Bulk API 1 - with the client's sign-in, retries and accounting, and returns
// the answer, or an *Error for any status but 2xx and 304. A rejected token is
// refreshed once, in each of the spellings that the services of an org have
// for it, and the request sent again, to the new instance if it changed. The
// body of the answer streams; its reading ends with ctx.
//
// A body above MaxBody and an address above 16,384 bytes are refused with
// ErrTooLarge, and a background call above Config.QuotaFloor with a
// *QuotaError, before anything is sent.
func (c *Client) Do(ctx context.Context, req Request) (*Response, error) {
	info := &callInfo{operation: req.Operation, object: req.Object, repeatable: req.repeatable()}
	resp, err := c.do(ctx, req, info)
	if err != nil && info.attempts.Load() == 0 {
		err = unsent{err}
	}
	return resp, err
}

func (c *Client) do(ctx context.Context, req Request, info *callInfo) (*Response, error) {
	if req.Method == "" {
		req.Method = http.MethodGet
	}
	if req.JSON != nil && req.Body != nil || (req.JSON != nil || req.Body != nil) && req.Stream != nil {
		return nil, fmt.Errorf("salesforce: %s: more than one of JSON, Body and Stream is given", req.what())
	}
	if req.JSON != nil {
		body, err := json.Marshal(req.JSON)
		if err != nil {
			return nil, fmt.Errorf("salesforce: %s: encode the request: %w", req.what(), err)
		}
		req.Body = body
	}
	if err := c.prepareBody(&req); err != nil {
		return nil, err
	}
	token, err := c.session.token(ctx)
	if err != nil {
		return nil, fmt.Errorf("salesforce: %s: access token: %w", req.what(), err)
	}
	resp, err := c.send(ctx, req, token, info)
	var failed *Error
	if !errors.As(err, &failed) || !failed.sessionDead() {
		return resp, err
	}
	fresh, late, refreshErr := c.session.refresh(ctx, token)
	if refreshErr == nil {
		resp, err = c.send(ctx, req, fresh, info)
		if !late || !errors.As(err, &failed) || !failed.sessionDead() {
			return resp, err
		}
		// What others refreshed a while ago has died since, and the source
		// still handed out the token before it.
		fresh, _, refreshErr = c.session.refresh(ctx, fresh)
	}
	if refreshErr != nil {
		return nil, fmt.Errorf("%w: new access token: %w", err, refreshErr)
	}
	return c.send(ctx, req, fresh, info)
}

// DoJSON sends a request with Do and decodes its answer into out, unless out is
// nil or the answer has no body. An answer to a read that is cut off is asked
// for once more.
func (c *Client) DoJSON(ctx context.Context, req Request, out any) error {
	_, err := c.call(ctx, req, out)
	return err
}

func (c *Client) call(ctx context.Context, req Request, out any) (*Response, error) {
	resp, err := c.callOnce(ctx, req, out)
	var refused *Error
	if err == nil || errors.As(err, &refused) || resp == nil || !IsRetryable(err) || !req.repeatable() || ctx.Err() != nil {
		return resp, err
	}
	return c.callOnce(ctx, req, out)
}

// callOnce returns the response with an error where decoding it failed.
func (c *Client) callOnce(ctx context.Context, req Request, out any) (*Response, error) {
	resp, err := c.Do(ctx, req)
	if err != nil {
		return nil, err
	}
	if out == nil || resp.StatusCode == http.StatusNoContent || resp.StatusCode == http.StatusNotModified {
		return resp, resp.Body.Close()
	}
	if err := resp.page(&req); err != nil {
		return resp, err
	}
	if err := resp.Decode(out); err != nil {
		return resp, fmt.Errorf("%w (%s)", err, req.what())
	}
	return resp, nil
}

// page returns an error for an HTML page with a status of success, which is how
// a proxy or a captive network asks for a login.
func (r *Response) page(req *Request) error {
	if !strings.HasPrefix(r.Header.Get("Content-Type"), "text/html") {
		return nil
	}
	failed := readError(&http.Response{StatusCode: r.StatusCode, Header: r.Header, Body: r.Body})
	failed.Method, failed.Operation, failed.Object = req.Method, req.Operation, req.Object
	return failed
}

// prepareBody checks the body's size and compresses it where that is wanted.
func (c *Client) prepareBody(req *Request) error {
	if len(req.Body) > MaxBody {
		return fmt.Errorf("salesforce: %s: the body has %d bytes, Salesforce takes %d: split it: %w", req.what(), len(req.Body), MaxBody, ErrTooLarge)
	}
	compress := req.Compress || c.cfg.CompressFrom > 0 && len(req.Body) >= c.cfg.CompressFrom
	if !compress || req.Header.Get("Content-Encoding") != "" {
		req.Compress = false
		return nil
	}
	req.Compress = len(req.Body) > 0 || req.Stream != nil
	if open := req.Stream; open != nil {
		req.Stream = func() (io.ReadCloser, error) {
			src, err := open()
			if err != nil {
				return nil, err
			}
			return newGzipStream(src), nil
		}
		return nil
	}
	if len(req.Body) == 0 {
		return nil
	}
	small, err := gzipBytes(req.Body)
	if err != nil {
		return fmt.Errorf("salesforce: %s: compress the body: %w", req.what(), err)
	}
	req.Body = small
	return nil
}

func (r *Request) repeatable() bool {
	return r.Idempotent || r.Method == "" || r.Method == http.MethodGet || r.Method == http.MethodHead
}

func (r *Request) what() string {
	what := r.Operation
	if what == "" {
		path, _, _ := strings.Cut(r.Path, "?")
		what = r.Method + " " + path
	}
	if r.Object != "" {
		what += " " + r.Object
	}
	return what
}

// resolve makes the address of a request on an instance.
func (c *Client) resolve(instance *url.URL, req *Request) (*url.URL, error) {
	path := req.Path
	switch {
	case strings.HasPrefix(path, "https://"), strings.HasPrefix(path, "http://"):
	case strings.HasPrefix(path, "/"):
		path = instance.Scheme + "://" + instance.Host + path
	case strings.HasPrefix(path, "services/"): // Bulk's contentUrl
		path = instance.Scheme + "://" + instance.Host + "/" + path
	default:
		path = instance.Scheme + "://" + instance.Host + c.base + "/" + path
	}
	u, err := url.Parse(path)
	if err != nil {
		return nil, fmt.Errorf("salesforce: %s: the path is malformed", req.what())
	}
	if err := c.trust.allow(u); err != nil {
		return nil, err
	}
	if len(req.Query) > 0 {
		if u.RawQuery != "" {
			u.RawQuery += "&"
		}
		u.RawQuery += req.Query.Encode()
	}
	if n := len(u.RequestURI()); n > maxURI {
		return nil, fmt.Errorf("salesforce: %s: the address has %d bytes, Salesforce takes %d: send the query in a body: %w", req.what(), n, maxURI, ErrTooLarge)
	}
	return u, nil
}
