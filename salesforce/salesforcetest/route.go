package salesforcetest

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/orglink/orglink/salesforce/salesforcetest/internal/engine"
	"github.com/orglink/orglink/salesforce/sobject"
)

// call is one request on its way through routing: an HTTP request, or a part
// of a composite one.
type call struct {
	s           *Server
	ctx         context.Context
	method      string
	path        string // cleaned, escaped
	query       url.Values
	header      http.Header
	body        []byte
	version     string // "66.0"
	params      map[string]string
	session     *session
	user        engine.Session
	tx          *engine.Tx // the transaction of a composite request, or nil
	schema      *schema    // with tx
	act         Action     // what faults decided about the request
	matched     route      // the resource's
	unsupported func()
	counted     func()
}

type handler func(*call) answer

type route struct {
	pattern []string
	methods map[string]handler
	data    bool // reads and writes through call.data alone, so a transaction may hold it
}

func on(pattern string, methods map[string]handler) route {
	return route{pattern: strings.Split(pattern, "/"), methods: methods}
}

// onData is on for resources that may stand inside a transaction.
func onData(pattern string, methods map[string]handler) route {
	r := on(pattern, methods)
	r.data = true
	return r
}

// base is the path that answers link to.
func (c *call) base() string { return "/services/data/v" + c.version }

// root answers a whole HTTP request.
func (c *call) root() answer {
	if a := c.atLogin(); a != nil {
		return *a
	}
	if h, ok := c.s.outside()[c.path]; ok {
		if f, ok := h[c.method]; ok {
			return f(c)
		}
		return c.methodNotAllowed(h)
	}
	segs := strings.Split(strings.TrimPrefix(c.path, "/"), "/")
	switch {
	case len(segs) == 3 && segs[0] == "id":
		return c.identityURL(segs[1], segs[2])
	case strings.HasPrefix(c.path, "/services/Soap/u/"), strings.HasPrefix(c.path, "/services/Soap/c/"):
		return c.soap()
	case len(segs) >= 3 && segs[0] == "services" && segs[1] == "async":
		return c.async(segs[2:])
	case len(segs) >= 3 && segs[0] == "services" && segs[1] == "data":
		return c.rest(segs[2:])
	default:
		c.unsupported()
		return notFound()
	}
}

// outside are the resources outside of the versioned REST API.
func (s *Server) outside() map[string]map[string]handler {
	get := func(h handler) map[string]handler { return map[string]handler{"GET": h, "HEAD": h} }
	both := func(h handler) map[string]handler { return map[string]handler{"GET": h, "POST": h} }
	return map[string]map[string]handler{
		"/services/data":                    get((*call).versions),
		authorizePath:                       both((*call).authorize),
		"/services/oauth2/token":            both((*call).token),
		"/services/oauth2/revoke":           both((*call).revoke),
		"/services/oauth2/introspect":       {"POST": (*call).introspect},
		"/services/oauth2/userinfo":         both((*call).userinfo),
		"/services/oauth2/singleaccess":     both((*call).singleAccess),
		"/.well-known/openid-configuration": get((*call).openidConfiguration),
		"/id/keys":                          get((*call).keys),
		"/":                                 get((*call).home),
		"/login":                            {"GET": (*call).home, "POST": (*call).login},
		verificationURI:                     both((*call).connect),
		frontdoorPath:                       both((*call).frontdoor),
		"/secur/logout.jsp":                 get((*call).logout),
		"/services/auth/idp/oidc/logout":    both((*call).logout),
		"/setup/secur/RemoteAccessAuthorizationPage.apexp": {"POST": (*call).consent},
	}
}

// rest answers a request to the versioned REST API: authentication, counting,
// version, resource.
func (c *call) rest(segs []string) answer {
	if refused := c.authenticate(); refused != nil {
		return *refused
	}
	now := c.s.org.Now()
	if c.s.running.long() >= c.s.cfg.ConcurrentRequests {
		return failure(http.StatusForbidden, "REQUEST_LIMIT_EXCEEDED", "ConcurrentRequests (Concurrent API Requests) Limit exceeded.").
			with("Sforce-Limit-Info", c.s.usage.header(now))
	}
	if _, ok := c.s.usage.count(now); !ok {
		return failure(http.StatusForbidden, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.").
			with("Sforce-Limit-Info", c.s.usage.header(now))
	}
	c.counted()
	limit := c.s.usage.header(now)
	version := strings.TrimPrefix(segs[0], "v")
	if !strings.HasPrefix(segs[0], "v") || !c.s.serves(version) {
		return notFound().with("Sforce-Limit-Info", limit)
	}
	c.version = version
	if refused := c.mediaType(); refused != nil {
		return refused.with("Sforce-Limit-Info", limit)
	}
	a := c.resource(segs[1:])
	return a.with("Sforce-Limit-Info", limit)
}

// serves tells whether the org has an API version.
func (s *Server) serves(version string) bool {
	return versionForm.MatchString(version) && version >= "31.0" && version <= s.cfg.APIVersion
}

// authenticate finds the session and its user.
func (c *call) authenticate() *answer {
	refuse := func(a answer) *answer { a = a.with("WWW-Authenticate", "Token"); return &a }
	expired := func() *answer {
		return refuse(failure(http.StatusUnauthorized, "INVALID_SESSION_ID", "Session expired or invalid"))
	}
	auth := c.header.Get("Authorization")
	if auth == "" {
		return expired()
	}
	token, ok := bearer(auth)
	if !ok {
		return refuse(failure(http.StatusUnauthorized, "INVALID_AUTH_HEADER", "INVALID_HEADER_TYPE"))
	}
	ses, ok := c.s.id.find(token)
	if !ok {
		return expired()
	}
	u, err := c.s.userByID(ses.user)
	if err != nil || !u.active {
		return expired()
	}
	if !ses.allows("api", "full") {
		return refuse(failure(http.StatusUnauthorized, "INVALID_SESSION_ID", "This session is not valid for use with the REST API"))
	}
	c.session, c.user = &ses, engine.Session{User: ses.user}
	locked, noAPI := c.s.id.orgState()
	if locked {
		a := failure(http.StatusForbidden, "ORG_LOCKED", "The organization is locked")
		return &a
	}
	if noAPI {
		a := failure(http.StatusForbidden, "API_DISABLED_FOR_ORG", "The REST API is not enabled for this Organization.")
		return &a
	}
	if !c.s.org.SystemPermission(c.user, "ApiEnabled") {
		a := failure(http.StatusForbidden, "API_CURRENTLY_DISABLED", "API is currently disabled for this user")
		return &a
	}
	return nil
}

// resource answers a request below /services/data/vNN.N.
func (c *call) resource(segs []string) answer {
	if len(segs) == 0 {
		return c.allow(map[string]handler{"GET": (*call).resources, "HEAD": (*call).resources})
	}
	for i, seg := range segs {
		plain, err := url.PathUnescape(seg)
		if err != nil {
			return notFound()
		}
		segs[i] = plain
	}
	for _, r := range c.s.routes {
		if params, ok := r.matches(segs); ok {
			if c.tx != nil && !r.data {
				return failure(http.StatusBadRequest, "PROCESSING_HALTED", "The resource cannot be used in a request with allOrNone.")
			}
			c.params, c.matched = params, r
			return c.allow(r.methods)
		}
	}
	c.unsupported()
	return notFound()
}

func (r route) matches(segs []string) (map[string]string, bool) {
	if len(segs) != len(r.pattern) {
		return nil, false
	}
	var params map[string]string
	for i, p := range r.pattern {
		if p[0] != '{' {
			if p != segs[i] {
				return nil, false
			}
			continue
		}
		if segs[i] == "" {
			return nil, false
		}
		if params == nil {
			params = map[string]string{}
		}
		params[p[1:len(p)-1]] = segs[i]
	}
	return params, true
}

// allow calls the handler of the request's method. POST may stand in for a
// method that the client cannot send (REST guide, "Update a Record").
func (c *call) allow(methods map[string]handler) answer {
	method := c.method
	if over := c.query.Get("_HttpMethod"); over != "" && method == http.MethodPost {
		method = strings.ToUpper(over)
	}
	h, ok := methods[method]
	if !ok && method == http.MethodHead {
		h, ok = methods[http.MethodGet]
	}
	if !ok {
		return c.methodNotAllowed(methods)
	}
	return h(c)
}

func (c *call) methodNotAllowed(methods map[string]handler) answer {
	var allowed []string
	for _, m := range []string{"HEAD", "GET", "POST", "PATCH", "PUT", "DELETE"} {
		_, ok := methods[m]
		if _, get := methods["GET"]; ok || m == "HEAD" && get {
			allowed = append(allowed, m)
		}
	}
	list := strings.Join(allowed, ",")
	return failure(http.StatusMethodNotAllowed, "METHOD_NOT_ALLOWED",
		"HTTP Method '"+c.method+"' not allowed. Allowed are "+list).with("Allow", list)
}

// decode reads a JSON body into v.
func (c *call) decode(v any) *answer {
	if err := json.Unmarshal(c.body, v); err != nil {
		a := syntaxAnswer(c.body, err)
		return &a
	}
	return nil
}

// refusal turns an engine's error into an answer.
func (c *call) refusal(err error) answer {
	var e *engine.Error
	if !errors.As(err, &e) {
		return failure(http.StatusInternalServerError, "UNKNOWN_EXCEPTION",
			"An unexpected error occurred. Please include this ErrorId if you contact support: 1-2 (1)")
	}
	if e.Status == http.StatusMultipleChoices {
		return c.choices(c.params["object"], e.Matches)
	}
	p := problem{Message: e.Message, Code: e.Code}
	if e.Fields != nil {
		p.Fields = &e.Fields
	}
	status := e.Status
	if status == 0 {
		status = http.StatusBadRequest
	}
	return jsonAnswer(status, []problem{p})
}

// choices answers an external id that several records share.
func (c *call) choices(object string, ids []sobject.ID) answer {
	if o, ok := c.visible(object); ok {
		object = o.Name
	}
	urls := make([]string, len(ids))
	for i, id := range ids {
		urls[i] = c.base() + "/sobjects/" + object + "/" + string(id)
	}
	return jsonAnswer(http.StatusMultipleChoices, urls)
}
