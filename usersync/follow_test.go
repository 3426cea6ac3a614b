package usersync_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/salesforce/salesforcetest"
	"github.com/orglink/orglink/salesforce/sobject"
	"github.com/orglink/orglink/usersync"
)

func (w *world) change(id sobject.ID, fields salesforcetest.Fields) {
	w.t.Helper()
	if err := w.org.Org().System().Update(id, fields); err != nil {
		w.t.Fatal(err)
	}
}

// run plans, confirms and applies.
func (w *world) run() (*usersync.Plan, usersync.Result) {
	w.t.Helper()
	s, p := w.plan()
	if err := p.GoAhead(p.Needed); err != nil {
		w.t.Fatal(err)
	}
	res, err := s.Apply(w.t.Context(), p)
	if err != nil {
		w.t.Fatal(err)
	}
	return p, res
}

func (w *world) account(id orglink.UserID) (usersync.HostUser, bool) {
	w.t.Helper()
	users, err := w.directory.Find(w.t.Context(), tenant, usersync.ByID, []string{string(id)})
	if err != nil {
		w.t.Fatal(err)
	}
	if len(users) == 0 {
		return usersync.HostUser{}, false
	}
	return users[0], true
}

// Each thing that may become of a paired user, seen in a plan, done once, and
// never done again.
func TestPairedUsersAreFollowed(t *testing.T) {
	type host = usersync.HostUser
	active := host{ID: "h", Email: "ada@example.com", Name: "ada", SalesforceUser: true}
	with := func(f func(*host)) host { h := active; f(&h); return h }
	off := with(func(h *host) { h.Inactive, h.SalesforceUser = true, false })
	for name, c := range map[string]struct {
		policy usersync.Policy
		org    func(w *world, id sobject.ID)
		host   host // before
		action usersync.Action
		why    string
		want   host // after; without an id: no account
	}{
		"nothing": {action: usersync.ActionPaired, want: active},
		"e-mail": {org: func(w *world, id sobject.ID) { w.change(id, salesforcetest.Fields{"Email": "ada@new.example"}) },
			action: usersync.ActionUpdate, why: `e-mail "ada@example.com" became "ada@new.example"`, want: with(func(h *host) { h.Email = "ada@new.example" })},
		"renamed": {org: func(w *world, id sobject.ID) {
			w.change(id, salesforcetest.Fields{"FirstName": "Ada", "LastName": "Lovelace"})
		}, action: usersync.ActionUpdate, why: `name "ada" became "Ada Lovelace"`, want: with(func(h *host) { h.Name = "Ada Lovelace" })},
		"fields are kept": {policy: usersync.Policy{KeepFields: true},
			org:    func(w *world, id sobject.ID) { w.change(id, salesforcetest.Fields{"Email": "ada@new.example"}) },
			action: usersync.ActionPaired, want: active},
		"deactivated": {org: func(w *world, _ sobject.ID) { _ = w.org.Org().DeactivateUser("ada@org.example") },
			action: usersync.ActionDeactivate, why: "inactive in Salesforce", want: off},
		"frozen": {org: func(w *world, _ sobject.ID) { _ = w.org.Org().FreezeUser("ada@org.example", true) },
			action: usersync.ActionDeactivate, why: "frozen in Salesforce", want: off},
		"frozen, and accounts are kept": {policy: usersync.Policy{Frozen: usersync.KeepAccount},
			org:    func(w *world, _ sobject.ID) { _ = w.org.Org().FreezeUser("ada@org.example", true) },
			action: usersync.ActionUpdate, why: "frozen", want: with(func(h *host) { h.SalesforceUser = false })},
		"deactivated, and accounts that were there are kept": {policy: usersync.Policy{OnlyCreated: true, KeepFlag: true},
			org:    func(w *world, _ sobject.ID) { _ = w.org.Org().DeactivateUser("ada@org.example") },
			action: usersync.ActionPaired, why: "inactive", want: active},
		"deactivated, and accounts are deleted": {policy: usersync.Policy{Inactive: usersync.DeleteAccount},
			org:    func(w *world, _ sobject.ID) { _ = w.org.Org().DeactivateUser("ada@org.example") },
			action: usersync.ActionDelete, why: "inactive"},
		"the account is gone": {host: host{ID: "other"}, action: usersync.ActionAmbiguous, why: "no longer has"},
		"the product's own deactivation": {host: with(func(h *host) { h.Inactive = true }),
			action: usersync.ActionPaired, want: with(func(h *host) { h.Inactive = true })},
		"the flag was lost": {host: with(func(h *host) { h.SalesforceUser = false }), action: usersync.ActionUpdate, want: active},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, usersync.Manual())
			w.cfg.Policy = c.policy
			w.directory.Add(tenant, active)
			id := w.user("ada")
			s := w.service()
			if err := s.Pair(t.Context(), tenant, conn, id, "h", orglink.Actor{Tenant: tenant, User: "boss"}); err != nil {
				t.Fatal(err)
			}
			if c.host.ID == "other" {
				if err := w.directory.Delete(t.Context(), tenant, "h"); err != nil {
					t.Fatal(err)
				}
			} else if c.host.ID != "" {
				w.directory.Add(tenant, c.host)
			}
			if c.org != nil {
				c.org(w, id)
			}
			p, res := w.run()
			w.want(p, id, c.action, c.why)
			done := res.Updated + res.Deactivated + res.Deleted
			if changes := c.action != usersync.ActionPaired && c.action != usersync.ActionAmbiguous; changes != (done == 1) || len(res.Failed) > 0 {
				t.Errorf("result %+v", res)
			}
			if got, ok := w.account("h"); got != c.want || ok != (c.want.ID != "") {
				t.Errorf("the account is %+v, want %+v", got, c.want)
			}
			again, res := w.run()
			if res.Updated+res.Deactivated+res.Reactivated+res.Deleted > 0 {
				t.Errorf("done again: %+v, %+v", again.Entries, res)
			}
		})
	}
}

// Who comes back gets the account back, with what changed meanwhile, unless
// the product itself had closed it.
func TestReturningUsers(t *testing.T) {
	w := newWorld(t, usersync.AllActive())
	thawed, back, closed := w.user("thawed"), w.user("back"), w.user("closed")
	w.run()
	s := w.service()
	host := func(id sobject.ID) orglink.UserID {
		u, err := s.PairedUser(t.Context(), tenant, sobject.ID(w.org.Ready().OrgID), id)
		if err != nil || u == "" {
			t.Fatalf("no pair of %s: %v", id, err)
		}
		return u
	}
	if err := w.directory.Deactivate(t.Context(), tenant, host(closed)); err != nil {
		t.Fatal(err)
	}
	_ = w.org.Org().FreezeUser("thawed@org.example", true)
	_ = w.org.Org().DeactivateUser("back@org.example")
	_ = w.org.Org().DeactivateUser("closed@org.example")
	if p, res := w.run(); res.Deactivated != 2 || p.Freed != 2 {
		t.Fatalf("result %+v of a plan that frees %d", res, p.Freed)
	}
	w.change(back, salesforcetest.Fields{"Email": "back@new.example", "IsActive": true})
	_ = w.org.Org().FreezeUser("thawed@org.example", false)
	_ = w.org.Org().ActivateUser("closed@org.example")
	w.directory.LimitSeats(tenant, 1)
	p, res := w.run()
	if p.Needed != 1 || p.Count(usersync.ActionRefuse) != 1 || res.Reactivated != 1 {
		t.Fatalf("with one seat: %d needed, %d refused, %+v", p.Needed, p.Count(usersync.ActionRefuse), res)
	}
	w.directory.LimitSeats(tenant, 5)
	if _, res := w.run(); res.Reactivated != 1 {
		t.Fatalf("with more seats: %+v", res)
	}
	if u, _ := w.account(host(back)); u.Inactive || u.Email != "back@new.example" || !u.SalesforceUser {
		t.Errorf("the account is %+v", u)
	}
	if u, _ := w.account(host(thawed)); u.Inactive {
		t.Errorf("the account is %+v", u)
	}
	if u, _ := w.account(host(closed)); !u.Inactive {
		t.Error("an account that the product closed was opened")
	}
	// The product opens an account whose user left: it stays open.
	_ = w.org.Org().DeactivateUser("back@org.example")
	w.run()
	if err := w.directory.Update(t.Context(), tenant, host(back), usersync.Change{Reactivate: true}); err != nil {
		t.Fatal(err)
	}
	if p, res := w.run(); res.Deactivated != 0 {
		t.Errorf("the product's own decision was undone: %+v, %+v", p.Entries, res)
	}
}

// Users whom the org shows no more keep their accounts unless the host says
// otherwise: most of them are only hidden.
func TestGoneUsers(t *testing.T) {
	for policy, want := range map[usersync.Leaving]usersync.Action{"": usersync.ActionPaired, usersync.DeactivateAccount: usersync.ActionDeactivate, usersync.DeleteAccount: usersync.ActionDelete} {
		w := newWorld(t, usersync.Manual())
		w.cfg.Policy.Gone = policy
		w.directory.Add(tenant, usersync.HostUser{ID: "h", SalesforceUser: true})
		gone := sobject.ID("005000000000999AAA")
		if err := w.pairs.Put(t.Context(), usersync.Pair{Tenant: tenant, Org: sobject.ID(w.org.Ready().OrgID), Salesforce: gone, User: "h"}); err != nil {
			t.Fatal(err)
		}
		p, res := w.run()
		w.want(p, gone, want, "no longer shows")
		if u, ok := w.account("h"); len(res.Failed) > 0 || ok != (policy != usersync.DeleteAccount) || u.Inactive != (policy == usersync.DeactivateAccount) {
			t.Errorf("%q: the account is %+v, %t; %+v", policy, u, ok, res)
		}
	}
}

// Incidents elsewhere, by their links, in docs/incidents.md.
func TestIncidentsOfUsers(t *testing.T) {
	t.Run("heroku/roadmap#203", func(t *testing.T) {
		// A full-row write clobbers the other side's field, and values flip-flop.
		w := newWorld(t, usersync.AllActive())
		id := w.user("ada")
		w.run()
		s := w.service()
		host, err := s.PairedUser(t.Context(), tenant, sobject.ID(w.org.Ready().OrgID), id)
		if err != nil {
			t.Fatal(err)
		}
		mine := "ada@private.example"
		if err := w.directory.Update(t.Context(), tenant, host, usersync.Change{Email: &mine}); err != nil {
			t.Fatal(err)
		}
		w.change(id, salesforcetest.Fields{"LastName": "Lovelace", "Email": "ada@new.example"})
		for range 3 {
			w.run()
			if u, _ := w.account(host); u.Email != mine || u.Name != "Lovelace" {
				t.Fatalf("the account is %+v", u)
			}
		}
	})
	t.Run("datacite/datacite#1271", func(t *testing.T) {
		// Both sides create the same person at the same time.
		w := newWorld(t, usersync.AllActive())
		w.user("ada")
		s, p := w.plan()
		_ = p.GoAhead(p.Needed)
		w.directory.Add(tenant, usersync.HostUser{ID: "signed-up", Email: "ada@example.com"})
		if _, err := s.Apply(t.Context(), p); err != nil {
			t.Fatal(err)
		}
		users, err := w.directory.Find(t.Context(), tenant, usersync.ByEmail, []string{"ada@example.com"})
		if err != nil || len(users) != 1 || users[0].ID != "signed-up" || !users[0].SalesforceUser {
			t.Errorf("accounts %+v, %v", users, err)
		}
	})
}

// An old plan deactivates nobody who is back, and a field that the connected
// user may no longer see clears nothing.
func TestOldPlansOfPairedUsers(t *testing.T) {
	w := newWorld(t, usersync.AllActive())
	id := w.user("ada", "FederationIdentifier", "F-1")
	w.run()
	_ = w.org.Org().DeactivateUser("ada@org.example")
	s, p := w.plan()
	w.want(p, id, usersync.ActionDeactivate, "")
	_ = w.org.Org().ActivateUser("ada@org.example")
	if res, err := s.Apply(t.Context(), p); err != nil || res.Deactivated != 0 || res.Already != 1 {
		t.Errorf("result %+v, %v", res, err)
	}
	_ = w.org.Org().RemoveField("User", "FederationIdentifier")
	w.run()
	users, err := w.directory.Find(t.Context(), tenant, usersync.ByFederationID, []string{"F-1"})
	if err != nil || len(users) != 1 || users[0].Inactive {
		t.Errorf("accounts %+v, %v", users, err)
	}
}

// Programs get no accounts, nor whom the host refuses.
func TestWhoGetsNoAccount(t *testing.T) {
	w := newWorld(t, usersync.AllActive())
	licence, err := w.org.Org().System().Create("UserLicense", salesforcetest.Fields{"Name": "Salesforce Integration", "LicenseDefinitionKey": "SFDC_INTEGRATION", "MasterLabel": "Salesforce Integration", "TotalLicenses": 5, "UsedLicenses": 0})
	if err != nil {
		t.Fatal(err)
	}
	profile, err := w.org.Org().System().Create("Profile", salesforcetest.Fields{"Name": "Minimum Access - API Only Integrations", "UserType": "Standard", "UserLicenseId": licence})
	if err != nil {
		t.Fatal(err)
	}
	robot, outsider := w.user("robot", "ProfileId", profile), w.user("outsider")
	w.cfg.Refuse = func(u usersync.SalesforceUser) string {
		if u.LastName == "outsider" {
			return "works for an agency"
		}
		return ""
	}
	_, p := w.plan()
	w.want(p, robot, usersync.ActionRefuse, "integration user")
	w.want(p, outsider, usersync.ActionRefuse, "works for an agency")
	w.cfg.IntegrationUsers, w.cfg.UserTypes = true, []string{"Guest"}
	_, p = w.plan()
	w.want(p, robot, usersync.ActionRefuse, "not a standard user")
	w.cfg.UserTypes = nil
	_, p = w.plan()
	w.want(p, robot, usersync.ActionCreate, "")
}

// Pairs made under one strategy stay under every other.
func TestSwitchingStrategyKeepsPairs(t *testing.T) {
	w := newWorld(t, usersync.AllActive())
	id := w.user("ada")
	w.run()
	for _, s := range []usersync.Strategy{usersync.Manual(), usersync.OnDemand(), usersync.Automatic(), onlyOthers{}, usersync.AllActive()} {
		w.cfg.Strategy = s
		p, res := w.run()
		if w.want(p, id, usersync.ActionPaired, "created"); res.Created+res.Paired+res.Updated != 0 {
			t.Errorf("%s: %+v", s.Name(), res)
		}
	}
}

// The flag that links are chosen by follows pairs made by hand.
func TestFlagOfSalesforceUsers(t *testing.T) {
	w := newWorld(t, usersync.Manual())
	id := w.user("ada")
	w.directory.Add(tenant, usersync.HostUser{ID: "h"})
	s, boss := w.service(), orglink.Actor{Tenant: tenant, User: "boss"}
	if err := s.Pair(t.Context(), tenant, conn, id, "h", boss); err != nil {
		t.Fatal(err)
	}
	if u, _ := w.account("h"); !u.SalesforceUser {
		t.Error("a paired user is not marked")
	}
	if err := s.Unpair(t.Context(), tenant, conn, id, boss); err != nil {
		t.Fatal(err)
	}
	if u, _ := w.account("h"); u.SalesforceUser {
		t.Error("an unpaired user is still marked")
	}
}

type noDeletes struct{ usersync.Directory }

func TestPolicyIsChecked(t *testing.T) {
	w := newWorld(t, usersync.Manual())
	w.cfg.Directory = noDeletes{w.directory}
	w.cfg.Policy = usersync.Policy{Inactive: "burn", Gone: usersync.DeleteAccount, Frozen: usersync.DeleteAccount}
	_, err := usersync.New(w.cfg)
	for _, part := range []string{"Policy.Inactive", "Policy.Frozen", "Deleter"} {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("the error does not mention %s: %v", part, err)
		}
	}
}

// A change that the directory refuses fails alone and is tried again.
func TestAFailedUpdateIsTriedAgain(t *testing.T) {
	w := newWorld(t, usersync.AllActive())
	id, other := w.user("ada"), w.user("bob")
	w.run()
	for _, u := range []sobject.ID{id, other} {
		w.change(u, salesforcetest.Fields{"LastName": "Renamed"})
	}
	picky := &picky{Directory: w.directory}
	w.cfg.Directory = picky
	if _, res := w.run(); res.Updated != 1 || len(res.Failed) != 1 || !errors.Is(res.Failed[0].Err, errDead) {
		t.Errorf("result %+v", res)
	}
	if _, res := w.run(); res.Updated != 1 || len(res.Failed) != 0 {
		t.Errorf("again: %+v", res)
	}
}

type picky struct {
	usersync.Directory
	calls int
}

func (d *picky) Update(ctx context.Context, t orglink.TenantID, id orglink.UserID, c usersync.Change) error {
	if d.calls++; d.calls == 1 {
		return errDead
	}
	return d.Directory.Update(ctx, t, id, c)
}
