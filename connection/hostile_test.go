package connection_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/connection"
)

// A state that was started in a session is finished in it only: whoever gets
// hold of the address, the same user elsewhere included, cannot.
func TestStateIsBoundToTheSession(t *testing.T) {
	w := newWorld(t)
	here, there := ada, ada
	here.Session, there.Session = orglink.NewSecret("session-1"), orglink.NewSecret("session-2")
	for name, c := range map[string]struct {
		starts, finishes orglink.Actor
		want             error
	}{
		"the same session": {here, here, nil},
		"another session":  {here, there, connection.ErrOtherSession},
		"no session":       {here, ada, connection.ErrOtherSession},
		"started without":  {ada, there, nil},
		"another tenant":   {here, orglink.Actor{Tenant: "evil", User: "ada", Admin: true, Session: here.Session}, connection.ErrOtherTenant},
	} {
		query := w.browse(w.start(c.starts, connection.StartRequest{}).URL, true)
		if _, err := w.finish(c.finishes, query); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		if _, err := w.finish(c.starts, query); !errors.Is(err, connection.ErrStateUsed) {
			t.Errorf("%s, then again: %v", name, err)
		}
	}
	for _, s := range w.states.seen() {
		if strings.Contains(s.Session, "session-") {
			t.Errorf("the session was stored as %q", s.Session)
		}
	}
}

// Codes that were issued to somebody else do not get in, in either direction:
// PKCE ties each to the state it was started with.
func TestSwappedCodes(t *testing.T) {
	w := newWorld(t, rotating)
	victims, attackers := w.browse(w.start(ada, connection.StartRequest{}).URL, true), w.browse(w.start(eve, connection.StartRequest{}).URL, true)
	victims["code"], attackers["code"] = attackers["code"], victims["code"]
	for actor, query := range map[*orglink.Actor]url.Values{&ada: victims, &eve: attackers} {
		if _, err := w.finish(*actor, query); !errors.Is(err, connection.ErrAuthorization) {
			t.Errorf("%s: %v", actor.Tenant, err)
		}
	}
	// A code with the state of a later start of the same person.
	first := w.browse(w.start(ada, connection.StartRequest{}).URL, true)
	second := w.start(ada, connection.StartRequest{})
	if _, err := w.finish(ada, url.Values{"code": first["code"], "state": {stateOf(t, second.URL)}}); !errors.Is(err, connection.ErrAuthorization) {
		t.Errorf("a code of an earlier start: %v", err)
	}
	// A code that was redeemed, under a fresh state.
	done := w.browse(w.start(ada, connection.StartRequest{}).URL, true)
	if _, err := w.finish(ada, done); err != nil {
		t.Fatal(err)
	}
	if _, err := w.finish(ada, url.Values{"code": done["code"], "state": {stateOf(t, w.start(ada, connection.StartRequest{}).URL)}}); !errors.Is(err, connection.ErrAuthorization) {
		t.Errorf("a code that was used: %v", err)
	}
	// A code that is too old.
	late := w.browse(w.start(ada, connection.StartRequest{}).URL, true)
	w.org.Org().Advance(20 * time.Minute)
	if _, err := w.finish(ada, late); !errors.Is(err, connection.ErrAuthorization) {
		t.Errorf("an old code: %v", err)
	}
	if list, err := w.m.List(t.Context(), "evil"); err != nil || len(list) != 0 {
		t.Errorf("the attacker has %d connections, %v", len(list), err)
	}
}

// Whatever a request says, the routes redirect to Salesforce's login hosts only,
// repeat no markup, and keep what they answer out of caches, frames and
// referrers.
func TestHostileRequests(t *testing.T) {
	w := newWorld(t)
	h, err := w.m.Handler(connection.HandlerConfig{Actor: func(*http.Request) (orglink.Actor, error) { return ada, nil }})
	if err != nil {
		t.Fatal(err)
	}
	huge := strings.Repeat("A", 1<<20)
	for name, r := range map[string]*http.Request{
		"open redirect in start":      httptest.NewRequest("POST", "/start?next=https://evil.example&redirect_uri=https://evil.example&startURL=https://evil.example", nil),
		"open redirect in the form":   form("/start", url.Values{"redirect_uri": {"https://evil.example"}, "next": {"//evil.example"}, "RelayState": {"https://evil.example"}}),
		"redirect by the login":       form("/start", url.Values{"login": {"https://login.salesforce.com.evil.example/services/oauth2/authorize"}}),
		"redirect by a backslash":     form("/start", url.Values{"login": {`https://evil.example\@login.salesforce.com`}}),
		"redirect by a user name":     form("/start", url.Values{"login": {"https://login.salesforce.com:x@evil.example"}}),
		"redirect by a fragment":      form("/start", url.Values{"login": {"https://evil.example#.my.salesforce.com"}}),
		"redirect by a query":         form("/start", url.Values{"login": {"https://evil.example?.my.salesforce.com"}}),
		"redirect by letters":         form("/start", url.Values{"login": {"https://acme.my.salesforсe.com"}}), // a Cyrillic с
		"redirect by a trailing dot":  form("/start", url.Values{"login": {"https://acme.my.salesforce.com.evil"}}),
		"a hint with parameters":      form("/start", url.Values{"login_hint": {"a@b&redirect_uri=https://evil.example"}, "prompt": {"login&state=x"}}),
		"an oversized form":           form("/start", url.Values{"login_hint": {huge}}),
		"an oversized state":          httptest.NewRequest("GET", "/callback?code=x&state="+huge, nil),
		"an oversized code":           httptest.NewRequest("GET", "/callback?state=x&code="+huge, nil),
		"markup in the callback":      httptest.NewRequest("GET", "/callback?state=x&error=%3Cscript%3Ealert(1)%3C/script%3E&error_description=%3Cscript%3E", nil),
		"redirect in the callback":    httptest.NewRequest("GET", "/callback?state=x&code=x&next=https://evil.example&startURL=//evil.example", nil),
		"a start by GET with the lot": httptest.NewRequest("GET", "/start?login=https://evil.example&connection=%3Cscript%3E&type=team", nil),
		"a callback by POST":          form("/callback", url.Values{"state": {"x"}, "code": {"x"}}),
	} {
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, r)
		if to := rec.Header().Get("Location"); to != "" {
			u, err := url.Parse(to)
			if err != nil || "http://"+u.Host != w.org.URL || u.Query().Get("redirect_uri") != callback || len(u.Query()["state"]) != 1 {
				t.Errorf("%s: redirected to %q", name, to)
			}
		}
		if body := rec.Body.String(); strings.Contains(body, "<script") || len(body) > 64<<10 {
			t.Errorf("%s: answered with %d bytes: %.200s", name, len(body), body)
		}
		if rec.Code >= 500 {
			t.Errorf("%s: status %d", name, rec.Code)
		}
		for header, want := range map[string]string{"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff"} {
			if got := rec.Header().Get(header); got != want {
				t.Errorf("%s: %s is %q", name, header, got)
			}
		}
		w.say(rec.Body.String())
	}
	if n := len(w.org.Requests()); n != 0 {
		t.Errorf("%d requests reached the org", n)
	}
}

func form(target string, values url.Values) *http.Request {
	r := httptest.NewRequest("POST", target, strings.NewReader(values.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return r
}

// Over https the cookie can be planted by no other host of the domain.
func TestCookieOfTheHandler(t *testing.T) {
	w := newWorld(t)
	m := w.manager(func(cfg *connection.Config) { cfg.RedirectURL = "https://product.example/callback" })
	h, err := m.Handler(connection.HandlerConfig{Actor: func(*http.Request) (orglink.Actor, error) { return ada, nil }})
	if err != nil {
		t.Fatal(err)
	}
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, form("/start", nil))
	cookies := rec.Result().Cookies()
	if len(cookies) != 1 || !strings.HasPrefix(cookies[0].Name, "__Host-") || !cookies[0].Secure || !cookies[0].HttpOnly || cookies[0].Path != "/" || cookies[0].Domain != "" || cookies[0].MaxAge != 1800 {
		t.Errorf("cookies %v", cookies)
	}
	// The host's own session needs no cookie.
	mine := ada
	mine.Session = orglink.NewSecret("the host's")
	h, err = m.Handler(connection.HandlerConfig{Actor: func(*http.Request) (orglink.Actor, error) { return mine, nil }})
	if err != nil {
		t.Fatal(err)
	}
	rec = httptest.NewRecorder()
	h.ServeHTTP(rec, form("/start", url.Values{"popup": {"yes"}, "prompt": {"login consent"}}))
	u, err := url.Parse(rec.Header().Get("Location"))
	if err != nil || len(rec.Result().Cookies()) != 0 || u.Query().Get("display") != "popup" || u.Query().Get("prompt") != "login consent" {
		t.Errorf("cookies %v, redirected to %v", rec.Result().Cookies(), u)
	}
}

// More events than can wait: the newest are kept, and one says how many are
// missing.
func TestEventsThatCouldNotWait(t *testing.T) {
	w := newWorld(t)
	w.m = w.manager(func(cfg *connection.Config) {
		cfg.Events = connection.EventFunc(func(ctx context.Context, e orglink.Event) error { return errCrash })
	})
	c := w.connect(ada, connection.StartRequest{})
	for range 29 { // two more at each turn
		if err := w.m.Disconnect(t.Context(), c.Tenant, c.ID); err != nil {
			t.Fatal(err)
		}
		w.connect(ada, connection.StartRequest{})
	}
	pending := w.get(c).Pending
	last := pending[len(pending)-1]
	if len(pending) != 50 || pending[0].Kind != connection.EventDropped || pending[0].Subject == "" || last.Kind != connection.EventState {
		t.Errorf("%d wait, from %+v to %+v", len(pending), pending[0], last)
	}
	made := 1 + 29*4 // authorized; then state and disconnected, reauthorized and state
	if want := strconv.Itoa(made - 49); pending[0].Subject != want {
		t.Errorf("%s are told missing, want %s", pending[0].Subject, want)
	}
	w.m = w.manager()
	w.keep()
	if kinds := w.kinds(); len(kinds) != 50 || !slices.Contains(kinds, connection.EventDropped) {
		t.Errorf("%d came: %v", len(kinds), kinds)
	}
}
