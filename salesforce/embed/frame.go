package embed

import (
	"net/http"
	"strings"
)

// FrameAncestors is the value of a Content-Security-Policy directive that lets
// a page be framed by the pages of the given orgs and by nobody else. Without
// sites it admits every Salesforce org, which is what an app that does not yet
// know its org needs at the most.
func FrameAncestors(sites ...Site) string {
	out := []string{"frame-ancestors"}
	for _, s := range sites {
		if s == (Site{}) {
			continue
		}
		out = append(out, s.MyDomain())
		if s.Lightning() != s.MyDomain() {
			out = append(out, s.Lightning())
		}
	}
	if len(out) == 1 {
		for _, pair := range hostPairs {
			out = append(out, "https://*"+pair[0], "https://*"+pair[1])
		}
	}
	return strings.Join(out, " ")
}

// Framed lets next's pages be framed by the given orgs only (FrameAncestors).
// It replaces X-Frame-Options, which cannot name them. A handler that sets a
// Content-Security-Policy of its own adds a header; browsers apply both.
func Framed(next http.Handler, sites ...Site) http.Handler {
	policy := FrameAncestors(sites...)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Add("Content-Security-Policy", policy)
		w.Header().Del("X-Frame-Options")
		next.ServeHTTP(w, r)
	})
}
