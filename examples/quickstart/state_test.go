package main

import (
	"fmt"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/salesforce/salesforcetest"
	"github.com/orglink/orglink/salesforce/sobject"
	"github.com/orglink/orglink/sync/exporter"
	"github.com/orglink/orglink/sync/mirror"
)

// endState is all that two undisturbed runs have in common.
type endState struct {
	Org     map[string][]string // each object's records, without times
	Product []string            // the product's own users and rows
	Exports []string            // each exported change and its fate
	Written map[string]int      // how often each row was written in the org
	Pairs   int
}

// state reads the end state, and checks that the mirror is the org, value by
// value.
func (s *scene) state() endState {
	s.t.Helper()
	ctx := s.t.Context()
	h := reopen(s.t, s.server, s.db)
	db, done, err := openDatabase(ctx, &config{db: s.db})
	s.must(err)
	defer done()
	list, err := h.Integrations.List(ctx, admin)
	s.must(err)
	if len(list) != 1 {
		s.t.Fatalf("%d integrations, want 1", len(list))
	}
	out := endState{Org: map[string][]string{}, Written: map[string]int{}}
	for _, object := range selected {
		s.mirrorIsOrg(h, list[0].ID, object, &out)
	}
	for _, query := range []string{
		"SELECT email || ' ' || (creation_key IS NOT NULL) FROM product_user ORDER BY email",
		"SELECT usage_key || ' ' || plan || ' ' || seats || ' ' || version FROM product_usage ORDER BY usage_key",
		"SELECT 'round ' || round || ' ' || finished FROM quickstart_round",
	} {
		rows, err := db.QueryContext(ctx, query)
		s.must(err)
		for rows.Next() {
			var line string
			s.must(rows.Scan(&line))
			out.Product = append(out.Product, line)
		}
		s.must(rows.Err())
		_ = rows.Close() //nolint:sqlclosecheck // the next query comes before the end of the function
	}
	entries, err := h.Outbox.List(ctx, tenant, list[0].Connection, exporter.Filter{Limit: 1000})
	s.must(err)
	for _, e := range entries {
		reason := ""
		if e.Reason != nil && e.State != exporter.Succeeded {
			reason = e.Reason.Code
		}
		out.Exports = append(out.Exports, fmt.Sprintf("%s %v %s %s %s", e.Key, e.Row["seats"], e.State, e.Outcome, reason))
	}
	sort.Strings(out.Exports)
	s.mu.Lock()
	defer s.mu.Unlock()
	for key, n := range s.written {
		if !strings.HasSuffix(key, "-negative") && !strings.HasSuffix(key, "-gone") { // refused writes may be repeated
			out.Written[key] = n
		}
	}
	out.Pairs = s.pairs(h, list[0].Connection)
	return out
}

// reopen wires the product's database again, as a new process would.
func reopen(t *testing.T, server *salesforcetest.Server, file string) *host {
	t.Helper()
	c := &config{db: file, poll: time.Millisecond}
	db, done, err := openDatabase(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(done)
	keys, err := sealer(c)
	if err != nil {
		t.Fatal(err)
	}
	ready := server.Ready()
	o := &org{URL: server.URL, ClientID: ready.ClientID, ClientSecret: ready.ClientSecret, Fake: true}
	h, err := wire(t.Context(), db, settings{config: c, org: o, sealer: keys, callback: "http://127.0.0.1:1/salesforce/callback", meter: &meter{}, progress: newProgress(true)})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func (s *scene) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// mirrorIsOrg compares every record and value, and keeps those of the org that
// do not depend on the time.
func (s *scene) mirrorIsOrg(h *host, id orglink.IntegrationID, object string, out *endState) {
	s.t.Helper()
	ctx := s.t.Context()
	have := map[sobject.ID]sobject.Record{}
	for q := (mirror.Query{Object: object, Limit: 1000}); ; {
		page, err := h.Mirror.List(ctx, admin, id, q)
		s.must(err)
		for _, r := range page.Rows {
			have[r.ID] = r.Record
		}
		if q.After = page.Next; q.After == "" {
			break
		}
	}
	view, err := h.Integrations.View(ctx, admin, id)
	s.must(err)
	fields, _ := view.Fields(object)
	rows, err := s.server.Org().System().Query("SELECT " + strings.Join(fields, ", ") + " FROM " + object)
	s.must(err)
	if len(rows) != len(have) {
		s.t.Errorf("%s: the mirror holds %d records, the org %d", object, len(have), len(rows))
	}
	for _, want := range rows {
		got, ok := have[want.ID()]
		if !ok {
			s.t.Errorf("%s %s is not in the mirror", object, want.ID())
			continue
		}
		var line strings.Builder
		for name, v := range want.Fields() {
			w, _ := got.Value(name)
			if !same(v, w) {
				s.t.Errorf("%s %s.%s: the mirror holds %q, the org %q", object, want.ID(), name, w.Raw(), v.Raw())
			}
			if !strings.HasSuffix(name, "Date") && name != "SystemModstamp" {
				fmt.Fprintf(&line, "%s=%s ", name, v.Raw())
			}
		}
		out.Org[object] = append(out.Org[object], line.String())
	}
	sort.Strings(out.Org[object])
}

// same compares values, date-times by their instant.
func same(a, b sobject.Value) bool {
	if a.Equal(b) {
		return true
	}
	x, err1 := a.Time()
	y, err2 := b.Time()
	return err1 == nil && err2 == nil && x.Equal(y)
}

// pairs counts the pairs by planning again.
func (s *scene) pairs(h *host, conn orglink.ConnectionID) int {
	plan, err := h.Users.Plan(s.t.Context(), tenant, conn)
	s.must(err)
	return plan.Count("paired")
}
