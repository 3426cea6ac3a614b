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
	// Warning is the answer's Warning header, by which an org announces, as
	// warning 299, that the API version will be removed (REST API guide,
	// "Warning Header"); "" when there was none.
	Warning string
	// Err tells why there was no answer.
	Err error
}

// Usage is what an org last said about its daily API requests. It may be
// behind by minutes, and other programs share the same limit.
type Usage struct {
	Used, Max int64
	// AppUsed and AppMax are the figures of the calling app's own quota, and
	// App its name; zero when it has none.
	AppUsed, AppMax int64
	App             string
}

// Usage returns the newest figures that came with an answer; zero before the
// first.
func (c *Client) Usage() Usage { return c.quota.usage() }

// Calls returns how many requests of this client counted against the org's
// daily limit: every attempt that was answered, but for lists of versions,
// sign-in and identity, and rejected tokens.
func (c *Client) Calls() int64 { return c.calls.Load() }

// account keeps the counters up to date after an answer.
func (c *Client) account(path string, status int, h http.Header) {
	if u, ok := parseLimitInfo(h.Get("Sforce-Limit-Info")); ok {
		c.quota.learn(u)
	}
	if status != http.StatusUnauthorized && counts(path) {
		c.calls.Add(1)
	}
}

// parseLimitInfo reads "api-usage=25/5000; per-app-api-usage=17/250(appName=x)".
func parseLimitInfo(s string) (u Usage, ok bool) {
	for part := range strings.FieldsFuncSeq(s, func(r rune) bool { return r == ';' || r == ',' }) {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		value, app, _ := strings.Cut(value, "(appName=")
		used, limit, valid := readShare(value)
		switch {
		case !valid:
		case name == "api-usage":
			u.Used, u.Max, ok = used, limit, true
		case name == "per-app-api-usage":
			u.AppUsed, u.AppMax, u.App = used, limit, strings.TrimSuffix(app, ")")
		}
	}
	return u, ok
}

// readShare reads "17/250".
func readShare(s string) (used, limit int64, ok bool) {
	left, right, _ := strings.Cut(strings.TrimSpace(s), "/")
	used, err1 := strconv.ParseInt(left, 10, 64)
	limit, err2 := strconv.ParseInt(right, 10, 64)
	return used, limit, err1 == nil && err2 == nil && used >= 0 && limit >= 0
}
