package salesforcetest_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/orglink/orglink/salesforce/salesforcetest"
)

func TestFaultMatching(t *testing.T) {
	c := start(t, salesforcetest.Config{})
	failing := salesforcetest.Refuse(503, "SERVER_UNAVAILABLE", "Server Busy")
	for name, tt := range map[string]struct {
		match        salesforcetest.Match
		method, path string
		statuses     []int
	}{
		"method":         {salesforcetest.Match{Method: "POST"}, "GET", "recent", []int{200, 200}},
		"prefix":         {salesforcetest.Match{Path: "limits"}, "GET", "limits/recordCount", []int{503, 503}},
		"absolute glob":  {salesforcetest.Match{Path: "/services/data/v*/limits"}, "GET", "limits", []int{503, 503}},
		"glob":           {salesforcetest.Match{Path: "sobjects/*/describe"}, "GET", "sobjects/Account/describe", []int{503}},
		"object in SOQL": {salesforcetest.Match{Object: "account"}, "GET", "query?q=SELECT+Id,(SELECT+Id+FROM+Contacts)+FROM+Account", []int{503}},
		"other object":   {salesforcetest.Match{Object: "Contact"}, "GET", "query?q=SELECT+Id,(SELECT+Id+FROM+Contacts)+FROM+Account", []int{200}},
		"object in path": {salesforcetest.Match{Object: "Account"}, "GET", "sobjects/account/describe", []int{503}},
		"nth":            {salesforcetest.Match{Path: "recent", Nth: 2}, "GET", "recent", []int{200, 503, 200}},
		"times":          {salesforcetest.Match{Path: "recent", Times: 2}, "GET", "recent", []int{503, 503, 200}},
		"nth and times":  {salesforcetest.Match{Path: "recent", Nth: 2, Times: 2}, "GET", "recent", []int{200, 503, 503, 200}},
		"user":           {salesforcetest.Match{User: salesforcetest.AdminUsername}, "GET", "recent", []int{503}},
		"other user":     {salesforcetest.Match{User: "somebody@else"}, "GET", "recent", []int{200}},
	} {
		t.Run(name, func(t *testing.T) {
			defer c.s.Fault(salesforcetest.Fault{Match: tt.match, Action: failing})()
			for i, want := range tt.statuses {
				if got := c.send(tt.method, tt.path, "").status; got != want {
					t.Errorf("request %d: %d, want %d", i+1, got, want)
				}
			}
		})
	}
	if got := c.send("GET", "recent", ""); got.status != 200 {
		t.Errorf("a removed fault struck: %d", got.status)
	}
}

func TestDrops(t *testing.T) {
	c := start(t, salesforcetest.Config{})
	count := func() int { return must(c.s.Org().Count("SELECT COUNT() FROM Account")) }
	c.s.Fault(salesforcetest.Fault{Match: salesforcetest.Match{Method: "POST", Nth: 1}, Action: salesforcetest.DropBefore()})
	c.s.Fault(salesforcetest.Fault{Match: salesforcetest.Match{Method: "POST", Nth: 2}, Action: salesforcetest.DropAfter()})
	if _, err := c.try("POST", "sobjects/Account", `{"Name":"A"}`); err == nil || count() != 0 {
		t.Errorf("dropped before the work: %v, %d accounts", err, count())
	}
	if _, err := c.try("POST", "sobjects/Account", `{"Name":"A"}`); err == nil || count() != 1 {
		t.Errorf("dropped after the work: %v, %d accounts", err, count())
	}
	recs := c.s.Requests()
	if recs[0].Status != 0 || recs[1].Status != 201 {
		t.Errorf("statuses %d and %d", recs[0].Status, recs[1].Status)
	}
}

func TestTruncate(t *testing.T) {
	c := start(t, salesforcetest.Config{})
	c.s.Fault(salesforcetest.Fault{Match: salesforcetest.Match{Path: "sobjects"}, Action: salesforcetest.Truncate(100)})
	r, err := c.try("GET", "sobjects", "", "Accept-Encoding: identity")
	if !errors.Is(err, io.ErrUnexpectedEOF) || r.status != 200 || len(r.body) != 100 {
		t.Errorf("%v, status %d, %d bytes", err, r.status, len(r.body))
	}
}

func TestExpireSessionInFlight(t *testing.T) {
	c := start(t, salesforcetest.Config{})
	c.s.Fault(salesforcetest.Fault{Match: salesforcetest.Match{Nth: 2}, Action: salesforcetest.ExpireSession()})
	c.send("GET", "recent", "").want(200)
	if r := c.send("GET", "recent", "").want(401); r.code() != "INVALID_SESSION_ID" {
		t.Error(r.body)
	}
}

func TestMaintenancePage(t *testing.T) {
	c := start(t, salesforcetest.Config{})
	c.s.Fault(salesforcetest.Fault{Action: salesforcetest.Answer(503, "<html>Down for maintenance</html>", "Retry-After: 7")})
	r := c.send("GET", "recent", "")
	if r.status != 503 || r.header.Get("Retry-After") != "7" || !strings.HasPrefix(r.header.Get("Content-Type"), "text/html") {
		t.Errorf("%d %v", r.status, r.header)
	}
}

func TestHooksStandAroundTheWork(t *testing.T) {
	c := start(t, salesforcetest.Config{})
	var log []string
	count := func() string {
		n := must(c.s.Org().Count("SELECT COUNT() FROM Account"))
		return string(rune('0' + n))
	}
	c.s.OnRequest(func(r salesforcetest.RequestRecord) { log = append(log, "before "+r.Object+" "+count()) })
	c.s.OnAnswered(func(r salesforcetest.RequestRecord) {
		log = append(log, "after "+http.StatusText(r.Status)+" "+count())
	})
	c.create("Account", `{"Name":"A"}`)
	if got := strings.Join(log, ", "); got != "before Account 0, after Created 1" {
		t.Error(got)
	}
	rec := c.s.Requests()[0]
	if rec.User != salesforcetest.AdminUsername || !rec.Counted || string(rec.Body) != `{"Name":"A"}` {
		t.Errorf("%+v", rec)
	}
}

// In a synctest bubble the server listens in memory and time is Go's fake one.
func TestInsideSynctest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := start(t, salesforcetest.Config{Listener: salesforcetest.NewMemoryListener(), SessionTimeout: time.Hour})
		c.s.Fault(salesforcetest.Fault{Match: salesforcetest.Match{Path: "recent", Nth: 1}, Action: salesforcetest.Delay(10 * time.Minute)})
		begin := time.Now()
		c.send("GET", "recent", "").want(200)
		if took := time.Since(begin); took != 10*time.Minute {
			t.Errorf("the delay took %v", took)
		}
		time.Sleep(2 * time.Hour)
		c.send("GET", "recent", "").want(401)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := salesforcetest.NewMemoryListener().DialContext(ctx, "", ""); err == nil {
			t.Error("a cancelled dial succeeded")
		}
		c.s.Close()
	})
}

func TestConcurrentUse(t *testing.T) {
	c := start(t, salesforcetest.Config{})
	done := make(chan error)
	for range 8 {
		go func() {
			for range 20 {
				r, err := c.try("POST", "sobjects/Account", `{"Name":"A"}`)
				if err == nil && r.status != 201 {
					err = errors.New(r.body)
				}
				if err == nil {
					_, err = c.try("GET", "query?q=SELECT+Id+FROM+Account", "")
				}
				if err != nil {
					done <- err
					return
				}
				_ = c.s.Requests()
			}
			done <- nil
		}()
	}
	for range 8 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if n := must(c.s.Org().Count("SELECT COUNT() FROM Account")); n != 160 {
		t.Errorf("%d accounts", n)
	}
	if n := c.s.APICalls(); n != 320 {
		t.Errorf("%d calls", n)
	}
}

func TestManyOrgsInOneProcess(t *testing.T) {
	a := start(t, salesforcetest.Config{})
	b := start(t, salesforcetest.Config{OrgID: "00Dxx0000001gER"})
	if a.s.Ready().OrgID == b.s.Ready().OrgID || b.s.Ready().OrgID != "00Dxx0000001gEREAY" {
		t.Errorf("%s and %s", a.s.Ready().OrgID, b.s.Ready().OrgID)
	}
	b.token = a.token
	b.send("GET", "recent", "").want(401)
}

func TestConfigProblemsAreToldAtOnce(t *testing.T) {
	_, err := salesforcetest.Start(salesforcetest.Config{APIVersion: "v66", BulkDelay: -1, Apps: []salesforcetest.App{{}}})
	if err == nil {
		t.Fatal("accepted")
	}
	for _, want := range []string{"APIVersion", "BulkDelay", "Apps[0].ClientID"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not name %s", err, want)
		}
	}
	if _, err := salesforcetest.Start(salesforcetest.Config{Seed: salesforcetest.SeedFunc(func(*salesforcetest.Org) error { return nil })}); err == nil {
		t.Error("an org without users was started")
	}
}

func TestWithoutATestErrorsAreReturned(t *testing.T) {
	s, err := salesforcetest.Start(salesforcetest.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := s.Org().Create("Nope", nil); err == nil {
		t.Error("no error")
	}
	if s.Token("nobody") != "" {
		t.Error("a token for nobody")
	}
}
