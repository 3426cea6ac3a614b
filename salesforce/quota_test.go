package salesforce_test

import (
	"errors"
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/orglink/orglink/salesforce"
)

func TestQuotaFloor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		info, sent := "api-usage=799/1000", 0
		c := offline(t, func(r *http.Request) (*http.Response, error) {
			sent++
			resp := reply(r, 200, `[]`)
			resp.Header.Set("Sforce-Limit-Info", info)
			return resp, nil
		}, func(cfg *salesforce.Config) { cfg.QuotaFloor = 0.8 })
		call := func() error { _, err := c.Recent(t.Context(), 1); return err }
		if err := call(); err != nil { // nothing is known yet
			t.Fatal(err)
		}
		info = "api-usage=800/1000"
		if err := call(); err != nil { // 799 of 1000
			t.Fatal(err)
		}
		err := call()
		var refused *salesforce.QuotaError
		if !errors.Is(err, salesforce.ErrQuotaFloor) || errors.Is(err, salesforce.ErrDailyLimit) || salesforce.IsRetryable(err) ||
			!errors.As(err, &refused) || refused.Usage.Used != 800 || refused.Operation != "recent" || sent != 2 {
			t.Fatal(err, sent)
		}
		// A person waits: the call passes, by context or by request.
		if _, err := c.Recent(salesforce.Interactive(t.Context()), 1); err != nil || !salesforce.IsInteractive(salesforce.Interactive(t.Context())) {
			t.Error(err)
		}
		if err := c.DoJSON(t.Context(), salesforce.Request{Path: "recent", Interactive: true}, nil); err != nil {
			t.Error(err)
		}
		// What does not count is not refused.
		if _, err := c.Versions(t.Context()); err != nil {
			t.Error(err)
		}
		if sent = 0; call() == nil {
			t.Error("a background call passed")
		}
		// Old figures refuse nobody for ever: one call finds out.
		time.Sleep(6 * time.Minute)
		if err := call(); err != nil || sent != 1 {
			t.Error(err, sent)
		}
		if call() == nil {
			t.Error("more than one call passed on old figures")
		}
		info = "api-usage=100/1000"
		time.Sleep(6 * time.Minute)
		for range 3 {
			if err := call(); err != nil {
				t.Error(err)
			}
		}
		// The app's own quota has the same floor.
		info = "api-usage=100/1000; per-app-api-usage=24/25(appName=Orglink)"
		_ = call()
		if err := call(); !errors.Is(err, salesforce.ErrQuotaFloor) {
			t.Error(err)
		}
		if u := c.Usage(); u != (salesforce.Usage{Used: 100, Max: 1000, AppUsed: 24, AppMax: 25, App: "Orglink"}) {
			t.Error(u)
		}
	})
	if _, err := salesforce.New(salesforce.Config{Tokens: salesforce.StaticToken("https://x.my.salesforce.com", "T"), QuotaFloor: 80}); err == nil {
		t.Error("a floor of 8,000 percent was taken")
	}
}

func TestUsageSurvivesOddHeaders(t *testing.T) {
	for header, want := range map[string]salesforce.Usage{
		"":                             {Used: 1, Max: 2},
		"api-usage=x/y":                {Used: 1, Max: 2},
		"api-usage=5":                  {Used: 1, Max: 2},
		"per-app-api-usage=1/2":        {Used: 1, Max: 2},
		"api-usage=7/8":                {Used: 7, Max: 8},
		" api-usage = 7/8 ":            {Used: 1, Max: 2},
		"future=1/1, api-usage=7/8":    {Used: 7, Max: 8},
		"api-usage=7/8;per-app-api-us": {Used: 7, Max: 8},
		"api-usage=7/8; per-app-api-usage=1/2(appName=a b=c)": {Used: 7, Max: 8, AppUsed: 1, AppMax: 2, App: "a b=c"},
	} {
		next := "api-usage=1/2"
		c := offline(t, func(r *http.Request) (*http.Response, error) {
			resp := reply(r, 200, `[]`)
			resp.Header.Set("Sforce-Limit-Info", next)
			return resp, nil
		})
		for _, next = range []string{next, header} {
			if _, err := c.Recent(t.Context(), 1); err != nil {
				t.Fatal(err)
			}
		}
		if got := c.Usage(); got != want {
			t.Errorf("%q: %s, want %s", header, fmt.Sprint(got), fmt.Sprint(want))
		}
	}
}
