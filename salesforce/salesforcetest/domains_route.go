package salesforcetest

import (
	"encoding/xml"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// route finds the org behind a login host that a request is about: by its
// token, code, assertion or username, then by its app. Where none is meant, the
// first one answers, as wrong credentials are answered.
func (d *Domains) route(host string, r *http.Request, body []byte) (*Server, error) {
	orgs := d.behind(host)
	if len(orgs) == 0 {
		return nil, errNoOrg
	}
	form := r.URL.Query()
	if strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		if more, err := url.ParseQuery(string(body)); err == nil {
			for name, values := range more {
				form[name] = values
			}
		}
	}
	who := form.Get("username")
	if who == "" {
		who = form.Get("un")
	}
	client := form.Get("client_id")
	if user, _, ok := r.BasicAuth(); ok {
		client, _ = url.QueryUnescape(user)
	}
	if j, err := parseJWT(form.Get("assertion")); err == nil {
		who, client = j.str("sub"), j.str("iss")
	}
	if strings.HasPrefix(r.URL.Path, "/services/Soap/") {
		var envelope element
		if xml.Unmarshal(body, &envelope) == nil {
			who = envelope.child("Body").child("login").text("username")
		}
	}
	tokens := []string{form.Get("token"), form.Get("refresh_token"), form.Get("code"), form.Get("access_token"), form.Get("oauth_token")}
	if token, ok := bearer(r.Header.Get("Authorization")); ok {
		tokens = append(tokens, token)
	}
	for _, s := range orgs {
		for _, token := range tokens {
			if token != "" && s.id.issued(token) {
				return s, nil
			}
		}
	}
	if parts := strings.Split(cleanPath(r.URL.Path), "/"); len(parts) == 4 && parts[1] == "id" {
		for _, s := range orgs {
			if strings.HasPrefix(parts[2], s.org.ID().Short()) {
				return s, nil
			}
		}
	}
	if who != "" {
		for _, s := range orgs {
			if _, err := s.userByName(who); err == nil {
				return s, nil
			}
		}
	}
	for _, s := range orgs {
		if client != "" && s.id.appByID(client) != nil {
			return s, nil
		}
	}
	return orgs[0], nil
}

// issued tells whether a token, a rotated one or a code is of this org.
func (i *identity) issued(token string) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	_, session := i.sessions[token]
	_, grant := i.grants[token]
	_, retired := i.retired[token]
	_, code := i.codes[token]
	return session || grant || retired || code || i.endedBy(token) != nil
}

// handOver is how long a login host's hand-over to an org is good for.
const handOver = time.Minute

// passOn signs a person in at their org after they typed their password at a
// login host, and goes on there.
func (c *call) passOn(u user, next string) answer {
	if at, err := url.Parse(next); err == nil && at.Query().Get("asked") != "" {
		// This login is the one that the page asked for.
		i := c.s.id
		i.mu.Lock()
		i.asked[at.Query().Get("asked")] = browserLogin{seq: i.seq, expires: i.now().Add(handOver)}
		i.mu.Unlock()
	}
	ses := c.s.id.open(session{token: c.s.opaqueToken(), user: u.id, scopes: []string{"web"}, timeout: handOver, fixed: true, issued: c.s.org.Now()})
	q := url.Values{"sid": {ses.token}, "retURL": {next}}
	return empty(http.StatusFound).with("Location", c.s.URL+frontdoorPath+"?"+q.Encode())
}

// atLogin answers what a login host leaves to the org, or has not; nil lets the
// request go on.
func (c *call) atLogin() *answer {
	if c.loginHost() == "" {
		return nil
	}
	segs := strings.Split(strings.TrimPrefix(c.path, "/"), "/")
	var a answer
	switch {
	case len(segs) == 3 && segs[0] == "id" && strings.HasPrefix(segs[1], c.s.org.ID().Short()):
		// Go's HTTP client drops the Authorization header on the way.
		target := c.s.URL + c.path
		if q := c.query.Encode(); q != "" {
			target += "?" + q
		}
		a = empty(http.StatusFound).with("Location", target)
	case len(segs) >= 2 && segs[0] == "services" && (segs[1] == "data" && len(segs) > 2 || segs[1] == "async"):
		a = notFound()
	default:
		return nil
	}
	return &a
}
