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

func ExampleDecodeEach() {
	type opportunity struct {
		ID     sobject.ID   `salesforce:"Id"`
		Amount string       `salesforce:"Amount"` // exact
		Chance *float64     `salesforce:"Probability"`
		Closes sobject.Date `salesforce:"CloseDate"`
		Owner  string       `salesforce:"Owner.Name"`
	}
	page := `{"totalSize":1,"done":true,"records":[{"attributes":{"type":"Opportunity","url":"/x"},"Id":"006000000000001","Amount":0.10,"Probability":null,"CloseDate":"2024-02-29","Owner":{"attributes":{"type":"User"},"Name":"Ann"}}]}`
	for o, err := range sobject.DecodeEach[opportunity](sobject.NewPageReader(strings.NewReader(page)).Records()) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(o.ID, o.Amount, o.Chance == nil, o.Closes, o.Owner)
	}
	// Output:
	// 006000000000001AAA 0.10 true 2024-02-29 Ann
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
