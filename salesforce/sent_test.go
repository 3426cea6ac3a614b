package salesforce_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/orglink/orglink/salesforce"
	"github.com/orglink/orglink/salesforce/sobject"
)

// writes are all ways to write records; each returns its outcomes.
var writes = map[string]func(ctx context.Context, c *salesforce.Client) ([]salesforce.Outcome, error){
	"create": func(ctx context.Context, c *salesforce.Client) ([]salesforce.Outcome, error) {
		out, err := c.Create(ctx, account(text("Name", "A")))
		return []salesforce.Outcome{out}, err
	},
	"upsert": func(ctx context.Context, c *salesforce.Client) ([]salesforce.Outcome, error) {
		out, err := c.Upsert(ctx, "Key__c", "1", account(text("Name", "A")))
		return []salesforce.Outcome{out}, err
	},
	"upload": func(ctx context.Context, c *salesforce.Client) ([]salesforce.Outcome, error) {
		out, err := c.Upload(ctx, salesforce.File{Name: "a.txt", Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader("a")), nil }})
		return []salesforce.Outcome{out}, err
	},
	"create all": func(ctx context.Context, c *salesforce.Client) ([]salesforce.Outcome, error) {
		return c.CreateAll(ctx, []sobject.Record{account(text("Name", "A")), account(text("Name", "B"))}, salesforce.WriteOptions{})
	},
	"delete all": func(ctx context.Context, c *salesforce.Client) ([]salesforce.Outcome, error) {
		return c.DeleteAll(ctx, []sobject.ID{"001000000000001AAA"}, salesforce.WriteOptions{})
	},
	"tree": func(ctx context.Context, c *salesforce.Client) ([]salesforce.Outcome, error) {
		return c.CreateTree(ctx, "Account", []salesforce.TreeNode{{Record: account(text("Name", "A"))}}, salesforce.WriteOptions{})
	},
}

// An outcome says whether its row may have been written: whoever sends it again
// must look first where it may, and need not where it cannot.
func TestOutcomesTellWhatMayHaveBeenWritten(t *testing.T) {
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	down := func(r *http.Request) (*http.Response, error) {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}
	}
	cut := func(r *http.Request) (*http.Response, error) {
		if r.Body != nil {
			_, _ = io.Copy(io.Discard, r.Body)
		}
		return nil, &net.OpError{Op: "read", Net: "tcp", Err: errors.New("connection reset by peer")}
	}
	status := func(code int, body string) transport {
		return func(r *http.Request) (*http.Response, error) {
			if r.Body != nil {
				_, _ = io.Copy(io.Discard, r.Body)
			}
			return reply(r, code, body), nil
		}
	}
	refusal := `[{"message":"no","errorCode":"INVALID_FIELD"}]`
	for name, tc := range map[string]struct {
		ctx  context.Context
		net  transport
		edit func(*salesforce.Config)
		may  bool
	}{
		"the context had ended": {ctx: ended, net: status(200, "{}")},
		"the host is no host of Salesforce": {net: status(200, "{}"), edit: func(cfg *salesforce.Config) {
			cfg.Tokens = salesforce.StaticToken("https://example.com", "T")
		}},
		"nobody listens":              {net: down},
		"refused":                     {net: status(400, refusal)},
		"the session died for good":   {net: status(401, expired)},
		"the connection broke":        {net: cut, may: true},
		"the org broke":               {net: status(500, refusal), may: true},
		"something else answered":     {net: status(200, "not JSON"), may: true},
		"the answer says nothing new": {net: status(200, `{"huh":1}`), may: true},
	} {
		for way, write := range writes {
			edit := func(cfg *salesforce.Config) {
				cfg.MaxRetries = -1
				if tc.edit != nil {
					tc.edit(cfg)
				}
			}
			ctx := tc.ctx
			if ctx == nil {
				ctx = t.Context()
			}
			out, err := write(ctx, offline(t, tc.net, edit))
			if err == nil {
				t.Errorf("%s, %s: no error", name, way)
			}
			for _, o := range out {
				if may := o.Sent && len(o.Errors) == 0; o.Success || o.Err() == nil || may != tc.may {
					t.Errorf("%s, %s: %+v, want a row that may be written: %v (%v)", name, way, o, tc.may, err)
				}
			}
		}
	}
}
