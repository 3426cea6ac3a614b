package salesforce_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/orglink/orglink/salesforce"
	"github.com/orglink/orglink/salesforce/salesforcetest"
	"github.com/orglink/orglink/salesforce/sobject"
)

func ExampleClient_Composite() {
	org, client := exampleOrg()
	defer org.Close()
	request := salesforce.Composite{Options: salesforce.WriteOptions{AllOrNone: true}}
	company := request.Create(sobject.NewRecord("Account", sobject.F("Name", sobject.TextValue("Initrode"))))
	person := request.Create(sobject.NewRecord("Contact", sobject.F("LastName", sobject.TextValue("Waddams"))),
		salesforce.Link{Field: "AccountId", To: company.ID()})
	result, err := client.Composite(context.Background(), &request)
	if err != nil {
		log.Fatal(err) // the request failed as a whole
	}
	if err := result.Err(); err != nil {
		log.Fatal(err) // a step failed, and all were undone
	}
	fmt.Println(result.Of(company).Outcome().Created, result.Of(person).Outcome().ID.Prefix())
	// Output: true 003
}

func ExampleClient_UpdateWith() {
	org, client := exampleOrg()
	defer org.Close()
	ctx := context.Background()
	id, err := org.Org().Create("Contact", salesforcetest.Fields{"LastName": "Bolton"})
	if err != nil {
		log.Fatal(err)
	}
	_, seen, err := client.GetRevision(ctx, "Contact", id, "LastName")
	if err != nil {
		log.Fatal(err)
	}
	org.Org().Advance(2 * time.Second) // somebody else is faster
	if err := org.Org().Update(id, salesforcetest.Fields{"LastName": "Smykowski"}); err != nil {
		log.Fatal(err)
	}
	change := sobject.NewRecord("Contact", sobject.F("LastName", sobject.TextValue("Lumbergh")))
	err = client.UpdateWith(ctx, id, change, salesforce.SaveOptions{IfUnmodifiedSince: seen.LastModified})
	fmt.Println(errors.Is(err, salesforce.ErrPrecondition))
	// Output: true
}

func ExampleClient_Survivor() {
	org, client := exampleOrg()
	defer org.Close()
	ctx := context.Background()
	kept, _ := org.Org().Create("Account", salesforcetest.Fields{"Name": "Initech, Inc."})
	merged, _ := org.Org().Create("Account", salesforcetest.Fields{"Name": "Initech Incorporated"})
	if err := org.Org().Merge(kept, merged); err != nil {
		log.Fatal(err)
	}
	err := client.Update(ctx, merged, sobject.NewRecord("Account", sobject.F("Phone", sobject.TextValue("1"))))
	if errors.Is(err, salesforce.ErrDeleted) {
		survivor, err := client.Survivor(ctx, "Account", merged)
		fmt.Println(survivor == kept, err)
	}
	// Output: true <nil>
}
