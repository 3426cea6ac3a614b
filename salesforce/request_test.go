package salesforce_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/orglink/orglink/salesforce"
	"github.com/orglink/orglink/salesforce/sobject"
)

func TestConfigReportsAllProblems(t *testing.T) {
	_, err := salesforce.New(salesforce.Config{APIVersion: "sixty", ClientName: "a;b", TrustedHosts: []string{"https://x"}, RetryWaitMin: -1})
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{"Tokens", "APIVersion", "ClientName", "TrustedHosts", "RetryWaitMin"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not name %s", err, want)
		}
	}
}

func TestHeadersAndGzip(t *testing.T) {
	o := newOrg(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		_, _ = io.WriteString(z, `[{"label":"Spring","url":"/services/data/v66.0","version":"66.0"}]`)
		_ = z.Close()
	})
	c := o.client(t, func(cfg *salesforce.Config) { cfg.ClientName, cfg.UserAgent = "Acme/1.0", "acme/2" })
	v, err := c.Versions(t.Context())
	if err != nil || len(v) != 1 || v[0].Version != "66.0" {
		t.Fatal(v, err)
	}
	h := o.requests()[0].header
	for name, want := range map[string]string{"Sforce-Call-Options": "client=Acme/1.0", "User-Agent": "acme/2", "Accept-Encoding": "gzip", "Authorization": "Bearer T1"} {
		if h.Get(name) != want {
			t.Errorf("%s: %q, want %q", name, h.Get(name), want)
		}
	}
}

func TestRedirects(t *testing.T) {
	target := newOrg(t, answer(201, `{"id":"001000000000001AAA","success":true,"errors":[]}`))
	status, to := 0, ""
	o := newOrg(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Location", to)
		w.WriteHeader(status)
	})
	c := o.client(t, func(cfg *salesforce.Config) { cfg.TrustedHosts = append(cfg.TrustedHosts, target.host()) })
	rec := sobject.NewRecord("Account", sobject.F("Name", sobject.TextValue("x")))
	for _, status = range []int{307, 308} {
		to = target.URL + "/moved"
		if _, err := c.Create(t.Context(), rec); err != nil {
			t.Fatal(status, err)
		}
		reqs := target.requests()
		if got := reqs[len(reqs)-1]; got.method != "POST" || got.body != `{"Name":"x"}` || got.header.Get("Authorization") != "Bearer T1" {
			t.Errorf("%d: %+v", status, got)
		}
	}
	n := len(target.requests())
	var failed *salesforce.Error
	for _, status = range []int{301, 302, 303} {
		if _, err := c.Create(t.Context(), rec); !errors.As(err, &failed) || failed.StatusCode != status {
			t.Error(status, err)
		}
	}
	if len(target.requests()) != n {
		t.Error("a write was turned into a read")
	}
	status, to = 307, "https://evil.example/"
	if _, err := c.Create(t.Context(), rec); !errors.Is(err, salesforce.ErrUntrustedHost) {
		t.Error(err)
	}
}

// What may be repeated, and what not: PramithaMJ/salesforce doRequest repeated
// creates on 5xx and so made duplicates.
func TestRetries(t *testing.T) {
	const busy = `[{"message":"ConcurrentRequests (Concurrent API Requests) Limit exceeded.","errorCode":"REQUEST_LIMIT_EXCEEDED"}]`
	const daily = `[{"message":"TotalRequests Limit exceeded.","errorCode":"REQUEST_LIMIT_EXCEEDED"}]`
	refused := &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}
	reset := &net.OpError{Op: "read", Net: "tcp", Err: errors.New("connection reset by peer")}
	for name, tc := range map[string]struct {
		method   string
		status   int
		body     string
		err      error
		attempts int
	}{
		"GET 503":              {"GET", 503, "<html>down</html>", nil, 3},
		"GET 500":              {"GET", 500, "", nil, 3},
		"GET reset":            {"GET", 0, "", reset, 3},
		"GET 400":              {"GET", 400, `[{"errorCode":"MALFORMED_QUERY","message":"x"}]`, nil, 1},
		"GET daily limit":      {"GET", 403, daily, nil, 1},
		"GET concurrent limit": {"GET", 403, busy, nil, 3},
		"POST 503":             {"POST", 503, "", nil, 1},
		"POST 500":             {"POST", 500, "", nil, 1},
		"POST reset":           {"POST", 0, "", reset, 1},
		"POST refused":         {"POST", 0, "", refused, 3},
		"POST 429":             {"POST", 429, "", nil, 3},
		"POST 420":             {"POST", 420, "", nil, 3},
		"POST concurrent":      {"POST", 403, busy, nil, 3},
		"PATCH 502":            {"PATCH", 502, "", nil, 1},
		"DELETE 503":           {"DELETE", 503, "", nil, 1},
		"GET certificate":      {"GET", 0, "", errors.New("tls: failed to verify certificate: x509: certificate is not trusted"), 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := 0
				c := offline(t, func(r *http.Request) (*http.Response, error) {
					if n++; n < 3 {
						if tc.err != nil {
							return nil, tc.err
						}
						return reply(r, tc.status, tc.body), nil
					}
					return reply(r, 200, "{}"), nil
				}, func(cfg *salesforce.Config) { cfg.RetryWaitMin, cfg.RetryWaitMax = time.Second, time.Minute })
				_, err := c.Do(t.Context(), salesforce.Request{Method: tc.method, Path: "limits", Body: nil})
				if n != tc.attempts || (err == nil) != (tc.attempts == 3) {
					t.Errorf("%d attempts, error %v", n, err)
				}
			})
		})
	}
}

func TestRetryAfter(t *testing.T) {
	for name, tc := range map[string]struct {
		header   http.Header
		min, max time.Duration
		attempts int
	}{
		"seconds":  {http.Header{"Retry-After": {"60"}}, 60 * time.Second, 67 * time.Second, 2},
		"date":     {http.Header{"Retry-After": {"Tue, 02 Jan 2024 03:05:05 GMT"}, "Date": {"Tue, 02 Jan 2024 03:04:05 GMT"}}, 60 * time.Second, 67 * time.Second, 2},
		"too long": {http.Header{"Retry-After": {"86400"}}, 0, 0, 1},
		"nonsense": {http.Header{"Retry-After": {"soon"}}, time.Second / 2, time.Second, 2},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n, start := 0, time.Now()
				c := offline(t, func(r *http.Request) (*http.Response, error) {
					if n++; n == 1 {
						resp := reply(r, 503, "")
						resp.Header = tc.header
						return resp, nil
					}
					return reply(r, 200, "[]"), nil
				}, func(cfg *salesforce.Config) { cfg.RetryWaitMin, cfg.RetryWaitMax = time.Second, time.Minute })
				_, err := c.Versions(t.Context())
				if waited := time.Since(start); waited < tc.min || waited > tc.max || n != tc.attempts {
					t.Errorf("waited %v, %d attempts, %v", waited, n, err)
				}
				var failed *salesforce.Error
				if tc.attempts == 1 && (!errors.As(err, &failed) || failed.RetryAfter != 24*time.Hour) {
					t.Error(err)
				}
			})
		})
	}
}

func TestRetryBudget(t *testing.T) {
	n := 0
	c := offline(t, func(r *http.Request) (*http.Response, error) { n++; return reply(r, 503, ""), nil })
	for range 100 {
		if _, err := c.Limits(t.Context()); !errors.Is(err, salesforce.ErrUnavailable) || !salesforce.IsRetryable(err) {
			t.Fatal(err)
		}
	}
	if n < 115 || n > 135 {
		t.Errorf("%d attempts for 100 calls, want about 130", n)
	}
}

func TestNoRetries(t *testing.T) {
	n := 0
	c := offline(t, func(r *http.Request) (*http.Response, error) { n++; return reply(r, 503, ""), nil },
		func(cfg *salesforce.Config) { cfg.MaxRetries = -1 })
	if _, err := c.Limits(t.Context()); err == nil || n != 1 {
		t.Error(n, err)
	}
}

func TestObserverUsageAndCalls(t *testing.T) {
	n := 0
	o := newOrg(t, func(w http.ResponseWriter, r *http.Request) {
		if n++; n == 1 {
			answer(503, "")(w, r)
			return
		}
		w.Header().Set("Sforce-Limit-Info", "api-usage=25/5000; per-app-api-usage=17/250(appName=sample-app)")
		answer(200, `{"name":"Account"}`)(w, r)
	})
	var mu sync.Mutex
	var calls []salesforce.Call
	c := o.client(t, func(cfg *salesforce.Config) {
		cfg.Observer = func(call salesforce.Call) {
			mu.Lock()
			defer mu.Unlock()
			calls = append(calls, call)
		}
	})
	if _, err := c.Describe(t.Context(), "Account"); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Versions(t.Context()); err == nil {
		t.Fatal("an object passed for a list")
	}
	if u := c.Usage(); u != (salesforce.Usage{Used: 25, Max: 5000, AppUsed: 17, AppMax: 250, App: "sample-app"}) {
		t.Error(u)
	}
	if c.Calls() != 2 {
		t.Errorf("%d calls, want both describes and not the versions", c.Calls())
	}
	if len(calls) != 3 {
		t.Fatalf("%+v", calls)
	}
	if a := calls[0]; a.Status != 503 || a.Attempt != 1 || a.Operation != "describe" || a.Object != "Account" || a.Method != "GET" {
		t.Errorf("%+v", a)
	}
	if b := calls[1]; b.Status != 200 || b.Attempt != 2 || b.Bytes != int64(len(`{"name":"Account"}`)) || b.Path != "/services/data/v66.0/sobjects/Account/describe" {
		t.Errorf("%+v", b)
	}
}

func TestObserverSeesFailures(t *testing.T) {
	var got salesforce.Call
	c := offline(t, func(*http.Request) (*http.Response, error) { return nil, os.ErrDeadlineExceeded },
		func(cfg *salesforce.Config) {
			cfg.MaxRetries, cfg.Observer = -1, func(call salesforce.Call) { got = call }
		})
	if _, err := c.Limits(t.Context()); !errors.Is(err, os.ErrDeadlineExceeded) || !salesforce.IsRetryable(err) {
		t.Error(err)
	}
	if got.Err == nil || got.Status != 0 {
		t.Errorf("%+v", got)
	}
}

// Nothing that a host logs may show the token.
func TestTokenStaysOutOfErrors(t *testing.T) {
	c := offline(t, func(r *http.Request) (*http.Response, error) {
		return reply(r, 400, `[{"message":"m","errorCode":"C"}]`), nil
	})
	_, err := c.Limits(t.Context())
	if text := fmt.Sprintf("%v %+v %#v", err, err, err); strings.Contains(text, "T1") {
		t.Error(text)
	}
}

func TestDecodeRejectsDamage(t *testing.T) {
	var z bytes.Buffer
	w := gzip.NewWriter(&z)
	_, _ = io.WriteString(w, `{"DailyApiRequests":{"Max":1,"Remaining":1}}`)
	_ = w.Close()
	for name, tc := range map[string]struct {
		body string
		gzip bool
	}{
		"empty": {"", false}, "cut": {`{"a":`, false}, "more": {`{}{}`, false}, "HTML": {"<html>", false},
		"gzip cut": {z.String()[:z.Len()-6], true},
	} {
		o := newOrg(t, func(w http.ResponseWriter, r *http.Request) {
			if tc.gzip {
				w.Header().Set("Content-Encoding", "gzip")
			}
			answer(200, tc.body)(w, r)
		})
		if l, err := o.client(t).Limits(t.Context()); err == nil {
			t.Errorf("%s: %v", name, l)
		}
	}
}

func TestCancelFreesTheConnection(t *testing.T) {
	gone := make(chan struct{})
	o := newOrg(t, func(_ http.ResponseWriter, r *http.Request) {
		<-r.Context().Done()
		close(gone)
	})
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		for len(o.requests()) == 0 {
			time.Sleep(time.Millisecond)
		}
		cancel()
	}()
	if _, err := o.client(t).Limits(ctx); !errors.Is(err, context.Canceled) || salesforce.IsRetryable(err) {
		t.Error(err)
	}
	<-gone
}

// What is wrong with a request is told before anything is sent.
func TestRequestsThatCannotBeSent(t *testing.T) {
	c := offline(t, func(r *http.Request) (*http.Response, error) {
		t.Error("sent: ", r.URL)
		return reply(r, 200, "{}"), nil
	})
	open := func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader("x")), nil }
	for want, req := range map[string]salesforce.Request{
		"more than one":           {Path: "x", JSON: 1, Body: []byte("1")},
		"more than one of":        {Path: "x", JSON: 1, Stream: open},
		"more than one of JSON":   {Path: "x", Body: []byte("1"), Stream: open},
		"GET x: encode":           {Path: "x", JSON: func() {}},
		"invalid method":          {Path: "x", Method: "B AD"},
		"the path is malformed":   {Path: "/services/\x7f"},
		"not a host of Salesforc": {Path: "https://evil.example/services/data"},
	} {
		if resp, err := c.Do(t.Context(), req); err == nil || resp != nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
	if out, err := c.Create(t.Context(), sobject.Record{}); err == nil || out.Sent {
		t.Error(out, err)
	}
}
