package bulk_test

import (
	"context"
	"fmt"
	"log"
	"strings"
	"time"

	"github.com/orglink/orglink/salesforce"
	"github.com/orglink/orglink/salesforce/bulk"
	"github.com/orglink/orglink/salesforce/salesforcetest"
	"github.com/orglink/orglink/salesforce/sobject"
)

func Example() {
	ctx := context.Background()
	org, err := salesforcetest.Start(salesforcetest.Config{}) // a fake org
	if err != nil {
		log.Fatal(err)
	}
	defer org.Close()
	client, err := salesforce.New(salesforce.Config{
		Tokens:       salesforce.StaticToken(org.URL, org.Ready().AccessToken),
		TrustedHosts: []string{strings.TrimPrefix(org.URL, "http://")},
	})
	if err != nil {
		log.Fatal(err)
	}
	for i := range 3 {
		if _, err := org.Org().Create("Account", salesforcetest.Fields{"Name": fmt.Sprint("Account ", i), "NumberOfEmployees": i}); err != nil {
			log.Fatal(err)
		}
	}

	job, err := bulk.StartQuery(ctx, client, "SELECT Name, NumberOfEmployees FROM Account ORDER BY Name",
		bulk.QueryConfig{PollConfig: bulk.PollConfig{PollMin: time.Millisecond}})
	if err != nil {
		log.Fatal(err)
	}
	if _, err := job.Wait(ctx); err != nil {
		log.Fatal(err)
	}
	for rec, err := range job.Records(ctx) {
		if err != nil {
			log.Fatal(err)
		}
		name, _ := rec.Text("Name")
		employees, _ := rec.Value("NumberOfEmployees")
		typed := employees.As(sobject.TypeInt)
		fmt.Println(name, employees.Kind(), typed.Kind(), typed.Raw())
	}
	// Output:
	// Account 0 text number 0
	// Account 1 text number 1
	// Account 2 text number 2
}

func ExampleStartLoad() {
	ctx := context.Background()
	org, err := salesforcetest.Start(salesforcetest.Config{}) // a fake org
	if err != nil {
		log.Fatal(err)
	}
	defer org.Close()
	client, err := salesforce.New(salesforce.Config{
		Tokens:       salesforce.StaticToken(org.URL, org.Ready().AccessToken),
		TrustedHosts: []string{strings.TrimPrefix(org.URL, "http://")},
	})
	if err != nil {
		log.Fatal(err)
	}

	rows := func(yield func(sobject.Record, error) bool) {
		for i, name := range []string{"Acme", "", "Globex"} {
			row := sobject.NewRecord("Account",
				sobject.F("AccountNumber", sobject.TextValue(fmt.Sprint("A-", i))),
				sobject.F("Name", sobject.TextValue(name)))
			if !yield(row, nil) {
				return
			}
		}
	}
	load, err := bulk.StartLoad(ctx, client, bulk.LoadConfig{
		Object: "Account", Operation: bulk.Insert, Key: "AccountNumber",
		PollConfig: bulk.PollConfig{PollMin: time.Millisecond},
	}, rows)
	if err != nil {
		log.Fatal(err)
	}
	if _, err := load.Wait(ctx); err != nil {
		log.Fatal(err)
	}
	for row, err := range load.Results(ctx) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(row.Key, row.Status, row.Err())
	}
	// Output:
	// A-0 succeeded <nil>
	// A-2 succeeded <nil>
	// A-1 failed salesforce: bulk Account: REQUIRED_FIELD_MISSING: Required fields are missing: [Name] (fields: Name)
}

// Query is a job from its start to its end.
func ExampleQuery() {
	org, err := salesforcetest.Start(salesforcetest.Config{}) // a fake org
	if err != nil {
		log.Fatal(err)
	}
	defer org.Close()
	client, err := salesforce.New(salesforce.Config{
		Tokens:       salesforce.StaticToken(org.URL, org.Ready().AccessToken),
		TrustedHosts: []string{strings.TrimPrefix(org.URL, "http://")},
	})
	if err != nil {
		log.Fatal(err)
	}
	if _, err := org.Org().Create("Account", salesforcetest.Fields{"Name": "Acme"}); err != nil {
		log.Fatal(err)
	}
	cfg := bulk.QueryConfig{PollConfig: bulk.PollConfig{PollMin: time.Millisecond}}
	for rec, err := range bulk.Query(context.Background(), client, "SELECT Id, Name FROM Account", cfg) {
		if err != nil {
			log.Fatal(err) // what was read before is not the whole result
		}
		name, _ := rec.Text("Name")
		fmt.Println(name)
	}
	// Output: Acme
}
