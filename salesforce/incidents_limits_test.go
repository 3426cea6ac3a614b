package salesforce_test

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/orglink/orglink/salesforce"
	"github.com/orglink/orglink/salesforce/salesforcetest"
	"github.com/orglink/orglink/salesforce/sobject"
)

// Limits and quota.
func TestIncidentsLimits(t *testing.T) {
	bites(t, "airbytehq/airbyte#8690", naiveReader, func(t *testing.T, read reader) error {
		org := salesforcetest.NewServer(t, salesforcetest.Config{DailyRequests: 2})
		if _, err := org.Org().Insert("Account", slices.Repeat([]sobject.Record{account(sobject.F("Name", sobject.TextValue("x")))}, 5000)...); err != nil {
			return err
		}
		rows, err := read(siteOf(org), "SELECT Id FROM Account")
		if salesforce.IsRetryable(err) {
			return errors.New("a limit of a day is not a matter of minutes")
		}
		return allOrError(rows, err, 5000, salesforce.ErrDailyLimit)
	})
	t.Run("salto-io/salto PR3056", func(t *testing.T) {
		for message, want := range map[string]struct {
			is       error
			attempts int
		}{
			"TotalRequests Limit exceeded.":                                  {salesforce.ErrDailyLimit, 1},
			"ConcurrentRequests (Concurrent API Requests) Limit exceeded.":   {salesforce.ErrConcurrentLimit, 3},
			"ConcurrentPerOrgLongTxn Limit exceeded.":                        {salesforce.ErrConcurrentLimit, 3},
			"Concurrent requests limit exceeded for your organization (25).": {salesforce.ErrConcurrentLimit, 3},
		} {
			n, c := refusing(t, 403, "REQUEST_LIMIT_EXCEEDED", message, 99)
			if _, err := drain(c, "SELECT Id FROM A"); !errors.Is(err, want.is) || *n != want.attempts {
				t.Errorf("%s: %d attempts, %v", message, *n, err)
			}
		}
	})
	t.Run("SalesforceLabs/OrgCheck#432", func(t *testing.T) {
		// Waits grow, and those who failed together do not come back together.
		waits := map[time.Duration]bool{}
		for range 5 {
			synctest.Test(t, func(t *testing.T) {
				var last time.Time
				var gaps []time.Duration
				c := offline(t, func(r *http.Request) (*http.Response, error) {
					if !last.IsZero() {
						gaps = append(gaps, time.Since(last))
					}
					last = time.Now()
					return reply(r, 403, `[{"errorCode":"REQUEST_LIMIT_EXCEEDED","message":"ConcurrentRequests Limit exceeded."}]`), nil
				}, func(cfg *salesforce.Config) { cfg.RetryWaitMin, cfg.RetryWaitMax = time.Second, time.Minute })
				_, _ = c.Limits(t.Context())
				if len(gaps) != 4 || gaps[0] < time.Second/2 || gaps[3] < 4*time.Second {
					t.Error(gaps)
				}
				waits[gaps[0]] = true
			})
		}
		if len(waits) < 2 {
			t.Error("no jitter")
		}
	})
	t.Run("mautic/mautic#5006", func(t *testing.T) {
		n, c := refusing(t, 403, "REQUEST_LIMIT_EXCEEDED", "ConcurrentPerOrgLongTxn Limit exceeded.", 1)
		if _, err := c.Limits(t.Context()); err != nil || *n != 2 {
			t.Error(*n, err)
		}
	})
	t.Run("django-salesforce/django-salesforce#317", func(t *testing.T) {
		org, c := fake(t, salesforcetest.Config{DailyRequests: 1000})
		ids := make([]sobject.ID, 450)
		recs := slices.Repeat([]sobject.Record{account(sobject.F("Name", sobject.TextValue("x")))}, 450)
		out, err := c.CreateAll(t.Context(), recs, salesforce.WriteOptions{})
		if err != nil {
			t.Fatal(err)
		}
		for i := range out {
			ids[i] = out[i].ID
		}
		if n := org.APICalls(); n != 3 || c.Calls() != 3 || c.Usage() != (salesforce.Usage{Used: 3, Max: 1000}) {
			t.Errorf("%d calls for 450 rows, counted as %d, %+v", n, c.Calls(), c.Usage())
		}
		gone, err := c.DeleteAll(t.Context(), ids, salesforce.WriteOptions{})
		if err != nil || len(gone) != 450 || !gone[449].Success || org.APICalls() != 6 {
			t.Error(len(gone), org.APICalls(), err)
		}
	})
	t.Run("jsforce/jsforce#118", func(t *testing.T) {
		org, c := fake(t, salesforcetest.Config{})
		ids, err := org.Org().Insert("Account", slices.Repeat([]sobject.Record{account(sobject.F("Name", sobject.TextValue("x")))}, 11)...)
		if err != nil {
			t.Fatal(err)
		}
		if out, err := c.DeleteAll(t.Context(), ids, salesforce.WriteOptions{}); err != nil || len(out) != 11 || org.APICalls() != 1 {
			t.Error(len(out), org.APICalls(), err)
		}
	})
	t.Run("Estuary f0747ecb3", func(t *testing.T) {
		// An org that is down costs little more than one call each.
		n, c := refusing(t, 500, "UNKNOWN_EXCEPTION", "An unexpected error occurred.", 1<<30)
		for range 200 {
			if _, err := drain(c, "SELECT Id FROM A"); !errors.Is(err, salesforce.ErrUnavailable) {
				t.Fatal(err)
			}
		}
		if *n > 200+20+20+5 {
			t.Errorf("%d attempts for 200 reads", *n)
		}
		if c.Calls() != int64(*n) {
			t.Errorf("%d of %d attempts counted", c.Calls(), *n)
		}
	})
	t.Run("salto client list", func(t *testing.T) {
		for _, tc := range []struct {
			status        int
			code, message string
		}{
			{400, "UNKNOWN_EXCEPTION", "unknown_error: retry your request"},
			{406, "X", "unknown_error: retry your request"},
			{400, "API_ERROR", "Unable to complete the creation of the query cursor at this time"},
			{503, "SERVER_UNAVAILABLE", "The server is busy"},
			{400, "X", "Your request exceeded the time limit for processing"},
		} {
			n, c := refusing(t, tc.status, tc.code, tc.message, 1)
			if _, err := c.Limits(t.Context()); err != nil || *n != 2 {
				t.Errorf("%+v: %d attempts, %v", tc, *n, err)
			}
			// But no create is repeated on a guess.
			n, c = refusing(t, tc.status, tc.code, tc.message, 1)
			if _, err := c.Create(t.Context(), account()); !salesforce.IsRetryable(err) || *n != 1 {
				t.Errorf("%+v: %d attempts at a create, %v", tc, *n, err)
			}
		}
	})
	t.Run("Nango actions", func(t *testing.T) {
		org, c := fake(t, salesforcetest.Config{})
		for _, action := range []salesforcetest.Action{salesforcetest.DropAfter(), salesforcetest.Truncate(5)} {
			remove := org.Fault(salesforcetest.Fault{Match: salesforcetest.Match{Method: "POST", Path: "sobjects/Account", Nth: 1}, Action: action})
			if out, err := c.Create(t.Context(), account(sobject.F("Name", sobject.TextValue("once")))); err == nil || out.Success || !out.Sent {
				t.Error(out, err)
			}
			remove()
		}
		if n, err := org.Org().Count("SELECT COUNT() FROM Account"); n != 2 || err != nil {
			t.Errorf("two creates made %d records, %v", n, err)
		}
	})
}

// refusing is a client of an org that refuses the first times requests, and
// the count of requests.
func refusing(t *testing.T, status int, code, message string, times int) (*int, *salesforce.Client) {
	n := new(int)
	return n, offline(t, func(r *http.Request) (*http.Response, error) {
		if *n++; *n <= times {
			return reply(r, status, `[{"errorCode":"`+code+`","message":"`+message+`"}]`), nil
		}
		if strings.Contains(r.URL.Path, "query") {
			return reply(r, 200, `{"totalSize":0,"done":true,"records":[]}`), nil
		}
		return reply(r, 200, `{}`), nil
	}, func(cfg *salesforce.Config) {
		if times == 99 {
			cfg.MaxRetries = 2
		}
	})
}
