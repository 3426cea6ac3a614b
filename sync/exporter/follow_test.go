package exporter_test

import (
	"strings"
	"testing"

	"github.com/orglink/orglink/mapping"
	"github.com/orglink/orglink/salesforce/salesforcetest"
	"github.com/orglink/orglink/salesforce/sobject"
	"github.com/orglink/orglink/sync/exporter"
)

const (
	oneUpdated  = "created 0, updated 1, unchanged 0, deleted 0, rejected 0, parked 0, retrying 0"
	oneRejected = "created 0, updated 0, unchanged 0, deleted 0, rejected 1, parked 0, retrying 0"
)

// merged makes an account of a row and merges it into another one.
func merged(t *testing.T, survivorKey any) (*world, sobject.ID) {
	t.Helper()
	w := newWorld(t)
	w.add(company("k", "name", "Loser"))
	w.run()
	survivor, err := w.org.Org().Create("Account", salesforcetest.Fields{"Name": "Survivor", "Company_Key__c": survivorKey})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.org.Org().Merge(survivor, w.one("SELECT Id FROM Account WHERE Company_Key__c = 'k'").ID()); err != nil {
		t.Fatal(err)
	}
	return w, survivor
}

// A row whose record was merged goes on with the survivor and its external id;
// nothing is made anew, also when the answer to that is lost.
func TestMergedRecordsAreFollowed(t *testing.T) {
	for _, lost := range []bool{false, true} {
		w, survivor := merged(t, nil)
		if lost {
			w.org.Fault(salesforcetest.Fault{Match: salesforcetest.Match{Path: "composite/sobjects", Nth: 2}, Action: salesforcetest.DropAfter()})
		}
		w.add(company("k", "phone", "1"))
		if rep := w.run(); rep.Updated != 1 {
			t.Errorf("lost %t: %s", lost, fate(rep))
		}
		w.count("SELECT COUNT() FROM Account", 1)
		if got := w.account("k", "Phone"); got != "1" {
			t.Errorf("lost %t: the survivor has the phone %q", lost, got)
		}
		before := w.org.APICalls()
		w.add(company("k", "phone", "2"))
		w.want(w.run(), oneUpdated)
		if calls := w.org.APICalls() - before; calls != 2 { // describe and update
			t.Errorf("lost %t: %d calls for the next update", lost, calls)
		}
		links, err := w.links.Written(t.Context(), tenant, conn, "companies", []string{"k"})
		if err != nil || links["k"].Record != survivor {
			t.Errorf("lost %t: linked with %v, %v; want %s", lost, links, err, survivor)
		}
	}
}

// The row's worker dies between the merge and its next change: looking finds
// nothing by the external id, and still nothing is made anew.
func TestMergedRecordOfADeadWorkersRow(t *testing.T) {
	w, _ := merged(t, nil)
	w.add(company("k", "phone", "1"))
	now, err := w.client.ServerTime(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.outbox.Claim(t.Context(), exporter.Claim{Tenant: tenant, Connection: conn, By: exporter.Claimant{Fence: 0, Owner: "dead"}, Limit: 1, Now: now}); err != nil {
		t.Fatal(err)
	}
	w.want(w.run(), oneUpdated)
	w.count("SELECT COUNT() FROM Account", 1)
}

// A survivor that is another row's record is not written by two rows.
func TestMergedIntoAnotherRowsRecord(t *testing.T) {
	w, _ := merged(t, "other")
	w.add(company("k", "phone", "1"))
	rep := w.run()
	w.want(rep, oneRejected)
	if r := rep.Rejections[0].Reason; r.Code != exporter.CodeMerged || !strings.Contains(r.Message, `"other"`) || r.Remedy == "" {
		t.Errorf("rejected for %+v", r)
	}
	w.count("SELECT COUNT() FROM Account WHERE Phone = '1'", 0)

	w, _ = merged(t, nil)
	w.cfg.RejectMerged = true
	w.add(company("k", "phone", "1"))
	rep = w.run()
	w.want(rep, oneRejected)
	if r := rep.Rejections[0].Reason; r.Code != exporter.CodeMerged {
		t.Errorf("rejected for %+v", r)
	}
	w.count("SELECT COUNT() FROM Account", 1)
}

// A converted lead's row goes on with the contact, by the map for contacts.
func TestConvertedLeadsAreFollowed(t *testing.T) {
	w := newWorld(t)
	for _, object := range []string{"Lead", "Contact"} {
		if err := w.org.Org().AddField(object, salesforcetest.Field{Name: "Person_Key__c", Type: sobject.TypeString, Length: 40, ExternalID: true, Unique: true}); err != nil {
			t.Fatal(err)
		}
	}
	fields := []mapping.FieldMap{{Host: "name", Salesforce: "LastName"}, {Host: "phone", Salesforce: "Phone"}}
	w.cfg.Maps["leads"] = mapping.Map{Object: "Lead", ExternalID: "Person_Key__c", Fields: append(fields, mapping.FieldMap{Salesforce: "Company", Constant: "Acme"})}
	w.cfg.Maps["contacts"] = mapping.Map{Object: "Contact", ExternalID: "Person_Key__c", Fields: fields}
	w.add(of("leads", company("p", "name", "Doe")))
	w.run()
	lead := w.one("SELECT Id FROM Lead WHERE Person_Key__c = 'p'").ID()
	became, err := w.org.Org().ConvertLead(lead, "")
	if err != nil {
		t.Fatal(err)
	}
	w.org.OnRequest(func(r salesforcetest.RequestRecord) {
		if strings.Contains(string(r.Body), string(lead)) { // a user without View and Edit Converted Leads
			w.org.Fault(salesforcetest.Fault{Match: salesforcetest.Match{Path: "composite/sobjects", Nth: 1}, Action: salesforcetest.Answer(200,
				`[{"success":false,"errors":[{"statusCode":"CANNOT_UPDATE_CONVERTED_LEAD","message":"cannot reference converted lead","fields":[]}]}]`)})
		}
	})
	w.add(of("leads", company("p", "phone", "1")))
	w.want(w.run(), oneRejected)
	w.cfg.Converted = map[string]string{"leads": "contacts"}
	w.add(of("leads", company("p", "phone", "2")))
	w.want(w.run(), oneUpdated)
	contact := w.one("SELECT Id, Phone FROM Contact WHERE Id = '" + string(became.Contact) + "'")
	if v, _ := contact.Value("Phone"); v.Raw() != "2" {
		t.Errorf("the contact has the phone %q", v.Raw())
	}
	links, err := w.links.Written(t.Context(), tenant, conn, "contacts", []string{"p"})
	if err != nil || links["p"].Record != became.Contact {
		t.Errorf("linked with %v, %v; want %s", links, err, became.Contact)
	}
	w.add(of("leads", company("p", "phone", "3")))
	w.want(w.run(), oneUpdated)
	w.cfg.Converted = map[string]string{"leads": "companies"}
	if _, err := exporter.New(w.cfg); err == nil || !strings.Contains(err.Error(), "Converted") {
		t.Errorf("leads that become companies: %v", err)
	}
}

// An owner who is inactive in Salesforce rejects the row, or gives way.
func TestInactiveOwners(t *testing.T) {
	for _, drop := range []bool{false, true} {
		w := newWorld(t)
		r := newReps(w, "ann", "bob")
		r.owners = true
		w.cfg.DropInactiveOwner = drop
		if err := w.org.Org().DeactivateUser("bob@example.com"); err != nil {
			t.Fatal(err)
		}
		w.add(by("ann", company("a", "name", "A")), by("bob", company("b", "name", "B")))
		rep := w.run()
		if !drop {
			w.want(rep, "created 1, updated 0, unchanged 0, deleted 0, rejected 1, parked 0, retrying 0")
			if got := rep.Rejections[0].Reason; got.Code != "INACTIVE_OWNER_OR_USER" || got.Remedy == "" {
				t.Errorf("rejected for %+v", got)
			}
			continue
		}
		w.want(rep, "created 2, updated 0, unchanged 0, deleted 0, rejected 0, parked 0, retrying 0")
		if got := w.account("b", "OwnerId"); got != w.org.Ready().UserID {
			t.Errorf("owned by %s", got)
		}
		if e := r.entry("b"); e.As.Owner != "" || !strings.Contains(e.As.Reason, "inactive") {
			t.Errorf("the entry says %+v", e.As)
		}
	}
}
