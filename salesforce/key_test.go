package salesforce_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/orglink/orglink/salesforce"
	"github.com/orglink/orglink/salesforce/salesforcetest"
	"github.com/orglink/orglink/salesforce/sobject"
)

// theswamis/dataloadercliq#80: an upsert made a second record with the same
// external id, because the field was not unique, or its case mattered.
// k-capehart/go-salesforce#133, forcedotcom/dataloader PR329: which fields can
// be a key.
func TestUpsertKeys(t *testing.T) {
	org, c := keyed(t)
	_ = org.Org().AddField("Account", salesforcetest.Field{Name: "Case__c", Type: sobject.TypeString, Length: 80, ExternalID: true, Unique: true, CaseSensitive: true})
	d, err := c.Describe(t.Context(), "Account")
	if err != nil {
		t.Fatal(err)
	}
	keys := salesforce.UpsertKeys(d)
	flaw := func(field string) string {
		i := slices.IndexFunc(keys, func(k salesforce.Key) bool { return k.Field == field })
		if i < 0 {
			return "no key"
		}
		return keys[i].Flaw()
	}
	if flaw("Id") != "" || flaw("Key__c") != "" || flaw("Phone") != "no key" ||
		!strings.Contains(flaw("Loose__c"), "not unique") || !strings.Contains(flaw("Case__c"), "case-sensitive") {
		t.Errorf("%+v", keys)
	}
	for _, key := range keys {
		if key.Field == "Id" {
			continue
		}
		if out, err := c.Upsert(t.Context(), key.Field, "v", account(text("Name", "x"))); err != nil || !out.Created {
			t.Errorf("%s: %+v, %v", key.Field, out, err)
		}
	}
	if d, err = c.Describe(t.Context(), "Contact"); err != nil || !slices.ContainsFunc(salesforce.UpsertKeys(d), func(k salesforce.Key) bool { return k.Field == "Email" && k.IDLookup }) {
		t.Error("Email is a lookup field of Contact", err)
	}
}
