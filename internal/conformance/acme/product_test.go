package acme_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"example.com/acme"
	"github.com/orglink/orglink"
	"github.com/orglink/orglink/mapping"
	"github.com/orglink/orglink/salesforce/salesforcetest"
	"github.com/orglink/orglink/salesforce/sobject"
	"github.com/orglink/orglink/sync/exporter"
	"github.com/orglink/orglink/sync/importer"
	"github.com/orglink/orglink/usersync"
)

var admin = orglink.Actor{Tenant: "globex", User: "hank", Group: "sales", Admin: true}

// newOrg is the customer's Salesforce: two companies, a sales representative,
// and the object that the product writes to.
func newOrg(t *testing.T) *salesforcetest.Server {
	org := salesforcetest.NewServer(t, salesforcetest.Config{})
	o := org.Org()
	o.Create("Account", salesforcetest.Fields{"Name": "Initech", "Industry": "Technology", "Phone": "secret"})
	o.Create("Account", salesforcetest.Fields{"Name": "Hooli"})
	o.DefineObject(salesforcetest.Object{Name: "Plan__c", Label: "Plan", Fields: []salesforcetest.Field{
		{Name: "Key__c", Type: sobject.TypeString, Length: 40, ExternalID: true, Unique: true},
		{Name: "Account__c", Type: sobject.TypeReference, ReferenceTo: []string{"Account"}, Relationship: "Account__r", ChildRelationship: "Plans__r"},
		{Name: "Seats__c", Type: sobject.TypeDouble, Precision: 9},
	}})
	return org
}

// newProduct runs the product, and links the customer's org through its pages
// as the customer's admin does.
func newProduct(t *testing.T, org *salesforcetest.Server) (*acme.Product, orglink.ConnectionID) {
	site := httptest.NewUnstartedServer(nil)
	ready, at := org.Ready(), "http://"+site.Listener.Addr().String()
	host, err := url.Parse(org.URL)
	if err != nil {
		t.Fatal(err)
	}
	product, err := acme.New(acme.Settings{
		ClientID: ready.ClientID, ClientSecret: ready.ClientSecret, Site: at,
		LoginHost: org.URL, TrustedHosts: []string{host.Host}, Key: make([]byte, 32), Lag: -1,
	})
	if err != nil {
		t.Fatal(err)
	}
	site.Config.Handler, err = product.Handler(func(*http.Request) (orglink.Actor, error) { return admin, nil })
	if err != nil {
		t.Fatal(err)
	}
	site.Start()
	t.Cleanup(site.Close)
	button, err := http.NewRequestWithContext(t.Context(), http.MethodPost, at+"/salesforce/start", nil)
	if err != nil {
		t.Fatal(err)
	}
	page, err := org.Authorize(button, salesforcetest.Person{}) // signs in and allows access
	if err != nil {
		t.Fatal(err)
	}
	defer page.Body.Close()
	id, err := io.ReadAll(page.Body)
	if err != nil || page.StatusCode != http.StatusOK {
		t.Fatalf("linking ended with %s: %s", page.Status, id)
	}
	return product, orglink.ConnectionID(id)
}

func TestProduct(t *testing.T) {
	org := newOrg(t)
	product, conn := newProduct(t, org)
	ctx := t.Context()
	if health, err := product.Connections.Check(ctx, admin.Tenant, conn); err != nil || !health.OK() {
		t.Fatalf("the connection does not work: %+v %v", health, err)
	}

	// Import: what was selected, and nothing else.
	if err := product.Select(ctx, admin, conn, map[string][]string{"Account": {"Name", "Industry"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := product.Importer.Sync(ctx, admin.Tenant, conn, importer.SyncOptions{}); err != nil {
		t.Fatal(err)
	}
	companies := product.Companies.All(importer.Stream{Tenant: admin.Tenant, Connection: conn, Object: "Account"})
	inOrg, _ := org.Org().Query("SELECT Id, Name, Industry FROM Account") // its errors end the test by themselves
	if len(companies) != len(inOrg) {
		t.Errorf("%d companies imported, the org has %d", len(companies), len(inOrg))
	}
	for _, want := range inOrg {
		got := companies[want.ID()].Record
		for _, field := range []string{"Name", "Industry"} {
			a, _ := got.Value(field)
			b, _ := want.Value(field)
			if a.Raw() != b.Raw() {
				t.Errorf("%s of %s: imported %q, the org has %q", field, want.ID(), a.Raw(), b.Raw())
			}
		}
		if _, has := got.Value("Phone"); has {
			t.Errorf("a field that nobody selected came in with %s", want.ID())
		}
	}

	// Export: one row, told twice, written once.
	change := exporter.Change{Tenant: admin.Tenant, Connection: conn, Object: acme.Plans, Key: "plan-1",
		Row: mapping.Row{"company": inOrg[0].ID(), "seats": 12}}
	for _, want := range []exporter.Report{{Created: 1}, {Unchanged: 1}} {
		if err := product.Outbox.Add(ctx, change); err != nil {
			t.Fatal(err)
		}
		report, err := product.Exporter.Run(ctx, admin.Tenant, conn)
		if err != nil || report.Created != want.Created || report.Unchanged != want.Unchanged || report.Rejected != 0 {
			t.Fatalf("%+v %v", report, err)
		}
	}
	if n, _ := org.Org().Count("SELECT Id FROM Plan__c WHERE Key__c = 'plan-1' AND Seats__c = 12 AND Account__r.Name = 'Initech'"); n != 1 {
		t.Errorf("%d plans in the org, want 1", n)
	}

	// Users: the org's administrator is somebody whom the product knows.
	me, _ := org.Org().Get(sobject.ID(org.Ready().UserID), "Email")
	email, _ := me.Text("Email")
	product.People.Add(admin.Tenant, usersync.HostUser{ID: "hank", Email: email, Name: "Hank Scorpio"})
	plan, err := product.Users.Plan(ctx, admin.Tenant, conn)
	if err != nil {
		t.Fatal(err)
	}
	if result, err := product.Users.Apply(ctx, plan); err != nil || result.Paired != 1 || len(result.Failed) != 0 {
		t.Fatalf("%+v %v", result, err)
	}
	if again, err := product.Users.Plan(ctx, admin.Tenant, conn); err != nil || again.Count(usersync.ActionPaired) != 1 {
		t.Errorf("%+v %v", again, err)
	}
}

// TestProductLosesItsAnswer shows how a test makes Salesforce fail: the org
// does the work and its answer is lost. The row is there once.
func TestProductLosesItsAnswer(t *testing.T) {
	org := newOrg(t)
	product, conn := newProduct(t, org)
	org.Fault(salesforcetest.Fault{
		Match:  salesforcetest.Match{Path: "composite/sobjects", Nth: 1},
		Action: salesforcetest.DropAfter(),
	})
	change := exporter.Change{Tenant: admin.Tenant, Connection: conn, Object: acme.Plans, Key: "plan-1", Row: mapping.Row{"seats": 3}}
	if err := product.Outbox.Add(t.Context(), change); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the first run may leave the row to the next
		if _, err := product.Exporter.Run(t.Context(), admin.Tenant, conn); err != nil {
			t.Log(err)
		}
	}
	if n, _ := org.Org().Count("SELECT Id FROM Plan__c"); n != 1 {
		t.Errorf("%d plans in the org, want 1", n)
	}
}
