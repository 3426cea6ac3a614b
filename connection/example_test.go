package connection_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/url"

	"golang.org/x/oauth2"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/connection"
	"github.com/orglink/orglink/mapping"
	"github.com/orglink/orglink/sync/runner"
)

// exampleManager is what a host makes at its start, here with stores in memory.
func exampleManager() (*connection.Manager, error) {
	key := make([]byte, 32) // from the host's secret store in earnest
	_, _ = rand.Read(key)
	ring, err := orglink.NewKeyRing(orglink.Key{ID: 1, Bytes: key})
	if err != nil {
		return nil, err
	}
	return connection.New(connection.Config{
		Apps:        []connection.App{{ClientID: "3MVG9...", ClientSecret: orglink.NewSecret("...")}},
		Store:       connection.NewMemoryStore(),
		Tokens:      connection.NewMemoryTokenStore(),
		Sealer:      ring,
		Environment: "production",
		RedirectURL: "https://product.example/salesforce/callback",
	})
}

// An admin's browser is sent to Salesforce; what comes back to the callback is
// given to Finish.
func ExampleManager_Start() {
	m, err := exampleManager()
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	actor := orglink.Actor{Tenant: "acme", User: "ada", Admin: true}
	auth, err := m.Start(ctx, actor, connection.StartRequest{LoginHost: "acme.my.salesforce.com"})
	if err != nil {
		log.Fatal(err)
	}
	u, err := url.Parse(auth.URL)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(u.Host + u.Path)

	// The person chose Deny.
	query := url.Values{"state": {u.Query().Get("state")}, "error": {"access_denied"}}
	_, err = m.Finish(ctx, actor, query)
	fmt.Println(errors.Is(err, connection.ErrDenied))
	fmt.Println(connection.Explain(err))
	// Output:
	// acme.my.salesforce.com/services/oauth2/authorize
	// true
	// Access was not granted on the Salesforce page, so nothing was connected. Start again and choose Allow when Salesforce asks.
}

// The two routes of an authorisation, mounted in a host's mux.
func ExampleManager_Handler() {
	m, err := exampleManager()
	if err != nil {
		log.Fatal(err)
	}
	h, err := m.Handler(connection.HandlerConfig{
		Actor: func(r *http.Request) (orglink.Actor, error) {
			// The host looks into its own session here.
			return orglink.Actor{Tenant: "acme", User: "ada", Admin: true}, nil
		},
		Connected: func(w http.ResponseWriter, r *http.Request, c connection.Connection) {
			http.Redirect(w, r, "/settings/salesforce", http.StatusSeeOther)
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/salesforce/", http.StripPrefix("/salesforce", h))
}

// What a sync needs is data, joined from what it reads and writes.
func ExampleForSelections() {
	need := connection.ForSelections(
		mapping.Selection{Object: "Account", Fields: []string{"Id", "Name"}},
	).And(connection.ForMaps(
		mapping.Map{Object: "Account", ExternalID: "Product_Id__c", Fields: []mapping.FieldMap{{Host: "name", Salesforce: "Name"}}},
	))
	for _, o := range need.Objects {
		fmt.Println(o.Object, o.Read, o.Create, o.Edit, o.Fields)
	}
	// Output:
	// Account true true true [{Id false false} {Name true true} {Product_Id__c true false}]
}

// One keeper for each tenant, beside the host's other jobs.
func ExampleManager_Keeper() {
	m, err := exampleManager()
	if err != nil {
		log.Fatal(err)
	}
	work, err := runner.New(runner.Config{Leases: runner.NewMemoryStore()})
	if err != nil {
		log.Fatal(err)
	}
	var jobs []runner.Job
	for _, tenant := range []orglink.TenantID{"acme", "globex"} {
		jobs = append(jobs, m.Keeper(tenant))
	}
	fmt.Println(work.RunDue(context.Background(), jobs...))
	// Output: <nil>
}

// The tokens of a connection for code that knows oauth2 only.
func ExampleManager_TokenSource() {
	m, err := exampleManager()
	if err != nil {
		log.Fatal(err)
	}
	client := oauth2.NewClient(context.Background(), m.TokenSource("acme", "no-such-connection"))
	_, err = client.Get("https://acme.my.salesforce.com/services/data/v66.0/limits")
	fmt.Println(errors.Is(err, connection.ErrNotFound))
	// Output: true
}

// An app of the customer's own, whose tokens need nobody to sign in.
func ExampleManager_Connect() {
	m, err := exampleManager()
	if err != nil {
		log.Fatal(err)
	}
	admin := orglink.Actor{Tenant: "acme", User: "ada", Admin: true}
	_, err = m.Connect(context.Background(), admin, connection.ConnectRequest{Flow: connection.JWTBearer, Username: "integration@acme.example", LoginHost: "acme.example"})
	fmt.Println(errors.Is(err, connection.ErrUntrustedHost))
	// Output: true
}
