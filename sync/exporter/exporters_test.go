package exporter_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/orglink/orglink/mapping"
	"github.com/orglink/orglink/salesforce"
	"github.com/orglink/orglink/salesforce/salesforcetest"
	"github.com/orglink/orglink/salesforce/sobject"
	"github.com/orglink/orglink/sync/exporter"
)

// campaignStatus is an exporter that a host wrote: rows say which status a
// campaign gets by its name. It is safe to repeat, so nothing is looked up.
type campaignStatus struct{}

func (campaignStatus) Object() string                              { return "Campaign" }
func (campaignStatus) Find(context.Context, *exporter.Batch) error { return nil }
func (campaignStatus) Export(ctx context.Context, b *exporter.Batch) error {
	c, err := b.Client(ctx)
	if err != nil {
		return err
	}
	ids := map[string]sobject.ID{}
	for rec, err := range c.Query(ctx, "SELECT Id, Name FROM Campaign") {
		if err != nil {
			return err
		}
		v, _ := rec.Value("Name")
		ids[v.Raw()] = rec.ID()
	}
	var known []*exporter.Item
	for _, it := range b.Items() {
		switch id := ids[it.Entry().Key]; {
		case id == "":
			it.Reject(exporter.Reason{Code: "HOST_NO_CAMPAIGN", Message: "nobody made it", Remedy: "make it"})
		case it.Last().Hash == fmt.Sprint(it.Entry().Row["status"]):
			it.Succeed(exporter.Unchanged, id, it.Last().Hash)
		default:
			known = append(known, it)
		}
	}
	return b.Send(ctx, known, func(ctx context.Context, rows []*exporter.Item) ([]salesforce.Outcome, error) {
		recs := make([]sobject.Record, len(rows))
		for i, it := range rows {
			recs[i] = sobject.NewRecord("Campaign", sobject.F("Id", sobject.IDValue(ids[it.Entry().Key])), sobject.F("Status", sobject.TextValue(it.Entry().Row["status"].(string))))
		}
		return c.UpdateAll(ctx, recs, salesforce.WriteOptions{})
	})
}

// An exporter from outside the package works end to end: fates, refusals,
// lost answers, and the people policy.
func TestExporterOfAHost(t *testing.T) {
	w := newWorld(t)
	w.cfg.Exporters = map[string]exporter.Exporter{"status": campaignStatus{}}
	for _, name := range []string{"Spring", "Summer"} {
		if _, err := w.org.Org().Create("Campaign", salesforcetest.Fields{"Name": name}); err != nil {
			t.Fatal(err)
		}
	}
	status := func(key, status string) exporter.Change {
		c := company(key, "status", status)
		c.Object = "status"
		return c
	}
	w.org.Fault(salesforcetest.Fault{Match: salesforcetest.Match{Path: "composite/sobjects", Nth: 1}, Action: salesforcetest.DropAfter()})
	w.add(status("Spring", "Completed"), status("Summer", strings.Repeat("x", 400)), status("Winter", "Planned"), company("k", "name", "K"))
	rep := w.run()
	w.want(rep, "created 1, updated 1, unchanged 0, deleted 0, rejected 2, parked 0, retrying 2")
	codes := map[string]string{}
	for _, r := range rep.Rejections {
		codes[r.Key] = r.Reason.Code
	}
	if codes["Winter"] != "HOST_NO_CAMPAIGN" || codes["Summer"] != "STRING_TOO_LONG" {
		t.Errorf("rejected for %v", codes)
	}
	got, err := w.org.Org().Query("SELECT Status FROM Campaign WHERE Name = 'Spring'")
	if err != nil || len(got) != 1 {
		t.Fatal(got, err)
	}
	if v, _ := got[0].Value("Status"); v.Raw() != "Completed" {
		t.Errorf("the campaign is %s", v.Raw())
	}
	if e := (&reps{w: w}).entry("Spring"); e.As.Connection != conn || e.Record == "" {
		t.Errorf("the entry is %+v", e)
	}
}

// people are contacts by key, meetings events with who, what and attendees.
func activityWorld(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	for _, object := range []string{"Contact", "Event", "Task"} {
		if err := w.org.Org().AddField(object, salesforcetest.Field{Name: "Product_Key__c", Type: sobject.TypeString, Length: 40, ExternalID: object == "Contact"}); err != nil {
			t.Fatal(err)
		}
	}
	w.cfg.Maps["people"] = mapping.Map{Object: "Contact", ExternalID: "Product_Key__c", Fields: []mapping.FieldMap{{Host: "name", Salesforce: "LastName"}}}
	refs := []exporter.Ref{{Host: "person", Salesforce: "WhoId", Of: "people"}, {Host: "deal", Salesforce: "WhatId"}, {Host: "company", Salesforce: "WhatId", Of: "companies"}}
	w.cfg.Exporters = map[string]exporter.Exporter{
		"meetings": exporter.Activities{Records: exporter.Records{Reference: "Product_Key__c", Refs: refs, Map: mapping.Map{Object: "Event", Fields: []mapping.FieldMap{
			{Host: "title", Salesforce: "Subject"}, {Host: "at", Salesforce: "ActivityDateTime"}, {Salesforce: "DurationInMinutes", Constant: "30"}}}},
			Attendees: []exporter.Ref{{Host: "guests", Of: "people"}}},
		"calls": exporter.Activities{Records: exporter.Records{Reference: "Product_Key__c", Refs: refs, Map: mapping.Map{Object: "Task", Fields: []mapping.FieldMap{
			{Host: "title", Salesforce: "Subject"}}}}},
	}
	return w
}

func of(name string, c exporter.Change) exporter.Change {
	c.Object = name
	return c
}

func (w *world) one(q string) sobject.Record {
	w.t.Helper()
	recs, err := w.org.Org().Query(q)
	if err != nil || len(recs) != 1 {
		w.t.Fatalf("%s: %d records, %v", q, len(recs), err)
	}
	return recs[0]
}

func (w *world) count(q string, want int) {
	w.t.Helper()
	if n, err := w.org.Org().Count(q); err != nil || n != want {
		w.t.Errorf("%s: %d, %v; want %d", q, n, err, want)
	}
}

// A product event becomes an activity on the records that the product's own
// rows became, with its attendees; a change of it changes the same activity.
func TestActivities(t *testing.T) {
	w := activityWorld(t)
	at := time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)
	w.add(of("people", company("p1", "name", "One")), of("people", company("p2", "name", "Two")), company("c1", "name", "Acme"),
		of("meetings", company("m1", "title", "Demo", "at", at, "person", "p1", "company", "c1", "guests", []string{"p2"})),
		of("calls", company("l1", "title", "Called", "company", "c1")))
	w.want(w.run(), "created 5, updated 0, unchanged 0, deleted 0, rejected 0, parked 0, retrying 0")
	event := w.one("SELECT Id, WhoId, WhatId, Subject FROM Event WHERE Product_Key__c = 'm1'")
	who, _ := event.Ref("WhoId")
	what, _ := event.Ref("WhatId")
	one, acme := w.one("SELECT Id FROM Contact WHERE LastName = 'One'"), w.one("SELECT Id FROM Account WHERE Name = 'Acme'")
	if who != one.ID() || what != acme.ID() {
		t.Errorf("the event is about %s and %s; want %s and %s", who, what, one.ID(), acme.ID())
	}
	w.one("SELECT Id FROM Task WHERE Subject = 'Called' AND WhatId = '" + string(acme.ID()) + "'")
	two := w.one("SELECT Id FROM Contact WHERE LastName = 'Two'").ID()
	relations := fmt.Sprintf("SELECT COUNT() FROM EventRelation WHERE EventId = '%s' AND RelationId = ", event.ID())
	w.count(relations+"'"+string(two)+"'", 1)

	w.add(of("meetings", company("m1", "title", "Demo", "at", at, "person", "p1", "company", "c1", "guests", []string{"p2"})))
	w.want(w.run(), "created 0, updated 0, unchanged 1, deleted 0, rejected 0, parked 0, retrying 0")
	w.add(of("meetings", company("m1", "title", "Demo 2", "guests", []string{"p2", "p1"})))
	w.want(w.run(), "created 0, updated 1, unchanged 0, deleted 0, rejected 0, parked 0, retrying 0")
	w.count("SELECT COUNT() FROM Event", 1)
	w.count(relations+"'"+string(two)+"'", 1)
	w.count(relations+"'"+string(one.ID())+"'", 1)
	gone := of("meetings", company("m1"))
	gone.Op = exporter.Delete
	w.add(gone)
	w.want(w.run(), "created 0, updated 0, unchanged 0, deleted 1, rejected 0, parked 0, retrying 0")
	w.count("SELECT COUNT() FROM Event", 0)
}

// Parents go before children: what points to a row that is not there waits.
func TestChildrenWaitForTheirParents(t *testing.T) {
	w := activityWorld(t)
	inBubble(t, w, func() {
		w.add(of("calls", company("l1", "title", "Called", "company", "c1")), of("calls", company("l2", "title", "x", "deal", "no id")))
		rep := w.run()
		w.want(rep, "created 0, updated 0, unchanged 0, deleted 0, rejected 1, parked 0, retrying 1")
		w.add(company("c1", "name", "Acme"))
		w.run()
		time.Sleep(time.Minute)
		w.want(w.run(), "created 1, updated 0, unchanged 0, deleted 0, rejected 0, parked 0, retrying 0")
	})
}

// Activities have no external id: after a lost answer at any request they are
// looked for by their reference, and none is there twice. Nor are attendees.
func TestLostAnswersLogNothingTwice(t *testing.T) {
	for _, action := range []salesforcetest.Action{salesforcetest.DropAfter(), salesforcetest.DropBefore()} {
		for nth := 1; nth <= 9; nth++ {
			w := activityWorld(t)
			w.add(of("people", company("p1", "name", "One")), company("c1", "name", "Acme"))
			w.run()
			w.org.Fault(salesforcetest.Fault{Match: salesforcetest.Match{Nth: nth}, Action: action})
			inBubble(t, w, func() {
				for i := range 3 {
					w.add(of("meetings", company(fmt.Sprint("m", i), "title", "Demo", "at", time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC), "company", "c1", "guests", []string{"p1"})),
						of("calls", company(fmt.Sprint("l", i), "title", "Called", "company", "c1")))
				}
				for range 10 {
					_, _ = w.service().Run(w.t.Context(), tenant, conn)
					time.Sleep(time.Minute)
				}
			})
			w.count("SELECT COUNT() FROM Event", 3)
			w.count("SELECT COUNT() FROM Task", 3)
			w.count("SELECT COUNT() FROM EventRelation WHERE RelationId = '"+string(w.one("SELECT Id FROM Contact WHERE LastName = 'One'").ID())+"'", 3)
			if c, err := w.outbox.Counts(t.Context(), tenant, conn); err != nil || c != (exporter.Counts{Succeeded: 8}) {
				t.Errorf("request %d: counts are %+v, %v", nth, c, err)
			}
		}
	}
}

func eventWorld(t *testing.T, again bool) *world {
	t.Helper()
	w := newWorld(t)
	if err := w.org.Org().DefineObject(salesforcetest.Object{Name: "Order_Shipped__e", Fields: []salesforcetest.Field{
		{Name: "Number__c", Type: sobject.TypeString, Length: 40}, {Name: "Key__c", Type: sobject.TypeString, Length: 40}}}); err != nil {
		t.Fatal(err)
	}
	w.cfg.Exporters = map[string]exporter.Exporter{"shipped": exporter.Events{Key: "Key__c", Again: again, Map: mapping.Map{Object: "Order_Shipped__e", Fields: []mapping.FieldMap{{Host: "number", Salesforce: "Number__c"}}}}}
	return w
}

// An event whose answer was lost is parked, and published when a person says
// so; or published again, where subscribers can tell.
func TestPlatformEvents(t *testing.T) {
	for _, again := range []bool{false, true} {
		w := eventWorld(t, again)
		w.add(of("shipped", company("o1", "number", "1")), of("shipped", company("o2", "number", "2")))
		w.want(w.run(), "created 2, updated 0, unchanged 0, deleted 0, rejected 0, parked 0, retrying 0")
		w.one("SELECT Id FROM Order_Shipped__e WHERE Number__c = '1' AND Key__c = 'o1'")
		w.org.Fault(salesforcetest.Fault{Match: salesforcetest.Match{Path: "composite/sobjects", Nth: 1}, Action: salesforcetest.DropAfter()})
		w.add(of("shipped", company("o3", "number", "3")))
		rep := w.run()
		if again {
			w.want(rep, "created 1, updated 0, unchanged 0, deleted 0, rejected 0, parked 0, retrying 1")
			w.count("SELECT COUNT() FROM Order_Shipped__e WHERE Key__c = 'o3'", 2)
			continue
		}
		w.want(rep, "created 0, updated 0, unchanged 0, deleted 0, rejected 0, parked 1, retrying 1")
		w.count("SELECT COUNT() FROM Order_Shipped__e WHERE Key__c = 'o3'", 1)
		if got := rep.Rejections[0].Reason; got.Code != exporter.CodeTwice || got.Remedy == "" {
			t.Errorf("parked for %+v", got)
		}
		e := (&reps{w: w}).entry("o3")
		if n, err := w.outbox.Retry(t.Context(), tenant, conn, e.ID); n != 1 || err != nil {
			t.Fatal(n, err)
		}
		w.want(w.run(), "created 1, updated 0, unchanged 0, deleted 0, rejected 0, parked 0, retrying 0")
	}
}

// A file is attached once to the record of its row, also when the answer is
// lost.
func TestFiles(t *testing.T) {
	for _, lost := range []bool{false, true} {
		w := newWorld(t)
		if err := w.org.Org().AddField("ContentVersion", salesforcetest.Field{Name: "Product_Key__c", Type: sobject.TypeString, Length: 40}); err != nil {
			t.Fatal(err)
		}
		w.cfg.Exporters = map[string]exporter.Exporter{"files": exporter.Files{Reference: "Product_Key__c", To: []exporter.Ref{{Host: "company", Of: "companies"}},
			File: func(_ context.Context, e exporter.Entry) (salesforce.File, error) {
				if e.Key == "missing" {
					return salesforce.File{}, errors.New("no such file")
				}
				return salesforce.File{Name: e.Key + ".txt", Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader("hello")), nil }}, nil
			}}}
		if lost {
			w.org.Fault(salesforcetest.Fault{Match: salesforcetest.Match{Path: "sobjects/ContentVersion", Method: "POST", Nth: 1}, Action: salesforcetest.DropAfter()})
		}
		inBubble(t, w, func() {
			w.add(company("c1", "name", "Acme"), of("files", company("f1", "company", "c1")), of("files", company("missing", "company", "c1")))
			rep := w.run()
			if lost {
				time.Sleep(time.Minute)
				again := w.run()
				rep.Created, rep.Verified = rep.Created+again.Created, again.Verified
			}
			if rep.Created != 2 || rep.Rejected != 1 || rep.Verified == 0 == lost {
				t.Errorf("lost %t: %s, verified %d", lost, fate(rep), rep.Verified)
			}
		})
		w.count("SELECT COUNT() FROM ContentVersion", 1)
		acme := w.one("SELECT Id FROM Account WHERE Name = 'Acme'").ID()
		w.count("SELECT COUNT() FROM ContentDocumentLink WHERE LinkedEntityId = '"+string(acme)+"'", 1)
		w.add(of("files", company("f1", "company", "c1")))
		w.want(w.run(), "created 0, updated 0, unchanged 1, deleted 0, rejected 0, parked 0, retrying 0")
		gone := of("files", company("f1"))
		gone.Op = exporter.Delete
		w.add(gone)
		w.want(w.run(), "created 0, updated 0, unchanged 0, deleted 1, rejected 0, parked 0, retrying 0")
		w.count("SELECT COUNT() FROM ContentVersion", 0)
	}
}
