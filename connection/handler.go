package connection

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/orglink/orglink"
)

// HandlerConfig configures a Handler. Actor is required.
type HandlerConfig struct {
	// Actor tells who sends a request, from the host's own session. An error
	// is answered by Unauthenticated. Where it leaves Actor.Session empty, a
	// cookie of the handler's own ties the callback to the browser that
	// started.
	Actor func(*http.Request) (orglink.Actor, error)
	// Unauthenticated answers requests without an actor. Defaults to status
	// 401 with a plain page.
	Unauthenticated http.Handler
	// Connected answers a callback that succeeded. It should redirect to a
	// page of the host, so that the code leaves the address bar. Defaults to
	// a plain page.
	Connected func(http.ResponseWriter, *http.Request, Connection)
	// InvitationPage shows what an invited person has to see. Defaults to
	// plain pages.
	InvitationPage func(http.ResponseWriter, *http.Request, InvitationView)
	// Failed answers what failed, with an error of this package; Explain
	// gives its sentence. Defaults to a plain page.
	Failed func(http.ResponseWriter, *http.Request, error)
}

// Handler returns the routes that a host mounts, under any prefix it strips:
//
//	GET  /start     a page with one button
//	POST /start     redirects to Salesforce; form fields type, login, app,
//	                connection, other_org=yes, login_hint, prompt and
//	                popup=yes as in StartRequest, all optional
//	GET  /callback  where Salesforce sends the browser back
//
//	GET  /invitation          the page of an invitation's link
//	POST /invitation          redirects the invited person to Salesforce
//	POST /invitation/confirm  the answer to who connects what to whom
//
// Those of invitations need no actor. POST requests from other sites are
// refused.
func (m *Manager) Handler(cfg HandlerConfig) (http.Handler, error) {
	if cfg.Actor == nil {
		return nil, errors.New("connection: handler: Actor is missing: say who sends a request")
	}
	if cfg.Unauthenticated == nil {
		cfg.Unauthenticated = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			writePage(w, http.StatusUnauthorized, page{Title: "Please sign in", Text: "Sign in to the product first, then open this page again."})
		})
	}
	if cfg.Connected == nil {
		cfg.Connected = func(w http.ResponseWriter, _ *http.Request, c Connection) {
			writePage(w, http.StatusOK, page{Title: "Salesforce is connected", Text: c.Title() + " is connected. You can close this page."})
		}
	}
	if cfg.InvitationPage == nil {
		cfg.InvitationPage = invitationPage
	}
	if cfg.Failed == nil {
		cfg.Failed = func(w http.ResponseWriter, _ *http.Request, err error) {
			writePage(w, statusOf(err), page{Title: "Salesforce was not connected", Text: Explain(err)})
		}
	}
	h := &handler{m, cfg}
	mux := http.NewServeMux()
	mux.Handle("GET /start", h.as(h.ask))
	mux.Handle("POST /start", http.NewCrossOriginProtection().Handler(h.as(h.start)))
	known := h.as(h.callback)
	mux.HandleFunc("GET /callback", func(w http.ResponseWriter, r *http.Request) {
		if query, _ := url.ParseQuery(r.URL.RawQuery); m.Invited(query) {
			h.finishInvitation(w, r, query)
			return
		}
		known.ServeHTTP(w, r)
	})
	h.invitationRoutes(mux)
	return secure(mux), nil
}

type handler struct {
	m   *Manager
	cfg HandlerConfig
}

// as finds the actor first.
func (h *handler) as(next func(http.ResponseWriter, *http.Request, orglink.Actor)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		actor, err := h.cfg.Actor(r)
		if err != nil {
			h.cfg.Unauthenticated.ServeHTTP(w, r)
			return
		}
		if c, err := r.Cookie(h.m.cookieName()); err == nil && actor.Session.IsZero() && len(c.Value) <= maxParameter {
			actor.Session = orglink.NewSecret(c.Value)
		}
		next(w, r, actor)
	})
}

// cookieName is that of the cookie that ties a callback to its start. With the
// prefix __Host- no other host of the domain can plant one, but browsers take
// it over https only.
func (m *Manager) cookieName() string {
	if m.overHTTPS() {
		return "__Host-orglink"
	}
	return "orglink"
}

func (m *Manager) overHTTPS() bool {
	for _, a := range m.cfg.Apps {
		if strings.HasPrefix(a.RedirectURL, "http://") {
			return false
		}
	}
	return !strings.HasPrefix(m.cfg.RedirectURL, "http://")
}

// session gives an actor without a session one, for as long as an
// authorisation may take. A cookie that is there lives on for the same time.
func (m *Manager) session(w http.ResponseWriter, r *http.Request, actor *orglink.Actor) {
	value := random(32)
	if !actor.Session.IsZero() {
		c, err := r.Cookie(m.cookieName())
		if err != nil || c.Value != actor.Session.Reveal() {
			return // the host's own session
		}
		value = c.Value
	}
	actor.Session = orglink.NewSecret(value)
	http.SetCookie(w, &http.Cookie{
		Name: m.cookieName(), Value: value, Path: "/", MaxAge: int(m.cfg.StateLifetime / time.Second),
		// Lax: the callback is a navigation that begins at Salesforce.
		Secure: m.overHTTPS(), HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
}

var startFields = []string{"type", "login", "app", "connection", "other_org", "login_hint", "prompt", "popup"}

func (h *handler) ask(w http.ResponseWriter, r *http.Request, _ orglink.Actor) {
	p := page{Title: "Connect Salesforce", Text: "You will be sent to Salesforce to sign in and to allow access.", Button: "Continue to Salesforce"}
	for _, name := range startFields {
		if v := r.FormValue(name); v != "" && len(v) <= maxParameter {
			p.Hidden = append(p.Hidden, field{name, v})
		}
	}
	writePage(w, http.StatusOK, p)
}

func (h *handler) start(w http.ResponseWriter, r *http.Request, actor orglink.Actor) {
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
	if err := r.ParseForm(); err != nil {
		http.Error(w, "The form could not be read.", http.StatusBadRequest)
		return
	}
	h.m.session(w, r, &actor)
	auth, err := h.m.Start(r.Context(), actor, StartRequest{
		Type:          r.PostForm.Get("type"),
		App:           r.PostForm.Get("app"),
		LoginHost:     r.PostForm.Get("login"),
		Connection:    orglink.ConnectionID(r.PostForm.Get("connection")),
		AllowOtherOrg: r.PostForm.Get("other_org") == "yes",
		LoginHint:     r.PostForm.Get("login_hint"),
		Prompt:        r.PostForm.Get("prompt"),
		Popup:         r.PostForm.Get("popup") == "yes",
	})
	if err != nil {
		h.cfg.Failed(w, r, err)
		return
	}
	http.Redirect(w, r, auth.URL, http.StatusSeeOther)
}

func (h *handler) callback(w http.ResponseWriter, r *http.Request, actor orglink.Actor) {
	c, err := h.m.Finish(r.Context(), actor, r.URL.Query())
	if err != nil {
		h.cfg.Failed(w, r, err)
		return
	}
	h.cfg.Connected(w, r, c)
}

// secure sets what every answer needs: the callback's address holds a code, so
// no page may be cached, framed or named as a referrer.
func secure(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("Referrer-Policy", "no-referrer")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
		next.ServeHTTP(w, r)
	})
}

func statusOf(err error) int {
	switch {
	case errors.Is(err, ErrInvitationUsed), errors.Is(err, ErrInvitationExpired), errors.Is(err, ErrInvitationRevoked):
		return http.StatusGone
	case errors.Is(err, ErrNotFound), errors.Is(err, ErrInvitationUnknown):
		return http.StatusNotFound
	case errors.Is(err, ErrOtherActor), errors.Is(err, ErrOtherTenant), errors.Is(err, ErrOtherSession), errors.Is(err, ErrNotAllowed), errors.Is(err, ErrDenied):
		return http.StatusForbidden
	case errors.Is(err, ErrOtherOrg), errors.Is(err, ErrForeignOrg), errors.Is(err, ErrConflict), errors.Is(err, ErrApprovals):
		return http.StatusConflict
	case errors.Is(err, ErrUnreachable), errors.Is(err, ErrBadAnswer), errors.Is(err, ErrSignature):
		return http.StatusBadGateway
	case errors.Is(err, ErrStorage):
		return http.StatusInternalServerError
	}
	return http.StatusBadRequest
}
