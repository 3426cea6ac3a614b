package salesforce_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/orglink/orglink/salesforce"
	"github.com/orglink/orglink/salesforce/sobject"
)

// k-capehart/go-salesforce auth.go refreshSession and amp-labs/connectors jwt
// forceRefresh: 32 callers with one expired token made 32 token exchanges.
func TestOneRefreshForAllCallers(t *testing.T) {
	o := newOrg(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer T2" {
			answer(401, expired)(w, r)
			return
		}
		answer(200, `[]`)(w, r)
	})
	src := &tokens{now: token(o.URL, "T1"), onRefresh: func(rejected salesforce.Token) (salesforce.Token, error) {
		for len(o.requests()) < 32 { // all of them hold the same rejected token
			time.Sleep(time.Millisecond)
		}
		if rejected.Access.Reveal() != "T1" {
			t.Errorf("refresh of %q", rejected.Access.Reveal())
		}
		return token(o.URL, "T2"), nil
	}}
	c := o.client(t, func(cfg *salesforce.Config) { cfg.Tokens = src })
	var wg sync.WaitGroup
	for range 32 {
		wg.Go(func() {
			if _, err := c.Versions(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := src.refreshed.Load(); n != 1 {
		t.Errorf("%d refreshes, want 1", n)
	}
}

// A caller that learns late of the rejection of an old token must use what the
// others refreshed, also when the source still hands out the old one.
func TestLateRejectionSharesTheRefresh(t *testing.T) {
	o := newOrg(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer T2" {
			answer(401, expired)(w, r)
			return
		}
		answer(200, `[]`)(w, r)
	})
	src := &stale{token(o.URL, "T1"), token(o.URL, "T2"), 0}
	c := o.client(t, func(cfg *salesforce.Config) { cfg.Tokens = src })
	for range 3 {
		if _, err := c.Versions(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if src.n != 1 {
		t.Errorf("%d refreshes, want 1", src.n)
	}
}

type stale struct {
	old, fresh salesforce.Token
	n          int
}

func (s *stale) Token(context.Context) (salesforce.Token, error) { return s.old, nil }
func (s *stale) Refresh(context.Context, salesforce.Token) (salesforce.Token, error) {
	s.n++
	return s.fresh, nil
}

func TestRefreshOutlivesItsCaller(t *testing.T) {
	o := newOrg(t, answer(401, expired))
	started, release := make(chan struct{}), make(chan struct{})
	src := &tokens{now: token(o.URL, "T1"), onRefresh: func(salesforce.Token) (salesforce.Token, error) {
		close(started)
		<-release
		return token(o.URL, "T2"), nil
	}}
	c := o.client(t, func(cfg *salesforce.Config) { cfg.Tokens = src })
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-started; cancel() }()
	if _, err := c.Versions(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want the caller's own end", err)
	}
	close(release)
}

func TestDeadSessions(t *testing.T) {
	for name, tc := range map[string]struct {
		status    int
		body      string
		refreshes int32
		is        error
	}{
		"expired":       {401, expired, 1, salesforce.ErrSessionExpired},
		"identity text": {403, "Bad_OAuth_Token", 1, salesforce.ErrSessionExpired},
		"proxy":         {401, "<html><title>Sign in</title></html>", 1, salesforce.ErrSessionExpired},
		"bulk 1":        {400, `{"exceptionCode":"InvalidSessionId","errorCode":"InvalidSessionId","message":"Invalid session id"}`, 1, salesforce.ErrSessionExpired},
		// jsforce http-api.ts: a refresh gives the same answer for ever.
		"no API scope": {401, `[{"message":"This session is not valid for use with the REST API","errorCode":"INVALID_SESSION_ID"}]`, 0, salesforce.ErrAPIDisabled},
		"bad header":   {401, `[{"message":"INVALID_HEADER_TYPE","errorCode":"INVALID_AUTH_HEADER"}]`, 0, salesforce.ErrSessionExpired},
		"permission":   {403, `[{"message":"You don't have permission","errorCode":"INSUFFICIENT_ACCESS"}]`, 0, salesforce.ErrForbidden},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOrg(t, answer(tc.status, tc.body))
			src := &tokens{now: token(o.URL, "T1"), onRefresh: func(salesforce.Token) (salesforce.Token, error) { return token(o.URL, "T2"), nil }}
			c := o.client(t, func(cfg *salesforce.Config) { cfg.Tokens = src })
			_, err := c.Limits(t.Context())
			if !errors.Is(err, tc.is) {
				t.Errorf("error %v, want %v", err, tc.is)
			}
			if n := src.refreshed.Load(); n != tc.refreshes {
				t.Errorf("%d refreshes, want %d", n, tc.refreshes)
			}
			if n := int32(len(o.requests())); n != 1+tc.refreshes {
				t.Errorf("%d requests, want one and a replay for each refresh", n)
			}
		})
	}
}

func TestRefreshFails(t *testing.T) {
	o := newOrg(t, answer(401, expired))
	_, err := o.client(t).Limits(t.Context())
	var failed *salesforce.Error
	if !errors.Is(err, salesforce.ErrSessionExpired) || !errors.As(err, &failed) || !strings.Contains(err.Error(), "sign in again") {
		t.Error(err)
	}
}

// ForceCLI/force lib: the request after a new login had an empty body and was
// a success. k-capehart/go-salesforce never stored the new instance_url.
func TestReplayKeepsTheBodyAndMovesToTheNewInstance(t *testing.T) {
	after := newOrg(t, answer(201, `{"id":"001000000000001AAA","success":true,"errors":[]}`))
	before := newOrg(t, answer(401, expired))
	src := &tokens{now: token(before.URL, "T1"), onRefresh: func(salesforce.Token) (salesforce.Token, error) { return token(after.URL, "T2"), nil }}
	c := before.client(t, func(cfg *salesforce.Config) {
		cfg.Tokens = src
		cfg.TrustedHosts = []string{before.host(), after.host()}
	})
	out, err := c.Create(t.Context(), sobject.NewRecord("Account", sobject.F("Name", sobject.TextValue("Acme"))))
	if err != nil || out.ID != "001000000000001AAA" || !out.Created {
		t.Fatal(out, err)
	}
	if got := after.requests()[0]; got.body != `{"Name":"Acme"}` || got.header.Get("Authorization") != "Bearer T2" || got.uri != "/services/data/v66.0/sobjects/Account" {
		t.Errorf("%+v", got)
	}
	// A stream is opened again.
	src.now = token(before.URL, "T1b")
	opened := 0
	resp, err := c.Do(t.Context(), salesforce.Request{Method: "PUT", Path: "/services/apexrest/x", ContentType: "text/csv", Stream: func() (io.ReadCloser, error) {
		opened++
		return io.NopCloser(strings.NewReader("Id\n1\n")), nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if got := after.requests()[1]; got.body != "Id\n1\n" || opened != 2 {
		t.Errorf("opened %d times, %+v", opened, got)
	}
}

func TestTokensGoToTrustedHostsOnly(t *testing.T) {
	for url, trusted := range map[string]bool{
		"https://acme.my.salesforce.com":                  true,
		"https://acme--dev.sandbox.my.salesforce.com":     true,
		"https://ACME.My.Salesforce.com":                  true,
		"https://acme.my.salesforce.com:443":              true,
		"https://acme.my.salesforce.mil":                  true,
		"https://acme.my.sfcrmproducts.cn":                true,
		"https://login.salesforce.com":                    true,
		"https://test.salesforce.com":                     true,
		"http://127.0.0.1:1234":                           true,
		"https://127.0.0.1:1234":                          true,
		"https://gateway.example":                         true,
		"http://gateway.example":                          false, // http on loopback only
		"http://127.0.0.1:1235":                           false,
		"http://acme.my.salesforce.com":                   false,
		"https://acme.my.salesforce.com:8443":             false,
		"https://acme.my.salesforce.com.evil.example":     false,
		"https://evilmy.salesforce.com":                   false,
		"https://my.salesforce.com":                       false,
		"https://.my.salesforce.com":                      false,
		"https://acme.salesforce.com":                     false,
		"https://acme.force.com":                          false,
		"https://acme.my.site.com":                        false,
		"https://user@acme.my.salesforce.com":             false,
		"https://acme.my.salesforce.com@evil.example":     false,
		"https://evil.example/acme.my.salesforce.com":     false,
		"https://evil.example#.my.salesforce.com":         false,
		"https://evil.example?.my.salesforce.com":         false,
		"acme.my.salesforce.com":                          false,
		"":                                                false,
		"https://login.salesforce.com.evil.example":       false,
		"ftp://acme.my.salesforce.com":                    false,
		"https://acme.my.salesforce.com\\@evil.example":   false,
		"https://acme.my.salesforce.com%2eevil.example/x": false,
	} {
		_, err := salesforce.CheckURL(url, "127.0.0.1:1234", "gateway.example")
		if trusted != (err == nil) || err != nil && !errors.Is(err, salesforce.ErrUntrustedHost) {
			t.Errorf("%q: %v", url, err)
		}
	}
	sent := false
	c := offline(t, func(r *http.Request) (*http.Response, error) {
		sent = true
		return reply(r, 200, "[]"), nil
	}, func(cfg *salesforce.Config) { cfg.Tokens = salesforce.StaticToken("https://acme.evil.example", "T") })
	if _, err := c.Versions(t.Context()); !errors.Is(err, salesforce.ErrUntrustedHost) || sent {
		t.Error(err, sent)
	}
	c = offline(t, func(r *http.Request) (*http.Response, error) {
		sent = true
		return reply(r, 200, "[]"), nil
	})
	for _, path := range []string{"https://evil.example/x", "http://example.my.salesforce.com/x"} {
		if _, err := c.Do(t.Context(), salesforce.Request{Path: path}); !errors.Is(err, salesforce.ErrUntrustedHost) || sent {
			t.Error(path, err, sent)
		}
	}
}

// A source that still hands out an old token, whose successor has expired as
// well, must not make calls fail: the successor is refreshed in its turn.
func TestLateRejectionOfADeadSuccessor(t *testing.T) {
	var mu sync.Mutex
	alive := "T2"
	o := newOrg(t, func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		if r.Header.Get("Authorization") != "Bearer "+alive {
			answer(401, expired)(w, r)
			return
		}
		answer(200, `[]`)(w, r)
	})
	src := &tokens{now: token(o.URL, "T1"), onRefresh: func(rejected salesforce.Token) (salesforce.Token, error) {
		return token(o.URL, map[string]string{"T1": "T2", "T2": "T3"}[rejected.Access.Reveal()]), nil
	}}
	c := o.client(t, func(cfg *salesforce.Config) { cfg.Tokens = src })
	for _, next := range []string{"T2", "T3"} {
		mu.Lock()
		alive = next
		mu.Unlock()
		src.now = token(o.URL, "T1") // the source is behind
		if _, err := c.Versions(t.Context()); err != nil {
			t.Errorf("while %s lives: %v", next, err)
		}
	}
	if n := src.refreshed.Load(); n != 2 {
		t.Errorf("%d refreshes, want 2", n)
	}
}
