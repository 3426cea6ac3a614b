package signin

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/orglink/orglink"
)

// HandlerConfig configures a Handler. SignedIn and Failed are required.
type HandlerConfig struct {
	// Tenant tells whose login page a request came from, such as by its host
	// name; nil or "" for a page that serves all tenants.
	Tenant func(*http.Request) orglink.TenantID
	// Actor tells who is signed in already, for the route that links; an
	// error means nobody. Without it nobody can link.
	Actor func(*http.Request) (orglink.Actor, error)
	// SignedIn opens the host's session and sends the browser on, usually to
	// r.ReturnTo. It gives the session a fresh id.
	SignedIn func(w http.ResponseWriter, req *http.Request, r Result)
	// Failed answers what failed; Explain gives its sentence.
	Failed func(w http.ResponseWriter, req *http.Request, err error)
}

// Handler returns the routes that a host mounts, under any prefix it strips:
//
//	GET  /login     sends the browser to Salesforce; query parameters login,
//	                login_hint and return_to, all optional
//	POST /link      the same for a signed-in user who links his Salesforce user
//	GET  /callback  where Salesforce sends the browser back
func (s *Service) Handler(cfg HandlerConfig) (http.Handler, error) {
	if cfg.SignedIn == nil || cfg.Failed == nil {
		return nil, errors.New("signin: handler: SignedIn and Failed are required: they open the session and show what went wrong")
	}
	h := &handler{s, cfg}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /login", func(w http.ResponseWriter, r *http.Request) { h.start(w, r, orglink.Actor{}) })
	mux.HandleFunc("GET /callback", h.callback)
	if cfg.Actor != nil {
		mux.Handle("POST /link", http.NewCrossOriginProtection().Handler(http.HandlerFunc(h.link)))
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// The callback's address holds a code.
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("Referrer-Policy", "no-referrer")
		mux.ServeHTTP(w, r)
	}), nil
}

type handler struct {
	s   *Service
	cfg HandlerConfig
}

func (h *handler) link(w http.ResponseWriter, r *http.Request) {
	actor, err := h.cfg.Actor(r)
	if err != nil || actor == (orglink.Actor{}) {
		http.Error(w, "Sign in first, then link your Salesforce user.", http.StatusUnauthorized)
		return
	}
	h.start(w, r, actor)
}

func (h *handler) start(w http.ResponseWriter, r *http.Request, actor orglink.Actor) {
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
	req := StartRequest{Actor: actor, LoginHost: r.FormValue("login"), LoginHint: r.FormValue("login_hint"), ReturnTo: r.FormValue("return_to")}
	if h.cfg.Tenant != nil {
		req.Tenant = h.cfg.Tenant(r)
	}
	to, err := h.s.Start(req)
	if err != nil {
		h.cfg.Failed(w, r, err)
		return
	}
	http.SetCookie(w, to.Cookie)
	http.Redirect(w, r, to.URL, http.StatusSeeOther)
}

func (h *handler) callback(w http.ResponseWriter, r *http.Request) {
	query, _ := url.ParseQuery(r.URL.RawQuery)
	var present orglink.Actor
	if h.cfg.Actor != nil {
		if a, err := h.cfg.Actor(r); err == nil {
			present = a
		}
	}
	if state := query.Get("state"); state != "" && len(state) <= 256 {
		http.SetCookie(w, h.s.Clear(state))
	}
	out, err := h.s.Finish(r.Context(), present, query, r.Cookies())
	if err != nil {
		h.cfg.Failed(w, r, err)
		return
	}
	h.cfg.SignedIn(w, r, out)
}
