package exporter_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/mapping"
	"github.com/orglink/orglink/salesforce/salesforcetest"
	"github.com/orglink/orglink/sync/exporter"
)

// Locked rows come again alone, after their wait and not before; the others of
// their request are done.
func TestLockedRowsAreRetried(t *testing.T) {
	w := newWorld(t)
	w.org.Fault(salesforcetest.Fault{Match: salesforcetest.Match{Path: "composite/sobjects", Nth: 1}, Action: salesforcetest.Answer(200,
		`[{"success":false,"errors":[{"statusCode":"UNABLE_TO_LOCK_ROW","message":"unable to obtain exclusive access to this record","fields":[]}]},`+
			`{"success":false,"errors":[{"statusCode":"CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY","message":"Trg: execution of BeforeUpdate caused by: UNABLE_TO_LOCK_ROW","fields":[]}]},`+
			`{"success":false,"errors":[{"statusCode":"REQUIRED_FIELD_MISSING","message":"Required fields are missing: [X]","fields":["X"]}]}]`)})
	inBubble(t, w, func() {
		w.add(company("a", "name", "A"), company("b", "name", "B"), company("c", "name", "C"))
		w.want(w.run(), "created 0, updated 0, unchanged 0, deleted 0, rejected 1, parked 0, retrying 2")
		e, err := w.outbox.List(w.t.Context(), tenant, conn, exporter.Filter{State: exporter.Pending, Key: "a"})
		if err != nil || len(e) != 1 || e[0].Reason == nil || e[0].Reason.Code != "UNABLE_TO_LOCK_ROW" {
			t.Fatalf("the locked row waits as %+v, %v", e, err)
		}
		if wait := e[0].Due.Sub(e[0].Added); wait < 500*time.Millisecond || wait > time.Second {
			t.Errorf("the locked row waits %s, want 0.5 to 1 s", wait)
		}
		w.want(w.run(), "created 0, updated 0, unchanged 0, deleted 0, rejected 0, parked 0, retrying 0")
		time.Sleep(time.Second)
		w.want(w.run(), "created 2, updated 0, unchanged 0, deleted 0, rejected 0, parked 0, retrying 0")
	})
}

// A row that stays locked is tried with growing waits and then parked, and a
// person's retry begins anew.
func TestRowsAreParkedInTheEnd(t *testing.T) {
	w := newWorld(t)
	w.cfg.MaxAttempts = 5
	heal := w.org.Fault(salesforcetest.Fault{Match: salesforcetest.Match{Path: "composite/sobjects"}, Action: salesforcetest.Answer(200,
		`[{"success":false,"errors":[{"statusCode":"UNABLE_TO_LOCK_ROW","message":"locked","fields":[]}]}]`)})
	inBubble(t, w, func() {
		w.add(company("a", "name", "A"))
		start, parked := time.Now(), 0
		for range 100 {
			if parked += w.run().Parked; parked > 0 {
				break
			}
			wait, ok, err := w.outbox.Next(w.t.Context(), tenant, conn)
			if err != nil || !ok || wait <= 0 {
				t.Fatalf("the row waits %s, %t, %v", wait, ok, err)
			}
			time.Sleep(wait)
		}
		// Half to all of 1, 2, 4 and 8 seconds.
		if took := time.Since(start); parked != 1 || took < 7*time.Second || took > 15*time.Second {
			t.Errorf("parked %d after %s", parked, took)
		}
		e, err := w.outbox.List(w.t.Context(), tenant, conn, exporter.Filter{State: exporter.Parked})
		if err != nil || len(e) != 1 || e[0].Attempts != 5 {
			t.Fatalf("parked as %+v, %v", e, err)
		}
		heal()
		if n, err := w.outbox.Retry(w.t.Context(), tenant, conn, e[0].ID); n != 1 || err != nil {
			t.Errorf("retried %d, %v", n, err)
		}
		w.want(w.run(), "created 1, updated 0, unchanged 0, deleted 0, rejected 0, parked 0, retrying 0")
	})
}

// inBubble runs f on a clock of its own. The org stays outside; nothing of its
// connections is left inside between two requests, so that the clock can move.
func inBubble(t *testing.T, w *world, f func()) {
	t.Helper()
	inner, ok := w.org.Client().Transport.(*http.Transport)
	if !ok {
		inner = http.DefaultTransport.(*http.Transport)
	}
	transport := inner.Clone()
	transport.DisableKeepAlives = true
	w.http = &http.Client{Transport: transport}
	outside := w.t
	defer func() { w.t = outside }()
	synctest.Test(t, func(t *testing.T) {
		w.t = t
		w.client = w.newClient()
		w.cfg.Clients = oneClient{w.client}
		f()
	})
}

// nobody finds no writer.
type nobody struct{ err error }

func (n nobody) WriteAs(context.Context, orglink.Write) (orglink.WriteAs, error) {
	return orglink.WriteAs{}, n.err
}

// A policy that finds nobody rejects the row; a worker that is stopped while
// the policy looks does not.
func TestNobodyToWriteAs(t *testing.T) {
	w := newWorld(t)
	w.cfg.Identity = nobody{errors.New("the rep has not connected")}
	w.add(company("a", "name", "A"))
	rep := w.run()
	w.want(rep, "created 0, updated 0, unchanged 0, deleted 0, rejected 1, parked 0, retrying 0")
	if r := rep.Rejections[0].Reason; r.Code != exporter.CodeIdentity || r.Remedy == "" || !strings.Contains(r.Message, "has not connected") {
		t.Errorf("rejected for %+v", r)
	}
	w.cfg.Identity = nobody{fmt.Errorf("ask the database: %w", context.Canceled)}
	w.add(company("b", "name", "B"))
	if _, err := w.service().Run(t.Context(), tenant, conn); !errors.Is(err, context.Canceled) {
		t.Errorf("the run ended with %v", err)
	}
	w.cfg.Identity = nil
	w.want(w.run(), "created 1, updated 0, unchanged 0, deleted 0, rejected 0, parked 0, retrying 0")
}

// A record that was deleted in the org comes again whole, with the fields that
// travel on creates only; as long as it is there nothing asks for it.
func TestDeletedRecordsComeAgainWhole(t *testing.T) {
	w := newWorld(t)
	m := companies
	m.Fields = append(m.Fields[:len(m.Fields):len(m.Fields)], mapping.FieldMap{Host: "made", Salesforce: "Site", CreateOnly: true})
	w.cfg.Maps = map[string]mapping.Map{"companies": m}
	w.add(company("k", "name", "One", "made", "here"))
	w.run()
	before := w.org.APICalls()
	w.add(company("k", "name", "Two", "made", "elsewhere"))
	w.want(w.run(), "created 0, updated 1, unchanged 0, deleted 0, rejected 0, parked 0, retrying 0")
	if calls := w.org.APICalls() - before; calls != 2 { // describe and update
		t.Errorf("%d calls for an update", calls)
	}
	if name, site := w.account("k", "Name"), w.account("k", "Site"); name != "Two" || site != "here" {
		t.Errorf("the account is %q at %q", name, site)
	}
	link, err := w.links.Written(t.Context(), tenant, conn, "companies", []string{"k"})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.org.Org().Delete(link["k"].Record); err != nil {
		t.Fatal(err)
	}
	inBubble(t, w, func() {
		w.add(company("k", "name", "Three", "made", "again"))
		w.want(w.run(), "created 0, updated 0, unchanged 0, deleted 0, rejected 0, parked 0, retrying 1")
		time.Sleep(time.Second)
		w.want(w.run(), "created 1, updated 0, unchanged 0, deleted 0, rejected 0, parked 0, retrying 0")
	})
	if name, site := w.account("k", "Name"), w.account("k", "Site"); name != "Three" || site != "again" {
		t.Errorf("the new account is %q at %q", name, site)
	}
}
