package embed_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/salesforce/embed"
)

const envelope = `{"algorithm":"HMACSHA256","userId":"005x00000012Q9PAAU","client":{"oauthToken":"00Dx!secret","instanceUrl":"https://acme.my.salesforce.com"},` +
	`"context":{"organization":{"organizationId":"00Dx0000000BV7z"},"environment":{"record":{"Id":"001x00000012Q9P"}}}}`

func sealer(t *testing.T, id uint32) orglink.Sealer {
	t.Helper()
	ring, err := orglink.NewKeyRing(orglink.Key{ID: id, Bytes: []byte(strings.Repeat("k", 32))})
	if err != nil {
		t.Fatal(err)
	}
	return ring
}

func post(signed string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "https://product.example/canvas", strings.NewReader(url.Values{"signed_request": {signed}}.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return r
}

// once remembers digests as a table with a unique key would.
type once struct {
	mu   sync.Mutex
	seen map[string]bool
}

func (o *once) used(_ context.Context, digest string, _ time.Time) (bool, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	first := !o.seen[digest]
	o.seen[digest] = true
	return first, nil
}

// inside is a request by the iframe with the cookies that an answer set.
func inside(w *httptest.ResponseRecorder) *http.Request {
	r := httptest.NewRequest(http.MethodGet, "https://product.example/app", nil)
	for _, c := range w.Result().Cookies() {
		if c.MaxAge >= 0 {
			r.AddCookie(c)
		}
	}
	return r
}

func TestCanvasSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := embed.Sessions{Sealer: sealer(t, 1), Environment: "test", Used: (&once{seen: map[string]bool{}}).used}
		w, secret := httptest.NewRecorder(), orglink.NewSecret(vectorSecret)
		req, opened, err := s.Open(w, post(signJSON(vectorSecret, envelope)), secret)
		if err != nil {
			t.Fatal(err)
		}
		if req.OrgID != "00Dx0000000BV7zEAG" || opened.User != "005x00000012Q9PAAU" || opened.Record != "001x00000012Q9PAAU" || opened.Instance != "https://acme.my.salesforce.com" {
			t.Errorf("request %+v, session %+v", req, opened)
		}
		// Browsers keep it in a third-party iframe only with all of these.
		header := w.Header().Get("Set-Cookie")
		for _, want := range []string{"__Host-", "Path=/", "HttpOnly", "Secure", "SameSite=None", "Partitioned"} {
			if !strings.Contains(header, want) {
				t.Errorf("the cookie lacks %s: %s", want, header)
			}
		}
		if strings.Contains(header, "005x") || strings.Contains(header, "secret") {
			t.Errorf("the cookie is readable: %s", header)
		}
		got, err := s.From(inside(w))
		if err != nil || got != opened {
			t.Errorf("%+v, %v", got, err)
		}
		if _, _, err := s.Open(httptest.NewRecorder(), post(signJSON(vectorSecret, envelope)), secret); !errors.Is(err, embed.ErrReplayed) {
			t.Errorf("a request used twice: %v", err)
		}
		time.Sleep(2*time.Hour + time.Second)
		if _, err := s.From(inside(w)); !errors.Is(err, embed.ErrNoSession) {
			t.Errorf("after two hours: %v", err)
		}
	})
}

func TestCanvasSessionRefuses(t *testing.T) {
	secret := orglink.NewSecret(vectorSecret)
	s := embed.Sessions{Sealer: sealer(t, 1), Environment: "production"}
	w := httptest.NewRecorder()
	if _, _, err := s.Open(w, post(signJSON(vectorSecret, envelope)), secret); err != nil {
		t.Fatal(err)
	}
	good := w.Result().Cookies()[0]
	for name, c := range map[string]struct {
		sessions embed.Sessions
		value    string
	}{
		"another environment": {embed.Sessions{Sealer: sealer(t, 1), Environment: "staging"}, good.Value},
		"another key":         {embed.Sessions{Sealer: sealer(t, 2), Environment: "production"}, good.Value},
		"altered":             {s, good.Value[:40] + "AAAA" + good.Value[44:]},
		"not base64":          {s, "***"},
		"empty":               {s, ""},
		"oversized":           {s, strings.Repeat("A", 5000)},
	} {
		r := httptest.NewRequest(http.MethodGet, "https://product.example/app", nil)
		r.AddCookie(&http.Cookie{Name: good.Name, Value: c.value})
		if got, err := c.sessions.From(r); !errors.Is(err, embed.ErrNoSession) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	for name, signed := range map[string]string{
		"no organization": signJSON(vectorSecret, `{"algorithm":"HMACSHA256","userId":"005x00000012Q9PAAU"}`),
		"another secret":  signJSON("other", envelope),
		"algorithm none":  signJSON(vectorSecret, strings.Replace(envelope, "HMACSHA256", "none", 1)),
	} {
		w := httptest.NewRecorder()
		if _, _, err := s.Open(w, post(signed), secret); err == nil || len(w.Result().Cookies()) > 0 {
			t.Errorf("%s opens a session: %v", name, err)
		}
	}
	if _, _, err := (embed.Sessions{Lifetime: 48 * time.Hour}).Open(httptest.NewRecorder(), post(signJSON(vectorSecret, envelope)), secret); err == nil ||
		!strings.Contains(err.Error(), "Sealer") || !strings.Contains(err.Error(), "Environment") || !strings.Contains(err.Error(), "at most a day") {
		t.Errorf("a configuration without anything: %v", err)
	}
	broken := errors.New("database is gone")
	s.Used = func(context.Context, string, time.Time) (bool, error) { return true, broken }
	w = httptest.NewRecorder()
	if _, _, err := s.Open(w, post(signJSON(vectorSecret, envelope)), secret); !errors.Is(err, broken) || len(w.Result().Cookies()) > 0 {
		t.Errorf("without a memory of what was used: %v", err)
	}
	w = httptest.NewRecorder()
	s.Close(w)
	if c := w.Result().Cookies()[0]; c.MaxAge >= 0 || c.Name != good.Name {
		t.Errorf("Close sets %+v", c)
	}
}

func TestFramed(t *testing.T) {
	acme := site(t, "acme.my.salesforce.com")
	page := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) })
	w := httptest.NewRecorder()
	w.Header().Set("X-Frame-Options", "DENY") // a middleware further out
	embed.Framed(page, acme).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/app", nil))
	if got := w.Header().Get("Content-Security-Policy"); got != "frame-ancestors https://acme.my.salesforce.com https://acme.lightning.force.com" {
		t.Error(got)
	}
	if got := w.Header().Get("X-Frame-Options"); got != "" {
		t.Errorf("X-Frame-Options %q would keep Salesforce from framing", got)
	}
	any := embed.FrameAncestors()
	if !strings.Contains(any, "https://*.lightning.force.com") || strings.Contains(any, " https://*.force.com") {
		t.Errorf("every org: %s", any)
	}
	if got := embed.FrameAncestors(embed.Site{}); got != any {
		t.Errorf("an unknown org: %s", got)
	}
}
