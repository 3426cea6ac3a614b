package structgen_test

import (
	"fmt"
	"log"
	"strings"

	"github.com/orglink/orglink/salesforce/sobject"
	"github.com/orglink/orglink/salesforce/sobject/structgen"
)

func ExampleGenerate() {
	describe := &sobject.Describe{Name: "Invoice__c", Fields: []sobject.DescribeField{ // of Client.Describe
		{Name: "Id", Type: sobject.TypeID},
		{Name: "Amount__c", Type: sobject.TypeCurrency, Nillable: true, Precision: 18, Scale: 2},
		{Name: "Due__c", Type: sobject.TypeDate, Nillable: true},
	}}
	source, err := structgen.Generate(describe, structgen.Options{Package: "crm", Exact: true})
	if err != nil {
		log.Fatal(err)
	}
	for line := range strings.Lines(string(source)) {
		if strings.Contains(line, "salesforce:") {
			fmt.Println(strings.Join(strings.Fields(line), " "))
		}
	}
	// Output:
	// ID sobject.ID `salesforce:"Id"`
	// Amount json.Number `salesforce:"Amount__c"`
	// Due sobject.Date `salesforce:"Due__c"`
}
