package salesforce_test

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/orglink/orglink/salesforce"
)

func pack(t *testing.T, encoding, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	var w io.WriteCloser
	switch encoding {
	case "gzip":
		w = gzip.NewWriter(&b)
	case "zlib":
		w = zlib.NewWriter(&b)
	default:
		w, _ = flate.NewWriter(&b, -1)
	}
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func unpack(t *testing.T, body string) string {
	t.Helper()
	r, err := gzip.NewReader(strings.NewReader(body))
	if err != nil {
		t.Error(err)
		return ""
	}
	text, err := io.ReadAll(r)
	if err != nil {
		t.Error(err)
	}
	return string(text)
}

func TestCompressedRequests(t *testing.T) {
	fails := 1
	o := newOrg(t, func(w http.ResponseWriter, r *http.Request) {
		if fails--; fails == 0 {
			answer(429, `[]`)(w, r) // the body must survive a repetition
			return
		}
		answer(200, `{}`)(w, r)
	})
	c := o.client(t, func(cfg *salesforce.Config) { cfg.CompressFrom = 100 })
	long := strings.Repeat("all work and no play ", 10_000)
	opened := 0
	stream := func() (io.ReadCloser, error) { opened++; return io.NopCloser(strings.NewReader(long)), nil }
	for _, req := range []salesforce.Request{
		{Method: "POST", Path: "x", Body: []byte(long)},
		{Method: "POST", Path: "x", Body: []byte("short")},
		{Method: "POST", Path: "x", Body: []byte("short"), Compress: true},
		{Method: "PUT", Path: "x", Stream: stream, Compress: true, ContentType: "text/csv"},
		{Method: "PUT", Path: "x", Stream: stream},
		{Path: "x", Compress: true},
	} {
		if err := c.DoJSON(t.Context(), req, nil); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{long, long, "short", "short", long, long, ""}
	packed := []bool{true, true, false, true, true, false, false}
	got := o.requests()
	if len(got) != len(want) {
		t.Fatal(len(got))
	}
	for i, r := range got {
		body := r.body
		if has := r.header.Get("Content-Encoding") == "gzip"; has != packed[i] {
			t.Errorf("request %d: %v", i, r.header)
		} else if has {
			body = unpack(t, body)
			if len(r.body) > 1000 {
				t.Errorf("request %d has %d bytes", i, len(r.body))
			}
		}
		if body != want[i] {
			t.Errorf("request %d: %d bytes, want %d", i, len(body), len(want[i]))
		}
	}
	if opened != 2 {
		t.Errorf("the stream was opened %d times", opened)
	}
	// A stream that fails on its way fails the call with its own error.
	broken := errors.New("the disk is gone")
	err := c.DoJSON(t.Context(), salesforce.Request{Method: "PUT", Path: "x", Compress: true, Stream: func() (io.ReadCloser, error) {
		return io.NopCloser(io.MultiReader(strings.NewReader("half"), errorReader{broken})), nil
	}}, nil)
	if !errors.Is(err, broken) {
		t.Error(err)
	}
}

type errorReader struct{ err error }

func (r errorReader) Read([]byte) (int, error) { return 0, r.err }

func TestEncodedAnswers(t *testing.T) {
	const body = `{"name":"Account"}`
	for name, tc := range map[string]struct {
		encoding string
		raw      []byte
		ok       bool
	}{
		"gzip":         {"gzip", pack(t, "gzip", body), true},
		"x-gzip":       {"X-GZIP", pack(t, "gzip", body), true},
		"deflate":      {"deflate", pack(t, "zlib", body), true},
		"raw deflate":  {"deflate", pack(t, "flate", body), true},
		"identity":     {"identity", []byte(body), true},
		"cut gzip":     {"gzip", pack(t, "gzip", body)[:20], false},
		"cut deflate":  {"deflate", pack(t, "zlib", body)[:12], false},
		"empty":        {"gzip", nil, false},
		"not gzip":     {"gzip", []byte(body), false},
		"not asked of": {"br", []byte(body), false},
	} {
		c := offline(t, func(r *http.Request) (*http.Response, error) {
			resp := reply(r, 200, string(tc.raw))
			resp.Header.Set("Content-Encoding", tc.encoding)
			return resp, nil
		}, func(cfg *salesforce.Config) { cfg.MaxRetries = -1 })
		d, err := c.Describe(t.Context(), "Account")
		if tc.ok != (err == nil) || tc.ok && d.Name != "Account" {
			t.Errorf("%s: %v", name, err)
		}
	}
	// A refusal is read through its encoding too, or a dead session would go
	// unseen.
	c := offline(t, func(r *http.Request) (*http.Response, error) {
		resp := reply(r, 401, string(pack(t, "zlib", expired)))
		resp.Header.Set("Content-Encoding", "deflate")
		return resp, nil
	})
	if _, err := c.Describe(t.Context(), "Account"); !errors.Is(err, salesforce.ErrSessionExpired) || !strings.Contains(err.Error(), "INVALID_SESSION_ID") {
		t.Error(err)
	}
}

func TestSizeLimits(t *testing.T) {
	o := newOrg(t, answer(200, strings.Repeat("x", 100)))
	c := o.client(t)
	for name, req := range map[string]salesforce.Request{
		"body":    {Method: "POST", Path: "x", Body: make([]byte, salesforce.MaxBody+1)},
		"address": {Path: "query?q=" + strings.Repeat("x", 16_400)},
	} {
		if _, err := c.Do(t.Context(), req); !errors.Is(err, salesforce.ErrTooLarge) || salesforce.IsRetryable(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := len(o.requests()); n != 0 {
		t.Errorf("%d requests left", n)
	}
	for limit, want := range map[int64]int{0: 100, 100: 100, 99: 99, 1: 1} {
		resp, err := c.Do(t.Context(), salesforce.Request{Path: "x", MaxBytes: limit})
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if len(got) != want || (want < 100) != errors.Is(err, salesforce.ErrTooLarge) {
			t.Errorf("limit %d: %d bytes, %v", limit, len(got), err)
		}
	}
	// The bound counts what comes out of a compressed answer.
	bomb := pack(t, "gzip", strings.Repeat("0", 1<<20))
	c = offline(t, func(r *http.Request) (*http.Response, error) {
		resp := reply(r, 200, string(bomb))
		resp.Header.Set("Content-Encoding", "gzip")
		return resp, nil
	})
	resp, err := c.Do(t.Context(), salesforce.Request{Path: "x", MaxBytes: 1000})
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if n, err := io.Copy(io.Discard, resp.Body); n != 1000 || !errors.Is(err, salesforce.ErrTooLarge) {
		t.Error(n, err)
	}
}
