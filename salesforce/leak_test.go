package salesforce_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/orglink/orglink/salesforce"
)

// watched is a network in memory that counts open bodies and calls a hook at
// each point of a request.
type watched struct {
	open  atomic.Int32
	point func(string)
	reply func(r *http.Request, n int) (status int, body string)
	n     atomic.Int32
}

func (w *watched) RoundTrip(r *http.Request) (*http.Response, error) {
	w.point("before sending")
	if r.Body != nil {
		defer r.Body.Close()
		one := make([]byte, 1)
		_, _ = r.Body.Read(one)
		w.point("while sending")
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			return nil, err
		}
	}
	w.point("before the answer")
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	status, body := w.reply(r, int(w.n.Add(1)))
	resp := reply(r, status, "")
	w.open.Add(1)
	resp.Body = &watchedBody{w: w, ctx: r.Context(), Reader: strings.NewReader(body)}
	return resp, nil
}

type watchedBody struct {
	io.Reader
	w    *watched
	ctx  context.Context
	once sync.Once
	read bool
}

func (b *watchedBody) Read(p []byte) (int, error) {
	if !b.read {
		b.read = true
		b.w.point("before the body")
	} else {
		b.w.point("inside the body")
	}
	if err := b.ctx.Err(); err != nil {
		return 0, err
	}
	return b.Reader.Read(p[:min(len(p), 16)])
}

func (b *watchedBody) Close() error {
	b.once.Do(func() { b.w.open.Add(-1) })
	return nil
}

// A call that is cancelled, wherever that strikes, ends soon with the caller's
// own error, and leaves no body open and no goroutine behind.
func TestCancelAtEachPoint(t *testing.T) {
	refreshed := "in the refresh"
	points := []string{"before sending", "while sending", "before the answer", "before the body", "inside the body", "at the token", refreshed, "between attempts"}
	for _, at := range points {
		t.Run(at, func(t *testing.T) { synctest.Test(t, func(t *testing.T) { cancelAtPoint(t, at, refreshed) }) })
	}
}

// cancelAtPoint runs in a bubble, which ends only when no goroutine is left.
func cancelAtPoint(t *testing.T, at, refreshed string) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	struck := false
	point := func(name string) {
		if name == at && !struck {
			struck = true
			cancel()
		}
	}
	w := &watched{point: point, reply: func(_ *http.Request, n int) (int, string) {
		switch {
		case at == refreshed && n == 1:
			return 401, expired
		case at == "between attempts" && n == 1:
			time.AfterFunc(time.Second, func() { point(at) })
			return 503, ""
		}
		return 200, `{"name":"` + strings.Repeat("Account", 100) + `"}`
	}}
	src := &hooked{point: point}
	c := offline(t, nil, func(cfg *salesforce.Config) {
		cfg.HTTPClient, cfg.Tokens = &http.Client{Transport: w}, src
		cfg.RetryWaitMin, cfg.RetryWaitMax = time.Minute, time.Minute
	})
	var out any
	start := time.Now()
	err := c.DoJSON(ctx, salesforce.Request{Method: "POST", Path: "x", Idempotent: true, Body: []byte(`{"a":"` + strings.Repeat("b", 1000) + `"}`), Compress: true}, &out)
	if !struck {
		t.Fatal("the point was never reached")
	}
	if !errors.Is(err, context.Canceled) || salesforce.IsRetryable(err) || time.Since(start) > time.Second {
		t.Errorf("%v after %v", err, time.Since(start))
	}
	src.end()
	synctest.Wait()
	if n := w.open.Load(); n != 0 {
		t.Errorf("%d bodies are open", n)
	}
}

// hooked is a source that waits in Refresh until it is told to end.
type hooked struct {
	point func(string)
	once  sync.Once
	done  chan struct{}
	mu    sync.Mutex
}

func (h *hooked) wait() chan struct{} {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.done == nil {
		h.done = make(chan struct{})
	}
	return h.done
}

func (h *hooked) end() { h.once.Do(func() { close(h.wait()) }) }

func (h *hooked) Token(ctx context.Context) (salesforce.Token, error) {
	h.point("at the token")
	return token("https://example.my.salesforce.com", "T1"), ctx.Err()
}

func (h *hooked) Refresh(context.Context, salesforce.Token) (salesforce.Token, error) {
	h.point("in the refresh")
	<-h.wait()
	return token("https://example.my.salesforce.com", "T2"), nil
}

// k-capehart/go-salesforce uploadJobData, updateJobState, doUpdateOne: bodies
// that nobody closed left 300 goroutines after 50 calls.
func TestBodiesAreClosed(t *testing.T) {
	w := &watched{point: func(string) {}}
	c := offline(t, nil, func(cfg *salesforce.Config) { cfg.HTTPClient = &http.Client{Transport: w} })
	for name, tc := range map[string]struct {
		status int
		body   string
		call   func(context.Context) error
	}{
		"no content":   {204, "", func(ctx context.Context) error { return c.Delete(ctx, "Account", "001000000000001AAA") }},
		"ignored":      {200, `{"a":1}`, func(ctx context.Context) error { return c.DoJSON(ctx, salesforce.Request{Path: "x"}, nil) }},
		"refused":      {400, `[{"errorCode":"X"}]`, func(ctx context.Context) error { _, err := c.Limits(ctx); return err }},
		"again":        {503, "", func(ctx context.Context) error { _, err := c.Limits(ctx); return err }},
		"html":         {200, "<html>", func(ctx context.Context) error { _, err := c.Recent(ctx, 1); return err }},
		"cut":          {200, `{"DailyApiRequests":{`, func(ctx context.Context) error { _, err := c.Limits(ctx); return err }},
		"tail":         {200, `[] []`, func(ctx context.Context) error { _, err := c.Recent(ctx, 1); return err }},
		"server time":  {200, `[]`, func(ctx context.Context) error { _, err := c.ServerTime(ctx); return err }},
		"not modified": {304, "", func(ctx context.Context) error { _, err := c.DescribeGlobal(ctx); return err }},
		"redirect":     {302, "", func(ctx context.Context) error { _, err := c.Limits(ctx); return err }},
		"tooling": {200, `{"done":false,"records":[]}`, func(ctx context.Context) error {
			for _, err := range c.ToolingQuery(ctx, "SELECT Id FROM ApexClass") {
				return err
			}
			return nil
		}},
	} {
		w.reply = func(*http.Request, int) (int, string) { return tc.status, tc.body }
		_ = tc.call(t.Context())
		if n := w.open.Load(); n != 0 {
			t.Errorf("%s: %d bodies are open", name, n)
			w.open.Store(0)
		}
	}
}
