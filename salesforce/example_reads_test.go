package salesforce_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"strings"

	"github.com/orglink/orglink/salesforce"
	"github.com/orglink/orglink/salesforce/sobject"
)

// Any endpoint of an org takes the same path as the calls that have a name of
// their own: sign-in, one refresh of a dead token, retries, limits, typed
// errors. Apex REST stands under /services/apexrest/, other resources below the
// API version need no leading slash.
func ExampleClient_Do() {
	org, client := exampleOrg()
	defer org.Close()
	resp, err := client.Do(context.Background(), salesforce.Request{
		Path:      "sobjects/Account",
		Header:    http.Header{"Sforce-Mru": {"updateMru=false"}},
		Operation: "account.basics", // for the observer and for errors
		MaxBytes:  1 << 20,
	})
	if err != nil {
		log.Fatal(err) // an *Error for any status but 2xx and 304
	}
	var out struct {
		ObjectDescribe struct{ Label string }
	}
	if err := resp.Decode(&out); err != nil { // Decode closes the body
		log.Fatal(err)
	}
	fmt.Println(resp.StatusCode, out.ObjectDescribe.Label)

	err = client.DoJSON(context.Background(), salesforce.Request{
		Method: http.MethodPost, Path: "/services/apexrest/invoices", JSON: map[string]int{"amount": 7},
		Idempotent: false, // so it is repeated only if the org cannot have seen it
	}, &out)
	fmt.Println(errors.Is(err, salesforce.ErrNotFound))
	// Output:
	// 200 Account
	// true
}

func ExampleClient_Search() {
	org, client := exampleOrg()
	defer org.Close()
	term := "Acme} RETURNING User" // what a visitor typed
	found, err := client.Search(context.Background(), "FIND {"+salesforce.EscapeSOSL(term)+"} IN NAME FIELDS RETURNING Account(Id, Name)")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(found))
	found, err = client.SearchWith(context.Background(), salesforce.SearchRequest{
		Text: "Globex", Objects: []salesforce.SearchObject{{Name: "Account", Fields: []string{"Name"}}},
	})
	if err != nil {
		log.Fatal(err)
	}
	for _, rec := range found {
		name, _ := rec.Text("Name")
		fmt.Println(rec.Object(), name)
	}
	// Output:
	// 0
	// Account Globex
}

func ExampleClient_Blob() {
	org, client := exampleOrg()
	defer org.Close()
	ctx := context.Background()
	account, err := client.SearchWith(ctx, salesforce.SearchRequest{Text: "Acme", Objects: []salesforce.SearchObject{{Name: "Account"}}})
	if err != nil {
		log.Fatal(err)
	}
	rec := sobject.NewRecord("Attachment", sobject.F("ParentId", sobject.IDValue(account[0].ID())), sobject.F("Name", sobject.TextValue("hello.txt")))
	stored, err := client.CreateBlob(ctx, rec, "Body", salesforce.File{Name: "hello.txt",
		Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader("hello")), nil }})
	if err != nil {
		log.Fatal(err)
	}
	resp, err := client.Blob(ctx, "Attachment", stored.ID, "Body")
	if err != nil {
		log.Fatal(err)
	}
	defer resp.Body.Close()
	content, err := io.ReadAll(resp.Body)
	fmt.Println(string(content), err)
	// Output: hello <nil>
}

// Background work stops at a share of the org's daily requests; a person who
// waits is served all the same.
func ExampleInteractive() {
	org, client := exampleOrg()
	defer org.Close()
	read := func(ctx context.Context) error {
		_, err := client.Recent(ctx, 10)
		if errors.Is(err, salesforce.ErrQuotaFloor) {
			return nil // later
		}
		return err
	}
	fmt.Println(read(context.Background()), read(salesforce.Interactive(context.Background())))
	// Output: <nil> <nil>
}

func ExampleNewNegotiated() {
	org, _ := exampleOrg()
	defer org.Close()
	client, err := salesforce.NewNegotiated(context.Background(), salesforce.Config{
		Tokens:       salesforce.StaticToken(org.URL, org.Ready().AccessToken),
		TrustedHosts: []string{strings.TrimPrefix(org.URL, "http://")},
		APIVersion:   "99.0", // the newest that this program knows
		Observer: func(call salesforce.Call) {
			if call.Warning != "" {
				log.Println("the API version is going away:", call.Warning)
			}
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	status, err := client.CheckVersion(context.Background())
	fmt.Println(client.APIVersion(), status.Label, status.Aging, err)
	// Output: 66.0 Spring '26 false <nil>
}
