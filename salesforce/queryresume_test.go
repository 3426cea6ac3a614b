package salesforce_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/orglink/orglink/salesforce"
	"github.com/orglink/orglink/salesforce/salesforcetest"
)

// at does something at the nth request whose path begins with path.
func at(org *salesforcetest.Server, path string, nth int, do salesforcetest.Action) {
	org.Fault(salesforcetest.Fault{Match: salesforcetest.Match{Path: path, Nth: nth}, Action: do})
}

func dropCursors(org *salesforcetest.Server) salesforcetest.Action {
	return salesforcetest.Do(func(salesforcetest.RequestRecord) { org.Org().DropCursors() })
}

// readIDs reads a query and fails the test when a row comes twice.
func readIDs(t *testing.T, org *salesforcetest.Server, soql string, opts salesforce.QueryOptions) (ids []string, err error) {
	t.Helper()
	seen := map[string]bool{}
	for rec, err := range siteOf(org).client(t).QueryWith(t.Context(), soql, opts) {
		if err != nil {
			return ids, err
		}
		id := strings.Clone(string(rec.ID()))
		if seen[id] {
			t.Fatalf("%s came twice", id)
		}
		seen[id] = true
		ids = append(ids, id)
	}
	return ids, nil
}

// asked are the queries that the org got, without those for further pages.
func asked(org *salesforcetest.Server) (out []string) {
	for _, r := range org.Requests() {
		if q := r.Query.Get("q"); q != "" {
			out = append(out, q)
		}
	}
	return out
}

// simple-salesforce/simple-salesforce#95: a cursor dies in the middle. Rows that
// come by id go on behind the last one, in every way of reading.
func TestQueryGoesOnAfterItsCursorDied(t *testing.T) {
	for name, opts := range readModes {
		org := orgWith(t, 4100)
		at(org, "query/", 2, dropCursors(org))
		ids, err := readIDs(t, org, "SELECT Name, Id FROM Account WHERE Name LIKE 'Acc%' ORDER BY Id", opts)
		if err != nil || len(ids) != 4100 || !slices.IsSorted(ids) {
			t.Errorf("%s: %d rows, %v", name, len(ids), err)
		}
		want := []string{
			"SELECT Name, Id FROM Account WHERE Name LIKE 'Acc%' ORDER BY Id",
			"SELECT Name, Id FROM Account WHERE Name LIKE 'Acc%' AND Id > '" + ids[3999] + "' ORDER BY Id",
		}
		if got := asked(org); !slices.Equal(got, want) {
			t.Errorf("%s: asked %q", name, got)
		}
	}
}

func TestQueryGoesOnWithinItsLimit(t *testing.T) {
	org := orgWith(t, 4100)
	at(org, "query/", 1, dropCursors(org))
	ids, err := readIDs(t, org, "SELECT Id FROM Account ORDER BY Id LIMIT 3000", salesforce.QueryOptions{})
	if err != nil || len(ids) != 3000 || !slices.IsSorted(ids) {
		t.Errorf("%d rows, %v", len(ids), err)
	}
	if got := asked(org); len(got) != 2 || !strings.HasSuffix(got[1], "ORDER BY Id LIMIT 1000") {
		t.Errorf("asked %q", got)
	}
}

// It goes on once from a place: a cursor that dies before another row came is
// an error, and so is one of a query whose rows cannot be entered in the middle.
func TestQueryThatCannotGoOn(t *testing.T) {
	for soql, hint := range map[string]string{
		"SELECT Id FROM Account":                                 "ORDER BY Id",
		"SELECT Id FROM Account ORDER BY Name, Id":               "ORDER BY Id",
		"SELECT Id FROM Account ORDER BY Id DESC":                "ORDER BY Id",
		"SELECT Name FROM Account ORDER BY Id":                   "Id and ORDER BY Id",
		"SELECT Id FROM Account ORDER BY Id LIMIT 4000 OFFSET 5": "ORDER BY Id",
	} {
		org := orgWith(t, 4100)
		at(org, "query/", 1, dropCursors(org))
		n := 0
		var failed error
		for _, err := range siteOf(org).client(t).Query(t.Context(), soql) {
			if err != nil {
				failed = err
				break
			}
			n++
		}
		if n != 2000 || !errors.Is(failed, salesforce.ErrCursorGone) || !strings.Contains(failed.Error(), hint) || len(asked(org)) != 1 {
			t.Errorf("%s: %d rows, asked %q, %v", soql, n, asked(org), failed)
		}
	}
	org := orgWith(t, 4100)
	at(org, "query/", 1, dropCursors(org))
	gone := salesforcetest.Refuse(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
	org.Fault(salesforcetest.Fault{Match: salesforcetest.Match{Path: "query", Nth: 3}, Action: gone})
	ids, err := readIDs(t, org, "SELECT Id FROM Account ORDER BY Id", salesforce.QueryOptions{})
	if len(ids) != 2000 || !errors.Is(err, salesforce.ErrCursorGone) || len(asked(org)) != 2 {
		t.Errorf("%d rows, asked %q, %v", len(ids), asked(org), err)
	}
}

// without rewrites a page: the records that drop chooses are left out, and the
// page is the last one when last says so.
func without(t *testing.T, last bool, drop func(id string) bool) salesforcetest.Action {
	return salesforcetest.Rewrite(func(r *salesforcetest.Reply) {
		var page map[string]any
		if err := json.Unmarshal(r.Body, &page); err != nil {
			t.Error(err)
			return
		}
		records, _ := page["records"].([]any)
		page["records"] = slices.DeleteFunc(records, func(rec any) bool { return drop(rec.(map[string]any)["Id"].(string)) })
		if last {
			delete(page, "nextRecordsUrl")
			page["done"] = true
		}
		r.Body, _ = json.Marshal(page)
	})
}

// A record that is deleted while pages are read is missing from them: the org
// counts again, and is right. One that only the page lost is still counted.
func TestRowsThatVanishWhilePaging(t *testing.T) {
	for _, soql := range []string{"SELECT Id FROM Account ORDER BY Id", "SELECT Id, Name FROM Account"} {
		for _, deleted := range []bool{true, false} {
			org := orgWith(t, 4100)
			all, err := org.Org().Query("SELECT Id FROM Account ORDER BY Id")
			if err != nil {
				t.Fatal(err)
			}
			victim := all[2500].ID()
			at(org, "query/", 1, salesforcetest.Together(salesforcetest.Do(func(salesforcetest.RequestRecord) {
				if deleted {
					if err := org.Org().Delete(victim); err != nil {
						t.Error(err)
					}
				}
			}), without(t, false, func(id string) bool { return id == string(victim) })))
			ids, err := readIDs(t, org, soql, salesforce.QueryOptions{})
			switch {
			case len(ids) != 4099 || slices.Contains(ids, string(victim)):
				t.Errorf("%s: %d rows", soql, len(ids))
			case deleted && err != nil:
				t.Errorf("%s: %v", soql, err)
			case !deleted && (!errors.Is(err, salesforce.ErrIncomplete) || !strings.Contains(err.Error(), "4099 rows, but the org counted 4100")):
				t.Errorf("%s: the lost row was no error: %v", soql, err)
			}
		}
	}
}

// airbytehq/airbyte#19014: pages that end too early, with done=true or without
// an address of the next. The rows behind the last one are had all the same.
func TestPagesThatEndTooEarly(t *testing.T) {
	for name, opts := range readModes {
		org := orgWith(t, 4100)
		at(org, "query/", 1, without(t, true, func(string) bool { return false }))
		ids, err := readIDs(t, org, "SELECT Id FROM Account ORDER BY Id", opts)
		if err != nil || len(ids) != 4100 || len(asked(org)) != 2 {
			t.Errorf("%s: %d rows, asked %q, %v", name, len(ids), asked(org), err)
		}
	}
	org := orgWith(t, 4100)
	at(org, "query/", 1, without(t, true, func(string) bool { return false }))
	if ids, err := readIDs(t, org, "SELECT Id FROM Account", salesforce.QueryOptions{}); len(ids) != 4000 || !errors.Is(err, salesforce.ErrIncomplete) {
		t.Errorf("%d rows, %v", len(ids), err)
	}
}

// What goes on has the deleted records too where the query has them, and whole
// child sets.
func TestQueryAllGoesOn(t *testing.T) {
	org := orgWith(t, 2300)
	all, err := org.Org().Query("SELECT Id FROM Account ORDER BY Id")
	if err != nil {
		t.Fatal(err)
	}
	for _, rec := range all[2290:] {
		if err := org.Org().Delete(rec.ID()); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := org.Org().Create("Contact", salesforcetest.Fields{"LastName": "x", "AccountId": all[2100].ID()}); err != nil {
		t.Fatal(err)
	}
	at(org, "query/", 1, dropCursors(org))
	rows, kids := 0, 0
	for rec, err := range siteOf(org).client(t).QueryAll(t.Context(), "SELECT Id, (SELECT Id FROM Contacts) FROM Account ORDER BY Id") {
		if err != nil {
			t.Fatal(err)
		}
		v, _ := rec.Value("Contacts")
		set, _ := v.Children()
		rows, kids = rows+1, kids+len(set.Records)
	}
	if rows != 2300 || kids != 1 {
		t.Errorf("%d rows, %d children", rows, kids)
	}
}
