package salesforce

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-retryablehttp"
)

// callInfo travels with the context of a call, so that each attempt below
// retries and redirects is signed, counted and observed.
type callInfo struct {
	operation, object string
	repeatable        bool
	attempts          atomic.Int32
}

type attemptKey struct{}

type attemptInfo struct {
	*callInfo
	token Token
}

// send sends a request with one token, repeats it where that is safe, and
// turns every refusal into an *Error.
func (c *Client) send(ctx context.Context, req Request, token Token, info *callInfo) (*Response, error) {
	instance, err := c.trust.check(token.InstanceURL)
	if err != nil {
		return nil, fmt.Errorf("salesforce: instance URL of the token: %w", err)
	}
	u, err := c.resolve(instance, &req)
	if err != nil {
		return nil, err
	}
	if err := c.checkQuota(ctx, &req, u.Path); err != nil {
		return nil, err
	}
	own := contextHeader(ctx)
	ctx = context.WithValue(ctx, attemptKey{}, attemptInfo{info, token})
	r, err := retryablehttp.NewRequestWithContext(ctx, req.Method, u.String(), body(&req))
	if err != nil {
		return nil, fmt.Errorf("salesforce: %s: %w", req.what(), err)
	}
	c.setHeaders(r.Header, own, &req)
	resp, err := c.retrier(info).Do(r)
	if err != nil {
		if resp != nil {
			resp.Body.Close()
		}
		return nil, fmt.Errorf("salesforce: %s: %w", req.what(), withoutQuery(err))
	}
	if resp.StatusCode < 300 || resp.StatusCode == http.StatusNotModified {
		out := &Response{StatusCode: resp.StatusCode, Header: resp.Header, Body: resp.Body}
		if req.MaxBytes > 0 {
			out.Body = &limitedBody{resp.Body, req.MaxBytes, req.MaxBytes}
		}
		return out, nil
	}
	failed := readError(resp)
	failed.Method, failed.Path = req.Method, u.Path
	failed.Operation, failed.Object = req.Operation, req.Object
	return nil, failed
}

// withoutQuery takes the query, which may be long and tell of data, out of the
// address that a failed attempt is reported with.
func withoutQuery(err error) error {
	at, ok := err.(*url.Error) //nolint:errorlint // only the outermost is rewritten
	if !ok {
		return err
	}
	short := *at
	short.URL, _, _ = strings.Cut(at.URL, "?")
	return &short
}

// body returns the request's body in a form that can be sent again without
// being held in memory twice.
func body(req *Request) any {
	switch {
	case req.Stream != nil:
		// The retry library opens a body once more than it sends it.
		return retryablehttp.ReaderFunc(func() (io.Reader, error) { return &lazyBody{open: req.Stream}, nil })
	case req.Body != nil:
		return req.Body
	default:
		return nil
	}
}

// lazyBody opens a stream at its first read. The transport may close it while
// it reads.
type lazyBody struct {
	open func() (io.ReadCloser, error)

	mu     sync.Mutex
	rc     io.ReadCloser
	closed bool
}

func (b *lazyBody) Read(p []byte) (int, error) {
	rc, err := b.opened()
	if err != nil {
		return 0, err
	}
	return rc.Read(p)
}

func (b *lazyBody) opened() (io.ReadCloser, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return nil, errors.New("salesforce: read of a closed body")
	}
	if b.rc == nil {
		rc, err := b.open()
		if err != nil {
			return nil, err
		}
		b.rc = rc
	}
	return b.rc, nil
}

func (b *lazyBody) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = true
	if b.rc == nil {
		return nil
	}
	return b.rc.Close()
}

// setHeaders sets the client's headers, then the config's, the context's and
// the request's, each of which wins over those before.
func (c *Client) setHeaders(h http.Header, ctx http.Header, req *Request) {
	h.Set("User-Agent", c.cfg.UserAgent)
	h.Set("Sforce-Call-Options", "client="+c.cfg.ClientName)
	h.Set("Accept", "application/json")
	if c.cfg.LeaveRecent {
		h.Set("Sforce-Mru", "updateMru=false")
	}
	if req.Body != nil || req.Stream != nil {
		h.Set("Content-Type", "application/json")
		if req.ContentType != "" {
			h.Set("Content-Type", req.ContentType)
		}
		if req.Compress {
			h.Set("Content-Encoding", "gzip")
		}
	}
	for _, more := range []http.Header{c.cfg.Header, ctx, req.Header} {
		for name, values := range more {
			h[http.CanonicalHeaderKey(name)] = values
		}
	}
	h.Del("Authorization")
	h.Del(bulk1Session)
}

// newHTTPClient returns a copy of the host's client whose transport signs and
// observes each attempt, and whose redirects keep method and body and stay on
// trusted hosts.
func (c *Client) newHTTPClient(host *http.Client) *http.Client {
	out := &http.Client{}
	if host != nil {
		*out = *host
	}
	next := out.Transport
	if next == nil {
		next = http.DefaultTransport
	}
	out.Transport = &signer{client: c, next: next}
	out.CheckRedirect = func(req *http.Request, via []*http.Request) error {
		if len(via) >= 10 {
			return errors.New("stopped after 10 redirects")
		}
		if req.Method != via[0].Method {
			// 301 to 303 would turn a write into a read and call it a success.
			return http.ErrUseLastResponse
		}
		return c.trust.allow(req.URL)
	}
	return out
}

// bulk1Session is where Bulk API 1 looks for the token.
const bulk1Session = "X-Sfdc-Session"

// signer is the transport below retries and redirects: one call of RoundTrip
// is one attempt.
type signer struct {
	client *Client
	next   http.RoundTripper
}

func (s *signer) RoundTrip(req *http.Request) (*http.Response, error) {
	info, ok := req.Context().Value(attemptKey{}).(attemptInfo)
	if !ok {
		return nil, errors.New("salesforce: a request bypassed the client")
	}
	err := req.Context().Err()
	if err == nil {
		err = s.client.trust.allow(req.URL)
	}
	if err != nil {
		if req.Body != nil {
			req.Body.Close()
		}
		return nil, err
	}
	req = req.Clone(req.Context())
	req.Header.Set("Authorization", "Bearer "+info.token.Access.Reveal())
	if strings.HasPrefix(req.URL.Path, "/services/async/") {
		req.Header.Set(bulk1Session, info.token.Access.Reveal())
	}
	call := Call{Method: req.Method, Path: req.URL.Path, Operation: info.operation, Object: info.object,
		Attempt: int(info.attempts.Add(1))}
	start := time.Now()
	resp, err := s.next.RoundTrip(req)
	if err != nil {
		call.Err, call.Duration = err, time.Since(start)
		s.observe(call)
		return nil, err
	}
	s.client.account(req.URL.Path, resp.StatusCode, resp.Header)
	call.Status, call.Warning = resp.StatusCode, resp.Header.Get("Warning")
	if err := decompress(resp); err != nil {
		resp.Body.Close()
		call.Err, call.Duration = err, time.Since(start)
		s.observe(call)
		return nil, err
	}
	resp.Body = &observedBody{ReadCloser: resp.Body, signer: s, call: call, start: start}
	return resp, nil
}

func (s *signer) observe(call Call) {
	if s.client.cfg.Observer != nil {
		s.client.cfg.Observer(call)
	}
}

// observedBody reports its attempt when it is closed.
type observedBody struct {
	io.ReadCloser
	signer *signer
	call   Call
	start  time.Time
	read   atomic.Int64
	closed atomic.Bool
}

func (b *observedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.read.Add(int64(n))
	return n, err
}

func (b *observedBody) Close() error {
	err := b.ReadCloser.Close()
	if b.closed.CompareAndSwap(false, true) {
		b.call.Duration, b.call.Bytes = time.Since(b.start), b.read.Load()
		b.signer.observe(b.call)
	}
	return err
}

// parsedBody stands for a body that was read as an error already.
type parsedBody struct {
	bytes.Reader
	err *Error
}

func (*parsedBody) Close() error { return nil }
