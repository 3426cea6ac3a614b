package usersync_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/salesforce"
	"github.com/orglink/orglink/salesforce/salesforcetest"
	"github.com/orglink/orglink/salesforce/sobject"
	"github.com/orglink/orglink/usersync"
)

const (
	tenant = orglink.TenantID("acme")
	conn   = orglink.ConnectionID("conn-1")
)

// world is a fake org, a directory and a pair store.
type world struct {
	t         *testing.T
	org       *salesforcetest.Server
	profile   sobject.ID
	client    *salesforce.Client
	directory *usersync.MemoryDirectory
	pairs     *usersync.Memory
	cfg       usersync.Config
}

type oneClient struct{ c *salesforce.Client }

func (o oneClient) Client(_ context.Context, t orglink.TenantID, c orglink.ConnectionID) (*salesforce.Client, error) {
	if t != tenant || c != conn {
		return nil, fmt.Errorf("no client for %s %s", t, c)
	}
	return o.c, nil
}

func newWorld(t *testing.T, strategy usersync.Strategy, orgID ...string) *world {
	t.Helper()
	org := salesforcetest.NewServer(t, salesforcetest.Config{OrgID: strings.Join(orgID, "")})
	ready := org.Ready()
	at, err := url.Parse(org.URL)
	if err != nil {
		t.Fatal(err)
	}
	client, err := salesforce.New(salesforce.Config{Tokens: salesforce.StaticToken(org.URL, ready.AccessToken), HTTPClient: org.Client(), TrustedHosts: []string{at.Host}})
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, org: org, client: client, directory: usersync.NewMemoryDirectory(), pairs: usersync.NewMemory()}
	admin, err := org.Org().Get(sobject.ID(ready.UserID), "ProfileId")
	if err != nil {
		t.Fatal(err)
	}
	v, _ := admin.Value("ProfileId")
	w.profile, _ = v.ID()
	w.cfg = usersync.Config{Clients: oneClient{client}, Directory: w.directory, Pairs: w.pairs, Strategy: strategy}
	return w
}

// user adds a Salesforce user; more fields override.
func (w *world) user(name string, more ...any) sobject.ID {
	w.t.Helper()
	f := salesforcetest.Fields{"Username": name + "@org.example", "Email": name + "@example.com", "LastName": name, "CommunityNickname": name, "Alias": name[:min(8, len(name))],
		"ProfileId": w.profile, "TimeZoneSidKey": "GMT", "LocaleSidKey": "en_US", "EmailEncodingKey": "UTF-8", "LanguageLocaleKey": "en_US", "IsActive": true}
	for i := 0; i < len(more); i += 2 {
		f[more[i].(string)] = more[i+1]
	}
	id, err := w.org.Org().System().Create("User", f)
	if err != nil {
		w.t.Fatal(err)
	}
	return id
}

func (w *world) service() *usersync.Service {
	w.t.Helper()
	s, err := usersync.New(w.cfg)
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

func (w *world) plan() (*usersync.Service, *usersync.Plan) {
	w.t.Helper()
	s := w.service()
	p, err := s.Plan(w.t.Context(), tenant, conn)
	if err != nil {
		w.t.Fatal(err)
	}
	return s, p
}

func (w *world) want(p *usersync.Plan, id sobject.ID, action usersync.Action, why string) usersync.Entry {
	w.t.Helper()
	for _, e := range p.Entries {
		if e.User.ID == id {
			if e.Action != action || !strings.Contains(e.Why, why) {
				w.t.Errorf("%s: %s, %q; want %s, %q", e.User.Username, e.Action, e.Why, action, why)
			}
			return e
		}
	}
	w.t.Errorf("%s is not in the plan", id)
	return usersync.Entry{}
}

// The plan says who would be paired with whom and why, and guesses nothing.
func TestPlanSaysWhy(t *testing.T) {
	w := newWorld(t, usersync.AllActive())
	ada := w.user("ada", "FederationIdentifier", "F-1")
	bob := w.user("bob", "Email", "BOB@example.com")
	carl := w.user("carl")
	twin1, twin2 := w.user("twin1", "Email", "twin@example.com"), w.user("twin2", "Email", "twin@example.com")
	two := w.user("two", "Email", "shared@example.com")
	torn := w.user("torn", "FederationIdentifier", "F-torn")
	taken := w.user("taken")
	left := w.user("left", "IsActive", false)
	ice := w.user("ice")
	fresh := w.user("fresh")
	known := w.user("known")
	_ = w.org.Org().FreezeUser("ice@org.example", true)
	w.directory.Add(tenant,
		usersync.HostUser{ID: "h-ada", FederationID: "F-1", Email: "ada@example.com"},
		usersync.HostUser{ID: "h-bob", Email: "bob@example.com"},
		usersync.HostUser{ID: "h-carl", Username: "Carl@org.example"},
		usersync.HostUser{ID: "h-twin", Email: "twin@example.com"},
		usersync.HostUser{ID: "h-s1", Email: "shared@example.com"}, usersync.HostUser{ID: "h-s2", Email: "shared@example.com"},
		usersync.HostUser{ID: "h-torn", FederationID: "F-torn"}, usersync.HostUser{ID: "h-other", Email: "torn@example.com"},
		usersync.HostUser{ID: "h-taken", Email: "taken@example.com"},
		usersync.HostUser{ID: "h-left", Email: "left@example.com"}, usersync.HostUser{ID: "h-known", SalesforceUser: true})
	w.directory.Add("other-tenant", usersync.HostUser{ID: "spy", Email: "fresh@example.com"})
	org := sobject.ID(w.org.Ready().OrgID)
	for _, p := range []usersync.Pair{{Salesforce: "005000000000999AAA", User: "h-taken"}, {Salesforce: known, User: "h-known", How: "by admin"}} {
		p.Tenant, p.Org, p.At = tenant, org, time.Now()
		if err := w.pairs.Put(t.Context(), p); err != nil {
			t.Fatal(err)
		}
	}
	_, p := w.plan()
	if e := w.want(p, ada, usersync.ActionPair, "federation id and e-mail"); e.Host != "h-ada" {
		t.Errorf("ada would be paired with %q", e.Host)
	}
	w.want(p, bob, usersync.ActionPair, "e-mail")
	w.want(p, carl, usersync.ActionPair, "user name")
	w.want(p, twin1, usersync.ActionAmbiguous, string(twin2))
	w.want(p, twin2, usersync.ActionAmbiguous, string(twin1))
	if e := w.want(p, two, usersync.ActionAmbiguous, "several users match"); len(e.Matches) != 2 {
		t.Errorf("the choices are %+v", e.Matches)
	}
	w.want(p, torn, usersync.ActionAmbiguous, "h-other")
	w.want(p, taken, usersync.ActionAmbiguous, "005000000000999AAA")
	w.want(p, left, usersync.ActionRefuse, "inactive")
	w.want(p, ice, usersync.ActionRefuse, "frozen")
	w.want(p, fresh, usersync.ActionCreate, "")
	w.want(p, known, usersync.ActionPaired, "by admin")
	if u := w.org.Unsupported(); len(u) > 0 {
		t.Errorf("the fake lacks %+v", u)
	}
	users, _ := w.directory.List(t.Context(), tenant, "", 100)
	pairs, _ := w.pairs.List(t.Context(), tenant, org, "", 100)
	if len(users) != 11 || len(pairs) != 2 {
		t.Errorf("a plan changed something: %d users, %d pairs", len(users), len(pairs))
	}
}

func TestNonStandardUsersAreRefused(t *testing.T) {
	w := newWorld(t, usersync.AllActive())
	profile, err := w.org.Org().Get(w.profile, "UserLicenseId")
	if err != nil {
		t.Fatal(err)
	}
	license, _ := profile.Value("UserLicenseId")
	site, err := w.org.Org().System().Create("Profile", salesforcetest.Fields{"Name": "Site Guests", "UserType": "Guest", "UserLicenseId": license})
	if err != nil {
		t.Fatal(err)
	}
	guest := w.user("guest", "ProfileId", site)
	_, p := w.plan()
	w.want(p, guest, usersync.ActionRefuse, "not a standard user but Guest")
}

func TestSeatsAndGoAhead(t *testing.T) {
	w := newWorld(t, usersync.AllActive())
	for i := range 4 {
		w.user(fmt.Sprint("user", i))
	}
	w.directory.LimitSeats(tenant, 3)
	s, p := w.plan()
	if p.Needed != 3 || p.Count(usersync.ActionRefuse) != 2 || p.Seats.Left != 3 {
		t.Fatalf("needed %d, refused %d, seats %+v", p.Needed, p.Count(usersync.ActionRefuse), p.Seats)
	}
	if _, err := s.Apply(t.Context(), p); !errors.Is(err, usersync.ErrGoAhead) || !strings.Contains(err.Error(), "3 accounts") {
		t.Errorf("applied without go-ahead: %v", err)
	}
	if err := p.GoAhead(5); !errors.Is(err, usersync.ErrGoAhead) {
		t.Errorf("another number was accepted: %v", err)
	}
	if err := p.GoAhead(3); err != nil {
		t.Fatal(err)
	}
	res, err := s.Apply(t.Context(), p)
	if err != nil || res.Created != 3 || len(res.Failed) != 0 {
		t.Errorf("result %+v, %v", res, err)
	}
	again, err := s.Apply(t.Context(), p)
	if err != nil || again.Created != 0 || again.Already != 3 {
		t.Errorf("applied again: %+v, %v", again, err)
	}
}

func TestStrategies(t *testing.T) {
	w := newWorld(t, nil)
	matched, picked, other := w.user("matched"), w.user("picked"), w.user("other")
	w.directory.Add(tenant, usersync.HostUser{ID: "h", Email: "matched@example.com"})
	for name, c := range map[string]struct {
		strategy               usersync.Strategy
		matched, picked, other usersync.Action
	}{
		"manual":    {usersync.Manual(), usersync.ActionLeave, usersync.ActionLeave, usersync.ActionLeave},
		"on demand": {usersync.OnDemand(picked), usersync.ActionLeave, usersync.ActionCreate, usersync.ActionLeave},
		"automatic": {usersync.Automatic(), usersync.ActionPair, usersync.ActionLeave, usersync.ActionLeave},
		"all":       {usersync.AllActive(), usersync.ActionPair, usersync.ActionCreate, usersync.ActionCreate},
		"own":       {onlyOthers{}, usersync.ActionLeave, usersync.ActionLeave, usersync.ActionCreate},
	} {
		t.Run(name, func(t *testing.T) {
			w.t, w.cfg.Strategy = t, c.strategy
			_, p := w.plan()
			w.want(p, matched, c.matched, "")
			w.want(p, picked, c.picked, "")
			w.want(p, other, c.other, "")
		})
	}
}

// onlyOthers is a strategy written outside of the package.
type onlyOthers struct{}

func (onlyOthers) Name() string   { return "only others" }
func (onlyOthers) Arrivals() bool { return false }
func (onlyOthers) GoAhead() bool  { return false }
func (onlyOthers) Decide(c usersync.Candidate) usersync.Decision {
	if c.User.LastName == "other" {
		return usersync.PairOrCreate
	}
	return usersync.Leave
}

// dying fails for good at the nth call of either store.
type dying struct {
	usersync.Directory
	usersync.PairStore
	after bool
	left  int
}

var errDead = errors.New("the process died")

func (d *dying) Create(ctx context.Context, t orglink.TenantID, key string, u usersync.NewUser) (usersync.HostUser, error) {
	if d.left--; d.left < 0 || d.left == 0 && !d.after {
		return usersync.HostUser{}, errDead
	}
	h, err := d.Directory.Create(ctx, t, key, u)
	if d.left == 0 {
		return usersync.HostUser{}, errDead
	}
	return h, err
}

func (d *dying) Put(ctx context.Context, p usersync.Pair) error {
	if d.left--; d.left < 0 || d.left == 0 && !d.after {
		return errDead
	}
	err := d.PairStore.Put(ctx, p)
	if d.left == 0 {
		return errDead
	}
	return err
}

func (d *dying) List(ctx context.Context, t orglink.TenantID, after orglink.UserID, n int) ([]usersync.HostUser, error) {
	return d.Directory.List(ctx, t, after, n)
}

type dyingPairs struct{ *dying }

func (d dyingPairs) List(ctx context.Context, t orglink.TenantID, org, after sobject.ID, n int) ([]usersync.Pair, error) {
	return d.PairStore.List(ctx, t, org, after, n)
}

// Apply may die at any call, before or after it took effect; applying again
// ends in the same pairs and accounts.
func TestApplyIsResumable(t *testing.T) {
	for _, after := range []bool{false, true} {
		for nth := 1; nth <= 7; nth++ {
			t.Run(fmt.Sprint(nth, after), func(t *testing.T) {
				w := newWorld(t, usersync.AllActive())
				w.user("one")
				w.user("two")
				w.directory.Add(tenant, usersync.HostUser{ID: "h-two", Email: "two@example.com"})
				_, p := w.plan()
				if err := p.GoAhead(2); err != nil { // the admin and "one"
					t.Fatal(err)
				}
				d := &dying{Directory: w.directory, PairStore: w.pairs, after: after, left: nth}
				w.cfg.Directory, w.cfg.Pairs = d, dyingPairs{d}
				_, _ = w.service().Apply(t.Context(), p)
				w.cfg.Directory, w.cfg.Pairs = w.directory, w.pairs
				res, err := w.service().Apply(t.Context(), p)
				if err != nil || len(res.Failed) > 0 {
					t.Fatalf("applied again: %+v, %v", res, err)
				}
				users, _ := w.directory.List(t.Context(), tenant, "", 10)
				pairs, _ := w.pairs.List(t.Context(), tenant, p.Org, "", 10)
				if len(users) != 3 || len(pairs) != 3 {
					t.Errorf("%d users and %d pairs, want 3 and 3", len(users), len(pairs))
				}
			})
		}
	}
}

// Under Automatic an owner's account appears with the first record, once.
func TestOwnersAppearOnce(t *testing.T) {
	w := newWorld(t, usersync.Automatic())
	fresh, matched, left := w.user("fresh"), w.user("matched"), w.user("left", "IsActive", false)
	twin := w.user("twin", "Email", "twin@example.com")
	w.user("twin2", "Email", "twin@example.com")
	w.directory.Add(tenant, usersync.HostUser{ID: "h", Email: "matched@example.com"}, usersync.HostUser{ID: "t", Email: "twin@example.com"})
	queue := sobject.MustID("00G000000000001")
	ids := []sobject.ID{fresh, matched, left, twin, queue, fresh}
	// Two services stand for two processes.
	services := []*usersync.Service{w.service(), w.service()}
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			got, err := services[i%2].ResolveOwners(t.Context(), tenant, conn, ids)
			if err != nil {
				t.Error(err)
			}
			if len(got) != 2 || got[fresh] == "" || got[matched] != "h" {
				t.Errorf("owners are %v", got)
			}
		})
	}
	wg.Wait()
	users, _ := w.directory.List(t.Context(), tenant, "", 10)
	if len(users) != 3 {
		t.Errorf("%d users, want the two and one more", len(users))
	}
	before := w.org.APICalls()
	if _, err := services[0].ResolveOwners(t.Context(), tenant, conn, ids); err != nil || w.org.APICalls() != before {
		t.Errorf("known and refused owners cost %d calls, %v", w.org.APICalls()-before, err)
	}
}

func TestOwnersOfOtherStrategiesAreOnlyLookedUp(t *testing.T) {
	w := newWorld(t, usersync.AllActive())
	id := w.user("somebody")
	got, err := w.service().ResolveOwners(t.Context(), tenant, conn, []sobject.ID{id})
	if err != nil || len(got) != 0 {
		t.Errorf("owners are %v, %v", got, err)
	}
	users, _ := w.directory.List(t.Context(), tenant, "", 10)
	if len(users) != 0 {
		t.Errorf("%d users were created", len(users))
	}
}

func TestPairAndUnpairByHand(t *testing.T) {
	w := newWorld(t, usersync.Manual())
	var events []orglink.Event
	w.cfg.Events = func(e orglink.Event) { events = append(events, e) }
	id := w.user("somebody")
	s, admin := w.service(), orglink.Actor{Tenant: tenant, User: "boss", Admin: true}
	w.directory.Add(tenant, usersync.HostUser{ID: "h"}, usersync.HostUser{ID: "gone"}, usersync.HostUser{ID: "héé"})
	w.directory.Add("other", usersync.HostUser{ID: "theirs"})
	if err := s.Pair(t.Context(), tenant, conn, "005000000000999AAA", "h", admin); !errors.Is(err, usersync.ErrNoUser) {
		t.Errorf("paired with a user that the org does not have: %v", err)
	}
	for _, user := range []orglink.UserID{"theirs", "nobody", "hé", "", "h "} {
		if err := s.Pair(t.Context(), tenant, conn, id, user, admin); !errors.Is(err, usersync.ErrNoUser) {
			t.Errorf("paired with %q, whom the tenant does not have: %v", user, err)
		}
	}
	stranger := orglink.Actor{Tenant: "other", User: "boss", Admin: true}
	if s.Pair(t.Context(), tenant, conn, id, "h", stranger) == nil || s.Unpair(t.Context(), tenant, conn, id, stranger) == nil {
		t.Error("another tenant's admin was obeyed")
	}
	if err := s.Pair(t.Context(), tenant, conn, id, "h", admin); err != nil {
		t.Fatal(err)
	}
	org := sobject.ID(w.org.Ready().OrgID)
	for _, c := range []struct {
		tenant  orglink.TenantID
		org, id sobject.ID
		want    orglink.UserID
	}{{tenant, org, id, "h"}, {"other", org, id, ""}, {tenant, "00D000000000999EAA", id, ""}, {tenant, org, "005000000000999AAA", ""}} {
		if got, err := s.PairedUser(t.Context(), c.tenant, c.org, c.id); err != nil || got != c.want {
			t.Errorf("the user of %s in %s for %s is %q, %v", c.id, c.org, c.tenant, got, err)
		}
	}
	if got, err := s.SalesforceUser(t.Context(), tenant, org, "h"); err != nil || got != id {
		t.Errorf("the Salesforce user of h is %q, %v", got, err)
	}
	if got, err := s.SalesforceUser(t.Context(), tenant, org, "gone"); err != nil || got != "" {
		t.Errorf("the Salesforce user of somebody unpaired is %q, %v", got, err)
	}
	_, p := w.plan()
	w.want(p, id, usersync.ActionPaired, "by boss")
	if err := s.Unpair(t.Context(), tenant, conn, id, admin); err != nil {
		t.Fatal(err)
	}
	_, p = w.plan()
	w.want(p, id, usersync.ActionLeave, "")
	if len(events) != 2 || events[0].Kind != "usersync.paired" || events[1].Kind != "usersync.unpaired" {
		t.Errorf("events: %+v", events)
	}
}

// Columns that the connected user cannot see are named, and the others used.
func TestMissingFieldsAreToldOf(t *testing.T) {
	w := newWorld(t, usersync.AllActive())
	id := w.user("somebody", "FederationIdentifier", "F-1")
	_ = w.org.Org().RemoveField("User", "FederationIdentifier")
	_ = w.org.Org().SetPermissions(w.org.Ready().Username, salesforcetest.Permissions{System: map[string]bool{"ManageUsers": false}})
	_, p := w.plan()
	w.want(p, id, usersync.ActionCreate, "")
	if !strings.Contains(strings.Join(p.Warnings, " "), "FederationIdentifier") || !strings.Contains(strings.Join(p.Warnings, " "), "UserLogin") {
		t.Errorf("warnings: %q", p.Warnings)
	}
}

func TestConfigProblemsAreReportedTogether(t *testing.T) {
	_, err := usersync.New(usersync.Config{Rules: []usersync.Identity{"shoe size"}})
	for _, part := range []string{"Clients", "Directory", "Pairs", "shoe size"} {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("the error does not mention %s: %v", part, err)
		}
	}
}

func ExampleOnDemand() {
	picked := sobject.MustID("005000000000001")
	strategy := usersync.OnDemand(picked)
	for _, id := range []sobject.ID{picked, sobject.MustID("005000000000002")} {
		decision := strategy.Decide(usersync.Candidate{User: usersync.SalesforceUser{ID: id}})
		fmt.Println(decision == usersync.PairOrCreate)
	}
	// Output:
	// true
	// false
}
