package main

import (
	"fmt"
	"time"

	"github.com/orglink/orglink/mapping"
	"github.com/orglink/orglink/salesforce/salesforcetest"
	"github.com/orglink/orglink/salesforce/sobject"
)

// importFields are the fields that are imported, of every kind of column.
var importFields = []sobject.DescribeField{
	{Name: "Id", Type: sobject.TypeID}, {Name: "Name", Type: sobject.TypeString}, {Name: "Type", Type: sobject.TypePicklist},
	{Name: "Industry", Type: sobject.TypePicklist}, {Name: "AnnualRevenue", Type: sobject.TypeCurrency}, {Name: "NumberOfEmployees", Type: sobject.TypeInt},
	{Name: "BillingStreet", Type: sobject.TypeTextArea}, {Name: "BillingCity", Type: sobject.TypeString}, {Name: "BillingState", Type: sobject.TypeString},
	{Name: "BillingPostalCode", Type: sobject.TypeString}, {Name: "BillingCountry", Type: sobject.TypeString}, {Name: "ShippingCity", Type: sobject.TypeString},
	{Name: "ShippingCountry", Type: sobject.TypeString}, {Name: "Phone", Type: sobject.TypePhone}, {Name: "Fax", Type: sobject.TypePhone}, {Name: "Website", Type: sobject.TypeURL},
	{Name: "Description", Type: sobject.TypeTextArea}, {Name: "AccountNumber", Type: sobject.TypeString}, {Name: "Site", Type: sobject.TypeString},
	{Name: "Sic", Type: sobject.TypeString}, {Name: "TickerSymbol", Type: sobject.TypeString}, {Name: "Rating", Type: sobject.TypePicklist}, {Name: "AccountSource", Type: sobject.TypePicklist},
	{Name: "OwnerId", Type: sobject.TypeReference, ReferenceTo: []string{"User"}}, {Name: "CreatedDate", Type: sobject.TypeDateTime},
	{Name: "SystemModstamp", Type: sobject.TypeDateTime}, {Name: "Score__c", Type: sobject.TypeDouble}, {Name: "Since__c", Type: sobject.TypeDate},
	{Name: "Active__c", Type: sobject.TypeBoolean}, {Name: "Key__c", Type: sobject.TypeString},
}

func importNames() []string {
	out := make([]string, len(importFields))
	for i, f := range importFields {
		out[i] = f.Name
	}
	return out
}

var importSelection = mapping.Selection{Object: "Account", Fields: importNames()}

// importEpoch is when the records were changed last: long before the import.
var importEpoch = time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)

func importID(i int) sobject.ID { return sobject.MustID(fmt.Sprintf("001ak%010d", i)) }

// importValues are record number i, by importFields.
func importValues(i int, id sobject.ID, owner sobject.ID) []sobject.Value {
	text := func(format string, args ...any) sobject.Value { return sobject.TextValue(fmt.Sprintf(format, args...)) }
	old := accountValues(i)
	plain := func(n int) sobject.Value {
		if s, ok := old[n].(string); ok {
			return sobject.TextValue(s)
		}
		return sobject.NullValue()
	}
	revenue := sobject.NullValue()
	if i%7 != 0 {
		revenue = sobject.IntValue(int64(i * 1000 % 90_000_000))
	}
	at := importEpoch.Add(time.Duration(i) * time.Second)
	return []sobject.Value{
		sobject.IDValue(id), plain(1), sobject.TextValue("Customer - Direct"), sobject.TextValue("Technology"), revenue, sobject.IntValue(int64(i % 5000)),
		plain(6), plain(7), plain(8), plain(9), plain(10), plain(7), plain(10), plain(11), sobject.NullValue(), plain(12), plain(13), text("A-%d", i), sobject.NullValue(), text("%d", i%9000), sobject.NullValue(),
		plain(15), sobject.TextValue("Web"), sobject.IDValue(owner), sobject.DateTimeValue(at), sobject.DateTimeValue(at), sobject.FloatValue(float64(i%1000) / 4),
		sobject.DateValue(sobject.DateOf(at)), sobject.BoolValue(i%2 == 0), text("K%d", i),
	}
}

// loadImport fills an org with n accounts.
func loadImport(org *salesforcetest.Server, n int) error {
	o := org.Org()
	for _, f := range []salesforcetest.Field{
		{Name: "Score__c", Type: sobject.TypeDouble, Precision: 18, Scale: 2}, {Name: "Since__c", Type: sobject.TypeDate},
		{Name: "Active__c", Type: sobject.TypeBoolean}, {Name: "Key__c", Type: sobject.TypeString, Length: 40},
	} {
		if err := o.AddField("Account", f); err != nil {
			return err
		}
	}
	owner := org.Ready().UserID
	names := importNames()[1:]
	shape := sobject.NewShape("Account", names...)
	const chunk = 10_000
	for i := 0; i < n; i += chunk {
		recs := make([]sobject.Record, min(chunk, n-i))
		for k := range recs {
			recs[k] = sobject.RecordOf(shape, importValues(i+k, importID(i+k), sobject.ID(owner))[1:])
		}
		if _, err := o.System().Load("Account", recs...); err != nil {
			return err
		}
	}
	return nil
}
