package exporter_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/connection"
	"github.com/orglink/orglink/mapping"
	"github.com/orglink/orglink/salesforce"
	"github.com/orglink/orglink/salesforce/salesforcetest"
	"github.com/orglink/orglink/salesforce/sobject"
	"github.com/orglink/orglink/sync/exporter"
)

// The policies of package connection are used without an adapter.
var _ exporter.Identity = (*connection.Attributor)(nil)

// reps are people with connections of their own, by host user.
type reps struct {
	w       *world
	clients map[orglink.ConnectionID]*salesforce.Client
	ids     map[orglink.UserID]sobject.ID
	broken  map[orglink.UserID]error // what the policy says of them
	asked   []orglink.Write
	owners  bool // the team creates, with the rep as owner
}

func newReps(w *world, users ...orglink.UserID) *reps {
	w.t.Helper()
	r := &reps{w: w, clients: map[orglink.ConnectionID]*salesforce.Client{conn: w.client}, ids: map[orglink.UserID]sobject.ID{}, broken: map[orglink.UserID]error{}}
	profile := w.org.Org()
	found, err := profile.Query("SELECT ProfileId FROM User WHERE Id = '" + w.org.Ready().UserID + "'")
	if err != nil || len(found) != 1 {
		w.t.Fatalf("%v, %v", found, err)
	}
	p, _ := found[0].Value("ProfileId")
	for _, u := range users {
		name := string(u) + "@example.com"
		id, err := w.org.Org().System().Create("User", salesforcetest.Fields{"Username": name, "LastName": string(u), "Alias": string(u), "Email": name,
			"CommunityNickname": string(u), "ProfileId": p.Raw(), "TimeZoneSidKey": "Europe/Berlin", "LocaleSidKey": "en_US", "EmailEncodingKey": "UTF-8", "LanguageLocaleKey": "en_US"})
		if err != nil {
			w.t.Fatal(err)
		}
		at, _ := url.Parse(w.org.URL)
		c, err := salesforce.New(salesforce.Config{Tokens: salesforce.StaticToken(w.org.URL, w.org.Token(name)), HTTPClient: w.http, TrustedHosts: []string{at.Host},
			RetryWaitMin: time.Millisecond, RetryWaitMax: 2 * time.Millisecond})
		if err != nil {
			w.t.Fatal(err)
		}
		r.ids[u], r.clients[orglink.ConnectionID(u)] = id, c
	}
	w.cfg.Clients, w.cfg.Identity = r, r
	return r
}

func (r *reps) Client(_ context.Context, t orglink.TenantID, c orglink.ConnectionID) (*salesforce.Client, error) {
	if client := r.clients[c]; client != nil && t == tenant {
		return client, nil
	}
	return nil, fmt.Errorf("the grant of %s was revoked", c)
}

// WriteAs lets reps create by their own connections and the team update.
func (r *reps) WriteAs(_ context.Context, w orglink.Write) (orglink.WriteAs, error) {
	r.asked = append(r.asked, w)
	switch {
	case !w.Create || w.User == "":
		return orglink.WriteAs{Connection: w.Team, Reason: "the team updates"}, nil
	case r.broken[w.User] != nil:
		return orglink.WriteAs{}, r.broken[w.User]
	case r.owners:
		return orglink.WriteAs{Connection: w.Team, Owner: string(r.ids[w.User]), Reason: "the team creates for " + string(w.User)}, nil
	}
	return orglink.WriteAs{Connection: orglink.ConnectionID(w.User), Reason: string(w.User) + " creates"}, nil
}

func (r *reps) entry(key string) exporter.Entry {
	r.w.t.Helper()
	e, err := r.w.outbox.List(r.w.t.Context(), tenant, conn, exporter.Filter{Key: key})
	if err != nil || len(e) == 0 {
		r.w.t.Fatalf("entries of %s: %v, %v", key, e, err)
	}
	return e[len(e)-1]
}

func by(user orglink.UserID, c exporter.Change) exporter.Change {
	c.User = user
	return c
}

// A rep creates by his own connection, so that Created By names him, and the
// team updates: what there was before is found out first.
func TestRepsCreateAndTheTeamUpdates(t *testing.T) {
	w := newWorld(t)
	r := newReps(w, "ann", "bob")
	if _, err := w.org.Org().Create("Account", salesforcetest.Fields{"Name": "Old", "Company_Key__c": "there"}); err != nil {
		t.Fatal(err)
	}
	w.add(by("ann", company("a", "name", "A")), by("bob", company("b", "name", "B")), company("t", "name", "T"), by("ann", company("there", "name", "New")))
	w.want(w.run(), "created 3, updated 1, unchanged 0, deleted 0, rejected 0, parked 0, retrying 0")
	for key, want := range map[string]string{"a": string(r.ids["ann"]), "b": string(r.ids["bob"]), "t": w.org.Ready().UserID, "there": w.org.Ready().UserID} {
		if got := w.account(key, "CreatedById"); got != want {
			t.Errorf("%s was created by %s, want %s", key, got, want)
		}
	}
	if e := r.entry("a"); e.As.Connection != "ann" || e.As.Reason != "ann creates" || e.User != "ann" {
		t.Errorf("the entry says it was written as %+v for %q", e.As, e.User)
	}
	if e := r.entry("there"); e.As.Reason != "the team updates" {
		t.Errorf("the update says it was written as %+v", e.As)
	}
	// The link tells that it is there: nothing is looked up.
	before := w.org.APICalls()
	w.add(by("ann", company("a", "name", "A2")))
	w.want(w.run(), "created 0, updated 1, unchanged 0, deleted 0, rejected 0, parked 0, retrying 0")
	if calls := w.org.APICalls() - before; calls != 2 || w.account("a", "LastModifiedById") != w.org.Ready().UserID {
		t.Errorf("%d calls for an update by %s; want describe and update by the team", calls, w.account("a", "LastModifiedById"))
	}
}

// The owner travels when the team creates for a rep, never again, and never
// instead of the map's.
func TestOwnersOfNewRecords(t *testing.T) {
	w := newWorld(t)
	r := newReps(w, "ann", "bob")
	r.owners = true
	w.add(by("ann", company("a", "name", "A")))
	w.want(w.run(), "created 1, updated 0, unchanged 0, deleted 0, rejected 0, parked 0, retrying 0")
	if got := w.account("a", "OwnerId"); got != string(r.ids["ann"]) {
		t.Errorf("owned by %s, want ann", got)
	}
	if e := r.entry("a"); e.As.Owner != string(r.ids["ann"]) {
		t.Errorf("the entry says %+v", e.As)
	}
	w.add(by("bob", company("a", "name", "A2")))
	w.want(w.run(), "created 0, updated 1, unchanged 0, deleted 0, rejected 0, parked 0, retrying 0")
	if got := w.account("a", "OwnerId"); got != string(r.ids["ann"]) {
		t.Errorf("an update gave the record to %s", got)
	}
	m := companies
	m.Fields = append(m.Fields[:len(m.Fields):len(m.Fields)], mapping.FieldMap{Host: "owner", Salesforce: "OwnerId", CreateOnly: true})
	w.cfg.Maps = map[string]mapping.Map{"companies": m}
	w.add(by("ann", company("m", "name", "M", "owner", string(r.ids["bob"]))))
	w.want(w.run(), "created 1, updated 0, unchanged 0, deleted 0, rejected 0, parked 0, retrying 0")
	if got := w.account("m", "OwnerId"); got != string(r.ids["bob"]) {
		t.Errorf("owned by %s, want bob whom the map names", got)
	}
}

type wait struct{ error }

func (wait) RetryAfter() time.Duration { return time.Hour }

// A rep's dead grant harms that rep's rows only: they wait, and go when he is
// back. A policy that waits is waited for, one that refuses rejects.
func TestDeadGrantInTheMiddle(t *testing.T) {
	for name, kill := range map[string]func(w *world, r *reps){
		"no client": func(_ *world, r *reps) { delete(r.clients, "bob") },
		"session ends": func(w *world, _ *reps) {
			if err := w.org.Org().ExpireSessions("bob@example.com"); err != nil {
				w.t.Fatal(err)
			}
		},
		"session ends at the write": func(w *world, _ *reps) {
			w.org.Fault(salesforcetest.Fault{Match: salesforcetest.Match{Path: "composite/sobjects", Nth: 2, Times: 1}, Action: salesforcetest.ExpireSession()})
		},
		"the policy waits": func(_ *world, r *reps) {
			r.broken["bob"] = fmt.Errorf("attribution: %w", wait{errors.New("not connected")})
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			r := newReps(w, "ann", "bob")
			for i := range 4 {
				w.add(by("ann", company(fmt.Sprint("a", i), "name", "A")), by("bob", company(fmt.Sprint("b", i), "name", "B")), company(fmt.Sprint("t", i), "name", "T"))
			}
			kill(w, r)
			w.want(w.run(), "created 8, updated 0, unchanged 0, deleted 0, rejected 0, parked 0, retrying 4")
			e := r.entry("b0")
			if e.State != exporter.Pending || e.Attempts != 0 || e.Unsure || e.Reason == nil || e.Reason.Code != exporter.CodeIdentity || e.Due.Sub(e.Added) < 4*time.Minute {
				t.Errorf("bob's row waits as %+v for %+v", e, e.Reason)
			}
		})
	}
	w := newWorld(t)
	r := newReps(w, "ann", "bob")
	r.broken["bob"] = errors.New("no licence")
	w.add(by("bob", company("b", "name", "B")), by("ann", company("a", "name", "A")))
	rep := w.run()
	w.want(rep, "created 1, updated 0, unchanged 0, deleted 0, rejected 1, parked 0, retrying 0")
	if got := rep.Rejections[0]; got.Reason.Code != exporter.CodeIdentity || !strings.Contains(got.Reason.Message, "no licence") {
		t.Errorf("rejected for %+v", got)
	}
}

// A row that a rep's connection created before its worker died is found, and
// counts as created although the team would write it now.
func TestDeadWorkersRowOfARep(t *testing.T) {
	w := newWorld(t)
	r := newReps(w, "ann")
	w.org.Fault(salesforcetest.Fault{Match: salesforcetest.Match{Path: "composite/sobjects", Nth: 1}, Action: salesforcetest.DropAfter()})
	w.add(by("ann", company("a", "name", "A")))
	rep := w.run()
	if rep.Created != 1 || rep.Verified != 1 {
		t.Errorf("report %s, verified %d; want one verified creation", fate(rep), rep.Verified)
	}
	if n, err := w.org.Org().Count("SELECT COUNT() FROM Account"); n != 1 || err != nil || w.account("a", "CreatedById") != string(r.ids["ann"]) {
		t.Errorf("%d accounts by %s, %v", n, w.account("a", "CreatedById"), err)
	}
}
