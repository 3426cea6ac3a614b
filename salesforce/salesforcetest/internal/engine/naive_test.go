package engine_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/orglink/orglink/salesforce/salesforcetest/internal/engine"
)

// A second evaluator of WHERE, as plain as the reference tells it, that shares
// nothing with the engine: random clauses over random rows, and both agree.

// row is a record in Go's own values; nil is null.
type row map[string]any

// clause is a condition: its SOQL, and whether it holds for a row.
type clause struct {
	soql  string
	holds func(row) bool
}

func atom(rnd *rand.Rand) clause {
	pick := func(of ...string) string { return of[rnd.IntN(len(of))] }
	op := pick("=", "!=", "<", "<=", ">", ">=")
	cmp := func(n int) bool {
		return map[string]bool{"=": n == 0, "!=": n != 0, "<": n < 0, "<=": n <= 0, ">": n > 0, ">=": n >= 0}[op]
	}
	// ordered compares a field with a value; null is unlike everything.
	ordered := func(field, literal string, compare func(v any) int) clause {
		return clause{field + " " + op + " " + literal, func(r row) bool {
			v := r[field]
			if v == nil {
				return op == "!="
			}
			return cmp(compare(v))
		}}
	}
	lower := func(v any) string { return strings.ToLower(v.(string)) }
	words := []string{"a", "B", "ab", "Ba", "c_", "c%", "ü", "o'x"}
	word := words[rnd.IntN(len(words))]
	quoted := func(s string) string { return "'" + strings.ReplaceAll(s, "'", `\'`) + "'" }
	date := func(day int) time.Time { return time.Date(2024, 3, 1+day, 0, 0, 0, 0, time.UTC) }
	switch rnd.IntN(12) {
	case 0:
		return ordered("Name", quoted(word), func(v any) int { return strings.Compare(lower(v), strings.ToLower(word)) })
	case 1: // compared with regard to case
		return ordered("Code__c", quoted(word), func(v any) int { return strings.Compare(v.(string), word) })
	case 2:
		n := rnd.IntN(8) * 5
		return ordered("AnnualRevenue", pick(fmt.Sprint(n), fmt.Sprintf("%d.0", n), fmt.Sprintf("%d.00", n)), func(v any) int { return v.(int) - n })
	case 3:
		yes := rnd.IntN(2) == 0
		op = pick("=", "!=")
		return clause{fmt.Sprintf("Active__c %s %v", op, yes), func(r row) bool { return (r["Active__c"].(bool) == yes) == (op == "=") }}
	case 4:
		d := date(rnd.IntN(20))
		return ordered("Since__c", d.Format(time.DateOnly), func(v any) int { return v.(time.Time).Compare(d) })
	case 5:
		d := date(rnd.IntN(20)).Add(time.Duration(rnd.IntN(48)) * time.Hour)
		zone := time.FixedZone("", (rnd.IntN(5)-2)*3600)
		return ordered("Seen__c", d.In(zone).Format("2006-01-02T15:04:05-07:00"), func(v any) int { return v.(time.Time).Compare(d) })
	case 6: // [from, to) of a relative date; now is 2024-03-15, a Friday
		type span struct {
			word     string
			from, to time.Time
		}
		s := []span{{"TODAY", date(14), date(15)}, {"YESTERDAY", date(13), date(14)}, {"THIS_WEEK", date(9), date(16)}, {"LAST_WEEK", date(2), date(9)},
			{"LAST_N_DAYS:3", date(11), date(15)}, {"N_DAYS_AGO:3", date(11), date(12)}, {"THIS_MONTH", date(0), date(31)}, {"LAST_MONTH", date(-29), date(0)}}[rnd.IntN(8)]
		field := pick("Since__c", "Seen__c")
		return ordered(field, s.word, func(v any) int {
			switch at := v.(time.Time); {
			case at.Before(s.from):
				return -1
			case !at.Before(s.to):
				return 1
			}
			return 0
		})
	case 7:
		field := pick("Name", "Industry", "Code__c", "AnnualRevenue", "Since__c", "Tags__c", "ParentId")
		op = pick("=", "!=")
		return clause{field + " " + op + " null", func(r row) bool { return (r[field] == nil) == (op == "=") }}
	case 8:
		list := []string{"Energy", "banking", "Nope"}[:1+rnd.IntN(3)]
		null, in := rnd.IntN(3) == 0, rnd.IntN(2) == 0
		var texts []string
		for _, s := range list {
			texts = append(texts, quoted(s))
		}
		if null {
			texts = append(texts, "null")
		}
		word := map[bool]string{true: "IN", false: "NOT IN"}[in]
		return clause{"Industry " + word + " (" + strings.Join(texts, ", ") + ")", func(r row) bool {
			found := null && r["Industry"] == nil
			for _, s := range list {
				found = found || r["Industry"] != nil && strings.EqualFold(s, r["Industry"].(string))
			}
			return found == in
		}}
	case 9:
		pattern := pick("a%", "%b", "_", "%a%", "c!_", "c!%", "%", "B_")
		soql := "Name LIKE '" + strings.NewReplacer("!_", `\_`, "!%", `\%`).Replace(pattern) + "'"
		return clause{soql, func(r row) bool { return r["Name"] != nil && likes(strings.ToLower(pattern), lower(r["Name"])) }}
	case 10:
		sets := [][]string{{"a"}, {"b", "c"}, {"a", "b"}}[:1+rnd.IntN(3)]
		in := rnd.IntN(2) == 0
		var texts []string
		for _, s := range sets {
			texts = append(texts, quoted(strings.Join(s, ";")))
		}
		word := map[bool]string{true: "INCLUDES", false: "EXCLUDES"}[in]
		return clause{"Tags__c " + word + " (" + strings.Join(texts, ", ") + ")", func(r row) bool {
			found := false
			for _, s := range sets {
				all := r["Tags__c"] != nil
				for _, one := range s {
					all = all && slices.Contains(strings.Split(r["Tags__c"].(string), ";"), one)
				}
				found = found || all
			}
			return found == in
		}}
	default:
		parent := rnd.IntN(2) == 0
		if parent { // a checkbox of no parent is unchecked
			return clause{"Parent.Active__c = false", func(r row) bool { p, _ := r["ParentId"].(row); return p == nil || !p["Active__c"].(bool) }}
		}
		return clause{"Parent.Industry = 'Energy'", func(r row) bool { p, _ := r["ParentId"].(row); return p != nil && p["Industry"] == "Energy" }}
	}
}

// likes matches a pattern in which % is any run, _ one character, and ! takes
// the meaning from the next.
func likes(pattern, s string) bool {
	p, text := []rune(pattern), []rune(s)
	if len(p) == 0 {
		return len(text) == 0
	}
	switch p[0] {
	case '%':
		for i := range len(text) + 1 {
			if likes(string(p[1:]), string(text[i:])) {
				return true
			}
		}
		return false
	case '_':
		return len(text) > 0 && likes(string(p[1:]), string(text[1:]))
	case '!':
		p = p[1:]
	}
	return len(text) > 0 && text[0] == p[0] && likes(string(p[1:]), string(text[1:]))
}

func random(rnd *rand.Rand, depth int) clause {
	if depth == 0 || rnd.IntN(4) == 0 {
		return atom(rnd)
	}
	parts := []clause{random(rnd, depth-1), random(rnd, depth-1), random(rnd, depth-1)}[:1+rnd.IntN(3)]
	if len(parts) == 1 {
		return clause{"(NOT " + parts[0].soql + ")", func(r row) bool { return !parts[0].holds(r) }}
	}
	and := rnd.IntN(2) == 0
	word := map[bool]string{true: " AND ", false: " OR "}[and]
	var texts []string
	for _, p := range parts {
		texts = append(texts, p.soql)
	}
	return clause{"(" + strings.Join(texts, word) + ")", func(r row) bool {
		for _, p := range parts {
			if p.holds(r) != and {
				return !and
			}
		}
		return and
	}}
}

func TestWhereAgreesWithANaiveEvaluator(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 5))
	fx := newOrg(t)
	names := []string{"a", "A", "b", "ab", "BA", "c_", "c%", "cx", "Ü", "O'X"}
	var rows []row
	var ids []string
	maybe := func(v any) any {
		if rnd.IntN(4) == 0 {
			return nil
		}
		return v
	}
	for i := range 120 {
		r := row{"Name": names[rnd.IntN(len(names))], "AnnualRevenue": maybe(rnd.IntN(8) * 5), "Active__c": rnd.IntN(2) == 0,
			"Industry": maybe([]string{"Energy", "Banking", "Retail"}[rnd.IntN(3)]), "Tags__c": maybe([]string{"a", "b", "a;b", "b;c", "a;b;c"}[rnd.IntN(5)]),
			"Since__c": maybe(time.Date(2024, 3, 1+rnd.IntN(20), 0, 0, 0, 0, time.UTC)), "Seen__c": maybe(time.Date(2024, 3, 1+rnd.IntN(20), rnd.IntN(24), 0, 0, 0, time.UTC))}
		if i < len(names) { // unique values
			r["Code__c"] = []string{"a", "A", "B", "ab", "Ba", "c_", "c%", "ü", "o'x", "O'x"}[i]
		}
		kv := []string{}
		for name, v := range r {
			switch v := v.(type) {
			case nil:
				continue
			case time.Time:
				layout := time.RFC3339
				if name == "Since__c" {
					layout = time.DateOnly
				}
				kv = append(kv, name, v.Format(layout))
			default:
				kv = append(kv, name, fmt.Sprint(v))
			}
		}
		if i > 0 && rnd.IntN(3) > 0 {
			p := rnd.IntN(i)
			r["ParentId"] = rows[p]
			kv = append(kv, "ParentId", ids[p])
		}
		rows, ids = append(rows, r), append(ids, string(fx.add("Account", kv...)))
	}
	some := 0
	for range 5000 {
		c := random(rnd, 1+rnd.IntN(3))
		query := "SELECT Id FROM Account WHERE " + c.soql
		res, err := fx.QueryText(fx.s, query, engine.QueryOptions{})
		if err != nil {
			t.Fatalf("%s: %v", query, err)
		}
		var want []string
		for i, r := range rows {
			if c.holds(r) {
				want = append(want, ids[i])
			}
		}
		if got := rowsOf(res); got != strings.Join(want, "|") {
			t.Fatalf("%s\n got %d rows: %s\nwant %d rows: %s", query, res.Len(), got, len(want), strings.Join(want, "|"))
		}
		if len(want) > 0 && len(want) < len(rows) {
			some++
		}
	}
	if some < 2500 {
		t.Errorf("only %d queries told rows apart", some)
	}
}
