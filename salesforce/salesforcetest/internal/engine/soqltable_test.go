package engine_test

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/orglink/orglink/salesforce/salesforcetest/internal/engine"
	"github.com/orglink/orglink/salesforce/sobject"
)

var update = flag.Bool("update", false, "write the answers that are given now to testdata/soql.txt; look at the difference before believing it")

// shop is the org that testdata/soql.txt is about. Today is Friday,
// 2024-03-15, 10:30 UTC. Accounts are a01 to a10, and so on; i counts from 1.
//
//	Account      Industry Energy, Banking, Retail, null in turn; AnnualRevenue 100*i, null for 4 and 8; NumberOfEmployees i;
//	             Active__c for odd i; Since__c today less 30*(i-1) days; Seen__c now less 20*(i-1) hours; Legacy__c i mod 5;
//	             Tags__c a, a;b, b;c, null in turn; Rating__c Hot for every third; ParentId a(i/2); Loc__c (40+i, -70), null for 10;
//	             Code__c K1 k1 K2 k2 ...; At__c (i+7):00
//	Contact      c1-c8 of a01-a06, the last two of none; Email ci@x.example, null for even; each reports to the one before
//	Opportunity  o01-o12 of a01-a05 in turn; Amount 10*i, null for 6; StageName Open, Won, Lost in turn; CloseDate monthly up to today
//	Case         k1 of a01, owned by a queue; k2 of none
//	Task         t1-t4 about c1, c2, none, c1 and a01, o01, a02, none
func shop(t testing.TB) *fixture {
	fx := newOrg(t)
	for _, f := range []engine.Field{field("Loc__c", sobject.TypeLocation), field("Loc__Latitude__s", sobject.TypeDouble), field("Loc__Longitude__s", sobject.TypeDouble)} {
		if f.Type == sobject.TypeDouble {
			f.CompoundName, f.Scale = "Loc__c", 5
		}
		if err := fx.AddField("Account", f); err != nil {
			t.Fatal(err)
		}
	}
	now, pick := fx.clock.t, func(i int, of ...string) string { return of[(i-1)%len(of)] }
	none := func(empty bool, s string) string {
		if empty {
			return ""
		}
		return s
	}
	var a, c, o []string
	for i := 1; i <= 10; i++ {
		parent := ""
		if i > 1 {
			parent = a[i/2-1]
		}
		a = append(a, string(fx.add("Account", "Name", fmt.Sprintf("a%02d", i), "Industry", pick(i, "Energy", "Banking", "Retail", ""), "AnnualRevenue", none(i%4 == 0, fmt.Sprint(100*i)),
			"NumberOfEmployees", fmt.Sprint(i), "Active__c", fmt.Sprint(i%2 == 1), "Since__c", now.AddDate(0, 0, -30*(i-1)).Format(time.DateOnly),
			"Seen__c", now.Add(-20*time.Duration(i-1)*time.Hour).Format(time.RFC3339), "Legacy__c", fmt.Sprint(i%5), "Tags__c", pick(i, "a", "a;b", "b;c", ""),
			"Rating__c", pick(i, "Cold", "Cold", "Hot"), "ParentId", parent, "Loc__Latitude__s", none(i == 10, fmt.Sprint(40+i)), "Loc__Longitude__s", none(i == 10, "-70"),
			"Code__c", pick(i, "K", "k")+fmt.Sprint((i+1)/2), "At__c", fmt.Sprintf("%02d:00:00.000Z", i+7), "Description", "text")))
	}
	for i := 1; i <= 8; i++ {
		account, boss := "", ""
		if i <= 6 {
			account = a[i-1]
		}
		if i > 1 {
			boss = c[i-2]
		}
		c = append(c, string(fx.add("Contact", "LastName", fmt.Sprint("c", i), "FirstName", pick(i, "Ann", "Bob"), "AccountId", account, "ReportsToId", boss,
			"Email", none(i%2 == 0, fmt.Sprintf("c%d@x.example", i)), "Key__c", pick(i, "x", "X", "y"))))
	}
	for i := 1; i <= 12; i++ {
		o = append(o, string(fx.add("Opportunity", "Name", fmt.Sprintf("o%02d", i), "AccountId", a[(i-1)%5], "Amount", none(i == 6, fmt.Sprint(10*i)),
			"StageName", pick(i, "Open", "Won", "Lost"), "CloseDate", now.AddDate(0, i-12, 0).Format(time.DateOnly))))
	}
	queue := string(fx.must(system, "Group", "Name", "Queue"))
	fx.add("Case", "Subject", "k1", "AccountId", a[0], "OwnerId", queue, "ContactId", c[0])
	fx.add("Case", "Subject", "k2")
	for i, who := range []string{c[0], c[1], "", c[0]} {
		fx.add("Task", "Subject", fmt.Sprint("t", i+1), "WhoId", who, "WhatId", []string{a[0], o[0], a[1], ""}[i])
	}
	gone := fx.add("Account", "Name", "gone", "AnnualRevenue", "7")
	if out, _ := fx.Delete(fx.s, []sobject.ID{gone}, engine.WriteOptions{}); !out[0].Success {
		t.Fatal(out)
	}
	return fx
}

// answerOf prints what a query yields: its rows, COUNT()'s number, or its
// error on one line.
func answerOf(fx *fixture, query string) string {
	opt := engine.QueryOptions{}
	for _, mode := range []string{"BULK ", "ALL "} {
		if rest, found := strings.CutPrefix(query, mode); found {
			query, opt.Bulk, opt.All = rest, mode == "BULK ", mode == "ALL "
		}
	}
	r, err := fx.QueryText(fx.s, query, opt)
	var e *engine.Error
	switch {
	case errors.As(err, &e):
		return "! " + e.Code + " " + strings.ReplaceAll(e.Message, "\n", "\\n")
	case err != nil:
		return "! not one of Salesforce's errors: " + err.Error()
	case r.Len() == 0 && r.TotalSize() > 0:
		return fmt.Sprint("# ", r.TotalSize())
	}
	return "= " + rowsOf(r)
}

// TestSOQLTable asks every query of testdata/soql.txt, with indexes and
// without.
func TestSOQLTable(t *testing.T) {
	const file = "testdata/soql.txt"
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	fx := shop(t)
	var out strings.Builder
	query, n, errs := "", 0, 0
	for line := range strings.Lines(string(text)) {
		line = strings.TrimRight(line, "\n")
		answer := strings.HasPrefix(line, "= ") || strings.HasPrefix(line, "! ") || strings.HasPrefix(line, "# ") || line == "="
		if !answer {
			out.WriteString(line + "\n")
		}
		switch {
		case answer && query != "":
			if got := answerOf(fx, query); strings.TrimSpace(got) != strings.TrimSpace(line) && !*update {
				t.Errorf("%s\n got %s\nwant %s", query, got, line)
			}
			if line[0] == '!' {
				errs++
			}
			query = ""
		case line != "" && !strings.HasPrefix(line, "//"):
			query = line
			n++
			got := answerOf(fx, query)
			out.WriteString(strings.TrimSpace(got) + "\n")
			if scan, err := fx.QueryText(fx.s, query, engine.QueryOptions{Scan: true}); err == nil && scan.Len() > 0 && "= "+rowsOf(scan) != got {
				t.Errorf("%s\nwithout indexes %s\nwith them %s", query, rowsOf(scan), got)
			}
		}
	}
	if *update {
		if err := os.WriteFile(file, []byte(out.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if n < 300 || errs < 80 && !*update {
		t.Errorf("only %d queries, %d of them refused", n, errs)
	}
}
