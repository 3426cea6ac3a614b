package signin_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/connection/signin"
)

func TestHandler(t *testing.T) {
	f := newFixture(t)
	var who orglink.Actor
	h, err := f.s.Handler(signin.HandlerConfig{
		Tenant: func(*http.Request) orglink.TenantID { return "acme" },
		Actor: func(*http.Request) (orglink.Actor, error) {
			if who == nobody {
				return who, errors.New("nobody is signed in")
			}
			return who, nil
		},
		SignedIn: func(w http.ResponseWriter, r *http.Request, out signin.Result) {
			w.Header().Set("X-User", string(out.User))
			http.Redirect(w, r, out.ReturnTo, http.StatusSeeOther)
		},
		Failed: func(w http.ResponseWriter, _ *http.Request, err error) {
			http.Error(w, signin.Explain(err), http.StatusForbidden)
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	do := func(method, target string, cookies []*http.Cookie, header ...string) *http.Response {
		r := httptest.NewRequest(method, target, nil)
		for _, c := range cookies {
			r.AddCookie(c)
		}
		for i := 0; i+1 < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w.Result()
	}
	// through follows a redirect to Salesforce and comes back.
	through := func(to *http.Response) *http.Response {
		t.Helper()
		u, err := url.Parse(to.Header.Get("Location"))
		if err != nil || to.StatusCode != http.StatusSeeOther || !strings.HasPrefix(u.String(), f.idp.URL) {
			t.Fatalf("sent to %v with %s", u, to.Status)
		}
		f.idp.nonce = u.Query().Get("nonce")
		return do("GET", "/callback?code=good&state="+url.QueryEscape(u.Query().Get("state")), to.Cookies())
	}

	back := through(do("GET", "/login?return_to=%2Fhome", nil))
	if back.Header.Get("X-User") != "rep" || back.Header.Get("Location") != "/home" {
		t.Errorf("signed in as %q, sent to %q (%s)", back.Header.Get("X-User"), back.Header.Get("Location"), back.Status)
	}
	if back.Header.Get("Cache-Control") != "no-store" || back.Header.Get("Referrer-Policy") != "no-referrer" {
		t.Errorf("the answer to a code may be kept: %v", back.Header)
	}
	if c := back.Cookies(); len(c) != 1 || c[0].MaxAge >= 0 {
		t.Errorf("the callback leaves %v", c)
	}
	if bad := do("GET", "/login?return_to=%2F%2Fevil.example", nil); bad.StatusCode != http.StatusForbidden || bad.Header.Get("Location") != "" {
		t.Errorf("an open redirect: %s to %s", bad.Status, bad.Header.Get("Location"))
	}
	if bad := do("GET", "/callback?code=good&state=x", nil); bad.StatusCode != http.StatusForbidden {
		t.Errorf("a callback out of nowhere: %s", bad.Status)
	}
	if bad := do("POST", "/link", nil); bad.StatusCode != http.StatusUnauthorized {
		t.Errorf("nobody links: %s", bad.Status)
	}
	who = orglink.Actor{Tenant: "acme", User: "dora"}
	if bad := do("POST", "/link", nil, "Sec-Fetch-Site", "cross-site"); bad.StatusCode != http.StatusForbidden {
		t.Errorf("another site starts linking: %s", bad.Status)
	}
	clear(f.host.pairs)
	if back = through(do("POST", "/link?return_to=%2Fme", nil, "Sec-Fetch-Site", "same-origin")); back.Header.Get("X-User") != "dora" || len(f.host.paired) != 1 {
		t.Errorf("linked %v as %q (%s)", f.host.paired, back.Header.Get("X-User"), back.Status)
	}
	if _, err := f.s.Handler(signin.HandlerConfig{}); err == nil {
		t.Error("a handler that opens no session")
	}
}
