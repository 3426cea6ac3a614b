package salesforce_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/orglink/orglink/salesforce"
	"github.com/orglink/orglink/salesforce/sobject"
)

// uses are whole uses of a client, of several requests each where there are
// several; each ends by itself or with ctx.
var uses = map[string]func(ctx context.Context, c *salesforce.Client) error{
	"query of several pages with children": func(ctx context.Context, c *salesforce.Client) error {
		return exhaust(c.Query(ctx, "SELECT Id, (SELECT Id FROM Contacts) FROM Account"))
	},
	"query read ahead": func(ctx context.Context, c *salesforce.Client) error {
		return exhaust(c.QueryWith(ctx, "SELECT Id FROM Account", salesforce.QueryOptions{ReadAhead: true, ReuseRecords: true}))
	},
	"long query": func(ctx context.Context, c *salesforce.Client) error {
		return exhaust(c.Query(ctx, "SELECT Id FROM Account WHERE Name = '"+strings.Repeat("x", 13_000)+"'"))
	},
	"count": func(ctx context.Context, c *salesforce.Client) error {
		_, err := c.Count(ctx, "SELECT COUNT() FROM Account")
		return err
	},
	"children": func(ctx context.Context, c *salesforce.Client) error {
		return exhaust(c.Children(ctx, "Account", "001000000000001AAA", "Contacts"))
	},
	"describe many": func(ctx context.Context, c *salesforce.Client) error {
		_, err := c.DescribeMany(ctx, []string{"Account"})
		return err
	},
	"collections in chunks": func(ctx context.Context, c *salesforce.Client) error {
		recs := make([]sobject.Record, 250)
		for i := range recs {
			recs[i] = account(text("Name", "A"))
		}
		_, err := c.CreateAll(ctx, recs, salesforce.WriteOptions{})
		return err
	},
	"upload": func(ctx context.Context, c *salesforce.Client) error {
		_, err := c.Upload(ctx, salesforce.File{Name: "a.bin", Open: func() (io.ReadCloser, error) {
			return io.NopCloser(strings.NewReader(strings.Repeat("x", 100_000))), nil
		}})
		return err
	},
	"download": func(ctx context.Context, c *salesforce.Client) error {
		resp, err := c.Blob(ctx, "ContentVersion", "068000000000001AAA", "VersionData")
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		_, err = io.Copy(io.Discard, resp.Body)
		return err
	},
	"fates": func(ctx context.Context, c *salesforce.Client) error {
		_, err := c.Fates(ctx, "Account", "001000000000001AAA")
		return err
	},
}

func exhaust[T any](seq func(func(T, error) bool)) (last error) {
	seq(func(_ T, err error) bool {
		last = err
		return true
	})
	return last
}

// played answers every request of the uses.
func played(r *http.Request) string {
	const row = `{"attributes":{"type":"Account"},"Id":"001000000000001AAA","IsDeleted":false,"MasterRecordId":null,
		"Contacts":{"totalSize":2,"done":false,"nextRecordsUrl":"/services/data/v66.0/query/kids","records":[{"attributes":{"type":"Contact"},"Id":"003000000000001AAA"}]}}`
	path := r.URL.Path
	switch {
	case strings.HasSuffix(path, "/query/kids"):
		return `{"totalSize":2,"done":true,"records":[{"attributes":{"type":"Contact"},"Id":"003000000000002AAA"}]}`
	case strings.HasSuffix(path, "/query/two"), strings.HasSuffix(path, "/queryAll"):
		return `{"totalSize":1,"done":true,"records":[{"attributes":{"type":"Account"},"Id":"001000000000002AAA","IsDeleted":false}]}`
	case strings.HasSuffix(path, "/query") && strings.Contains(r.URL.RawQuery, "COUNT"):
		return `{"totalSize":7,"done":true,"records":[]}`
	case strings.HasSuffix(path, "/query"):
		return `{"totalSize":2,"done":false,"nextRecordsUrl":"/services/data/v66.0/query/two","records":[` + row + `]}`
	case strings.HasSuffix(path, "/Contacts"):
		return `{"totalSize":1,"done":true,"records":[{"attributes":{"type":"Contact"},"Id":"003000000000001AAA"}]}`
	case strings.HasSuffix(path, "/composite/sobjects"):
		n := 200
		if r.ContentLength < 5_000 {
			n = 50
		}
		return "[" + strings.TrimSuffix(strings.Repeat(`{"id":"001000000000001AAA","success":true,"errors":[]},`, n), ",") + "]"
	case strings.HasSuffix(path, "/composite") && r.ContentLength > 10_000:
		return `{"compositeResponse":[{"body":{"totalSize":1,"done":true,"records":[{"attributes":{"type":"Account"},"Id":"001000000000002AAA"}]},"httpStatusCode":200,"referenceId":"query"}]}`
	case strings.HasSuffix(path, "/composite"):
		return `{"compositeResponse":[{"body":{"name":"Account","fields":[]},"httpHeaders":{},"httpStatusCode":200,"referenceId":"d0"}]}`
	case strings.HasSuffix(path, "/VersionData"):
		return strings.Repeat("x", 100_000)
	default:
		return `{"id":"068000000000001AAA","success":true,"errors":[]}`
	}
}

// At whatever request of a use the context ends - before it is sent, in the
// middle of its body, before it is answered, in the middle of the answer -
// nothing stays behind: no body open, no goroutine (which the bubble of synctest
// would wait for and report), and the caller gets the context's own error.
func TestNothingLeaksWhereverItIsCancelled(t *testing.T) {
	for name, use := range uses {
		for _, where := range []string{"never", "while sending", "before the answer", "in the answer"} {
			for at := int32(1); at < 10; at++ {
				reached := false
				synctest.Test(t, func(t *testing.T) { reached = cancelAt(t, name, use, where, at) })
				if !reached {
					break
				}
			}
		}
	}
}

// cancelAt runs a use that is cancelled at its at-th request.
func cancelAt(t *testing.T, name string, use func(context.Context, *salesforce.Client) error, where string, at int32) (reached bool) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var open, n atomic.Int32
	var hit atomic.Bool
	c := offline(t, func(r *http.Request) (*http.Response, error) {
		here := n.Add(1) == at && where != "never"
		if r.Body != nil {
			defer r.Body.Close()
			if here && where == "while sending" {
				hit.Store(true)
				_, _ = io.CopyN(io.Discard, r.Body, 10)
				cancel()
				return nil, ctx.Err()
			}
			if _, err := io.Copy(io.Discard, r.Body); err != nil {
				return nil, err
			}
		}
		if here && where == "before the answer" {
			hit.Store(true)
			cancel()
		}
		time.Sleep(time.Millisecond)
		if err := r.Context().Err(); err != nil {
			return nil, err
		}
		text := played(r)
		resp := reply(r, 200, text)
		if here && where == "in the answer" {
			hit.Store(true)
			resp.Body = io.NopCloser(io.MultiReader(strings.NewReader(text[:len(text)/2]), canceller{ctx, cancel}))
		}
		open.Add(1)
		resp.Body = &countedBody{ReadCloser: resp.Body, open: &open}
		return resp, nil
	}, func(cfg *salesforce.Config) { cfg.MaxRetries = -1 })
	err := use(ctx, c)
	synctest.Wait()
	if left := open.Load(); left != 0 {
		t.Errorf("%s, %s %d: %d bodies are open", name, where, at, left)
	}
	if where == "never" && err != nil {
		t.Errorf("%s: %v", name, err)
	}
	if hit.Load() && !errors.Is(err, context.Canceled) {
		t.Errorf("%s, %s %d: %v", name, where, at, err)
	}
	return hit.Load()
}

// canceller ends a context, and its own stream with it.
type canceller struct {
	ctx    context.Context
	cancel func()
}

func (c canceller) Read([]byte) (int, error) {
	c.cancel()
	return 0, c.ctx.Err()
}
