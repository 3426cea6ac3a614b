package salesforce_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"strings"

	"github.com/orglink/orglink/salesforce"
	"github.com/orglink/orglink/salesforce/salesforcetest"
	"github.com/orglink/orglink/salesforce/sobject"
)

// exampleOrg starts a fake org with three accounts; against a real one, only
// Tokens is needed.
func exampleOrg() (*salesforcetest.Server, *salesforce.Client) {
	org, err := salesforcetest.Start(salesforcetest.Config{})
	if err != nil {
		log.Fatal(err)
	}
	for _, name := range []string{"Acme", "Globex", "Initech"} {
		if _, err := org.Org().Create("Account", salesforcetest.Fields{"Name": name}); err != nil {
			log.Fatal(err)
		}
	}
	client, err := salesforce.New(salesforce.Config{
		Tokens:       salesforce.StaticToken(org.URL, org.Ready().AccessToken),
		TrustedHosts: []string{strings.TrimPrefix(org.URL, "http://")},
	})
	if err != nil {
		log.Fatal(err)
	}
	return org, client
}

func ExampleClient_Query() {
	org, client := exampleOrg()
	defer org.Close()
	for rec, err := range client.Query(context.Background(), "SELECT Name, Owner.Name, Phone FROM Account ORDER BY Name") {
		if err != nil {
			log.Fatal(err) // what was read before is not the whole result
		}
		name, err := rec.Text("Name")
		if err != nil {
			log.Fatal(err)
		}
		phone, _ := rec.Value("Phone")
		fmt.Println(name, phone.IsNull())
	}
	// Output:
	// Acme true
	// Globex true
	// Initech true
}

func ExampleClient_CreateAll() {
	org, client := exampleOrg()
	defer org.Close()
	rows := []sobject.Record{
		sobject.NewRecord("Contact", sobject.F("LastName", sobject.TextValue("Hopper"))),
		sobject.NewRecord("Contact", sobject.F("FirstName", sobject.TextValue("Grace"))),
	}
	outcomes, err := client.CreateAll(context.Background(), rows, salesforce.WriteOptions{})
	if err != nil {
		log.Fatal(err) // a request failed as a whole; see each outcome's Sent
	}
	for _, o := range outcomes {
		fmt.Println(o.Success, errors.Is(o.Err(), salesforce.ErrRequired))
	}
	// Output:
	// true false
	// false true
}

func ExampleError() {
	org, client := exampleOrg()
	defer org.Close()
	_, err := client.Describe(context.Background(), "Invoice__c")
	var refused *salesforce.Error
	if errors.As(err, &refused) {
		fmt.Println(refused.StatusCode, refused.Code, errors.Is(err, salesforce.ErrNotFound), salesforce.IsRetryable(err))
	}
	// Output: 404 NOT_FOUND true false
}
