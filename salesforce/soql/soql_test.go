package soql_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/orglink/orglink/salesforce/soql"
)

// Each text must print as given, or as the second one.
var statements = [][2]string{
	{"select Id from Account", "SELECT Id FROM Account"},
	{"SELECT Id, Owner.Profile.Name FROM ns__Thing__c a, a.Parent__r p USING SCOPE Mine", ""},
	{"SELECT COUNT() FROM Contact", ""},
	{"SELECT LeadSource src, COUNT(Name) total FROM Lead GROUP BY LeadSource HAVING COUNT(Name) > 100 ORDER BY COUNT(Name) DESC NULLS LAST", ""},
	{"SELECT a, b FROM X GROUP BY ROLLUP(a, b)", ""},
	{"SELECT a, GROUPING(a) g FROM X GROUP BY CUBE (a, b)", "SELECT a, GROUPING(a) g FROM X GROUP BY CUBE(a, b)"},
	{"SELECT FIELDS(ALL) FROM Account LIMIT 200", ""},
	{"SELECT DAY_ONLY(convertTimezone(CreatedDate)) d FROM Account GROUP BY DAY_ONLY(convertTimezone(CreatedDate))", ""},
	{"SELECT Id FROM Account WHERE DISTANCE(Location__c, GEOLOCATION(37.7, -122.4), 'mi') < 20.5", ""},
	{"SELECT Id, (SELECT LastName FROM Contacts WHERE Email != NULL ORDER BY Id LIMIT 5) FROM Account", ""},
	{"SELECT TYPEOF What WHEN Account THEN Phone, NumberOfEmployees WHEN Opportunity THEN Amount ELSE Name, Email END FROM Event", ""},
	{"SELECT Id FROM Group WHERE Type = 'Queue'", ""},
	{"SELECT Id FROM Order ORDER BY Id ASC", "SELECT Id FROM Order ORDER BY Id"},
	{"SELECT Id FROM A WHERE ((x = 1)) and (((y <> -2.50)))", "SELECT Id FROM A WHERE x = 1 AND y != -2.50"},
	{"SELECT Id FROM A WHERE (a = 1 OR b = 2) AND ((c = 3 AND d = 4) AND (NOT e = 5))", "SELECT Id FROM A WHERE (a = 1 OR b = 2) AND c = 3 AND d = 4 AND (NOT e = 5)"},
	{"SELECT Id FROM A WHERE NOT (a = 1 AND b = 2)", ""},
	{"SELECT Id FROM A WHERE not (not a = true)", "SELECT Id FROM A WHERE NOT (NOT a = TRUE)"},
	{"SELECT Id FROM A WHERE Name LIKE 'Ter\\%\\_x\\\\%' AND Note = '\\\\\\u0041\\ud83d\\ude00\\N'", `SELECT Id FROM A WHERE Name LIKE 'Ter\%\_x\\%' AND Note = '\\A😀\n'`},
	{"SELECT Id FROM A WHERE Id IN ('a','b') AND Type NOT IN (NULL) AND P__c INCLUDES ('A;B', 'C') AND Q__c EXCLUDES ('D')",
		"SELECT Id FROM A WHERE Id IN ('a', 'b') AND Type NOT IN (NULL) AND P__c INCLUDES ('A;B', 'C') AND Q__c EXCLUDES ('D')"},
	{"SELECT Id FROM A WHERE Id IN (SELECT AccountId FROM Contact WHERE x = 1) AND Id NOT IN (SELECT A__c FROM B)", ""},
	{"SELECT Id FROM A WHERE a > 2024-02-29 AND b <= 2024-02-29t01:02:03.5+02:00 AND c = LAST_n_DAYS:7 AND d = THIS_FISCAL_QUARTER AND e >= USD5000.50 AND f = 10:00:00.000Z AND g = n_months_ago:2",
		"SELECT Id FROM A WHERE a > 2024-02-29 AND b <= 2024-02-29T01:02:03.5+02:00 AND c = LAST_N_DAYS:7 AND d = THIS_FISCAL_QUARTER AND e >= USD5000.50 AND f = 10:00:00.000Z AND g = N_MONTHS_AGO:2"},
	{"SELECT Id FROM A WHERE x = :name AND y IN (:list) AND z IN (:a, :b)", "SELECT Id FROM A WHERE x = :name AND y IN :list AND z IN (:a, :b)"},
	{"SELECT Title FROM KnowledgeArticleVersion WHERE PublishStatus='online' WITH DATA CATEGORY Geography__c ABOVE usa__c AND Product__c at (a__c, b__c)",
		"SELECT Title FROM KnowledgeArticleVersion WHERE PublishStatus = 'online' WITH DATA CATEGORY Geography__c ABOVE usa__c AND Product__c AT (a__c, b__c)"},
	{"SELECT Id FROM A WITH security_enforced", "SELECT Id FROM A WITH SECURITY_ENFORCED"},
	{"SELECT Id FROM A WITH UserId='005' WITH RecordVisibilityContext (max=100,x=true)", "SELECT Id FROM A WITH UserId = '005' WITH RecordVisibilityContext (max = 100, x = TRUE)"},
	{"SELECT Id FROM A\nORDER BY a.b DESC NULLS FIRST, Name NULLS LAST\tLIMIT 10 OFFSET 20 FOR UPDATE FOR VIEW UPDATE TRACKING, VIEWSTAT",
		"SELECT Id FROM A ORDER BY a.b DESC NULLS FIRST, Name NULLS LAST LIMIT 10 OFFSET 20 FOR VIEW UPDATE TRACKING, VIEWSTAT FOR UPDATE"},
	{"SELECT Id FROM A WHERE Name = 'a\tb'", `SELECT Id FROM A WHERE Name = 'a\tb'`},
	{"SELECT Id FROM A WHERE n = +.5 OR n = 007 OR n = 1E-3", "SELECT Id FROM A WHERE n = 0.5 OR n = 7 OR n = 1e-3"},
}

func TestParseAndPrint(t *testing.T) {
	for _, s := range statements {
		want := s[1]
		if want == "" {
			want = s[0]
		}
		q, err := soql.Parse(s[0])
		if err != nil {
			t.Errorf("%s: %v", s[0], err)
			continue
		}
		if got := q.String(); got != want {
			t.Errorf("%s\n got %s\nwant %s", s[0], got, want)
		}
		again, err := soql.Parse(want)
		if err != nil {
			t.Errorf("%s: %v", want, err)
			continue
		}
		if diff := cmp.Diff(q, again); diff != "" {
			t.Errorf("%s: the printed text parses to another tree:\n%s", s[0], diff)
		}
		if diff := cmp.Diff(q, q.Clone()); diff != "" {
			t.Errorf("%s: clone differs:\n%s", s[0], diff)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	tests := []struct {
		text        string
		row, column int
		message     string
	}{
		{"", 1, 1, "unexpected token: '<EOF>'"},
		{"invalid", 1, 1, "unexpected token: 'invalid'"},
		{"SELECT Id FORM Account", 1, 16, "unexpected token: 'Account'"},
		{"SELECT FROM Account", 1, 8, "unexpected token: 'FROM'"},
		{"SELECT * FROM Account", 1, 8, "no viable alternative at character '*'"},
		{"SELECT Id FROM A WHERE a = 1 AND b = 2 OR c = 3", 1, 40, "AND and OR together need parentheses"},
		{"SELECT Id FROM A WHERE a = 1 AND NOT b = 2", 1, 34, "unexpected token: 'NOT'"},
		{"SELECT Id FROM A WHERE Name = 'O'Brien'", 1, 34, "unexpected token: 'Brien'"},
		{"SELECT Id\nFROM A\nWHERE Name = 'é", 3, 14, "not closed"},
		{`SELECT Id FROM A WHERE Name = 'a\%'`, 1, 31, "LIKE only"},
		{`SELECT Id FROM A WHERE Name LIKE '\q'`, 1, 34, "no escape"},
		{`SELECT Id FROM A WHERE Name = '\u12'`, 1, 31, "hexadecimal"},
		{"SELECT Id FROM A WHERE Name = 'a\x00'", 1, 33, "control character"},
		{"SELECT Id FROM A WHERE d = 2024-13-01", 1, 28, "unexpected token: '2024-13-01'"},
		{"SELECT Id FROM A WHERE d = 2024-01-01T00:00:00", 1, 28, "unexpected token"},
		{"SELECT Id FROM A WHERE d = LAST_N_DAYS", 1, 39, "unexpected token: '<EOF>'"},
		{"SELECT Id FROM A WHERE d = YESTERYEAR", 1, 28, "unexpected token: 'YESTERYEAR'"},
		{"SELECT Id FROM A WHERE Id IN ()", 1, 31, "unexpected token: ')'"},
		{"SELECT Id FROM A WHERE (a = 1", 1, 30, "expecting a right parentheses, found '<EOF>'"},
		{"SELECT Id FROM A WHERE Name IS NULL", 1, 29, "unexpected token: 'IS'"},
		{"SELECT Id FROM A LIMIT -1", 1, 24, "unexpected token: '-1'"},
		{"SELECT Id FROM A LIMIT 99999999999", 1, 24, "unexpected token"},
		{"SELECT Id FROM A;", 1, 17, "no viable alternative at character ';'"},
		{"SELECT Id FROM A -- comment", 1, 18, "no viable alternative"},
		{"SELECT Id FROM A WHERE x = ?", 1, 28, "unexpected token: '?'"},
		{"SELECT Id FROM A HAVING COUNT(Id) > 1", 1, 18, "unexpected token: 'HAVING'"},
		{"SELECT TYPEOF What ELSE Name END FROM Event", 1, 20, "unexpected token: 'ELSE'"},
		{"SELECT Id FROM A WHERE x = 12abc", 1, 28, "unexpected token: '12abc'"},
		{"SELECT A..B FROM C", 1, 9, "no viable alternative"},
	}
	for _, test := range tests {
		_, err := soql.Parse(test.text)
		var syntax *soql.SyntaxError
		if !errors.As(err, &syntax) {
			t.Errorf("%q: got %v, want a *SyntaxError", test.text, err)
			continue
		}
		if syntax.Row != test.row || syntax.Column != test.column || !strings.Contains(syntax.Message, test.message) {
			t.Errorf("%q: got %v, want row %d, column %d: %s", test.text, err, test.row, test.column, test.message)
		}
	}
}

func TestHostileStatements(t *testing.T) {
	for name, text := range map[string]string{
		"parentheses": "SELECT Id FROM A WHERE " + strings.Repeat("(", 40000),
		"negations":   "SELECT Id FROM A WHERE " + strings.Repeat("NOT (", 10000),
		"functions":   "SELECT " + strings.Repeat("f(", 40000),
		"sub-queries": strings.Repeat("SELECT (", 10000),
		"joins":       "SELECT Id FROM A WHERE " + strings.Repeat("Id IN (SELECT Id FROM A WHERE ", 3000),
		"length":      "SELECT Id FROM A WHERE Name = '" + strings.Repeat("x", soql.MaxLength) + "'",
	} {
		if _, err := soql.Parse(text); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	long := "SELECT Id FROM A WHERE Name = '" + strings.Repeat("é", soql.MaxLength-40) + "'"
	if _, err := soql.Parse(long); err != nil {
		t.Errorf("a statement within the limit of characters: %v", err)
	}
}

func TestReportLooksLikeAnOrg(t *testing.T) {
	text := "select count() from XYZZY"
	_, column := soql.Position(text, strings.Index(text, "XYZZY"))
	want := "\nselect count() from XYZZY\n                    ^\nERROR at Row:1:Column:21\nno such object"
	if got := soql.Report(text, 1, column, "no such object"); got != want {
		t.Errorf("got %q\nwant %q", got, want)
	}
	text = "SELECT Id,Name,BillingCity,IsDeleted FROM Accout"
	want = "\nName,BillingCity,IsDeleted FROM Accout\n" + strings.Repeat(" ", 32) + "^\nERROR at Row:1:Column:43\nx"
	if got := soql.Report(text, 1, 43, "x"); got != want {
		t.Errorf("got %q\nwant %q", got, want)
	}
}
