package salesforcetest_test

import (
	"fmt"
	"net/http"
	"net/url"

	"github.com/orglink/orglink/salesforce/salesforcetest"
)

// An org lives as long as a test; any HTTP client may talk to it.
func ExampleStart() {
	org, err := salesforcetest.Start(salesforcetest.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer org.Close()
	if _, err := org.Org().Create("Account", salesforcetest.Fields{"Name": "Acme"}); err != nil {
		fmt.Println(err)
		return
	}
	ready := org.Ready()
	req, _ := http.NewRequest("GET", ready.URL+"/services/data/v66.0/query?q="+url.QueryEscape("SELECT COUNT() FROM Account"), nil)
	req.Header.Set("Authorization", "Bearer "+ready.AccessToken)
	resp, err := org.Client().Do(req)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer resp.Body.Close()
	fmt.Println(resp.Status, resp.Header.Get("Sforce-Limit-Info"))
	// Output: 200 OK api-usage=1/15000
}

// The answer to the second create is lost after the record was made.
func ExampleServer_Fault() {
	org, err := salesforcetest.Start(salesforcetest.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer org.Close()
	org.Fault(salesforcetest.Fault{
		Match:  salesforcetest.Match{Method: "POST", Object: "Account", Nth: 2},
		Action: salesforcetest.DropAfter(),
	})
}
