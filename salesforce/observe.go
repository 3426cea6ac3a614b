package salesforce

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Call is one attempt of one request, as an Observer sees it. It holds no
// record data and no token.
type Call struct {
	Method string
	// Path is without its query.
	Path string
	// Operation is a word such as "query", "describe" or "collections.create".
	Operation string
	// Object is the sObject's API name, where the operation has one.
	Object string
	// Status is the HTTP status, 0 when there was no answer.
	Status int
	// Bytes is how much of the answer's body was read, decompressed.
	Bytes int64
	// Duration is from sending until the body was closed.
	Duration time.Duration
	// Attempt counts from 1; a replay after a token refresh goes on counting.
	Attempt int
	// Err tells why there was no answer.
	Err error
}

// Usage is what an org last said about its daily API requests. It may be
// behind by minutes, and other programs share the same limit.
type Usage struct{ Used, Max int64 }

// Usage returns the newest figures that came with an answer; zero before the
// first.
func (c *Client) Usage() Usage {
	if u := c.usage.Load(); u != nil {
		return *u
	}
	return Usage{}
}

// Calls returns how many requests of this client counted against the org's
// daily limit: every attempt that was answered, but for lists of versions,
// sign-in and identity, and rejected tokens.
func (c *Client) Calls() int64 { return c.calls.Load() }

// account keeps the counters up to date after an answer.
func (c *Client) account(path string, status int, h http.Header) {
	if u, ok := parseLimitInfo(h.Get("Sforce-Limit-Info")); ok {
		c.usage.Store(&u)
	}
	if status != http.StatusUnauthorized && strings.HasPrefix(path, "/services/") &&
		!strings.HasPrefix(path, "/services/oauth2/") && strings.TrimSuffix(path, "/") != "/services/data" {
		c.calls.Add(1)
	}
}

// parseLimitInfo reads "api-usage=25/5000; per-app-api-usage=17/250(appName=x)".
func parseLimitInfo(s string) (Usage, bool) {
	for part := range strings.FieldsFuncSeq(s, func(r rune) bool { return r == ';' || r == ',' || r == ' ' }) {
		figures, ok := strings.CutPrefix(part, "api-usage=")
		if !ok {
			continue
		}
		used, limit, ok := strings.Cut(figures, "/")
		u, err1 := strconv.ParseInt(used, 10, 64)
		m, err2 := strconv.ParseInt(limit, 10, 64)
		if ok && err1 == nil && err2 == nil {
			return Usage{u, m}, true
		}
	}
	return Usage{}, false
}
