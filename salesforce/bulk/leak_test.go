package bulk_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/orglink/orglink/salesforce"
	"github.com/orglink/orglink/salesforce/bulk"
)

// scenarios are whole uses of the package; each ends by itself or with ctx.
var scenarios = map[string]func(ctx context.Context, c *salesforce.Client) error{
	"query": func(ctx context.Context, c *salesforce.Client) error {
		return drain(bulk.Query(ctx, c, "SELECT Name FROM Account", bulk.QueryConfig{MaxRecords: 10}))
	},
	"query in parallel": func(ctx context.Context, c *salesforce.Client) error {
		return drain(bulk.Query(ctx, c, "SELECT Name FROM Account", bulk.QueryConfig{Readers: 3, Buffer: 500, AnyOrder: true}))
	},
	"raw": func(ctx context.Context, c *salesforce.Client) error {
		_, err := bulk.OpenQuery(c, jobID).WriteCSV(ctx, io.Discard)
		return err
	},
	"load": func(ctx context.Context, c *salesforce.Client) error {
		cfg := upsert("Ext__c", "Name")
		cfg.MaxBytes = 1500
		l, err := bulk.StartLoad(ctx, c, cfg, accounts(100, "Ext__c"))
		if err != nil {
			return err
		}
		if _, err := l.Wait(ctx); err != nil {
			return err
		}
		return drain(l.Results(ctx))
	},
}

func drain[T any](seq func(func(T, error) bool)) (last error) {
	seq(func(_ T, err error) bool {
		last = err
		return true
	})
	return last
}

// whole answers every request of the scenarios; the body of an answer ends
// with the request's context.
func whole(r *http.Request) (int, http.Header, string) {
	path := r.URL.Path[strings.Index(r.URL.Path, "jobs/"):]
	n := 0
	fmt.Sscanf(r.URL.Query().Get("locator"), "L%d", &n)
	switch {
	case r.Method == http.MethodPost && strings.HasPrefix(path, "jobs/ingest"):
		return 200, nil, job("Open", 0)
	case r.Method == http.MethodPut:
		return 201, nil, ""
	case r.Method == http.MethodDelete:
		return 204, nil, ""
	case strings.HasSuffix(path, "/resultPages"):
		return 200, nil, `{"resultPages":[{"resultUrl":"/x?locator=L0"},{"resultUrl":"/x?locator=L1"},{"resultUrl":"/x?locator=L2"}],"done":true}`
	case strings.HasSuffix(path, "/results"):
		return 200, http.Header{"Sforce-Numberofrecords": {"10"}, "Sforce-Locator": {nextLocator(n, 3)}}, pageText(n, 10)
	case strings.HasSuffix(path, "successfulResults"):
		return 200, nil, successHead + "\"001000000000001AAA\",\"true\",\"key 000001\",\"A\"\n"
	case strings.HasSuffix(path, "failedResults"), strings.HasSuffix(path, "unprocessedrecords"):
		return 200, nil, ""
	default:
		return 200, nil, job("JobComplete", 30)
	}
}

// At whatever request the context ends - before it is answered, or in the
// middle of its body - nothing stays behind: no body open, no goroutine (which
// the bubble of synctest would wait for and report), and no further success.
func TestNothingLeaksWhereverItIsCancelled(t *testing.T) {
	for name, run := range scenarios {
		for _, where := range []string{"never", "before the answer", "in the body"} {
			for at := int64(1); at < 60; at++ {
				reached, method := false, ""
				synctest.Test(t, func(t *testing.T) {
					ctx, cancel := context.WithCancel(t.Context())
					defer cancel()
					bodies := &openBodies{}
					bodies.next = roundTripper(func(r *http.Request) (*http.Response, error) {
						hit := bodies.n.Load() == at && where != "never"
						if hit {
							reached, method = true, r.Method
						}
						if hit && where == "before the answer" {
							cancel()
							r.Body = closed(r.Body)
							return nil, context.Canceled
						}
						if err := r.Context().Err(); err != nil {
							closed(r.Body)
							return nil, err
						}
						if r.Body != nil {
							if hit {
								_, _ = io.CopyN(io.Discard, r.Body, 10)
								cancel()
								closed(r.Body)
								return nil, context.Canceled
							}
							if _, err := io.Copy(io.Discard, r.Body); err != nil {
								return nil, err
							}
							closed(r.Body)
						}
						status, header, text := whole(r)
						if header == nil {
							header = http.Header{}
						}
						var body io.Reader = strings.NewReader(text)
						if hit {
							body = io.MultiReader(strings.NewReader(text[:len(text)/2]), cancelReader{ctx, cancel})
						}
						return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(body), Request: r}, nil
					})
					bodies.before = func(int64, *http.Request) {}
					err := run(ctx, clientOf(t, "https://example.my.salesforce.com", "T", &http.Client{Transport: bodies}))
					synctest.Wait()
					if open := bodies.open.Load(); open != 0 {
						t.Errorf("%s, %s %d: %d bodies are open", name, where, at, open)
					}
					if reached && err == nil && where == "before the answer" && method != http.MethodDelete {
						t.Errorf("%s, %s %d: a success", name, where, at)
					}
					if !reached && err != nil && name != "load" { // whose results here tell of a row twice
						t.Errorf("%s, %s: %v", name, where, err)
					}
				})
				if !reached {
					break
				}
			}
		}
	}
}

// closed closes a request's body, as a transport must.
func closed(b io.ReadCloser) io.ReadCloser {
	if b != nil {
		b.Close()
	}
	return b
}

// cancelReader ends a context, and its own stream with it.
type cancelReader struct {
	ctx    context.Context
	cancel func()
}

func (c cancelReader) Read([]byte) (int, error) {
	c.cancel()
	return 0, c.ctx.Err()
}
