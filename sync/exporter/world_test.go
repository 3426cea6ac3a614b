package exporter_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/mapping"
	"github.com/orglink/orglink/salesforce"
	"github.com/orglink/orglink/salesforce/salesforcetest"
	"github.com/orglink/orglink/salesforce/sobject"
	"github.com/orglink/orglink/sync/exporter"
	"github.com/orglink/orglink/sync/link"
)

const (
	tenant = orglink.TenantID("acme")
	conn   = orglink.ConnectionID("conn-1")
)

// world is a fake org and an exporter with a memory outbox.
type world struct {
	t      *testing.T
	org    *salesforcetest.Server
	client *salesforce.Client
	outbox *exporter.Memory
	links  *link.Memory
	cfg    exporter.Config
	http   *http.Client
}

type oneClient struct{ c *salesforce.Client }

func (o oneClient) Client(_ context.Context, t orglink.TenantID, c orglink.ConnectionID) (*salesforce.Client, error) {
	if t != tenant || c != conn {
		return nil, fmt.Errorf("no client for %s %s", t, c)
	}
	return o.c, nil
}

// companies maps the host's companies to accounts.
var companies = mapping.Map{Object: "Account", ExternalID: "Company_Key__c", Fields: []mapping.FieldMap{
	{Host: "name", Salesforce: "Name"}, {Host: "phone", Salesforce: "Phone"}, {Host: "staff", Salesforce: "NumberOfEmployees"},
	{Host: "notes", Salesforce: "Description"},
}}

func newWorld(t *testing.T) *world {
	t.Helper()
	org := salesforcetest.NewServer(t, salesforcetest.Config{})
	_ = org.Org().AddField("Account", salesforcetest.Field{Name: "Company_Key__c", Type: sobject.TypeString, Length: 40, ExternalID: true, Unique: true})
	w := &world{t: t, org: org, outbox: exporter.NewMemory(), links: link.NewMemory(), http: org.Client()}
	w.client = w.newClient()
	w.cfg = exporter.Config{Clients: oneClient{w.client}, Outbox: w.outbox, Links: w.links, Maps: map[string]mapping.Map{"companies": companies}}
	return w
}

func (w *world) newClient() *salesforce.Client {
	w.t.Helper()
	at, err := url.Parse(w.org.URL)
	if err != nil {
		w.t.Fatal(err)
	}
	ready := w.org.Ready()
	c, err := salesforce.New(salesforce.Config{Tokens: salesforce.StaticToken(w.org.URL, ready.AccessToken), HTTPClient: w.http,
		TrustedHosts: []string{at.Host}, RetryWaitMin: time.Millisecond, RetryWaitMax: 2 * time.Millisecond})
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

func (w *world) service() *exporter.Service {
	w.t.Helper()
	s, err := exporter.New(w.cfg)
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

func (w *world) add(changes ...exporter.Change) {
	w.t.Helper()
	if err := w.outbox.Add(w.t.Context(), changes...); err != nil {
		w.t.Fatal(err)
	}
}

// company is an upsert with pairs of fields and values.
func company(key string, pairs ...any) exporter.Change {
	row := mapping.Row{}
	for i := 0; i < len(pairs); i += 2 {
		row[pairs[i].(string)] = pairs[i+1]
	}
	return exporter.Change{Tenant: tenant, Connection: conn, Object: "companies", Key: key, Row: row}
}

func (w *world) run() exporter.Report {
	w.t.Helper()
	rep, err := w.service().Run(w.t.Context(), tenant, conn)
	if err != nil {
		w.t.Fatal(err)
	}
	return rep
}

// fate is a report's numbers in short.
func fate(r exporter.Report) string {
	return fmt.Sprintf("created %d, updated %d, unchanged %d, deleted %d, rejected %d, parked %d, retrying %d", r.Created, r.Updated, r.Unchanged, r.Deleted, r.Rejected, r.Parked, r.Retrying)
}

func (w *world) want(got exporter.Report, fates string) {
	w.t.Helper()
	if fate(got) != fates {
		w.t.Errorf("report: %s; want %s\n%+v", fate(got), fates, got.Rejections)
	}
}

// account reads a field of the account with a key; "-" when there is none.
func (w *world) account(key, field string) string {
	w.t.Helper()
	recs, err := w.org.Org().Query("SELECT Id, " + field + " FROM Account WHERE Company_Key__c = '" + key + "'")
	if err != nil {
		w.t.Fatal(err)
	}
	if len(recs) == 0 {
		return "-"
	}
	v, _ := recs[0].Value(field)
	return v.Raw()
}

// writes counts how often each external id was written, from the requests
// that reached the org and were done.
type writes struct {
	mu sync.Mutex
	n  map[string]int
}

// countWrites counts the records of collection upserts that the org worked on.
func (w *world) countWrites() *writes {
	c := &writes{n: map[string]int{}}
	w.org.OnAnswered(func(r salesforcetest.RequestRecord) {
		if r.Method != "PATCH" || !strings.Contains(r.Path, "/composite/sobjects/") || r.Status >= 400 {
			return
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		for part := range strings.SplitSeq(string(r.Body), `"Company_Key__c":"`) {
			if key, _, ok := strings.Cut(part, `"`); ok && !strings.Contains(key, "{") {
				c.n[key]++
			}
		}
	})
	return c
}

func (c *writes) twice() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []string
	for key, n := range c.n {
		if n > 1 {
			out = append(out, key)
		}
	}
	slices.Sort(out)
	return out
}
