package engine_test

import "testing"

func TestSmoke(t *testing.T) {
	fx := newOrg(t)
	a := fx.add("Account", "Name", "Acme", "AnnualRevenue", "1000", "BillingCity", "Bonn")
	fx.add("Contact", "LastName", "Doe", "FirstName", "Jo", "AccountId", string(a))
	t.Log(fx.values("SELECT Id, Name, Loud__c, AnnualRevenue, Owner.Name, BillingAddress, CreatedDate FROM Account"))
	r := fx.query("select id, name, account.name, account.owner.name, (SELECT Id FROM Cases) from Contact")
	t.Log(string(r.AppendJSON(nil, 0, jsonBase)))
	_, err := fx.QueryText(fx.s, "SELECT Id, Foo FROM Account", scanOnly)
	t.Log(err)
}
