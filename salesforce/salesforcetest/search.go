package salesforcetest

import (
	"net/http"
	"regexp"
	"strings"

	"github.com/orglink/orglink/salesforce/salesforcetest/internal/engine"
)

var (
	findClause = regexp.MustCompile(`(?is)^\s*FIND\s*\{((?:\\.|[^\\}])*)\}\s*(?:IN\s+(?:ALL|NAME|EMAIL|PHONE|SIDEBAR)\s+FIELDS)?\s*(?:RETURNING\s+(.*))?$`)
	reserved   = regexp.MustCompile(`(?s)\\(.)`)
	returning  = regexp.MustCompile(`(?i)([a-z0-9_]+)\s*(?:\(([^()]*)\))?`)
)

// search is a small part of SOSL: FIND {term} IN .. FIELDS RETURNING
// Object(fields). The term is looked for in name fields, at the start of a
// word, so that the answer is plausible and not more.
func (c *call) search() answer {
	m := findClause.FindStringSubmatch(c.query.Get("q"))
	if m == nil {
		return failure(http.StatusBadRequest, "MALFORMED_SEARCH", "No search term found. The search term must be enclosed in braces.")
	}
	term := reserved.ReplaceAllString(strings.Trim(strings.TrimSpace(m[1]), "*\""), "$1")
	if len([]rune(term)) < 2 {
		return failure(http.StatusBadRequest, "MALFORMED_SEARCH", "search term must be longer than one character: "+term)
	}
	body, n := []byte(`{"searchRecords":[`), 0
	for _, target := range c.searchTargets(m[2]) {
		like := quote(strings.NewReplacer(`%`, `\%`, `_`, `\_`).Replace(term) + "%")
		inner := quote("% " + strings.NewReplacer(`%`, `\%`, `_`, `\_`).Replace(term) + "%")
		soql := "SELECT " + target[1] + " FROM " + target[0] + " WHERE Name LIKE " + like + " OR Name LIKE " + inner + " LIMIT 2000"
		res, err := c.data().QueryText(soql, engine.QueryOptions{})
		if err != nil {
			return c.refusal(err)
		}
		for row := range res.Len() {
			if n >= 2000 {
				break
			}
			if n > 0 {
				body = append(body, ',')
			}
			body = res.AppendJSON(body, row, engine.JSONOptions{Base: c.base()})
			n++
		}
	}
	return rawJSON(http.StatusOK, append(body, "]}"...))
}

// searchTargets returns pairs of object and fields.
func (c *call) searchTargets(list string) [][2]string {
	var out [][2]string
	if strings.TrimSpace(list) != "" {
		for _, m := range returning.FindAllStringSubmatch(list, -1) {
			fields := strings.TrimSpace(m[2])
			if fields == "" {
				fields = "Id"
			}
			out = append(out, [2]string{m[1], fields})
		}
		return out
	}
	for _, name := range c.s.org.Objects(c.user) {
		if _, ok := c.s.org.CanonicalField(c.user, name, "Name"); !ok {
			continue
		}
		if o, _ := c.s.org.Object(name); o.Searchable {
			out = append(out, [2]string{name, "Id"})
		}
	}
	return out
}
