package engine_test

import (
	"testing"

	"github.com/orglink/orglink/salesforce/sobject"
)

// Ids from elsewhere are found, ordered and paged like the org's own.
func TestForeignIDs(t *testing.T) {
	fx := newOrg(t)
	fx.add("Account", "Name", "own")
	far := sobject.MustID("0015g00000XyZab")
	ids, err := fx.Load("Account", []sobject.Record{rec("Account", "Id", string(far), "Name", "far"), rec("Account", "Id", "001ak000000001Z", "Name", "gap")})
	if err != nil || ids[0] != far {
		t.Fatal(ids, err)
	}
	fx.add("Account", "Name", "after")
	for q, want := range map[string]string{
		"SELECT Name FROM Account WHERE Id = '" + far.Short() + "'":                              "far",
		"SELECT Name FROM Account ORDER BY Id":                                                   "far|own|gap|after",
		"SELECT Name FROM Account WHERE Id > '" + string(far) + "' ORDER BY Id LIMIT 2":          "own|gap",
		"SELECT Name FROM Account WHERE Id > '001ak000000001Z' ORDER BY Id":                      "after",
		"SELECT Name FROM Account WHERE Id IN ('" + string(far) + "', '001ak0000000001AAA')":     "own|far",
		"SELECT Name FROM Account WHERE SystemModstamp >= 2024-03-15T10:30:00Z ORDER BY Id DESC": "after|gap|own|far",
	} {
		if got := fx.values(q); got != want {
			t.Errorf("%s: %s, want %s", q, got, want)
		}
	}
	if _, err := fx.Load("Account", []sobject.Record{rec("Account", "Id", string(far), "Name", "again")}); err == nil {
		t.Error("an id was given twice")
	}
	fx.set(far, "Account", "Name", "moved")
	if got := fx.values("SELECT Name FROM Account WHERE Id = '" + string(far) + "'"); got != "moved" {
		t.Errorf("after an update: %s", got)
	}
}
