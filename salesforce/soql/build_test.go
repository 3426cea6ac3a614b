package soql_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/orglink/orglink/salesforce/sobject"
	"github.com/orglink/orglink/salesforce/soql"
)

func TestBuild(t *testing.T) {
	at := time.Date(2024, 2, 29, 13, 14, 15, 678e6, time.FixedZone("", 3600))
	q := soql.Select("Id", "Name", "id").From("Account").
		Where(soql.Compare("SystemModstamp", soql.OpGe, soql.DateTime(at)),
			soql.AnyOf(soql.Compare("Name", soql.OpLike, soql.String(soql.EscapeLike(`50%_\`)+"%")), nil,
				soql.AllOf(soql.Compare("A__c", soql.OpEq, soql.Bool(true)), soql.Compare("B__c", soql.OpLt, soql.Number(-1.5))))).
		OrderBy(soql.Desc("Amount"), soql.Asc("Id")).Limit(10).Offset(0)
	want := `SELECT Id, Name FROM Account WHERE SystemModstamp >= 2024-02-29T12:14:15.678Z AND ` +
		`(Name LIKE '50\%\_\\%' OR (A__c = TRUE AND B__c < -1.5)) ORDER BY Amount DESC NULLS LAST, Id LIMIT 10 OFFSET 0`
	if got := q.String(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if err := q.Check(); err != nil {
		t.Error(err)
	}
	if got := soql.SelectCount().From("Account").String(); got != "SELECT COUNT() FROM Account" {
		t.Error(got)
	}
}

func TestExtendACustomersQuery(t *testing.T) {
	q, err := soql.Parse("SELECT Name, (SELECT Id FROM Contacts) FROM Account WHERE Name = 'a' OR Name = 'b' ORDER BY Name LIMIT 5")
	if err != nil {
		t.Fatal(err)
	}
	original := q.Clone()
	c := q.Clone().AddFields("Id", "NAME").AndWhere(soql.Compare("Id", soql.OpGt, soql.String("001"))).Limit(6)
	want := "SELECT Name, (SELECT Id FROM Contacts), Id FROM Account WHERE (Name = 'a' OR Name = 'b') AND Id > '001' ORDER BY Name LIMIT 6"
	if got := c.String(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	c.Fields[1].(soql.SubQuery).Query.Object = "Changed"
	c.Filter.(soql.And)[0].(soql.Or)[0] = soql.Compare("x", soql.OpEq, soql.Null())
	if diff := cmp.Diff(original, q); diff != "" {
		t.Errorf("changing a clone changed its original:\n%s", diff)
	}
}

func TestConditionsAreNeverLost(t *testing.T) {
	q := soql.Select("Id").From("A").Where(soql.Compare("x", soql.OpEq, soql.Null()), soql.AnyOf())
	if _, err := soql.Parse(q.String()); err == nil {
		t.Errorf("an empty alternative printed as %s, which is accepted", q)
	}
	if err := q.Check(); err == nil || !strings.Contains(err.Error(), "never holds") {
		t.Error(err)
	}
	q = soql.Select("Id").From("A").Where(soql.InList("Id"))
	if _, err := soql.Parse(q.String()); err == nil {
		t.Errorf("an empty list printed as %s, which is accepted", q)
	}
}

func TestBindCannotInject(t *testing.T) {
	evil := `x' OR Name != '\'; ?`
	q, err := soql.Bind("SELECT Id FROM A WHERE Name = ? AND Note LIKE ? AND Id IN ? AND T IN ('?', ?, ?) AND d > ? LIMIT ?",
		evil, soql.EscapeLike(evil)+"%", []string{evil, "b"}, nil, 7, time.Unix(0, 0), 3)
	if err != nil {
		t.Fatal(err)
	}
	want := `SELECT Id FROM A WHERE Name = 'x\' OR Name != \'\\\'; ?' AND Note LIKE 'x\' OR Name != \'\\\'; ?%' AND ` +
		`Id IN ('x\' OR Name != \'\\\'; ?', 'b') AND T IN ('?', NULL, 7) AND d > 1970-01-01T00:00:00.000Z LIMIT 3`
	if got := q.String(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	again, err := soql.Parse(q.String())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(q, again); diff != "" {
		t.Error(diff)
	}
	for name, args := range map[string][]any{
		"too few":      {},
		"too many":     {1, 2},
		"a struct":     {struct{}{}},
		"a NaN":        {math.NaN()},
		"a false kind": {soql.Value{Kind: soql.NumberLiteral, Text: "1 OR Name != NULL"}},
		"a comment":    {soql.Value{Kind: soql.BindLiteral, Text: "x y"}},
	} {
		if q, err := soql.Bind("SELECT Id FROM A WHERE n = ?", args...); err == nil {
			t.Errorf("%s: accepted as %s", name, q)
		}
	}
	if _, err := soql.Bind("SELECT Id FROM A WHERE n IN ?", []string{}); err == nil {
		t.Error("an empty list was accepted")
	}
	if _, err := soql.Bind("SELECT Id FROM ?", "A"); err == nil {
		t.Error("a placeholder for an object was accepted")
	}
}

func TestCheckFindsWhatIsNoName(t *testing.T) {
	for name, q := range map[string]*soql.Query{
		"field":    soql.Select("Id, (SELECT Id FROM Contacts)").From("A"),
		"object":   soql.Select("Id").From("A WHERE x = 1"),
		"alias":    {Fields: []soql.SelectItem{soql.FieldItem{Path: "Id", Alias: "FROM"}}, Object: "A"},
		"order":    soql.Select("Id").From("A").OrderBy(soql.Asc("Id DESC")),
		"operator": soql.Select("Id").From("A").Where(soql.Compare("x", "= 1 OR y =", soql.Null())),
		"literal":  soql.Select("Id").From("A").Where(soql.Compare("x", soql.OpEq, soql.Relative("TODAY OR x"))),
		"with":     {Fields: []soql.SelectItem{soql.FieldItem{Path: "Id"}}, Object: "A", With: []string{"USER_MODE LIMIT 1"}},
		"nothing":  {},
		"nil":      nil,
	} {
		if err := q.Check(); err == nil {
			t.Errorf("%s: accepted: %s", name, q)
		}
	}
	if err := soql.Select("Id").From("Group").Where(soql.InList("Id", soql.IDs(sobject.MustID("001000000000001"))...)).Check(); err != nil {
		t.Error(err)
	}
}

func TestDecimal(t *testing.T) {
	if v, err := soql.Decimal("+0010.50"); err != nil || v.Text != "10.50" {
		t.Error(v, err)
	}
	for _, s := range []string{"", "1,5", "1 OR 1", "--1", "1e", "0x10", "5."} {
		if v, err := soql.Decimal(s); err == nil {
			t.Errorf("%q accepted as %v", s, v)
		}
	}
}
