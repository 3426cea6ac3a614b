package salesforcetest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

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

// Faults are composed of a match and actions: here the job that the first
// request creates comes back out of order, and the answer to it is lost.
func ExampleServer_Fault() {
	org, err := salesforcetest.Start(salesforcetest.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer org.Close()
	org.Fault(salesforcetest.Fault{
		Match:  salesforcetest.Match{Method: "POST", Path: "jobs/query", Nth: 1},
		Action: salesforcetest.Together(salesforcetest.ShuffleJob(1), salesforcetest.DropAfter()),
	})
	ready := org.Ready()
	send := func(method, path, body string) (*http.Response, error) {
		req, _ := http.NewRequest(method, ready.URL+"/services/data/v66.0/"+path, strings.NewReader(body))
		req.Header.Set("Authorization", "Bearer "+ready.AccessToken)
		return org.Client().Do(req)
	}
	_, err = send("POST", "jobs/query", `{"operation":"query","query":"SELECT Id FROM Account"}`)
	fmt.Println("lost:", err != nil)
	resp, err := send("GET", "jobs/query", "")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer resp.Body.Close()
	var list struct{ Records []struct{ State string } }
	err = json.NewDecoder(resp.Body).Decode(&list)
	fmt.Println("but there:", list.Records, err)
	// Output:
	// lost: true
	// but there: [{JobComplete}] <nil>
}

// A production org and its sandbox, behind Salesforce's own host names: the
// sandbox's people log in at test.salesforce.com, and nowhere else.
func ExampleDomains() {
	domains := salesforcetest.NewDomains(nil)
	defer domains.Close()
	if _, err := salesforcetest.Start(salesforcetest.Config{Domains: domains, MyDomain: "acme"}); err != nil {
		fmt.Println(err)
		return
	}
	uat, err := salesforcetest.Start(salesforcetest.Config{Domains: domains, MyDomain: "acme", Sandbox: "uat", OrgID: "00Dak0000000002", PasswordGrant: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	ready := uat.Ready()
	for _, host := range []string{"https://login.salesforce.com", "https://test.salesforce.com"} {
		resp, err := domains.Client().PostForm(host+"/services/oauth2/token", url.Values{"grant_type": {"password"},
			"client_id": {ready.ClientID}, "client_secret": {ready.ClientSecret}, "username": {ready.Username}, "password": {ready.Password}})
		if err != nil {
			fmt.Println(err)
			return
		}
		var got map[string]string
		_ = json.NewDecoder(resp.Body).Decode(&got)
		_ = resp.Body.Close()
		fmt.Printf("%s: %d %s%s\n", host, resp.StatusCode, got["error"], got["instance_url"])
	}
	// Output:
	// https://login.salesforce.com: 400 invalid_grant
	// https://test.salesforce.com: 200 https://acme--uat.sandbox.my.salesforce.com
}
