package engine_test

import (
	"fmt"

	"github.com/orglink/orglink/salesforce/salesforcetest/internal/engine"
	"github.com/orglink/orglink/salesforce/sobject"
)

func Example() {
	org, err := engine.New(engine.Config{})
	if err != nil {
		panic(err)
	}
	err = org.DefineObject(engine.Object{Name: "Account", KeyPrefix: "001", Fields: []engine.Field{
		{Name: "Name", Type: sobject.TypeString, Required: true, NameField: true},
		{Name: "AnnualRevenue", Type: sobject.TypeCurrency},
	}})
	if err != nil {
		panic(err)
	}
	session := engine.Session{System: true}
	out, err := org.Insert(session, "Account", []sobject.Record{
		sobject.NewRecord("Account", sobject.F("Name", sobject.TextValue("Acme")), sobject.F("AnnualRevenue", sobject.IntValue(1000))),
		sobject.NewRecord("Account"),
	}, engine.WriteOptions{})
	if err != nil {
		panic(err)
	}
	fmt.Println(out[0].Success, out[1].Errors[0].Message)
	res, err := org.QueryText(session, "select name, annualrevenue from account", engine.QueryOptions{})
	if err != nil {
		panic(err)
	}
	fmt.Println(string(res.AppendJSON(nil, 0, engine.JSONOptions{Base: "/services/data/v66.0"})))
	// Output:
	// true Required fields are missing: [Name]
	// {"attributes":{"type":"Account","url":"/services/data/v66.0/sobjects/Account/001ak0000000001AAA"},"Name":"Acme","AnnualRevenue":1000.0}
}
