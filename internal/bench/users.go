package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/salesforce"
	"github.com/orglink/orglink/salesforce/sobject"
	"github.com/orglink/orglink/usersync"
)

// The users suite: planning accounts for all users of an org, nobody paired yet
// and everybody paired, beside only reading the users. The server in this
// process answers with pages made beforehand.
const userPage = 2000

type userOrg struct {
	pages [][]byte
}

func userID(i int) sobject.ID { return sobject.MustID(fmt.Sprintf("005ak%010d", i)) }

func newUserOrg(n int) *userOrg {
	o := &userOrg{}
	for from := 0; from < n; from += userPage {
		to := min(from+userPage, n)
		var b strings.Builder
		fmt.Fprintf(&b, `{"totalSize":%d,"done":%t,`, n, to == n)
		if to < n {
			fmt.Fprintf(&b, `"nextRecordsUrl":"%s/query/01gak000000000AAAA-%d",`, apiBase, to)
		}
		b.WriteString(`"records":[`)
		for i := from; i < to; i++ {
			if i > from {
				b.WriteByte(',')
			}
			id := userID(i)
			fmt.Fprintf(&b, `{"attributes":{"type":"User","url":"%s/sobjects/User/%s"},"Id":"%s","Username":"user%d@org.example","Email":"user%d@example.com","Name":"First%d Last%d","FirstName":"First%d","LastName":"Last%d","FederationIdentifier":null,"IsActive":%t,"UserType":"Standard","SystemModstamp":"2026-10-25T00:30:01.000+0000","Profile":{"attributes":{"type":"Profile","url":"%s/sobjects/Profile/00eak0000000001AAA"},"UserLicense":{"attributes":{"type":"UserLicense","url":"%s/sobjects/UserLicense/100ak0000000001AAA"},"Name":"Salesforce"}}}`,
				apiBase, id, id, i, i, i, i, i, i, i%10 != 9, apiBase, apiBase)
		}
		b.WriteString("]}")
		o.pages = append(o.pages, []byte(b.String()))
	}
	return o
}

func (o *userOrg) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	if q := r.URL.Query().Get("q"); strings.Contains(q, "FROM UserLogin") {
		_, _ = io.WriteString(w, `{"totalSize":0,"done":true,"records":[]}`)
		return
	}
	page := 0
	if _, at, more := strings.Cut(r.URL.Path, "AAAA-"); more {
		n, err := strconv.Atoi(at)
		if err != nil || n/userPage >= len(o.pages) {
			http.Error(w, "no such page", http.StatusNotFound)
			return
		}
		page = n / userPage
	}
	_, _ = w.Write(o.pages[page])
}

type benchClient struct{ c *salesforce.Client }

func (b benchClient) Client(context.Context, orglink.TenantID, orglink.ConnectionID) (*salesforce.Client, error) {
	return b.c, nil
}

func usersSuite(ctx context.Context, s settings) ([]result, error) {
	const tenant, org = orglink.TenantID("acme"), sobject.ID("00Dak0000000001AAA")
	server := httptest.NewServer(newUserOrg(s.rows))
	defer server.Close()
	at, err := url.Parse(server.URL)
	if err != nil {
		return nil, err
	}
	client, err := salesforce.New(salesforce.Config{Tokens: salesforce.StaticToken(server.URL, "token"), TrustedHosts: []string{at.Host}})
	if err != nil {
		return nil, err
	}
	plan := func(pairs *usersync.Memory, people *usersync.MemoryDirectory, action usersync.Action) (reader, error) {
		users, err := usersync.New(usersync.Config{Clients: benchClient{client}, Directory: people, Pairs: pairs, Strategy: usersync.AllActive(),
			OrgID: func(context.Context, orglink.TenantID, orglink.ConnectionID) (sobject.ID, error) { return org, nil }})
		return reader{name: "orglink-" + string(action), read: func(ctx context.Context) (int, error) {
			p, err := users.Plan(ctx, tenant, "conn")
			if err != nil {
				return 0, err
			}
			want := s.rows - s.rows/10
			if action == usersync.ActionPaired { // the others are paired, and their accounts inactive
				want = s.rows
			}
			if p.Count(action) != want {
				return 0, fmt.Errorf("%d to %s, want %d", p.Count(action), action, want)
			}
			return len(p.Entries), nil
		}}, err
	}
	people, pairs := usersync.NewMemoryDirectory(), usersync.NewMemory()
	for i := range s.rows {
		host := orglink.UserID(fmt.Sprint("host-", i))
		people.Add(tenant, usersync.HostUser{ID: host, Email: fmt.Sprintf("user%d@example.com", i), SalesforceUser: i%10 != 9, Inactive: i%10 == 9})
		if err := pairs.Put(ctx, usersync.Pair{Tenant: tenant, Org: org, Salesforce: userID(i), User: host}); err != nil {
			return nil, err
		}
	}
	create, e1 := plan(usersync.NewMemory(), usersync.NewMemoryDirectory(), usersync.ActionCreate)
	match, e2 := plan(usersync.NewMemory(), people, usersync.ActionPair)
	follow, e3 := plan(pairs, people, usersync.ActionPaired)
	if err := errors.Join(e1, e2, e3); err != nil {
		return nil, err
	}
	return measure(ctx, "users", "plan", s, []reader{create, match, follow})
}

func usersTable(out io.Writer, s settings, results []result) error {
	fmt.Fprintf(out, "%d users, nine of ten active, pages of %d, median of %d interleaved rounds\n\n", s.rows, userPage, s.rounds)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "workload\twhat\tusers\tusers/s\tseconds\tallocs/user\tpeak heap MB\t")
	for _, r := range results {
		fmt.Fprintf(w, "%s\t%s\t%d\t%.0f\t%.2f\t%.1f\t%.0f\t\n", r.Workload, r.Decoder, r.Rows, r.RecordsPerSecond, float64(r.Rows)/r.RecordsPerSecond, r.AllocsPerRecord, float64(r.PeakHeapBytes)/1e6)
	}
	return w.Flush()
}
