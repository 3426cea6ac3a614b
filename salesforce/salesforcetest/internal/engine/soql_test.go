package engine_test

import (
	"strings"
	"testing"
	"time"

	"github.com/orglink/orglink/salesforce/salesforcetest/internal/engine"
	"github.com/orglink/orglink/salesforce/sobject"
)

// crm fills an org with a few records: accounts a, b, c, d.
func crm(t testing.TB) *fixture {
	fx := newOrg(t)
	a := fx.add("Account", "Name", "Acme", "Industry", "Retail", "AnnualRevenue", "100", "NumberOfEmployees", "5", "Code__c", "X1", "Tags__c", "a;b", "Active__c", "true",
		"Since__c", "2024-03-14", "Seen__c", "2024-03-15T08:00:00Z", "Legacy__c", "1", "BillingCity", "Bonn")
	fx.clock.advance(time.Minute)
	b := fx.add("Account", "Name", "beta 50%", "Industry", "Energy", "AnnualRevenue", "200", "Code__c", "x1", "Tags__c", "b;c", "Since__c", "2024-02-29", "Seen__c", "2024-03-08T00:00:00Z", "ParentId", string(a))
	fx.clock.advance(time.Minute)
	c := fx.add("Account", "Name", "Ärger", "Industry", "Energy", "AnnualRevenue", "300", "Since__c", "2023-12-31", "Legacy__c", "2")
	fx.clock.advance(time.Minute)
	fx.add("Account", "Name", "delta_x", "Rating__c", "Hot")
	con := fx.add("Contact", "LastName", "Doe", "FirstName", "Jo", "AccountId", string(a), "Email", "jo@acme.example")
	fx.add("Contact", "LastName", "Roe", "AccountId", string(b), "ReportsToId", string(con))
	fx.add("Contact", "LastName", "Free")
	fx.add("Opportunity", "Name", "O1", "CloseDate", "2024-01-10", "Amount", "10", "AccountId", string(a), "StageName", "Won")
	fx.add("Opportunity", "Name", "O2", "CloseDate", "2024-02-10", "Amount", "30", "AccountId", string(a), "StageName", "Open")
	fx.add("Opportunity", "Name", "O3", "CloseDate", "2024-02-20", "AccountId", string(c), "StageName", "Open")
	group := fx.must(system, "Group", "Name", "Queue")
	fx.add("Case", "Subject", "K", "AccountId", string(a), "ContactId", string(con), "OwnerId", string(group))
	fx.add("Case", "Subject", "L")
	fx.add("Task", "Subject", "T1", "WhoId", string(con), "WhatId", string(a))
	fx.add("Task", "Subject", "T2")
	return fx
}

func TestSOQL(t *testing.T) {
	fx := crm(t)
	for _, c := range []struct{ query, want string }{
		{"SELECT Name FROM Account", "Acme|beta 50%|Ärger|delta_x"},
		{"select NAME from ACCOUNT a where a.name = 'ACME'", "Acme"},
		{"SELECT Account.Name FROM Account LIMIT 1", "Acme"},
		// comparison, null
		{"SELECT Name FROM Account WHERE AnnualRevenue > 100 AND AnnualRevenue <= 300", "beta 50%|Ärger"},
		{"SELECT Name FROM Account WHERE AnnualRevenue = 1e2", "Acme"},
		{"SELECT Name FROM Account WHERE AnnualRevenue != 100", "beta 50%|Ärger|delta_x"},
		{"SELECT Name FROM Account WHERE AnnualRevenue < 1000", "Acme|beta 50%|Ärger"},
		{"SELECT Name FROM Account WHERE Industry = null", "delta_x"},
		{"SELECT Name FROM Account WHERE Industry = ''", "delta_x"},
		{"SELECT Name FROM Account WHERE Industry != null", "Acme|beta 50%|Ärger"},
		{"SELECT Name FROM Account WHERE Industry <> 'Energy'", "Acme|delta_x"},
		{"SELECT Name FROM Account WHERE Industry NOT IN ('Energy')", "Acme|delta_x"},
		{"SELECT Name FROM Account WHERE Industry IN ('energy', null)", "beta 50%|Ärger|delta_x"},
		{"SELECT Name FROM Account WHERE NOT (Industry = 'Energy')", "Acme|delta_x"},
		{"SELECT Name FROM Account WHERE (Industry = 'Energy' AND AnnualRevenue > 200) OR Name = 'acme'", "Acme|Ärger"},
		{"SELECT Name FROM Account WHERE Active__c = false", "beta 50%|Ärger|delta_x"},
		{"SELECT Name FROM Account WHERE Code__c = 'X1'", "Acme"},
		{"SELECT Name FROM Account WHERE Code__c IN ('x1', 'zz')", "beta 50%"},
		{"SELECT Name FROM Account WHERE Legacy__c IN (1, 2.0)", "Acme|Ärger"},
		{"SELECT Name FROM Account WHERE Name > 'b' AND Name < 'e'", "beta 50%|delta_x"},
		// LIKE
		{"SELECT Name FROM Account WHERE Name LIKE 'a%'", "Acme"},
		{"SELECT Name FROM Account WHERE Name LIKE '%E%'", "Acme|beta 50%|Ärger|delta_x"},
		{"SELECT Name FROM Account WHERE Name LIKE '_rger'", "Ärger"},
		{"SELECT Name FROM Account WHERE Name LIKE 'ÄR%'", "Ärger"},
		{`SELECT Name FROM Account WHERE Name LIKE '%\%'`, "beta 50%"},
		{`SELECT Name FROM Account WHERE Name LIKE '%a\_x'`, "delta_x"},
		{"SELECT Name FROM Account WHERE Name LIKE 'a%m%e'", "Acme"},
		{"SELECT Name FROM Account WHERE Industry LIKE '%'", "Acme|beta 50%|Ärger"},
		{"SELECT Name FROM Account WHERE (NOT Name LIKE 'a%')", "beta 50%|Ärger|delta_x"},
		// multi-select picklists
		{"SELECT Name FROM Account WHERE Tags__c INCLUDES ('b')", "Acme|beta 50%"},
		{"SELECT Name FROM Account WHERE Tags__c INCLUDES ('a;b', 'x')", "Acme"},
		{"SELECT Name FROM Account WHERE Tags__c EXCLUDES ('c')", "Acme|Ärger|delta_x"},
		{"SELECT Name FROM Account WHERE Tags__c = 'b;a'", "Acme"},
		// dates; the org's time is 2024-03-15T10:33Z, a Friday
		{"SELECT Name FROM Account WHERE Since__c = YESTERDAY", "Acme"},
		{"SELECT Name FROM Account WHERE Since__c = LAST_MONTH", "beta 50%"},
		{"SELECT Name FROM Account WHERE Since__c = LAST_YEAR", "Ärger"},
		{"SELECT Name FROM Account WHERE Since__c < THIS_YEAR", "Ärger"},
		{"SELECT Name FROM Account WHERE Since__c >= LAST_N_DAYS:15", "Acme|beta 50%"},
		{"SELECT Name FROM Account WHERE Since__c = LAST_N_QUARTERS:1", "Ärger"},
		{"SELECT Name FROM Account WHERE Since__c = N_DAYS_AGO:1", "Acme"},
		{"SELECT Name FROM Account WHERE Since__c = THIS_WEEK", "Acme"},
		{"SELECT Name FROM Account WHERE Since__c = 2024-02-29", "beta 50%"},
		{"SELECT Name FROM Account WHERE Since__c IN (2024-02-29, YESTERDAY)", "Acme|beta 50%"},
		{"SELECT Name FROM Account WHERE Seen__c = TODAY", "Acme"},
		{"SELECT Name FROM Account WHERE Seen__c = LAST_WEEK", "beta 50%"},
		{"SELECT Name FROM Account WHERE Seen__c >= 2024-03-15T09:00:00+01:00", "Acme"},
		{"SELECT Name FROM Account WHERE CreatedDate > 2024-03-15T10:31:00Z", "Ärger|delta_x"},
		{"SELECT Name FROM Account WHERE CALENDAR_YEAR(Since__c) = 2023", "Ärger"},
		{"SELECT Name FROM Account WHERE DAY_ONLY(Seen__c) = 2024-03-08", "beta 50%"},
		{"SELECT Name FROM Account WHERE HOUR_IN_DAY(Seen__c) = 8", "Acme"},
		// parents
		{"SELECT Name, Account.Name, Account.Parent.Name FROM Contact", "Jo Doe,Acme,|Roe,beta 50%,Acme|Free,,"},
		{"SELECT LastName FROM Contact WHERE Account.Name = 'acme'", "Doe"},
		{"SELECT LastName FROM Contact WHERE Account.Active__c = false", "Roe|Free"},
		{"SELECT LastName FROM Contact WHERE Account.Name != 'Acme'", "Roe|Free"},
		{"SELECT LastName FROM Contact c WHERE c.Account.Parent.Name = 'Acme' OR c.AccountId = null", "Roe|Free"},
		{"SELECT Subject, Owner.Name, Owner.Type FROM Case", "K,Queue,Group|L,Admin,User"},
		{"SELECT Subject FROM Case WHERE Owner.Type = 'Group'", "K"},
		{"SELECT Subject FROM Task WHERE What.Type IN ('Account')", "T1"},
		{"SELECT Subject, Who.Name FROM Task ORDER BY Who.Name NULLS LAST", "T1,Jo Doe|T2,"},
		// semi-joins
		{"SELECT Name FROM Account WHERE Id IN (SELECT AccountId FROM Contact WHERE LastName != 'Roe')", "Acme"},
		{"SELECT Name FROM Account WHERE Id NOT IN (SELECT AccountId FROM Opportunity)", "beta 50%|delta_x"},
		{"SELECT LastName FROM Contact WHERE AccountId IN (SELECT Id FROM Account WHERE Industry = 'Energy') AND LastName LIKE 'R%'", "Roe"},
		// order, limit, offset
		{"SELECT Name FROM Account ORDER BY Name", "Acme|beta 50%|delta_x|Ärger"},
		{"SELECT Name FROM Account ORDER BY AnnualRevenue DESC", "delta_x|Ärger|beta 50%|Acme"},
		{"SELECT Name FROM Account ORDER BY AnnualRevenue DESC NULLS LAST LIMIT 2", "Ärger|beta 50%"},
		{"SELECT Name FROM Account ORDER BY Industry, Name DESC", "delta_x|Ärger|beta 50%|Acme"},
		{"SELECT Name FROM Account ORDER BY Id DESC LIMIT 1", "delta_x"},
		{"SELECT Name FROM Account ORDER BY Name LIMIT 2 OFFSET 1", "beta 50%|delta_x"},
		{"SELECT Name FROM Account LIMIT 0", ""},
		{"SELECT Name FROM Account OFFSET 3", "delta_x"},
		{"SELECT Name FROM Account WHERE SystemModstamp >= 2024-03-15T10:31:00Z ORDER BY SystemModstamp, Id LIMIT 2", "beta 50%|Ärger"},
		// functions
		{"SELECT toLabel(Rating__c) FROM Account WHERE Rating__c = 'Hot'", "HOT"},
		{"SELECT Rating__c, toLabel(Rating__c) label FROM Account WHERE Rating__c = 'Hot'", "Hot,HOT"},
		{"SELECT FORMAT(AnnualRevenue) FROM Account WHERE Name = 'acme'", "100"},
		// aggregates
		{"SELECT COUNT(Id), SUM(AnnualRevenue), AVG(AnnualRevenue), MIN(Name), MAX(Since__c) FROM Account", "4,600.0,200.0,Acme,2024-03-14"},
		{"SELECT COUNT(Industry), COUNT_DISTINCT(Industry) FROM Account", "3,2"},
		{"SELECT SUM(Amount) FROM Opportunity WHERE Name = 'none'", ""},
		{"SELECT Industry, COUNT(Id) n FROM Account GROUP BY Industry ORDER BY COUNT(Id) DESC, Industry", "Energy,2|,1|Retail,1"},
		{"SELECT Industry FROM Account GROUP BY Industry HAVING COUNT(Id) > 1", "Energy"},
		{"SELECT Account.Name, SUM(Amount) FROM Opportunity GROUP BY Account.Name HAVING SUM(Amount) > 5", "Acme,40.0"},
		{"SELECT CALENDAR_MONTH(CloseDate) m, COUNT(Id) FROM Opportunity GROUP BY CALENDAR_MONTH(CloseDate)", "1,1|2,2"},
		{"SELECT StageName, COUNT(Id), GROUPING(StageName) FROM Opportunity GROUP BY ROLLUP(StageName)", "Open,2,0|Won,1,0|,3,1"},
		{"SELECT Industry, COUNT(Id) FROM Account GROUP BY Industry ORDER BY Industry NULLS LAST LIMIT 1", "Energy,2"},
	} {
		got, err := fx.QueryText(fx.s, c.query, engine.QueryOptions{})
		if err != nil {
			t.Errorf("%s: %v", c.query, err)
			continue
		}
		if s := rowsOf(got); s != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.query, s, c.want)
		}
		scan, err := fx.QueryText(fx.s, c.query, engine.QueryOptions{Scan: true})
		if err != nil || rowsOf(scan) != c.want {
			t.Errorf("%s: without indexes: %v, %v", c.query, rowsOf(scan), err)
		}
	}
	if n := fx.query("SELECT COUNT() FROM Account WHERE Industry = 'Energy'"); n.TotalSize() != 2 || n.Len() != 0 {
		t.Errorf("COUNT() %d, %d rows", n.TotalSize(), n.Len())
	}
	if n := fx.query("SELECT COUNT() FROM Account LIMIT 3"); n.TotalSize() != 3 {
		t.Errorf("COUNT() with LIMIT %d", n.TotalSize())
	}
}

// Answers in JSON: order of keys, canonical case, nested rows.
func TestJSON(t *testing.T) {
	fx := crm(t)
	const a = `{"attributes":{"type":"Account","url":"/services/data/v66.0/sobjects/Account/001ak0000000001AAA"}`
	const c = `{"attributes":{"type":"Contact","url":"/services/data/v66.0/sobjects/Contact/003ak0000000001AAA"}`
	for _, q := range []struct{ query, want string }{
		{"select name, id, annualrevenue, NUMBEROFEMPLOYEES, active__c, since__c, seen__c, phone from account limit 1",
			a + `,"Name":"Acme","Id":"001ak0000000001AAA","AnnualRevenue":100.0,"NumberOfEmployees":5,"Active__c":true,"Since__c":"2024-03-14","Seen__c":"2024-03-15T08:00:00.000+0000","Phone":null}`},
		{"SELECT account.NAME, LastName, account.billingaddress FROM Contact LIMIT 1",
			c + `,"Account":` + a + `,"Name":"Acme","BillingAddress":{"city":"Bonn","latitude":null,"state":null}},"LastName":"Doe"}`},
		{"SELECT Id, Account.Name FROM Contact WHERE LastName = 'Free'",
			`{"attributes":{"type":"Contact","url":"/services/data/v66.0/sobjects/Contact/003ak0000000003AAA"},"Id":"003ak0000000003AAA","Account":null}`},
		{"SELECT Id, (SELECT LastName FROM contacts), (SELECT Id FROM Cases WHERE Subject = 'none') FROM Account LIMIT 1",
			a + `,"Id":"001ak0000000001AAA","Contacts":{"totalSize":1,"done":true,"records":[` + c + `,"LastName":"Doe"}]},"Cases":null}`},
		{"SELECT Owner.Name FROM Case WHERE Subject = 'K'",
			`{"attributes":{"type":"Case","url":"/services/data/v66.0/sobjects/Case/500ak0000000001AAA"},"Owner":{"attributes":{"type":"Name","url":"/services/data/v66.0/sobjects/Group/00Gak0000000001EAA"},"Name":"Queue"}}`},
		{"SELECT TYPEOF Who WHEN Contact THEN Email, LastName ELSE Name END FROM Task WHERE Subject = 'T1'",
			`{"attributes":{"type":"Task","url":"/services/data/v66.0/sobjects/Task/00Tak0000000001EAA"},"Who":` + c + `,"Email":"jo@acme.example","LastName":"Doe"}}`},
		{"SELECT Industry, COUNT(Id), MAX(AnnualRevenue) top FROM Account WHERE Name = 'acme' GROUP BY Industry",
			`{"attributes":{"type":"AggregateResult"},"Industry":"Retail","expr0":1,"top":100.0}`},
		{"SELECT toLabel(Rating__c) FROM Account LIMIT 1", a + `,"Rating__c":"COLD"}`},
	} {
		if got := string(fx.query(q.query).AppendJSON(nil, 0, jsonBase)); got != q.want {
			t.Errorf("%s:\n got %s\nwant %s", q.query, got, q.want)
		}
	}
	r := fx.query("SELECT Id, (SELECT Name FROM Opportunities ORDER BY Name DESC) FROM Account LIMIT 1")
	opt := jsonBase
	opt.Batch = 1
	opt.Children = func(child *engine.Result, sent int) string {
		if child.TotalSize() != 2 || sent != 1 || rowsOf(child) != "O2|O1" {
			t.Errorf("child set %s, %d sent", rowsOf(child), sent)
		}
		return "/next"
	}
	if got := string(r.AppendJSON(nil, 0, opt)); !strings.Contains(got, `"Opportunities":{"totalSize":2,"done":false,"nextRecordsUrl":"/next","records":[{`) || !strings.HasSuffix(got, `"Name":"O2"}]}}`) {
		t.Errorf("a large child set: %s", got)
	}
	rec := fx.query("SELECT Id, Account.Name, (SELECT Subject FROM Tasks) FROM Contact").Record(0)
	if name, _ := rec.Text("Account.Name"); name != "Acme" {
		t.Errorf("record %v", rec)
	}
	if v, _ := rec.Value("Tasks"); v.Kind() != sobject.Children {
		t.Errorf("children of the record: %v", v.Kind())
	}
	if got := strings.Join(fx.query("select id, account.name from contact").Header(), ","); got != "Id,Account.Name" {
		t.Errorf("header %s", got)
	}
}

const hint = " Please reference your WSDL or the describe call for the appropriate names."

func TestSOQLErrors(t *testing.T) {
	fx := crm(t)
	for _, c := range []struct {
		query, code, message string
		bulk                 bool
	}{
		{"SELECT Foo FROM Account", "INVALID_FIELD", "\nSELECT Foo FROM Account\n       ^\nERROR at Row:1:Column:8\nNo such column 'Foo' on entity 'Account'. If you are attempting to use a custom field, be sure to append the '__c' after the custom field name." + hint, false},
		{"SELECT Id FROM Contact WHERE Account.Foo = 1", "INVALID_FIELD", "No such column 'Foo' on entity 'Account'.", false},
		{"SELECT Xyzzy FROM Xyzzy", "INVALID_TYPE", "\nSELECT Xyzzy FROM Xyzzy\n                  ^\nERROR at Row:1:Column:19\nsObject type 'Xyzzy' is not supported. If you are attempting to use a custom object, be sure to append the '__c' after the entity name." + hint, false},
		{"SELECT Id,Name,BillingCity,IsDeleted FROM Accout", "INVALID_TYPE", "\nName,BillingCity,IsDeleted FROM Accout\n                                ^\nERROR at Row:1:Column:43\nsObject type 'Accout' is not supported.", false},
		{"SELECT Id, Nope.Name FROM Contact", "INVALID_FIELD", "\nSELECT Id, Nope.Name FROM Contact\n           ^\nERROR at Row:1:Column:12\nDidn't understand relationship 'Nope' in field path.", false},
		{"SELECT Id, (SELECT Id FROM Nopes) FROM Account", "INVALID_TYPE", "Didn't understand relationship 'Nopes' in FROM part of query call.", false},
		{"SELECT Id, Id FROM Account", "INVALID_FIELD", "duplicate field selected: Id", false},
		{"SELECT Id FROM Account WHERE", "MALFORMED_QUERY", "\nSELECT Id FROM Account WHERE\n                            ^\nERROR at Row:1:Column:29\nunexpected token: '<EOF>'", false},
		{"SELECT Id FROM Account WHERE Name = 'a' AND Phone = 'b' OR Id = null", "MALFORMED_QUERY", "ERROR at Row:1:Column:", false},
		{"SELECT Id FROM Account WHERE Name = 5", "INVALID_FIELD", "value of filter criterion for field 'Name' must be of type string and should be enclosed in quotes", false},
		{"SELECT Id FROM Account WHERE AnnualRevenue = '5'", "INVALID_FIELD", "value of filter criterion for field 'AnnualRevenue' must be of type double and should not be enclosed in quotes", false},
		{"SELECT Id FROM Account WHERE CreatedDate > 2024-01-01", "INVALID_FIELD", "value of filter criterion for field 'CreatedDate' must be of type dateTime and should not be enclosed in quotes", false},
		{"SELECT Id FROM Account WHERE Id = 'foo'", "INVALID_QUERY_FILTER_OPERATOR", "invalid ID field: foo", false},
		{"SELECT Id FROM Account WHERE Id LIKE '001%'", "INVALID_QUERY_FILTER_OPERATOR", "invalid operator on id field", false},
		{"SELECT Id FROM Account WHERE Description = 'x'", "INVALID_FIELD", "field 'Description' can not be filtered in a query call", false},
		{"SELECT Id FROM Account ORDER BY Description", "INVALID_FIELD", "field 'Description' can not be sorted in a query call", false},
		{"SELECT Id FROM Account OFFSET 2001", "NUMBER_OUTSIDE_VALID_RANGE", "Maximum SOQL offset allowed is 2000", false},
		{"SELECT FIELDS(ALL) FROM Account", "MALFORMED_QUERY", "The SOQL FIELDS function must have a LIMIT of at most 200", false},
		{"SELECT FIELDS(STANDARD), Name FROM Account", "INVALID_FIELD", "duplicate field selected: Name", false},
		{"SELECT Name, COUNT(Id) FROM Account", "MALFORMED_QUERY", "Field must be grouped or aggregated: Name", false},
		{"SELECT SUM(Name) FROM Account", "MALFORMED_QUERY", "does not support aggregate operator SUM", false},
		{"SELECT COUNT(Id) FROM Account LIMIT 1", "MALFORMED_QUERY", "cannot also use LIMIT", false},
		{"SELECT Id FROM Account WHERE Id IN (SELECT Id FROM Account)", "MALFORMED_QUERY", "The inner and outer selects should not be on the same object type", false},
		{"SELECT Id FROM Account WHERE Name = 'x' OR Id IN (SELECT AccountId FROM Contact)", "MALFORMED_QUERY", "Semi join sub-selects are only allowed at the top level WHERE expressions", false},
		{"SELECT BillingAddress FROM Account", "FUNCTIONALITY_NOT_ENABLED", "Selecting compound data not supported in Bulk Query", true},
		{"SELECT Id, (SELECT Id FROM Contacts) FROM Account", "FUNCTIONALITY_NOT_ENABLED", "not supported in Bulk Query", true},
		{"SELECT COUNT() FROM Account", "MALFORMED_QUERY", "not supported in Bulk Query", true},
	} {
		_, err := fx.QueryText(fx.s, c.query, engine.QueryOptions{Bulk: c.bulk})
		e, ok := err.(*engine.Error)
		if !ok || e.Status != 400 || e.Code != c.code || !strings.Contains(e.Message, c.message) {
			t.Errorf("%s: %v\nwant %s %s", c.query, err, c.code, c.message)
		}
	}
}

func TestFields(t *testing.T) {
	fx := crm(t)
	r := fx.query("SELECT FIELDS(ALL) FROM Account LIMIT 1")
	d, err := fx.Describe(fx.s, "Account", engine.DescribeOptions{})
	if err != nil || len(r.Header()) != len(d.Fields) || r.PageLimit() != 1000 {
		t.Errorf("%d columns, %d fields, pages of %d, %v", len(r.Header()), len(d.Fields), r.PageLimit(), err)
	}
	if h := strings.Join(fx.query("SELECT Id, FIELDS(CUSTOM) FROM Thing__c LIMIT 200").Header(), ","); h != "Id,Parent__c,Friend__c,Size__c" {
		t.Error(h)
	}
}

// A user's time zone moves the days.
func TestTimeZone(t *testing.T) {
	fx := newOrg(t)
	fx.add("Account", "Name", "late", "Seen__c", "2024-03-14T23:30:00Z")
	if got := fx.values("SELECT Name FROM Account WHERE Seen__c = TODAY"); got != "" {
		t.Errorf("UTC: %s", got)
	}
	fx.one(fx.Update(system, "User", []sobject.Record{rec("User", "Id", string(fx.user), "TimeZoneSidKey", "Europe/Berlin")}, csv))
	if got := fx.values("SELECT Name FROM Account WHERE Seen__c = TODAY"); got != "late" {
		t.Errorf("Berlin: %q", got)
	}
}
