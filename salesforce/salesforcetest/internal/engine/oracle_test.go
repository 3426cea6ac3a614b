package engine_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/orglink/orglink/salesforce/salesforcetest/internal/engine"
	"github.com/orglink/orglink/salesforce/sobject"
)

// Whatever the data and the query, an index yields what a scan yields.
func TestIndexesAgreeWithScan(t *testing.T) {
	for _, delay := range []time.Duration{0, 90 * time.Second} {
		t.Run(delay.String(), func(t *testing.T) { agree(t, delay) })
	}
}

func agree(t *testing.T, delay time.Duration) {
	rnd := rand.New(rand.NewPCG(1, uint64(delay)))
	fx := newOrg(t, func(c *engine.Config) { c.VisibilityDelay = delay })
	fx.clock.advance(time.Hour)
	pick := func(list ...string) string { return list[rnd.IntN(len(list))] }
	var accounts, contacts []sobject.ID
	some := func(ids []sobject.ID) string {
		if len(ids) == 0 {
			return "001ak0000000zzzAAA"
		}
		return string(ids[rnd.IntN(len(ids))])
	}
	change := func() {
		switch n := rnd.IntN(12); {
		case n < 4 || len(accounts) < 3:
			code := ""
			if rnd.IntN(2) == 0 {
				code = fmt.Sprint("c", len(accounts))
			}
			accounts = append(accounts, fx.add("Account", "Name", pick("a", "B", "c", "Äh"), "Code__c", code, "Legacy__c", pick("1", "2", "3", ""), "Industry", pick("Energy", "Retail", "")))
		case n < 7:
			out, _ := fx.Insert(fx.s, "Contact", []sobject.Record{rec("Contact", "LastName", pick("x", "y"), "Key__c", pick("k", "K", "l", ""), "AccountId", some(accounts))}, csv)
			if out[0].Success {
				contacts = append(contacts, out[0].ID)
			}
		case n < 9:
			fx.Update(fx.s, "Account", []sobject.Record{rec("Account", "Id", some(accounts), "Legacy__c", pick("1", "2", ""), "ParentId", "")}, csv)
			if len(contacts) > 0 {
				fx.Update(fx.s, "Contact", []sobject.Record{rec("Contact", "Id", some(contacts), "Key__c", pick("k", "m"), "AccountId", some(accounts))}, csv)
			}
		case n == 9:
			fx.Delete(fx.s, []sobject.ID{sobject.ID(some(accounts))}, engine.WriteOptions{})
		case n == 10:
			fx.Undelete(fx.s, []sobject.ID{sobject.ID(some(accounts))}, engine.WriteOptions{})
		default:
			if rnd.IntN(4) == 0 {
				fx.HardDelete(fx.s, []sobject.ID{sobject.ID(some(accounts))}, engine.WriteOptions{})
			}
		}
		fx.clock.advance(time.Duration(rnd.IntN(3)) * 20 * time.Second)
	}
	stamp := func() string {
		return fx.clock.t.Add(-time.Duration(rnd.IntN(4000)) * time.Second).Format("2006-01-02T15:04:05Z")
	}
	term := func(object string) string {
		ids := accounts
		if object == "Contact" {
			ids = contacts
		}
		terms := []string{
			"Id = '" + some(ids) + "'", "Id IN ('" + some(ids) + "','" + some(ids) + "','" + some(accounts) + "')",
			"Id > '" + some(ids) + "'", "Id <= '" + some(ids) + "'", "Id >= '" + some(accounts) + "'",
			"SystemModstamp >= " + stamp(), "SystemModstamp < " + stamp(), "SystemModstamp = " + stamp(), "SystemModstamp = TODAY",
			"OwnerId = '" + string(fx.user) + "'", "CreatedDate > " + stamp(),
		}
		if object == "Account" {
			terms = append(terms, "Legacy__c = 1", "Legacy__c IN (2, 3)", "Legacy__c = null", "Legacy__c != 1", "Code__c = 'c1'", "Code__c IN ('c1','c2','C3')", "Industry = 'energy'",
				"Id IN (SELECT AccountId FROM Contact WHERE Key__c = 'k')", "ParentId = null", "(Legacy__c = 1 OR Industry = 'Retail')", "(NOT Legacy__c = 2)")
		} else {
			terms = append(terms, "Key__c = 'K'", "Key__c IN ('k','l')", "AccountId = '"+some(accounts)+"'", "AccountId IN (SELECT Id FROM Account WHERE Legacy__c = 1)", "Account.Name = 'A'")
		}
		return pick(terms...)
	}
	for range 300 {
		change()
		for range 4 {
			object := pick("Account", "Contact")
			q := "SELECT Id, Name, SystemModstamp FROM " + object
			joins := 0
			var terms []string
			for range rnd.IntN(4) {
				w := term(object)
				if strings.Contains(w, "SELECT") {
					if joins++; joins > 2 {
						continue
					}
				}
				terms = append(terms, w)
			}
			if terms != nil {
				q += " WHERE " + strings.Join(terms, " AND ")
			}
			q += pick("", " ORDER BY Id", " ORDER BY Id DESC", " ORDER BY SystemModstamp, Id", " ORDER BY SystemModstamp DESC", " ORDER BY Name, Id DESC")
			q += pick("", " LIMIT 1", " LIMIT 5", " LIMIT 5 OFFSET 2")
			all := rnd.IntN(2) == 0
			fast, err := fx.QueryText(fx.s, q, engine.QueryOptions{All: all})
			if err != nil {
				t.Fatalf("%s: %v", q, err)
			}
			slow, err := fx.QueryText(fx.s, q, engine.QueryOptions{All: all, Scan: true})
			if err != nil {
				t.Fatal(err)
			}
			if a, b := rowsOf(fast), rowsOf(slow); a != b {
				t.Fatalf("%s (all %v)\nindex %s\nscan  %s", q, all, a, b)
			}
		}
	}
	if len(contacts) < 20 || len(accounts) < 50 {
		t.Fatalf("only %d contacts and %d accounts were made", len(contacts), len(accounts))
	}
}
