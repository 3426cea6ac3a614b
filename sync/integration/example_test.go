package integration_test

import (
	"context"
	"fmt"
	"net/url"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/mapping"
	"github.com/orglink/orglink/salesforce"
	"github.com/orglink/orglink/salesforce/salesforcetest"
	"github.com/orglink/orglink/sync/integration"
)

// oneOrg stands for a connection.Manager.
type oneOrg struct{ client *salesforce.Client }

func (o oneOrg) Client(context.Context, orglink.TenantID, orglink.ConnectionID) (*salesforce.Client, error) {
	return o.client, nil
}

func Example() {
	ctx := context.Background()
	org, err := salesforcetest.Start(salesforcetest.Config{})
	if err != nil {
		panic(err)
	}
	defer org.Close()
	u, _ := url.Parse(org.URL)
	client, err := salesforce.New(salesforce.Config{Tokens: salesforce.StaticToken(org.URL, org.Ready().AccessToken), TrustedHosts: []string{u.Host}})
	if err != nil {
		panic(err)
	}
	_, _ = org.Org().Create("Account", salesforcetest.Fields{"Name": "Acme"})

	integrations, err := integration.New(integration.Config{
		Store:       integration.NewMemory(),
		Connections: oneOrg{client},
		Groups:      integration.StaticGroups{"sales": {"support"}, "support": nil},
	})
	if err != nil {
		panic(err)
	}
	admin := orglink.Actor{Tenant: "t-1", User: "ann", Group: "sales", Admin: true}
	draft := integration.Draft{Name: "Customers", Connection: "c-1",
		Objects: []mapping.ObjectSelection{{Object: "Account", Fields: mapping.Listed("Name", "Phone", "Website")}}}

	review, err := integrations.Review(ctx, admin, draft)
	if err != nil {
		panic(err)
	}
	fmt.Println(review.Ready(), review.Objects[0].Fields, "fields,", review.Companies, "company")

	in, err := integrations.Save(ctx, admin, draft)
	if err != nil {
		panic(err)
	}
	// Support sees the names only.
	if _, err := integrations.Share(ctx, admin, in.ID, "support", []mapping.Selection{{Object: "Account", Fields: []string{"Name"}}}); err != nil {
		panic(err)
	}
	view, err := integrations.View(ctx, orglink.Actor{Tenant: "t-1", User: "sam", Group: "support"}, in.ID)
	if err != nil {
		panic(err)
	}
	fmt.Println(view.Fields("Account"))
	// Output:
	// true 5 fields, 1 company
	// [Id Name] true
}
