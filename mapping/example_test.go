package mapping_test

import (
	"encoding/json"
	"fmt"

	"github.com/orglink/orglink/mapping"
	"github.com/orglink/orglink/salesforce/sobject"
)

func ExampleResolve() {
	describe := &sobject.Describe{Name: "Account", Queryable: true, Fields: []sobject.DescribeField{
		{Name: "Id", Type: sobject.TypeID}, {Name: "Name", Type: sobject.TypeString}, {Name: "SystemModstamp", Type: sobject.TypeDateTime},
	}}
	sel, problems := mapping.Resolve(mapping.ObjectSelection{Object: "Account", Fields: mapping.Listed("Name", "Rating")}, describe)
	fmt.Println(sel.Fields)
	for _, p := range problems {
		fmt.Println(p.Field+":", p.Reason)
	}
	// Output:
	// [Id Name SystemModstamp]
	// Rating: the field does not exist, or field-level security hides it from the connected Salesforce user
}

func ExampleCompile() {
	describe := &sobject.Describe{Name: "Lead", Fields: []sobject.DescribeField{
		{Name: "Company", Type: sobject.TypeString, Length: 255, Createable: true, Updateable: true},
		{Name: "Title", Type: sobject.TypeString, Length: 10, Nillable: true, Createable: true, Updateable: true},
		{Name: "Phone", Type: sobject.TypePhone, Nillable: true, Createable: true, Updateable: true},
	}}
	m, err := mapping.Compile(mapping.Map{Object: "Lead", Fields: []mapping.FieldMap{
		{Host: "company", Salesforce: "Company", Transforms: []string{mapping.TransformTrim}},
		{Host: "job", Salesforce: "Title"},
		{Host: "phone", Salesforce: "Phone"},
	}}, describe)
	if err != nil {
		panic(err)
	}
	rec, problems := m.Record(mapping.Row{"company": " Acme ", "job": "Chief Executive", "phone": nil})
	text, _ := json.Marshal(rec)
	fmt.Println(string(text))
	fmt.Println(problems[0].Field+":", problems[0].Reason)
	// Output:
	// {"attributes":{"type":"Lead"},"Company":"Acme","Phone":null}
	// Title: the text has 15 characters, the field takes 10; shorten it, or let the map truncate
}
