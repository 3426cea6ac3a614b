package importer_test

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/mapping"
	"github.com/orglink/orglink/salesforce"
	"github.com/orglink/orglink/salesforce/salesforcetest"
	"github.com/orglink/orglink/sync/importer"
	"github.com/orglink/orglink/sync/runner"
)

// host stands for what a host has: connections and integrations.
type host struct{ client *salesforce.Client }

func (h host) Client(context.Context, orglink.TenantID, orglink.ConnectionID) (*salesforce.Client, error) {
	return h.client, nil
}

func (h host) Selections(context.Context, orglink.TenantID, orglink.ConnectionID) ([]mapping.Selection, error) {
	return []mapping.Selection{{Object: "Account", Fields: []string{"Id", "Name", "SystemModstamp"}}}, nil
}

func Example() {
	org, err := salesforcetest.Start(salesforcetest.Config{}) // a fake org
	if err != nil {
		fmt.Println(err)
		return
	}
	defer org.Close()
	for _, name := range []string{"Acme", "Globex"} {
		_, _ = org.Org().Create("Account", salesforcetest.Fields{"Name": name})
	}
	ready := org.Ready()
	client, err := salesforce.New(salesforce.Config{Tokens: salesforce.StaticToken(ready.URL, ready.AccessToken),
		TrustedHosts: []string{strings.TrimPrefix(ready.URL, "http://")}})
	if err != nil {
		fmt.Println(err)
		return
	}
	run, err := runner.New(runner.Config{Leases: runner.NewMemoryStore()})
	if err != nil {
		fmt.Println(err)
		return
	}
	sink := importer.NewMemorySink() // a host uses a mirror
	im, err := importer.New(importer.Config{Clients: host{client}, Selections: host{client}, Sink: sink, Leases: run,
		Lag: -1, PollMin: 10 * time.Millisecond}) // the fake's changes are visible at once
	if err != nil {
		fmt.Println(err)
		return
	}
	report, err := im.Sync(context.Background(), "tenant", "connection", importer.SyncOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, o := range report.Objects {
		fmt.Println(o.Object, sink.Len(importer.Stream{Tenant: "tenant", Connection: "connection", Object: o.Object}), "records,", o.Jobs, "Bulk job")
	}
	// Output: Account 2 records, 1 Bulk job
}
