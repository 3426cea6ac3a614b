package salesforcetest

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
)

// Composite requests with allOrNone run inside one transaction, which only
// resources that read and write through it may use.

// ahead answers the reads of a composite request that have nothing to do with
// its records (describes, limits, ...), before the transaction begins. Those
// whose address depends on an earlier answer are not among them.
func (c *call) ahead(req compositeRequest) map[int]answer {
	out := map[int]answer{}
	for i, sub := range req.Subrequest {
		if !strings.EqualFold(sub.Method, http.MethodGet) || strings.Contains(sub.URL, "@{") || c.readsRecords(sub.URL) {
			continue
		}
		out[i] = c.inner(http.MethodGet, sub.URL, c.innerHeader(sub.HTTPHeaders), nil, nil, nil)
	}
	return out
}

// readsRecords reports whether a resource must run inside the transaction.
func (c *call) readsRecords(target string) bool {
	u, err := url.Parse(target)
	if err != nil {
		return false
	}
	_, rest, ok := cutVersion(cleanPath(u.EscapedPath()))
	if !ok {
		return false
	}
	segs := strings.Split(rest, "/")
	for _, r := range c.s.routes {
		if _, ok := r.matches(segs); ok {
			return r.data
		}
	}
	return false
}

// innerHeader is what a part of a composite request sees of its headers.
func (c *call) innerHeader(own map[string]string) http.Header {
	header := http.Header{}
	for _, name := range []string{"Sforce-Auto-Assign", "Sforce-Duplicate-Rule-Header", "Sforce-Query-Options", "Sforce-Mru"} {
		if v := c.header.Get(name); v != "" {
			header.Set(name, v)
		}
	}
	for name, v := range own {
		header.Set(name, v)
	}
	return header
}

// rowsFailed reports whether the answer to a collection has a row that failed,
// which an allOrNone around it takes for a failure of its own.
func rowsFailed(target string, res compositeResult) bool {
	if res.Status != http.StatusOK || !strings.Contains(target, "/composite/sobjects") {
		return false
	}
	var rows []struct {
		Success *bool `json:"success"`
	}
	if json.Unmarshal(res.Body, &rows) != nil {
		return false
	}
	for _, r := range rows {
		if r.Success != nil && !*r.Success {
			return true
		}
	}
	return false
}
