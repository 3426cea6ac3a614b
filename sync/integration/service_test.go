package integration_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/mapping"
	"github.com/orglink/orglink/salesforce"
	"github.com/orglink/orglink/salesforce/salesforcetest"
	"github.com/orglink/orglink/salesforce/sobject"
	"github.com/orglink/orglink/sync/integration"
)

// host is a product with one tenant, one connection and three groups. Sales
// owns, support receives, legal is connected with nobody, and lab has no
// Salesforce.
type host struct {
	fake     *salesforcetest.Server
	service  *integration.Service
	store    *integration.Memory
	estimate []mapping.Selection

	mu     sync.Mutex
	events []string
}

var groups = integration.StaticGroups{"sales": {"support", "lab"}, "support": {"sales"}, "legal": nil}

var (
	boss     = orglink.Actor{Tenant: "acme", User: "boss", Group: "sales", Admin: true}
	clerk    = orglink.Actor{Tenant: "acme", User: "clerk", Group: "sales"}
	receiver = orglink.Actor{Tenant: "acme", User: "rita", Group: "support", Admin: true}
	lawyer   = orglink.Actor{Tenant: "acme", User: "lars", Group: "legal", Admin: true}
	rival    = orglink.Actor{Tenant: "rival", User: "boss", Group: "sales", Admin: true}
)

// Client implements integration.Connections.
func (h *host) Client(_ context.Context, tenant orglink.TenantID, id orglink.ConnectionID) (*salesforce.Client, error) {
	if tenant != "acme" || id != "c-1" {
		return nil, errors.New("no such connection")
	}
	u, err := url.Parse(h.fake.URL)
	if err != nil {
		return nil, err
	}
	return salesforce.New(salesforce.Config{Tokens: salesforce.StaticToken(h.fake.URL, h.fake.Ready().AccessToken),
		HTTPClient: h.fake.Client(), TrustedHosts: []string{u.Host}})
}

// Estimate implements integration.Estimator.
func (h *host) Estimate(_ context.Context, _ orglink.TenantID, _ orglink.ConnectionID, sel []mapping.Selection) (orglink.Estimate, error) {
	h.estimate = sel
	return orglink.Estimate{Rows: 7, Calls: 3}, nil
}

// Emit implements integration.Events.
func (h *host) Emit(_ context.Context, e orglink.Event) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.events = append(h.events, e.Kind)
	return nil
}

func newHost(t *testing.T) *host {
	t.Helper()
	h := &host{fake: salesforcetest.NewServer(t, salesforcetest.Config{}), store: integration.NewMemory()}
	var err error
	h.service, err = integration.New(integration.Config{Store: h.store, Connections: h, Groups: groups, Estimator: h, Events: h})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func draft() integration.Draft {
	return integration.Draft{Name: " Customers ", Connection: "c-1", Objects: []mapping.ObjectSelection{
		{Object: "account", Fields: mapping.Listed("Name", "Phone", "BillingAddress")},
		{Object: "Contact", Fields: mapping.Listed("LastName", "Email")},
	}}
}

func (h *host) save(t *testing.T, d integration.Draft) integration.Integration {
	t.Helper()
	i, err := h.service.Save(t.Context(), boss, d)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

func fields(list []mapping.Selection) string {
	var out []string
	for _, s := range list {
		out = append(out, s.Object+"("+strings.Join(s.Fields, " ")+")")
	}
	return strings.Join(out, " ")
}

func TestDraftKnowsWhatItMisses(t *testing.T) {
	h := newHost(t)
	d := integration.Draft{}
	for _, step := range []struct {
		missing []integration.Missing
		fill    func()
	}{
		{[]integration.Missing{integration.MissingName, integration.MissingConnection, integration.MissingObjects}, func() { d.Name = "Customers" }},
		{[]integration.Missing{integration.MissingConnection, integration.MissingObjects}, func() { d.Connection = "c-1" }},
		{[]integration.Missing{integration.MissingObjects}, func() { d.Objects = []mapping.ObjectSelection{{Object: "Account"}} }},
		{[]integration.Missing{integration.MissingFields}, func() { d.Objects[0].Fields = mapping.Listed("Name") }},
		{nil, func() {}},
	} {
		review, err := h.service.Review(t.Context(), boss, d)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(step.missing, review.Missing); diff != "" {
			t.Error(diff)
		}
		if review.Ready() != (step.missing == nil) {
			t.Errorf("ready is %t with %v missing and %v", review.Ready(), review.Missing, review.Problems)
		}
		if _, err := h.service.Save(t.Context(), boss, d); step.missing != nil && !errors.Is(err, integration.ErrIncomplete) {
			t.Errorf("saving with %v missing: %v", step.missing, err)
		}
		step.fill()
	}
}

func TestReview(t *testing.T) {
	h := newHost(t)
	for _, name := range []string{"A", "B", "C"} {
		if _, err := h.fake.Org().Create("Account", salesforcetest.Fields{"Name": name}); err != nil {
			t.Fatal(err)
		}
	}
	d := draft()
	d.Groups = []orglink.GroupID{"support"}
	r, err := h.service.Review(t.Context(), boss, d)
	if err != nil {
		t.Fatal(err)
	}
	if !r.Ready() || r.Companies != 3 || r.Owner != "sales" || r.Estimate.Calls != 3 || !slices.Equal(r.Groups, d.Groups) {
		t.Errorf("%+v", r)
	}
	if len(r.Objects) != 2 || r.Objects[0].Object != "Account" || r.Objects[0].Label != "Account" || r.Objects[0].Fields != 4 || r.Objects[1].Fields != 4 {
		t.Errorf("%+v", r.Objects)
	}
	if len(r.Problems) != 1 || !r.Problems[0].Note || r.Problems[0].Field != "BillingAddress" {
		t.Errorf("the compound field is not noted: %v", r.Problems)
	}
	if got := fields(h.estimate); got != "Account(Id Name Phone SystemModstamp) Contact(Id LastName Email SystemModstamp)" {
		t.Errorf("estimated %s", got)
	}
}

func TestReviewNamesWhatIsWrong(t *testing.T) {
	h := newHost(t)
	if err := h.fake.Org().HideField(h.fake.Ready().Username, "Account", "Phone"); err != nil {
		t.Fatal(err)
	}
	d := draft()
	d.Objects = append(d.Objects, mapping.ObjectSelection{Object: "Nope__c", Fields: mapping.All()}, mapping.ObjectSelection{Object: "Case", Fields: mapping.Listed("Sbuject")})
	d.Groups = []orglink.GroupID{"legal", "lab", "sales"}
	r, err := h.service.Review(t.Context(), boss, d)
	if err != nil {
		t.Fatal(err)
	}
	var text string
	for _, p := range mapping.Blocking(r.Problems) {
		text += p.Error() + "\n"
	}
	for _, want := range []string{"Account.Phone: the field does not exist, or field-level security hides it", "Case.Sbuject: ", "Nope__c: the object does not exist, or",
		"group legal: ", "not connected", "group lab: ", "may not use Salesforce", "group sales: "} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	var incomplete *integration.IncompleteError
	if _, err := h.service.Save(t.Context(), boss, d); !errors.As(err, &incomplete) || len(incomplete.Problems) != 6 {
		t.Errorf("saved with problems: %v", err)
	}
	d = draft()
	d.Connection = "other"
	if _, err := h.service.Review(t.Context(), boss, d); err == nil || !strings.Contains(err.Error(), "connection other") {
		t.Error(err)
	}
}

func TestSaveEditPauseDelete(t *testing.T) {
	h := newHost(t)
	ctx := t.Context()
	i := h.save(t, draft())
	if i.Name != "Customers" || i.Owner != "sales" || i.State != integration.Active || i.CreatedBy != "boss" || i.Created.IsZero() {
		t.Errorf("%+v", i)
	}
	d := i.Draft()
	d.Name, d.Objects = "Kunden", d.Objects[:1]
	edited, err := h.service.Edit(ctx, boss, i.ID, d)
	if err != nil {
		t.Fatal(err)
	}
	if edited.Name != "Kunden" || fields(edited.Selections) != "Account(Id Name Phone SystemModstamp)" || edited.Version != 2 {
		t.Errorf("%+v", edited)
	}
	if _, err := h.service.Edit(ctx, boss, i.ID, d); !errors.Is(err, integration.ErrConflict) {
		t.Errorf("an edit of an old version: %v", err)
	}
	if got, _ := h.service.Selections(ctx, "acme", "c-1"); fields(got) != "Account(Id Name Phone SystemModstamp)" {
		t.Error(fields(got))
	}
	for range 2 { // pausing twice is no second event
		if _, err := h.service.Pause(ctx, boss, i.ID); err != nil {
			t.Fatal(err)
		}
	}
	if got, _ := h.service.Selections(ctx, "acme", "c-1"); len(got) != 0 {
		t.Error("a paused integration is read:", fields(got))
	}
	if v, err := h.service.View(ctx, clerk, i.ID); err != nil || len(v.Objects) != 1 {
		t.Error("a paused integration is not visible:", v, err)
	}
	if _, err := h.service.Resume(ctx, boss, i.ID); err != nil {
		t.Fatal(err)
	}
	if err := h.service.Delete(ctx, boss, i.ID, integration.Keep); err != nil {
		t.Fatal(err)
	}
	if _, err := h.service.Get(ctx, boss, i.ID); !errors.Is(err, integration.ErrNotFound) {
		t.Error(err)
	}
	want := []string{integration.EventSaved, integration.EventChanged, integration.EventPaused, integration.EventResumed, integration.EventDeleted}
	if diff := cmp.Diff(want, h.events); diff != "" {
		t.Error(diff)
	}
}

func TestOnlyAdminsOfTheOwningGroupManage(t *testing.T) {
	h := newHost(t)
	ctx := t.Context()
	d := draft()
	d.Groups = []orglink.GroupID{"support"}
	i := h.save(t, d)
	calls := map[string]func(a orglink.Actor) error{
		"edit":   func(a orglink.Actor) error { _, err := h.service.Edit(ctx, a, i.ID, draft()); return err },
		"pause":  func(a orglink.Actor) error { _, err := h.service.Pause(ctx, a, i.ID); return err },
		"resume": func(a orglink.Actor) error { _, err := h.service.Resume(ctx, a, i.ID); return err },
		"delete": func(a orglink.Actor) error { return h.service.Delete(ctx, a, i.ID, integration.Keep) },
		"share":  func(a orglink.Actor) error { _, err := h.service.Share(ctx, a, i.ID, "support", nil); return err },
	}
	for name, call := range calls {
		for actor, want := range map[orglink.Actor]error{clerk: integration.ErrForbidden, receiver: integration.ErrForbidden,
			lawyer: integration.ErrNotFound, rival: integration.ErrNotFound, {Tenant: "acme", Admin: true}: integration.ErrNotFound} {
			if err := call(actor); !errors.Is(err, want) {
				t.Errorf("%s by %s of %s: %v, want %v", name, actor.User, actor.Group, err, want)
			}
		}
	}
	d.Owner = "sales"
	for _, actor := range []orglink.Actor{clerk, receiver, lawyer} {
		if _, err := h.service.Save(ctx, actor, d); !errors.Is(err, integration.ErrForbidden) {
			t.Errorf("save by %s: %v", actor.User, err)
		}
		if _, err := h.service.Review(ctx, actor, d); !errors.Is(err, integration.ErrForbidden) {
			t.Errorf("review by %s: %v", actor.User, err)
		}
	}
	lab := orglink.Actor{Tenant: "acme", User: "l", Group: "lab", Admin: true}
	if _, err := h.service.Save(ctx, lab, draft()); !errors.Is(err, integration.ErrNotEnabled) {
		t.Errorf("save by a group without Salesforce: %v", err)
	}
	for actor, want := range map[orglink.Actor]int{boss: 1, clerk: 1, receiver: 1, lawyer: 0, rival: 0} {
		if list, err := h.service.List(ctx, actor); err != nil || len(list) != want {
			t.Errorf("%s of %s sees %d integrations (%v), want %d", actor.User, actor.Group, len(list), err, want)
		}
	}
}

func TestSharing(t *testing.T) {
	h := newHost(t)
	ctx := t.Context()
	i := h.save(t, draft())
	view := func(want string) {
		t.Helper()
		v, err := h.service.View(ctx, receiver, i.ID)
		if got := fields(v.Objects); err != nil || got != want {
			t.Errorf("the receiver sees %s (%v), want %s", got, err, want)
		}
	}
	if _, err := h.service.View(ctx, receiver, i.ID); !errors.Is(err, integration.ErrNotFound) {
		t.Error("seen before it is shared:", err)
	}
	share := func(objects ...mapping.Selection) error {
		_, err := h.service.Share(ctx, boss, i.ID, "support", objects)
		return err
	}
	if err := share(); err != nil {
		t.Fatal(err)
	}
	view("Account(Id Name Phone SystemModstamp) Contact(Id LastName Email SystemModstamp)")
	if err := share(mapping.Selection{Object: "account", Fields: []string{"name", "phone"}}, mapping.Selection{Object: "Contact"}); err != nil {
		t.Fatal(err)
	}
	view("Account(Id Name Phone) Contact(Id LastName Email SystemModstamp)")
	if err := share(mapping.Selection{Object: "Account", Fields: []string{"Rating"}}); !errors.Is(err, integration.ErrIncomplete) {
		t.Error("a field outside the integration was shared:", err)
	}
	passive := func(objects ...mapping.Selection) error {
		_, err := h.service.SetPassive(ctx, receiver, i.ID, objects)
		return err
	}
	if err := passive(mapping.Selection{Object: "Account", Fields: []string{"Phone", "Id"}}, mapping.Selection{Object: "Contact"}); err != nil {
		t.Fatal(err)
	}
	view("Account(Id Name)")
	if err := passive(mapping.Selection{Object: "Account", Fields: []string{"SystemModstamp"}}); !errors.Is(err, integration.ErrIncomplete) {
		t.Error("a field outside the share was turned off:", err)
	}
	if _, err := h.service.SetPassive(ctx, boss, i.ID, nil); !errors.Is(err, integration.ErrForbidden) {
		t.Error("the owner set a receiver's fields:", err)
	}

	// An edit keeps what the receiver has turned off; what is shared follows.
	owned, _ := h.service.Get(ctx, boss, i.ID)
	d := owned.Draft()
	d.Objects[0].Fields = mapping.Listed("Name", "Rating", "Phone")
	if _, err := h.service.Edit(ctx, boss, i.ID, d); err != nil {
		t.Fatal(err)
	}
	view("Account(Id Name)")
	seen, err := h.service.Get(ctx, receiver, i.ID)
	if err != nil || fields(seen.Selections) != "Account(Id Name Phone) Contact(Id LastName Email SystemModstamp)" || seen.Chosen != nil || len(seen.Shares) != 1 {
		t.Errorf("the receiver sees details that are not shared: %+v %v", seen, err)
	}
	if v, _ := h.service.View(ctx, clerk, i.ID); !v.Allows("Account", "Rating") {
		t.Error("the owner does not see its own field")
	}

	// Nothing is not everything, also when it was stored as JSON.
	if _, err := h.service.Share(ctx, boss, i.ID, "support", []mapping.Selection{}); err != nil {
		t.Fatal(err)
	}
	kept, err := h.store.Get(ctx, "acme", i.ID)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(kept)
	if err != nil {
		t.Fatal(err)
	}
	var again integration.Integration
	if err := json.Unmarshal(text, &again); err != nil {
		t.Fatal(err)
	}
	if got := fields(again.For("support").Selections); got != "" {
		t.Errorf("sharing nothing shares %s", got)
	}
	view("")
	for _, group := range []orglink.GroupID{"legal", ""} {
		if got := kept.For(group); got.ID != "" || got.Name != "" || got.Selections != nil {
			t.Errorf("group %q is told %+v", group, got)
		}
	}

	for _, group := range []orglink.GroupID{"legal", "sales", ""} {
		if _, err := h.service.Share(ctx, boss, i.ID, group, nil); !errors.Is(err, integration.ErrNotConnected) {
			t.Errorf("shared with %q: %v", group, err)
		}
	}
	if _, err := h.service.Share(ctx, boss, i.ID, "lab", nil); !errors.Is(err, integration.ErrNotEnabled) {
		t.Error("shared with a group without Salesforce:", err)
	}
	if err := h.service.Unshare(ctx, clerk, i.ID, "support"); !errors.Is(err, integration.ErrForbidden) {
		t.Error("a member took the share back:", err)
	}
	if err := h.service.Unshare(ctx, receiver, i.ID, "support"); err != nil {
		t.Fatal(err)
	}
	if _, err := h.service.View(ctx, receiver, i.ID); !errors.Is(err, integration.ErrNotFound) {
		t.Error("seen after the group disconnected:", err)
	}
	if err := h.service.Unshare(ctx, boss, i.ID, "support"); err != nil {
		t.Error(err)
	}
}

// What the host takes away from groups ends what they see.
func TestViewsEndWithTheHostsPermission(t *testing.T) {
	h := newHost(t)
	d := draft()
	d.Groups = []orglink.GroupID{"support"}
	i := h.save(t, d)
	for name, test := range map[string]struct {
		groups integration.StaticGroups
		actor  orglink.Actor
		want   error
	}{
		"as before":            {groups, receiver, nil},
		"parted":               {integration.StaticGroups{"sales": nil, "support": nil}, receiver, integration.ErrNotConnected},
		"receiver without":     {integration.StaticGroups{"sales": {"support"}}, receiver, integration.ErrNotEnabled},
		"owner without":        {integration.StaticGroups{"support": nil}, clerk, integration.ErrNotEnabled},
		"owner without manage": {integration.StaticGroups{"support": nil}, boss, integration.ErrNotEnabled},
	} {
		service, err := integration.New(integration.Config{Store: h.store, Connections: h, Groups: test.groups})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := service.View(t.Context(), test.actor, i.ID); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", name, err, test.want)
		}
		if test.actor.Admin && test.actor.Group == "sales" {
			if _, err := service.Pause(t.Context(), test.actor, i.ID); !errors.Is(err, test.want) {
				t.Errorf("%s: pause: %v, want %v", name, err, test.want)
			}
		}
	}
}

func TestSelectionsAreTheUnionOfAConnection(t *testing.T) {
	h := newHost(t)
	h.save(t, draft())
	d := draft()
	d.Objects = []mapping.ObjectSelection{{Object: "Account", Fields: mapping.Listed("Rating")}, {Object: "Case", Fields: mapping.Listed("Subject")}}
	h.save(t, d)
	got, err := h.service.Selections(t.Context(), "acme", "c-1")
	if err != nil {
		t.Fatal(err)
	}
	byObject := map[string][]string{}
	for _, s := range got {
		slices.Sort(s.Fields)
		byObject[s.Object] = s.Fields
	}
	want := map[string][]string{"Account": {"Id", "Name", "Phone", "Rating", "SystemModstamp"}, "Contact": {"Email", "Id", "LastName", "SystemModstamp"}, "Case": {"Id", "Subject", "SystemModstamp"}}
	if diff := cmp.Diff(want, byObject); diff != "" {
		t.Error(diff)
	}
	for _, other := range []struct {
		tenant orglink.TenantID
		conn   orglink.ConnectionID
	}{{"rival", "c-1"}, {"acme", "c-2"}} {
		if got, err := h.service.Selections(t.Context(), other.tenant, other.conn); err != nil || len(got) != 0 {
			t.Error(other, fields(got), err)
		}
	}
}

// short selects fields by a rule of the host's own.
type short struct{ most int }

func (s short) Select(d *sobject.Describe) (out []string, _ error) {
	for _, f := range d.Fields {
		if len(f.Name) <= s.most && !f.Type.Compound() {
			out = append(out, f.Name)
		}
	}
	return out, nil
}

func TestASelectorOfTheHostsOwn(t *testing.T) {
	h := newHost(t)
	d := draft()
	d.Objects = []mapping.ObjectSelection{{Object: "Account", Fields: short{4}}}
	i := h.save(t, d)
	if !i.Selections[0].Has("Name") || i.Selections[0].Has("Phone") {
		t.Error(fields(i.Selections))
	}
	if _, err := json.Marshal(i); err != nil {
		t.Errorf("it cannot be stored: %v", err)
	}
}

func TestRedescribeFollowsTheOrg(t *testing.T) {
	h := newHost(t)
	ctx, org := t.Context(), h.fake.Org()
	d := draft()
	d.Objects = []mapping.ObjectSelection{{Object: "Account", Fields: mapping.Combined(mapping.Listed("Name", "Phone"), mapping.Custom())}}
	i := h.save(t, d)
	if changes, err := h.service.Redescribe(ctx, "acme", "c-1"); err != nil || len(changes) != 0 {
		t.Errorf("nothing changed: %v %v", changes, err)
	}
	if err := org.AddField("Account", salesforcetest.Field{Name: "Tier__c", Type: sobject.TypeString, Length: 20}); err != nil {
		t.Fatal(err)
	}
	if err := org.HideField(h.fake.Ready().Username, "Account", "Phone"); err != nil {
		t.Fatal(err)
	}
	changes, err := h.service.Redescribe(ctx, "acme", "c-1")
	want := []integration.FieldChange{{Integration: i.ID, Object: "Account", Field: "Tier__c", Added: true}, {Integration: i.ID, Object: "Account", Field: "Phone"}}
	if diff := cmp.Diff(want, changes); err != nil || diff != "" {
		t.Error(err, diff)
	}
	got, _ := h.service.Selections(ctx, "acme", "c-1")
	if !got[0].Has("Tier__c") || got[0].Has("Phone") {
		t.Error(fields(got))
	}
	if n := strings.Count(strings.Join(h.events, " "), integration.EventSchema); n != 2 {
		t.Errorf("%d events tell of 2 changes", n)
	}
	if err := org.SetPermissions(h.fake.Ready().Username, salesforcetest.Permissions{Objects: map[string]salesforcetest.ObjectPermissions{"Account": {}},
		System: map[string]bool{"ViewAllData": false, "ModifyAllData": false}}); err != nil {
		t.Fatal(err)
	}
	if _, err := h.service.Redescribe(ctx, "acme", "c-1"); err == nil {
		t.Error("an integration whose objects are all out of sight was emptied")
	}
	if got, _ := h.service.Selections(ctx, "acme", "c-1"); len(got) != 1 {
		t.Error(fields(got))
	}
}

// Two edits at once: neither is lost without the loser being told.
func TestEditsAtOnce(t *testing.T) {
	h := newHost(t)
	i := h.save(t, draft())
	errs := make([]error, 6)
	var wg sync.WaitGroup
	for n := range errs {
		wg.Go(func() {
			d := i.Draft()
			d.Name = string(rune('a' + n))
			_, errs[n] = h.service.Edit(t.Context(), boss, i.ID, d)
		})
	}
	wg.Wait()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
		} else if !errors.Is(err, integration.ErrConflict) {
			t.Error(err)
		}
	}
	if won != 1 {
		t.Errorf("%d edits of one version were stored", won)
	}
}

// A change within the same instant of the clock is stored all the same.
func TestChangesNeedNoClock(t *testing.T) {
	store := integration.NewMemory()
	synctest.Test(t, func(t *testing.T) {
		service, err := integration.New(integration.Config{Store: store, Connections: &host{}, Groups: groups})
		if err != nil {
			t.Fatal(err)
		}
		i := integration.Integration{Tenant: "acme", ID: "i", Version: 1, Owner: "sales", State: integration.Active, Changed: time.Now().UTC()}
		if err := store.Create(t.Context(), i, integration.TrailEntry{}); err != nil {
			t.Fatal(err)
		}
		if _, err := service.Pause(t.Context(), boss, "i"); err != nil {
			t.Fatal(err)
		}
		if got, _ := store.Get(t.Context(), "acme", "i"); got.State != integration.Paused {
			t.Error("the pause was not stored")
		}
	})
}

func TestNewReportsEveryProblem(t *testing.T) {
	_, err := integration.New(integration.Config{})
	for _, want := range []string{"Store", "Connections", "Groups"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("no %s in %v", want, err)
		}
	}
}

func TestDraftIsData(t *testing.T) {
	d := draft()
	text, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	var again integration.Draft
	if err := json.Unmarshal(text, &again); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(d, again); diff != "" {
		t.Error(diff)
	}
}
