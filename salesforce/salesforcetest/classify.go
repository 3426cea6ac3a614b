package salesforcetest

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
)

// describeRequest fills the record of a request that just arrived.
func (s *Server) describeRequest(r *http.Request, path string, body []byte) RequestRecord {
	rec := RequestRecord{
		Method: r.Method, Path: r.URL.EscapedPath(), Query: r.URL.Query(), Header: r.Header.Clone(),
		Body: bytes.Clone(body[:min(len(body), keptBody)]),
	}
	if token, ok := sentToken(r); ok {
		if ses, ok := s.id.peek(token); ok {
			if u, err := s.userByID(ses.user); err == nil {
				rec.User = u.username
			}
		}
	}
	rec.Object = s.objectOf(path, rec.Query, body)
	return rec
}

// objectOf guesses which object a request is about, for faults.
func (s *Server) objectOf(path string, query url.Values, body []byte) string {
	if _, job, ok := strings.Cut(path, "/services/async/"); ok {
		return s.bulk1.object(job, body)
	}
	_, rest, ok := cutVersion(path)
	if !ok {
		return ""
	}
	segs := strings.Split(rest, "/")
	at := func(i int) string {
		if i < len(segs) {
			return segs[i]
		}
		return ""
	}
	switch at(0) {
	case "sobjects":
		return at(1)
	case "query", "queryAll":
		if at(1) != "" {
			return s.cursors.object(at(1))
		}
		return fromObject(query.Get("q"))
	case "composite":
		if at(1) == "sobjects" || at(1) == "tree" {
			if at(2) != "" {
				return at(2)
			}
			return firstType(body)
		}
	case "jobs":
		if at(2) != "" {
			return s.jobs.object(at(2))
		}
		var req struct{ Object, Query string }
		if json.Unmarshal(body, &req) == nil && req.Query != "" {
			return fromObject(req.Query)
		}
		return req.Object
	}
	return ""
}

// firstType returns the object of the first record of a collection.
func firstType(body []byte) string {
	var req struct {
		Records []struct {
			Attributes struct {
				Type string `json:"type"`
			} `json:"attributes"`
		} `json:"records"`
	}
	if json.Unmarshal(body, &req) != nil || len(req.Records) == 0 {
		return ""
	}
	return req.Records[0].Attributes.Type
}

// sentToken is the access token of a request, wherever the API wants it.
func sentToken(r *http.Request) (string, bool) {
	if token := r.Header.Get("X-SFDC-Session"); token != "" {
		return token, true
	}
	return bearer(r.Header.Get("Authorization"))
}
