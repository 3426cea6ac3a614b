// Package acme is a small product that uses Orglink as any other module does:
// by its exported packages, under a path of its own. Its stores are in memory;
// its test runs against the fake org. Copy it to begin an integration test.
package acme

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/connection"
	"github.com/orglink/orglink/mapping"
	"github.com/orglink/orglink/sync/exporter"
	"github.com/orglink/orglink/sync/importer"
	"github.com/orglink/orglink/sync/integration"
	"github.com/orglink/orglink/sync/link"
	"github.com/orglink/orglink/sync/runner"
	"github.com/orglink/orglink/usersync"
)

// Plans is what the product calls the rows that it writes to Salesforce.
const Plans = "plans"

// Product is the part of the product that knows Salesforce.
type Product struct {
	Connections  *connection.Manager
	Integrations *integration.Service
	Companies    *importer.MemorySink // the imported records
	Importer     *importer.Importer
	Outbox       *exporter.Memory // rows on their way to Salesforce
	Exporter     *exporter.Service
	People       *usersync.MemoryDirectory // the product's own users
	Users        *usersync.Service
}

// Settings differ between production and a test.
type Settings struct {
	ClientID, ClientSecret string
	// Site is the product's address, such as https://acme.example.
	Site string
	// LoginHost is where customers sign in, and TrustedHosts which hosts
	// besides Salesforce's may see tokens: empty in production.
	LoginHost    string
	TrustedHosts []string
	// Lag is how far the import stays behind the org's clock; 0 is the
	// library's default, and -1 right for a test that has the org to itself.
	Lag time.Duration
	Key []byte // 32 bytes, from the product's secrets
}

// New wires the pieces.
func New(s Settings) (*Product, error) {
	keys, err := orglink.NewKeyRing(orglink.Key{ID: 1, Bytes: s.Key})
	if err != nil {
		return nil, err
	}
	p := &Product{Companies: importer.NewMemorySink(), Outbox: exporter.NewMemory(), People: usersync.NewMemoryDirectory()}
	work, err := runner.New(runner.Config{Leases: runner.NewMemoryStore(), Owner: "acme"})
	if err != nil {
		return nil, err
	}
	var errs [5]error
	p.Connections, errs[0] = connection.New(connection.Config{
		Apps:  []connection.App{{ClientID: s.ClientID, ClientSecret: orglink.NewSecret(s.ClientSecret)}},
		Store: connection.NewMemoryStore(), Tokens: connection.NewMemoryTokenStore(), Sealer: keys, Environment: "test",
		RedirectURL: s.Site + "/salesforce/callback", LoginHost: s.LoginHost, TrustedHosts: s.TrustedHosts,
	})
	p.Integrations, errs[1] = integration.New(integration.Config{
		Store: integration.NewMemory(), Connections: p.Connections, Groups: integration.StaticGroups{"sales": nil},
	})
	p.Importer, errs[2] = importer.New(importer.Config{Clients: p.Connections, Selections: p.Integrations, Sink: p.Companies, Leases: work, Lag: s.Lag})
	p.Exporter, errs[3] = exporter.New(exporter.Config{
		Clients: p.Connections, Outbox: p.Outbox, Links: link.NewMemory(),
		Maps: map[string]mapping.Map{Plans: {Object: "Plan__c", ExternalID: "Key__c", Fields: []mapping.FieldMap{
			{Host: "company", Salesforce: "Account__c"}, {Host: "seats", Salesforce: "Seats__c"},
		}}},
	})
	p.Users, errs[4] = usersync.New(usersync.Config{
		Clients: p.Connections, Directory: p.People, Pairs: usersync.NewMemory(), Strategy: usersync.Automatic(),
	})
	return p, errors.Join(errs[:]...)
}

// Handler serves the product's pages. actor reads the product's session.
func (p *Product) Handler(actor func(*http.Request) (orglink.Actor, error)) (http.Handler, error) {
	routes, err := p.Connections.Handler(connection.HandlerConfig{
		Actor: actor,
		Connected: func(w http.ResponseWriter, _ *http.Request, c connection.Connection) {
			fmt.Fprint(w, c.ID)
		},
	})
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("/salesforce/", http.StripPrefix("/salesforce", routes))
	return mux, nil
}

// Select chooses what is imported.
func (p *Product) Select(ctx context.Context, who orglink.Actor, conn orglink.ConnectionID, fields map[string][]string) error {
	draft := integration.Draft{Name: "Customers", Connection: conn, Owner: who.Group}
	for object, names := range fields {
		draft.Objects = append(draft.Objects, mapping.ObjectSelection{Object: object, Fields: mapping.Listed(names...)})
	}
	_, err := p.Integrations.Save(ctx, who, draft)
	return err
}
