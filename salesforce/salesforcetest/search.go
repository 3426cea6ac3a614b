package salesforcetest

import (
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"github.com/orglink/orglink/salesforce/salesforcetest/internal/engine"
	"github.com/orglink/orglink/salesforce/sobject"
)

// sosl is a search: FIND {term} IN group FIELDS RETURNING targets LIMIT n.
type sosl struct {
	term    string
	group   string // ALL, NAME, EMAIL, PHONE or SIDEBAR
	targets []searchTarget
	limit   int
}

// searchTarget is one object of RETURNING, such as
// Account(Id, Name WHERE Industry = 'Banking' ORDER BY Name LIMIT 5).
type searchTarget struct{ object, fields, where, orderBy, limit string }

var (
	findClause   = regexp.MustCompile(`(?is)^\s*FIND\s*\{((?:\\.|[^\\}])*)\}\s*(?:IN\s+(ALL|NAME|EMAIL|PHONE|SIDEBAR)\s+FIELDS)?\s*(.*)$`)
	returningAt  = regexp.MustCompile(`(?is)^RETURNING\s+(.*)$`)
	overallLimit = regexp.MustCompile(`(?is)^(.*?)\s*\bLIMIT\s+(\d+)\s*$`)
	targetParts  = regexp.MustCompile(`(?is)^(.*?)(?:\s+USING\s+ListView\s*=\s*\S+)?(?:\s+WHERE\s+(.*?))?(?:\s+ORDER\s+BY\s+(.*?))?(?:\s+LIMIT\s+(\d+))?(?:\s+OFFSET\s+\d+)?$`)
	searchWord   = regexp.MustCompile(`"((?:\\.|[^\\"])*)"|((?:\\.|[^\\\s()"])+)|([()])`)
	reserved     = regexp.MustCompile(`(?s)\\(.)`)
)

// parseSOSL reads a search; the answer is what Salesforce says of one it
// cannot read.
func parseSOSL(text string) (sosl, *answer) {
	bad := func(message string) (sosl, *answer) {
		a := failure(http.StatusBadRequest, "MALFORMED_SEARCH", message)
		return sosl{}, &a
	}
	m := findClause.FindStringSubmatch(text)
	if m == nil {
		return bad("No search term found. The search term must be enclosed in braces.")
	}
	q := sosl{term: strings.TrimSpace(m[1]), group: strings.ToUpper(m[2]), limit: 2000}
	if plain := reserved.ReplaceAllString(strings.Trim(q.term, `*?"`), "$1"); len([]rune(plain)) < 2 {
		return bad("search term must be longer than one character: " + plain)
	}
	rest := strings.TrimSpace(m[3])
	if l := overallLimit.FindStringSubmatch(rest); l != nil && strings.Count(l[1], "(") == strings.Count(l[1], ")") {
		n, err := strconv.Atoi(l[2])
		if err != nil || n < 1 || n > 2000 {
			return bad("LIMIT must be between 1 and 2000")
		}
		rest, q.limit = l[1], n
	}
	if rest == "" {
		return q, nil
	}
	r := returningAt.FindStringSubmatch(rest)
	if r == nil {
		return bad("unexpected token: " + strings.Fields(rest)[0])
	}
	var ok bool
	if q.targets, ok = searchTargets(r[1]); !ok {
		return bad("unexpected token: " + r[1])
	}
	return q, nil
}

// searchTargets reads the list of RETURNING.
func searchTargets(list string) ([]searchTarget, bool) {
	var out []searchTarget
	for _, item := range splitOutside(list) {
		object, inner, parts := strings.Cut(strings.TrimSpace(item), "(")
		t := searchTarget{object: strings.TrimSpace(object), fields: "Id"}
		if parts {
			inner, closed := strings.CutSuffix(strings.TrimSpace(inner), ")")
			m := targetParts.FindStringSubmatch(strings.TrimSpace(inner))
			if !closed || m == nil {
				return nil, false
			}
			t.where, t.orderBy, t.limit = m[2], m[3], m[4]
			if f := strings.TrimSpace(m[1]); f != "" {
				t.fields = f
			}
		}
		if t.object == "" || strings.ContainsAny(t.object, " \t\r\n)'") {
			return nil, false
		}
		out = append(out, t)
	}
	return out, true
}

// splitOutside splits at commas outside of parentheses and quotes.
func splitOutside(s string) []string {
	var out []string
	depth, quoted, from := 0, false, 0
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case quoted && c == '\\':
			i++
		case c == '\'':
			quoted = !quoted
		case quoted:
		case c == '(':
			depth++
		case c == ')':
			depth--
		case c == ',' && depth == 0:
			out = append(out, s[from:i])
			from = i + 1
		}
	}
	return append(out, s[from:])
}

// search answers SOSL, simply: words are looked for at the start of the words
// of a field, at once and not after the delay of an index.
func (c *call) search() answer {
	q, refused := parseSOSL(c.query.Get("q"))
	if refused != nil {
		return *refused
	}
	if q.targets == nil {
		q.targets = c.searchable()
	}
	body, n := []byte(nil), 0
	for _, t := range q.targets {
		soql := "SELECT " + t.fields + " FROM " + t.object
		if o, ok := c.visible(t.object); ok {
			condition := searchCondition(q.term, c.searchFields(o, q.group))
			if condition == "" {
				continue // no field of that group
			}
			soql += " WHERE (" + condition + ")"
		}
		if t.where != "" {
			soql += " AND (" + t.where + ")"
		}
		if t.orderBy != "" {
			soql += " ORDER BY " + t.orderBy
		}
		limit := t.limit
		if limit == "" {
			limit = "2000"
		}
		res, err := c.data().QueryText(soql+" LIMIT "+limit, engine.QueryOptions{})
		if err != nil {
			return c.refusal(err)
		}
		for row := 0; row < res.Len() && n < q.limit; row++ {
			if n > 0 {
				body = append(body, ',')
			}
			body = res.AppendJSON(body, row, engine.JSONOptions{Base: c.base()})
			n++
		}
	}
	if c.version < "37.0" { // a bare list then (REST guide, "Search")
		return rawJSON(http.StatusOK, []byte("["+string(body)+"]"))
	}
	return rawJSON(http.StatusOK, []byte(`{"searchRecords":[`+string(body)+"]}"))
}

// searchFields are the fields of a group that can be searched.
func (c *call) searchFields(o engine.Object, group string) []string {
	var out []string
	for _, f := range o.Fields {
		name, ok := c.s.org.CanonicalField(c.user, o.Name, f.Name)
		if !ok || f.Formula != nil {
			continue
		}
		text := f.Type == sobject.TypeString || f.Type == sobject.TypeTextArea && f.Length <= 255 || f.Type == sobject.TypeEmail || f.Type == sobject.TypePhone
		switch group {
		case "NAME":
			text = f.NameField || f.Name == "Name"
		case "EMAIL":
			text = f.Type == sobject.TypeEmail
		case "PHONE":
			text = f.Type == sobject.TypePhone
		}
		if text {
			out = append(out, name)
		}
	}
	return out
}

// searchCondition turns a term into SOQL's LIKE: words are joined by AND,
// unless OR or AND NOT stands between them.
func searchCondition(term string, fields []string) string {
	if len(fields) == 0 {
		return ""
	}
	var b strings.Builder
	operator, not := "", false
	for _, m := range searchWord.FindAllStringSubmatch(term, -1) {
		word := m[1] + m[2]
		switch strings.ToUpper(word) {
		case "AND", "OR":
			operator = " " + strings.ToUpper(word) + " "
			continue
		case "NOT":
			not = true
			continue
		}
		if m[3] != "" || strings.Trim(word, "*?") == "" {
			continue // groups of words are read from left to right
		}
		condition := "(" + wordCondition(word, fields) + ")"
		if not {
			condition = "(NOT " + condition + ")"
		}
		if left := b.String(); left != "" {
			if operator == "" {
				operator = " AND "
			}
			b.Reset()
			condition = "(" + left + ")" + operator + condition
		}
		b.WriteString(condition)
		operator, not = "", false
	}
	return b.String()
}

// wordCondition looks for a word or phrase in every field.
func wordCondition(word string, fields []string) string {
	like := strings.NewReplacer(`%`, `\%`, `_`, `\_`, `*`, `%`, `?`, `_`).Replace(reserved.ReplaceAllString(word, "$1"))
	parts := make([]string, 0, 2*len(fields))
	for _, f := range fields {
		parts = append(parts, f+" LIKE "+quoteLike(like+"%"), f+" LIKE "+quoteLike("% "+like+"%"))
	}
	return strings.Join(parts, " OR ")
}

// quoteLike writes a pattern, whose backslashes are its own.
func quoteLike(s string) string { return "'" + strings.ReplaceAll(s, "'", `\'`) + "'" }

// searchable are the objects that a search without RETURNING looks through.
func (c *call) searchable() []searchTarget {
	var out []searchTarget
	for _, name := range c.s.org.Objects(c.user) {
		if _, ok := c.s.org.CanonicalField(c.user, name, "Name"); !ok {
			continue
		}
		if o, _ := c.s.org.Object(name); o.Searchable {
			out = append(out, searchTarget{object: name, fields: "Id"})
		}
	}
	return out
}
