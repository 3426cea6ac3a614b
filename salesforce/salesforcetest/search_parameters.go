package salesforcetest

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/orglink/orglink/salesforce/salesforcetest/internal/engine"
)

type searchParameters struct {
	Q            string   `json:"q"`
	In           string   `json:"in"`
	Fields       []string `json:"fields"`
	OverallLimit int      `json:"overallLimit"`
	DefaultLimit int      `json:"defaultLimit"`
	Offset       int      `json:"offset"`
	SObjects     []struct {
		Name    string   `json:"name"`
		Fields  []string `json:"fields"`
		Where   string   `json:"where"`
		OrderBy string   `json:"orderBy"`
		Limit   int      `json:"limit"`
	} `json:"sobjects"`
}

// searchByParameters is search without SOSL (REST guide, "Search with
// Parameters in the Request Body"), as plausible as search is: the term is
// looked for at the start of a word of the name.
func (c *call) searchByParameters() answer {
	var p searchParameters
	if refused := c.decode(&p); refused != nil {
		return *refused
	}
	term := strings.NewReplacer(`\`, "", `*`, "", `"`, "").Replace(strings.TrimSpace(p.Q))
	switch {
	case term == "":
		return failure(http.StatusBadRequest, "MISSING_ARGUMENT", "Missing required parameter: q")
	case len([]rune(term)) < 2:
		return failure(http.StatusBadRequest, "MALFORMED_SEARCH", "search term must be longer than one character: "+term)
	case len(p.Fields) > 0 && len(p.SObjects) == 0, p.Offset > 0 && len(p.SObjects) != 1:
		return failure(http.StatusBadRequest, "INVALID_SEARCH", "At least one sobject must be specified for this parameter, and exactly one for offset.")
	case max(p.OverallLimit, p.DefaultLimit, p.Offset) > 2000:
		return failure(http.StatusBadRequest, "INVALID_SEARCH_LIMIT", "A limit must not be above 2000.")
	}
	if len(p.SObjects) == 0 {
		for _, t := range c.searchable() {
			p.SObjects = append(p.SObjects, struct {
				Name    string   `json:"name"`
				Fields  []string `json:"fields"`
				Where   string   `json:"where"`
				OrderBy string   `json:"orderBy"`
				Limit   int      `json:"limit"`
			}{Name: t.object})
		}
	}
	overall := p.OverallLimit
	if overall == 0 {
		overall = 2000
	}
	body, n := []byte(`{"searchRecords":[`), 0
	for _, o := range p.SObjects {
		res, err := c.data().QueryText(p.soql(term, o.Name, o.Fields, o.Where, o.OrderBy, o.Limit), engine.QueryOptions{})
		if err != nil {
			return c.refusal(err)
		}
		for row := p.Offset; row < res.Len() && n < overall; row++ {
			if n > 0 {
				body = append(body, ',')
			}
			body = res.AppendJSON(body, row, engine.JSONOptions{Base: c.base()})
			n++
		}
	}
	return rawJSON(http.StatusOK, append(body, "]}"...))
}

func (p *searchParameters) soql(term, object string, fields []string, where, orderBy string, limit int) string {
	if fields == nil {
		fields = p.Fields
	}
	if fields == nil {
		fields = []string{"Id"}
	}
	if limit == 0 {
		limit = p.DefaultLimit
	}
	if limit == 0 {
		limit = 2000
	}
	plain := strings.NewReplacer(`%`, `\%`, `_`, `\_`).Replace(term)
	soql := "SELECT " + strings.Join(fields, ",") + " FROM " + object + " WHERE (Name LIKE " + quote(plain+"%") + " OR Name LIKE " + quote("% "+plain+"%") + ")"
	if where != "" {
		soql += " AND (" + where + ")"
	}
	if orderBy != "" {
		soql += " ORDER BY " + strings.NewReplacer("NULLS_", "NULLS ", "Nulls_", "NULLS ", "nulls_", "NULLS ").Replace(orderBy)
	}
	return soql + " LIMIT " + strconv.Itoa(limit+p.Offset)
}
