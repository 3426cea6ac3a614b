package salesforce_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/orglink/orglink/salesforce"
	"github.com/orglink/orglink/salesforce/salesforcetest"
	"github.com/orglink/orglink/salesforce/sobject"
)

// Authentication and sessions, as far as a client is concerned.
func TestIncidentsSessions(t *testing.T) {
	t.Run("airbytehq/airbyte PR75283", tokenPerRequest)
	t.Run("forcedotcom/sfdx-core PR1342", func(t *testing.T) { thirtyCallers(t, true) })
	t.Run("Redpanda token mutex", func(t *testing.T) { thirtyCallers(t, false) })
	t.Run("simple-salesforce/simple-salesforce#594", func(t *testing.T) {
		// A new token that is rejected too is not the beginning of a loop.
		n := 0
		o := newOrg(t, answer(401, expired))
		src := &tokens{now: token(o.URL, "T"), onRefresh: func(salesforce.Token) (salesforce.Token, error) {
			n++
			return token(o.URL, fmt.Sprint("T", n)), nil
		}}
		c := o.client(t, func(cfg *salesforce.Config) { cfg.Tokens = src })
		if _, err := drain(c, "SELECT Id FROM A"); !errors.Is(err, salesforce.ErrSessionExpired) || n != 1 || len(o.requests()) != 2 {
			t.Errorf("%d refreshes, %d requests, %v", n, len(o.requests()), err)
		}
	})
	t.Run("singer-io/tap-salesforce#93", noSecretsInLogs)
	t.Run("forcedotcom/SalesforcePy#56", func(t *testing.T) {
		// What a client does never ends a session that others share.
		org := orgWith(t, 10)
		for range 3 {
			c := siteOf(org).client(t)
			if n, err := drain(c, "SELECT Id FROM Account"); n != 10 || err != nil {
				t.Fatal(n, err)
			}
			org.Fault(salesforcetest.Fault{Match: salesforcetest.Match{Path: "limits", Nth: 1}, Action: salesforcetest.Answer(500, "")})
			_, _ = c.Limits(t.Context())
		}
		for _, r := range org.Requests() {
			if strings.Contains(r.Path, "revoke") || strings.Contains(r.Path, "logout") {
				t.Error(r.Method, r.Path)
			}
		}
	})
	t.Run("forcedotcom/SalesforceMobileSDK-iOS#3541", movedOrg)
	t.Run("hotgluexyz/tap-salesforce 3592a3d", forbiddenMeanings)
	t.Run("airbytehq/airbyte#26520", slowPolicies)
	t.Run("airbytehq/airbyte#71024", func(t *testing.T) {
		// Tokens are opaque: sent as they came, whatever they look like.
		for _, access := range []string{"00D000000000001!AQ4AQ.x_y", "eyJhbGciOiJSUzI1NiJ9." + strings.Repeat("e", 3000) + ".sig", "a.b.c", "eyJ", "not=base64+/~"} {
			o := newOrg(t, answer(200, `[]`))
			c := site{o.URL, access}.client(t)
			if _, err := c.Versions(t.Context()); err != nil || o.requests()[0].header.Get("Authorization") != "Bearer "+access {
				t.Errorf("%.20s: %v", access, err)
			}
		}
	})
}

// A read that outlives its token goes on with the next one, without asking
// again for what it has.
func tokenPerRequest(t *testing.T) {
	org := orgWith(t, 6100)
	var mu sync.Mutex
	access := org.Ready().AccessToken
	src := tokenFunc(func() salesforce.Token {
		mu.Lock()
		defer mu.Unlock()
		return token(org.URL, access)
	})
	org.OnAnswered(func(salesforcetest.RequestRecord) { // somebody refreshes between any two pages
		mu.Lock()
		defer mu.Unlock()
		_ = org.Org().ExpireSessions("")
		access = org.Token(salesforcetest.AdminUsername)
	})
	n, err := drain(siteOf(org).client(t, func(cfg *salesforce.Config) { cfg.Tokens = src }), "SELECT Id FROM Account")
	if n != 6100 || err != nil || len(org.Requests()) != 4 {
		t.Errorf("%d rows in %d requests, %v", n, len(org.Requests()), err)
	}
}

// tokenFunc is a source whose token others refresh.
type tokenFunc func() salesforce.Token

func (f tokenFunc) Token(context.Context) (salesforce.Token, error) { return f(), nil }
func (f tokenFunc) Refresh(context.Context, salesforce.Token) (salesforce.Token, error) {
	return salesforce.Token{}, errors.New("refreshed by others")
}

// thirtyCallers: one refresh for all who hold the rejected token, whether they
// learn of it together or one after the other.
func thirtyCallers(t *testing.T, together bool) {
	org := orgWith(t, 1)
	src := &tokens{now: token(org.URL, "expired long ago"), onRefresh: func(salesforce.Token) (salesforce.Token, error) {
		return token(org.URL, org.Token(salesforcetest.AdminUsername)), nil
	}}
	stale := src.now
	c := siteOf(org).client(t, func(cfg *salesforce.Config) {
		cfg.Tokens = src
		if !together {
			cfg.Tokens = lagging{src, stale}
		}
	})
	var wg sync.WaitGroup
	for range 30 {
		call := func() {
			if n, err := drain(c, "SELECT Id FROM Account"); n != 1 || err != nil {
				t.Error(n, err)
			}
		}
		if together {
			wg.Go(call)
		} else {
			call()
		}
	}
	wg.Wait()
	if n := src.refreshed.Load(); n != 1 {
		t.Errorf("%d refreshes", n)
	}
}

// lagging hands out the rejected token for ever, like a cache that was filled
// before the refresh.
type lagging struct {
	*tokens
	old salesforce.Token
}

func (l lagging) Token(context.Context) (salesforce.Token, error) { return l.old, nil }

// Whatever a host prints or logs of the client, the token is not in it.
func noSecretsInLogs(t *testing.T) {
	const secret = "00DSECRET!AQsecretsecret"
	var log bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&log, nil))
	o := newOrg(t, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasSuffix(r.URL.Path, "limits"):
			w.Header().Set("Location", "https://elsewhere.example/x")
			w.WriteHeader(307)
		case strings.HasSuffix(r.URL.Path, "sobjects"):
			panic(http.ErrAbortHandler)
		default:
			answer(401, expired)(w, r)
		}
	})
	cfg := salesforce.Config{Tokens: salesforce.StaticToken(o.URL, secret), TrustedHosts: []string{o.host()}, MaxRetries: -1,
		Observer: func(call salesforce.Call) { logger.Info("call", "call", call, "err", call.Err) }}
	c, err := salesforce.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	_, err1 := c.Limits(t.Context())
	_, err2 := c.DescribeGlobal(t.Context())
	_, err3 := drain(c, "SELECT Id FROM A")
	_, err4 := c.Create(t.Context(), account(sobject.F("Name", sobject.TextValue("x"))))
	held := token(o.URL, secret)
	for _, err := range []error{err1, err2, err3, err4} {
		if err == nil {
			t.Error("no error to look at")
		}
		logger.Error("failed", "error", err)
		fmt.Fprintf(&log, "%v %+v %#v\n", err, err, err)
	}
	logger.Info("held", "token", held, "config", cfg)
	fmt.Fprintf(&log, "%v %+v %#v %v %+v %s", held, held, held, cfg, cfg, held.Access)
	if log.Len() < 1000 {
		t.Error("little was logged")
	}
	if text := log.String(); strings.Contains(text, "SECRET") || strings.Contains(text, "secretsecret") {
		t.Errorf("the token is in: %s", text[max(0, strings.Index(text, "ecretsecret")-200):])
	}
}

// The org moved: redirects keep method, body and token on Salesforce's hosts,
// and end everywhere else.
func movedOrg(t *testing.T) {
	for _, status := range []int{307, 308} {
		org := orgWith(t, 0)
		target, old := org.URL, 0
		o := newOrg(t, func(w http.ResponseWriter, r *http.Request) {
			old++
			w.Header().Set("Location", target+r.RequestURI)
			w.WriteHeader(status)
		})
		c := site{o.URL, org.Ready().AccessToken}.client(t, func(cfg *salesforce.Config) {
			cfg.TrustedHosts = append(cfg.TrustedHosts, strings.TrimPrefix(org.URL, "http://"))
		})
		if _, err := c.Create(t.Context(), account(sobject.F("Name", sobject.TextValue("moved")))); err != nil {
			t.Error(err)
		}
		if n, err := org.Org().Count("SELECT COUNT() FROM Account WHERE Name = 'moved'"); n != 1 || err != nil || old != 1 {
			t.Error(n, old, err)
		}
		evil := newOrg(t, answer(200, `{"id":"001000000000001AAA","success":true}`))
		target = evil.URL // not among the trusted hosts
		if _, err := c.Create(t.Context(), account(sobject.F("Name", sobject.TextValue("x")))); !errors.Is(err, salesforce.ErrUntrustedHost) || len(evil.requests()) != 0 {
			t.Error(err, evil.requests())
		}
	}
}

// airbytehq/airbyte#26520: a policy of the org was too slow, and the sync was
// told nothing of use. It passes by itself, so reads go on; where it does not,
// the text says who can do what.
func slowPolicies(t *testing.T) {
	org := orgWith(t, 3)
	defer org.Fault(salesforcetest.Fault{Match: salesforcetest.Match{Path: "query", Nth: 1}, Action: salesforcetest.Refuse(403, "TXN_SECURITY_METERING_ERROR",
		"We can't complete the action because enabled transaction security policies took too long to complete.")})()
	if n, err := drain(siteOf(org).client(t), "SELECT Id FROM Account"); n != 3 || err != nil {
		t.Error(n, err)
	}
	defer org.Fault(salesforcetest.Fault{Match: salesforcetest.Match{Path: "query"}, Action: salesforcetest.Refuse(403, "TXN_SECURITY_METERING_ERROR", "too long")})()
	_, err := drain(siteOf(org).client(t), "SELECT Id FROM Account")
	if !salesforce.IsRetryable(err) || errors.Is(err, salesforce.ErrForbidden) || errors.Is(err, salesforce.ErrSessionExpired) || !strings.Contains(err.Error(), "Exempt from Transaction Security") {
		t.Error(err)
	}
}

// A 403 has many meanings, and none of them but one is a dead session.
func forbiddenMeanings(t *testing.T) {
	all := []error{salesforce.ErrDailyLimit, salesforce.ErrConcurrentLimit, salesforce.ErrAPIDisabled, salesforce.ErrForbidden, salesforce.ErrSessionExpired, salesforce.ErrUnavailable}
	for body, is := range map[string]error{
		`[{"errorCode":"REQUEST_LIMIT_EXCEEDED","message":"TotalRequests Limit exceeded."}]`:                                                                                  salesforce.ErrDailyLimit,
		`[{"errorCode":"REQUEST_LIMIT_EXCEEDED","message":"ConcurrentRequests (Concurrent API Requests) Limit exceeded."}]`:                                                   salesforce.ErrConcurrentLimit,
		`[{"errorCode":"API_DISABLED_FOR_ORG","message":"The REST API is not enabled for this Organization."}]`:                                                               salesforce.ErrAPIDisabled,
		`[{"errorCode":"API_CURRENTLY_DISABLED","message":"API is disabled for this User"}]`:                                                                                  salesforce.ErrAPIDisabled,
		`[{"errorCode":"CLIENT_NOT_ACCESSIBLE_FOR_USER","message":"blocked by API Access Control"}]`:                                                                          salesforce.ErrAPIDisabled,
		`[{"errorCode":"INSUFFICIENT_ACCESS","message":"You don't have permission"}]`:                                                                                         salesforce.ErrForbidden,
		`[{"errorCode":"FUNCTIONALITY_NOT_ENABLED","message":"not enabled"}]`:                                                                                                 salesforce.ErrForbidden,
		`[{"errorCode":"TXN_SECURITY_METERING_ERROR","message":"When you try to view this information, the security policies took too long to respond, so you're blocked."}]`: salesforce.ErrUnavailable,
		`<html><title>Forbidden</title></html>`:                                                                                                                               salesforce.ErrForbidden,
		`Bad_OAuth_Token`:                                                                                                                                                     salesforce.ErrSessionExpired,
	} {
		o := newOrg(t, answer(403, body))
		src := &tokens{now: token(o.URL, "T1"), onRefresh: func(salesforce.Token) (salesforce.Token, error) { return token(o.URL, "T2"), nil }}
		_, err := o.client(t, func(cfg *salesforce.Config) { cfg.Tokens, cfg.MaxRetries = src, -1 }).Limits(t.Context())
		for _, meaning := range all {
			if errors.Is(err, meaning) != errors.Is(meaning, is) {
				t.Errorf("%s: is %q: %v", body, meaning, errors.Is(err, meaning))
			}
		}
		if dead := src.refreshed.Load() > 0; dead != errors.Is(is, salesforce.ErrSessionExpired) {
			t.Errorf("%s: refreshed: %v", body, dead)
		}
	}
}
