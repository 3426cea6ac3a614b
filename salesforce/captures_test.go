package salesforce_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/orglink/orglink/salesforce"
	"github.com/orglink/orglink/salesforce/sobject"
)

type captured struct {
	status int
	header http.Header
	body   string
}

// capture returns the recorded answers of a file; a bare body has status 0.
func capture(t *testing.T, name string) []captured {
	t.Helper()
	root := os.Getenv("ORGLINK_CAPTURES")
	if root == "" {
		t.Skip("ORGLINK_CAPTURES names no folder of recorded answers")
	}
	raw, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	var recorded struct {
		Exchanges []struct {
			Response struct {
				Status  int
				Headers map[string]any
				Body    json.RawMessage
			}
		}
	}
	if json.Unmarshal(raw, &recorded) != nil || len(recorded.Exchanges) == 0 {
		return []captured{{body: string(raw)}}
	}
	var out []captured
	for _, e := range recorded.Exchanges {
		c := captured{status: e.Response.Status, header: http.Header{}, body: string(e.Response.Body)}
		for k, v := range e.Response.Headers {
			if s, ok := v.(string); ok {
				c.header.Set(k, s)
			}
		}
		var text string
		if json.Unmarshal(e.Response.Body, &text) == nil {
			c.body = text
		}
		out = append(out, c)
	}
	return out
}

func replay(t *testing.T, c captured) *salesforce.Client {
	if c.status == 0 {
		c.status = 200
	}
	return offline(t, func(r *http.Request) (*http.Response, error) {
		resp := reply(r, c.status, c.body)
		for k, v := range c.header {
			if k != "Content-Encoding" && k != "Transfer-Encoding" && k != "Content-Length" {
				resp.Header[k] = v
			}
		}
		return resp, nil
	}, func(cfg *salesforce.Config) { cfg.MaxRetries = -1 })
}

func TestCapturedErrors(t *testing.T) {
	for name, tc := range map[string]struct {
		status int
		code   string
		is     error
	}{
		"amp-entity-is-deleted.json":         {404, "ENTITY_IS_DELETED", salesforce.ErrDeleted},
		"amp-unknown-field.json":             {400, "INVALID_FIELD", salesforce.ErrInvalidField},
		"amp-unknown-object.json":            {400, "INVALID_TYPE", salesforce.ErrInvalidType},
		"restforce-delete-error.json":        {404, "NOT_FOUND", salesforce.ErrNotFound},
		"restforce-expired-session.json":     {401, "INVALID_SESSION_ID", salesforce.ErrSessionExpired},
		"restforce-find-error.json":          {404, "NOT_FOUND", salesforce.ErrNotFound},
		"restforce-query-error.json":         {400, "INVALID_FIELD", salesforce.ErrInvalidField},
		"restforce-search-error.json":        {400, "MALFORMED_SEARCH", salesforce.ErrMalformedQuery},
		"restforce-upsert-multiple-300.json": {300, "", salesforce.ErrAmbiguousExternalID},
	} {
		e := failWith(t, tc.status, capture(t, "errors/"+name)[0].body)
		if e.Code != tc.code || e.Message == "" || !errors.Is(e, tc.is) {
			t.Errorf("%s: %+v", name, e)
		}
		if tc.status == 300 && (len(e.Candidates) != 2 || !strings.HasSuffix(e.Candidates[1], "/Whizbang/bar")) {
			t.Errorf("%s: %q", name, e.Candidates)
		}
	}
	refused := 0
	for _, name := range []string{"snowfakery-bad-query.json", "cci-500-network-error.json", "cci-upsert-duplicate-external-id.json"} {
		for _, c := range capture(t, "errors/"+name) {
			if c.status < 300 {
				continue
			}
			e := failWith(t, c.status, c.body)
			if refused++; e.StatusCode != c.status || e.Message == "" || c.body != "" && e.Code == "" {
				t.Errorf("%s: %+v", name, e)
			}
		}
	}
	if refused < 2 {
		t.Errorf("only %d refusals in the recordings", refused)
	}
}

func TestCapturedLimits(t *testing.T) {
	answer := capture(t, "limits/nango-limits.json")[0]
	c := replay(t, answer)
	limits, err := c.Limits(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if limits["DailyApiRequests"].Max != 15000 || limits["DailyBulkV2QueryJobs"].Max != 10000 || len(limits) < 40 {
		t.Errorf("%d limits, %+v, %+v", len(limits), limits["DailyApiRequests"], limits["DailyBulkV2QueryJobs"])
	}
	if u := c.Usage(); u != (salesforce.Usage{Used: 24, Max: 15000}) {
		t.Error(u)
	}
}

func TestCapturedIdentity(t *testing.T) {
	c := replay(t, capture(t, "identity/nango-userinfo.json")[0])
	id, err := c.Identity(t.Context())
	if err != nil || id.OrgID != "00DdM00000vfgTuUAI" || id.UserID != "005dM00000awSFJQA2" || id.Username != "user@example.com" || !id.Active ||
		id.TimeZone != "America/Los_Angeles" || id.InstanceURL != "https://example.my.salesforce.com" {
		t.Errorf("%+v, %v", id, err)
	}
	for _, name := range []string{"amp-user-info.json", "spring-social-userDetails.json"} { // edited: their ids are none
		if id, err := replay(t, capture(t, "identity/"+name)[0]).Identity(t.Context()); err == nil {
			t.Errorf("%s: %+v", name, id)
		}
	}
}

func TestCapturedVersionsAndDeleted(t *testing.T) {
	v, err := replay(t, capture(t, "versions/netcoreforce-versions.json")[0]).Versions(t.Context())
	if err != nil || v[0] != (salesforce.Version{Label: "Summer '14", URL: "/services/data/v31.0", Version: "31.0"}) {
		t.Error(v, err)
	}
	d, err := replay(t, capture(t, "getUpdatedDeleted/restforce-get-deleted.json")[0]).Deleted(t.Context(), "Whizbang", time.Now().Add(-time.Hour), time.Now())
	if err != nil || len(d.Records) != 1 || d.Records[0].ID != "a00D0000008pQRAIA2" || d.LatestCovered != time.Date(2013, 5, 8, 21, 20, 0, 0, time.UTC) ||
		d.EarliestAvailable != time.Date(2013, 5, 3, 15, 57, 0, 0, time.UTC) {
		t.Errorf("%+v, %v", d, err)
	}
	objects, err := replay(t, capture(t, "describeGlobal/cumulusci-sobjects.json")[0]).DescribeGlobal(t.Context())
	if err != nil || len(objects) == 0 || objects[0].Name == "" {
		t.Error(len(objects), err)
	}
}

func TestCapturedCollections(t *testing.T) {
	write := func(name string) []salesforce.Outcome {
		t.Helper()
		out, err := replay(t, capture(t, "collections/"+name)[0]).CreateAll(t.Context(), []sobject.Record{account(), account()}, salesforce.WriteOptions{})
		if err != nil {
			t.Fatal(name, err)
		}
		return out
	}
	if out := write("amp-create-success.json"); !out[0].Success || out[1].ID != "003ak00000luKU2AAM" {
		t.Errorf("%+v", out)
	}
	out := write("amp-create-allornone-rollback.json")
	if !errors.Is(out[0].Err(), salesforce.ErrRequired) || !errors.Is(out[1].Err(), salesforce.ErrRolledBack) || out[0].Errors[0].Fields[0] != "LastName" {
		t.Errorf("%+v", out)
	}
	if out := write("amp-update-missing-ids.json"); out[0].Success || out[1].Errors[0].Code != "MISSING_ARGUMENT" {
		t.Errorf("%+v", out)
	}
}
