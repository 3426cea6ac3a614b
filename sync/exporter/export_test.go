package exporter_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/mapping"
	"github.com/orglink/orglink/salesforce"
	"github.com/orglink/orglink/salesforce/salesforcetest"
	"github.com/orglink/orglink/salesforce/sobject"
	"github.com/orglink/orglink/sync/exporter"
)

// Every row ends as exactly one of created, updated, unchanged or rejected.
func TestEachRowHasOneFate(t *testing.T) {
	w := newWorld(t)
	_ = w.org.Org().AddRule("Account", salesforcetest.Rule{Name: "phone", Message: "Premium numbers are not allowed.", Field: "Phone",
		Fails: func(r salesforcetest.Row) bool { return strings.HasPrefix(r.Text("Phone"), "0900") }})
	w.add(company("old", "name", "Before"), company("same", "name", "Same"))
	w.want(w.run(), "created 2, updated 0, unchanged 0, deleted 0, rejected 0, parked 0, retrying 0")

	w.add(company("new", "name", "New"), company("old", "name", "After", "notes", nil), company("same", "name", "Same"),
		company("rule", "name", "R", "phone", "0900 1"), company("number", "name", "N", "staff", "many"))
	before := w.org.APICalls()
	rep := w.run()
	w.want(rep, "created 1, updated 1, unchanged 1, deleted 0, rejected 2, parked 0, retrying 0")
	if calls := w.org.APICalls() - before; int64(calls) != rep.Calls || calls != 3 {
		t.Errorf("%d calls were made and %d reported; want 3: describe, upsert of what is new, update of what is linked", calls, rep.Calls)
	}
	if got := w.account("old", "Name"); got != "After" {
		t.Errorf("the updated account is named %q", got)
	}
	rejected, err := w.outbox.List(t.Context(), tenant, conn, exporter.Filter{State: exporter.Rejected})
	if err != nil || len(rejected) != 2 {
		t.Fatalf("%d rejected entries, %v", len(rejected), err)
	}
	codes := map[string]*exporter.Reason{}
	for _, e := range rejected {
		codes[e.Key] = e.Reason
	}
	if r := codes["rule"]; r == nil || r.Code != "FIELD_CUSTOM_VALIDATION_EXCEPTION" || !strings.Contains(r.Message, "Premium") || r.Remedy == "" {
		t.Errorf("the rule's reason is %+v", r)
	}
	if r := codes["number"]; r == nil || r.Code != exporter.CodeUnmappable || !slices.Equal(r.Fields, []string{"NumberOfEmployees"}) || r.Remedy == "" {
		t.Errorf("the number's reason is %+v", r)
	}
	for _, r := range w.org.Requests() {
		if strings.Contains(string(r.Body), "many") {
			t.Error("a row that cannot be translated was sent")
		}
	}
	counts, err := w.outbox.Counts(t.Context(), tenant, conn)
	if want := (exporter.Counts{Succeeded: 5, Rejected: 2}); err != nil || counts != want {
		t.Errorf("counts are %+v, %v; want %+v", counts, err, want)
	}
}

// A rejected row is corrected by the next change, with the fields it had.
func TestCorrectedRowKeepsItsFields(t *testing.T) {
	w := newWorld(t)
	w.add(company("k", "name", "Acme", "staff", "many"))
	w.want(w.run(), "created 0, updated 0, unchanged 0, deleted 0, rejected 1, parked 0, retrying 0")
	w.add(company("k", "staff", 12))
	w.want(w.run(), "created 1, updated 0, unchanged 0, deleted 0, rejected 0, parked 0, retrying 0")
	if name, staff := w.account("k", "Name"), w.account("k", "NumberOfEmployees"); name != "Acme" || staff != "12" {
		t.Errorf("the account has %q and %q", name, staff)
	}
}

// A lost answer at any request of a run leaves each row written once.
func TestLostAnswersWriteNothingTwice(t *testing.T) {
	actions := map[string]salesforcetest.Action{"after the work": salesforcetest.DropAfter(), "before the work": salesforcetest.DropBefore(), "cut": salesforcetest.Truncate(20)}
	for name, action := range actions {
		for nth := 1; nth <= 8; nth++ {
			t.Run(fmt.Sprint(name, " ", nth), func(t *testing.T) {
				w := newWorld(t)
				w.cfg.BatchRows = 4
				w.add(company("u1", "name", "before"))
				w.run()
				written := w.countWrites()
				w.org.Fault(salesforcetest.Fault{Match: salesforcetest.Match{Nth: nth}, Action: action})
				for i := range 9 {
					w.add(company(fmt.Sprint("n", i), "name", fmt.Sprint("Name ", i), "staff", i, "notes", "line\r\n two "))
				}
				w.add(company("u1", "name", "after"))
				var total exporter.Report
				for range 5 { // a host comes again after an error
					rep, err := w.service().Run(t.Context(), tenant, conn)
					total.Created, total.Updated = total.Created+rep.Created, total.Updated+rep.Updated
					if err == nil {
						break
					}
				}
				if total.Created != 9 || total.Updated != 1 {
					t.Errorf("created %d and updated %d, want 9 and 1", total.Created, total.Updated)
				}
				if twice := written.twice(); len(twice) > 0 {
					t.Errorf("written twice: %v", twice)
				}
				if n, err := w.org.Org().Count("SELECT COUNT() FROM Account"); err != nil || n != 10 {
					t.Errorf("%d accounts, %v; want 10", n, err)
				}
				counts, err := w.outbox.Counts(t.Context(), tenant, conn)
				if err != nil || counts != (exporter.Counts{Succeeded: 11}) {
					t.Errorf("counts are %+v, %v", counts, err)
				}
			})
		}
	}
}

// A worker that dies after the org did the work leaves nothing to write.
func TestDeadWorkersRowsAreVerified(t *testing.T) {
	w := newWorld(t)
	written := w.countWrites()
	w.add(company("made", "name", "Made"), company("not", "name", "Not made"))
	// The dead worker claimed both and wrote one.
	now, err := w.client.ServerTime(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.outbox.Claim(t.Context(), exporter.Claim{Tenant: tenant, Connection: conn, By: exporter.Claimant{Fence: 3, Owner: "dead"}, Limit: 10, Now: now}); err != nil {
		t.Fatal(err)
	}
	rec := sobject.NewRecord("Account", sobject.F("Name", sobject.TextValue("Made")), sobject.F("Company_Key__c", sobject.TextValue("made")))
	if _, err := w.client.UpsertAll(t.Context(), "Account", "Company_Key__c", []sobject.Record{rec}, salesforce.WriteOptions{}); err != nil {
		t.Fatal(err)
	}
	rep := w.run()
	w.want(rep, "created 2, updated 0, unchanged 0, deleted 0, rejected 0, parked 0, retrying 0")
	if rep.Verified != 1 || len(written.twice()) > 0 {
		t.Errorf("verified %d, written twice %v", rep.Verified, written.twice())
	}
	w.add(company("made", "name", "Made"))
	w.want(w.run(), "created 0, updated 0, unchanged 1, deleted 0, rejected 0, parked 0, retrying 0")
}

// dyingOutbox dies at a settlement, after the links were saved.
type dyingOutbox struct {
	exporter.Outbox
	dead bool
}

func (o *dyingOutbox) Settle(ctx context.Context, t orglink.TenantID, c orglink.ConnectionID, by exporter.Claimant, s []exporter.Settlement) error {
	if o.dead {
		return errors.New("the process died")
	}
	return o.Outbox.Settle(ctx, t, c, by, s)
}

// dyingLinks dies before what was written is remembered.
type dyingLinks struct {
	exporter.Links
	dead bool
}

func (l *dyingLinks) SaveWritten(ctx context.Context, t orglink.TenantID, c orglink.ConnectionID, object string, w []mapping.Written) error {
	if l.dead {
		return errors.New("the process died")
	}
	return l.Links.SaveWritten(ctx, t, c, object, w)
}

// A process that dies between the org's answer, the links and the outbox
// leaves the same outcomes as one that lives, within one second too.
func TestDeathBetweenTheStores(t *testing.T) {
	for _, where := range []string{"links", "outbox"} {
		t.Run(where, func(t *testing.T) {
			w := newWorld(t)
			written := w.countWrites()
			outbox, links := &dyingOutbox{Outbox: w.outbox}, &dyingLinks{Links: w.links}
			w.cfg.Outbox, w.cfg.Links = outbox, links
			die := func() {
				t.Helper()
				outbox.dead, links.dead = where == "outbox", where == "links"
				if _, err := w.service().Run(t.Context(), tenant, conn); err == nil {
					t.Fatal("the run did not die")
				}
				outbox.dead, links.dead = false, false
			}
			w.add(company("k", "name", "First"))
			die()
			w.want(w.run(), "created 1, updated 0, unchanged 0, deleted 0, rejected 0, parked 0, retrying 0")
			if twice := written.twice(); len(twice) > 0 {
				t.Errorf("written twice: %v", twice)
			}
			w.add(company("k", "name", "Second"))
			die()
			w.want(w.run(), "created 0, updated 1, unchanged 0, deleted 0, rejected 0, parked 0, retrying 0")
			w.add(company("k", "name", "First")) // back to what was written before
			w.want(w.run(), "created 0, updated 1, unchanged 0, deleted 0, rejected 0, parked 0, retrying 0")
			if got := w.account("k", "Name"); got != "First" {
				t.Errorf("the account is named %q", got)
			}
			gone := company("k")
			gone.Op = exporter.Delete
			w.add(gone)
			die()
			w.want(w.run(), "created 0, updated 0, unchanged 0, deleted 1, rejected 0, parked 0, retrying 0")
		})
	}
}

// A worker whose lease is lost cannot settle, and its successor does.
func TestLostLease(t *testing.T) {
	w := newWorld(t)
	w.add(company("k", "name", "Acme"))
	old, successor := w.service().Job(tenant, conn), w.service().Job(tenant, conn)
	var once bool
	w.org.OnRequest(func(r salesforcetest.RequestRecord) {
		if strings.Contains(r.Path, "/composite/sobjects/") && !once {
			once = true
			if _, err := successor.Step(t.Context(), 2); err != nil {
				t.Errorf("the successor: %v", err)
			}
		}
	})
	if _, err := old.Step(t.Context(), 1); !errors.Is(err, exporter.ErrFenced) {
		t.Errorf("the old worker: %v; want ErrFenced", err)
	}
	counts, err := w.outbox.Counts(t.Context(), tenant, conn)
	if err != nil || counts != (exporter.Counts{Succeeded: 1}) {
		t.Errorf("counts are %+v, %v", counts, err)
	}
	if n, _ := w.org.Org().Count("SELECT COUNT() FROM Account"); n != 1 {
		t.Errorf("%d accounts", n)
	}
}

// A session that ends mid-way stops the step; nothing is lost or counted.
func TestSessionEndsMidway(t *testing.T) {
	w := newWorld(t)
	w.cfg.BatchRows = 2
	for i := range 6 {
		w.add(company(fmt.Sprint(i), "name", "A"))
	}
	w.org.Fault(salesforcetest.Fault{Match: salesforcetest.Match{Path: "composite/sobjects", Nth: 2, Times: 1}, Action: salesforcetest.ExpireSession()})
	_, err := w.service().Run(t.Context(), tenant, conn)
	if !errors.Is(err, salesforce.ErrSessionExpired) {
		t.Fatalf("the run ended with %v; want ErrSessionExpired", err)
	}
	waiting, err := w.outbox.List(t.Context(), tenant, conn, exporter.Filter{State: exporter.Pending})
	if err != nil || len(waiting) != 4 {
		t.Fatalf("%d rows wait, %v; want 4", len(waiting), err)
	}
	for _, e := range waiting {
		if e.Attempts != 0 || e.Unsure {
			t.Errorf("row %s waits with %d attempts, unsure %t", e.Key, e.Attempts, e.Unsure)
		}
	}
}

// A request that is refused as a whole is divided until the bad row is alone.
func TestRefusedBatchIsDivided(t *testing.T) {
	w := newWorld(t)
	w.org.OnRequest(func(r salesforcetest.RequestRecord) {
		if strings.Contains(string(r.Body), "poison") {
			w.org.Fault(salesforcetest.Fault{Match: salesforcetest.Match{Path: "composite/sobjects", Nth: 1},
				Action: salesforcetest.Refuse(400, "JSON_PARSER_ERROR", "Cannot deserialize instance of date")})
		}
	})
	for i := range 20 {
		w.add(company(fmt.Sprint(i), "name", map[bool]string{true: "poison", false: "fine"}[i == 7]))
	}
	rep := w.run()
	w.want(rep, "created 19, updated 0, unchanged 0, deleted 0, rejected 1, parked 0, retrying 0")
	if len(rep.Rejections) != 1 || rep.Rejections[0].Key != "7" || rep.Rejections[0].Reason.Code != "JSON_PARSER_ERROR" {
		t.Errorf("rejected: %+v", rep.Rejections)
	}
}

// Updates never create and deletions are remembered.
func TestUpdateAndDelete(t *testing.T) {
	w := newWorld(t)
	change := func(op exporter.Op, key string, pairs ...any) exporter.Change {
		c := company(key, pairs...)
		c.Op = op
		return c
	}
	w.add(change(exporter.Update, "k", "name", "Never"))
	rep := w.run()
	w.want(rep, "created 0, updated 0, unchanged 0, deleted 0, rejected 1, parked 0, retrying 0")
	if rep.Rejections[0].Reason.Code != exporter.CodeNotFound {
		t.Errorf("rejected for %+v", rep.Rejections[0].Reason)
	}
	w.add(change(exporter.Delete, "k"))
	w.want(w.run(), "created 0, updated 0, unchanged 1, deleted 0, rejected 0, parked 0, retrying 0")
	w.add(company("k", "name", "Here"))
	w.run()
	w.add(change(exporter.Update, "k", "phone", "1"))
	w.want(w.run(), "created 0, updated 1, unchanged 0, deleted 0, rejected 0, parked 0, retrying 0")
	w.add(change(exporter.Delete, "k"))
	w.want(w.run(), "created 0, updated 0, unchanged 0, deleted 1, rejected 0, parked 0, retrying 0")
	if got := w.account("k", "Name"); got != "-" {
		t.Errorf("the deleted account is named %q", got)
	}
	w.add(company("k", "phone", "1", "name", "Again"))
	w.want(w.run(), "created 1, updated 0, unchanged 0, deleted 0, rejected 0, parked 0, retrying 0")
}

// An owner travels when a record is created and never again.
func TestCreateOnlyFields(t *testing.T) {
	w := newWorld(t)
	m := companies
	m.Fields = append(slices.Clone(m.Fields), mapping.FieldMap{Host: "owner", Salesforce: "OwnerId", CreateOnly: true})
	w.cfg.Maps = map[string]mapping.Map{"companies": m}
	_, _ = w.org.Org().Create("Account", salesforcetest.Fields{"Name": "There", "Company_Key__c": "there"})
	admin := w.org.Ready().UserID
	w.add(company("there", "name", "There", "owner", admin), company("new", "name", "New", "owner", admin))
	w.want(w.run(), "created 1, updated 1, unchanged 0, deleted 0, rejected 0, parked 0, retrying 0")
	for _, r := range w.org.Requests() {
		for part := range strings.SplitSeq(string(r.Body), `{"attributes"`) {
			if strings.Contains(part, `"there"`) && strings.Contains(part, "OwnerId") {
				t.Error("the owner was sent for a record that exists")
			}
		}
	}
}

// Keys that are one for the org go one after the other.
func TestKeysThatDifferByCase(t *testing.T) {
	w := newWorld(t)
	w.add(company("Key", "name", "First"), company("KEY", "name", "Second"))
	w.want(w.run(), "created 1, updated 1, unchanged 0, deleted 0, rejected 0, parked 0, retrying 0")
	if got := w.account("key", "Name"); got != "Second" {
		t.Errorf("the account is named %q, want the later change", got)
	}
}

func TestUnknownMapsAndObjects(t *testing.T) {
	w := newWorld(t)
	gone := companies
	gone.Object = "Gone__c"
	hidden := companies
	hidden.Fields = append(slices.Clone(hidden.Fields), mapping.FieldMap{Host: "x", Salesforce: "Nope__c"})
	w.cfg.Maps = map[string]mapping.Map{"companies": companies, "gone": gone, "hidden": hidden}
	for i, object := range []string{"companies", "gone", "hidden", "unheard of"} {
		c := company(fmt.Sprint(i), "name", "A")
		c.Object = object
		w.add(c)
	}
	long := company(strings.Repeat("k", 41), "name", "A")
	w.add(long)
	rep := w.run()
	w.want(rep, "created 1, updated 0, unchanged 0, deleted 0, rejected 4, parked 0, retrying 0")
	want := map[string]string{"gone": exporter.CodeMap, "hidden": exporter.CodeMap, "unheard of": exporter.CodeNoMap, "companies": exporter.CodeKey}
	for _, r := range rep.Rejections {
		if r.Reason.Code != want[r.Object] || r.Reason.Remedy == "" {
			t.Errorf("%s was rejected for %+v, want %s", r.Object, r.Reason, want[r.Object])
		}
	}
}

func TestConfigProblemsAreReportedTogether(t *testing.T) {
	_, err := exporter.New(exporter.Config{BatchRows: 500, Maps: map[string]mapping.Map{"x": {Object: "Account"}}})
	for _, part := range []string{"Clients", "Outbox", "Links", "ExternalID", "BatchRows"} {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("the error does not mention %s: %v", part, err)
		}
	}
}

// Another tenant's rows stay where they are.
func TestTenantsAreApart(t *testing.T) {
	w := newWorld(t)
	c := company("k", "name", "Theirs")
	c.Tenant = orglink.TenantID("other")
	w.add(c, company("k", "name", "Ours"))
	w.want(w.run(), "created 1, updated 0, unchanged 0, deleted 0, rejected 0, parked 0, retrying 0")
	if got := w.account("k", "Name"); got != "Ours" {
		t.Errorf("the account is named %q", got)
	}
}
