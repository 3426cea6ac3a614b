package sobject_test

import (
	"encoding/json"
	"fmt"
	"log"
	"os"
	"strings"

	"github.com/orglink/orglink/salesforce/sobject"
)

func ExampleRecord() {
	var rec sobject.Record
	err := json.Unmarshal([]byte(`{"attributes":{"type":"Opportunity","url":"/x"},"Name":"Big deal","Amount":0.10,"Owner":{"attributes":{"type":"User"},"Name":"Ann"},"CloseDate":null}`), &rec)
	if err != nil {
		log.Fatal(err)
	}
	amount, _ := rec.Decimal("Amount")
	owner, _ := rec.Text("Owner.Name")
	closing, present := rec.Value("CloseDate")
	_, err = rec.Text("StageName")
	fmt.Println(rec.Object(), amount, owner, present, closing.IsNull())
	fmt.Println(err)
	// Output:
	// Opportunity 0.10 Ann true true
	// sobject: Opportunity has no field StageName; was it selected?
}

func ExampleCSVWriter() {
	w := sobject.NewCSVWriter(os.Stdout, "Id", "Name", "Phone", "Fax")
	err := w.Write(sobject.NewRecord("Account",
		sobject.F("Id", sobject.TextValue("001000000000001AAA")),
		sobject.F("Name", sobject.TextValue(`The "A" Team, Inc.`)),
		sobject.F("Phone", sobject.NullValue()))) // cleared; Fax is left alone
	if err != nil {
		log.Fatal(err)
	}
	if err := w.Flush(); err != nil {
		log.Fatal(err)
	}
	// Output:
	// Id,Name,Phone,Fax
	// 001000000000001AAA,"The ""A"" Team, Inc.",#N/A,
}

func ExampleCSVReader() {
	result := "\"Id\",\"Owner.Name\"\n\"001000000000001AAA\",\"Ann\"\n\"001000000000002AAA\",\"\"\n"
	for rec, err := range sobject.NewCSVReader(strings.NewReader(result), "Account").Records() {
		if err != nil {
			log.Fatal(err)
		}
		owner, _ := rec.Path("Owner.Name")
		fmt.Println(rec.ID(), owner.Raw(), owner.IsNull())
	}
	// Output:
	// 001000000000001AAA Ann false
	// 001000000000002AAA  true
}
