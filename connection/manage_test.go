package connection_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/connection"
	"github.com/orglink/orglink/mapping"
	"github.com/orglink/orglink/salesforce"
	"github.com/orglink/orglink/salesforce/salesforcetest"
)

func TestCheckNamesTheState(t *testing.T) {
	limits := salesforcetest.Match{Path: "limits"}
	for name, c := range map[string]struct {
		fault salesforcetest.Fault
		want  connection.State
	}{
		"healthy":      {salesforcetest.Fault{Match: salesforcetest.Match{Path: "nowhere"}}, connection.Healthy},
		"quota":        {salesforcetest.Fault{Match: limits, Action: salesforcetest.Refuse(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")}, connection.QuotaExhausted},
		"API disabled": {salesforcetest.Fault{Match: limits, Action: salesforcetest.Refuse(403, "API_DISABLED_FOR_ORG", "The REST API is not enabled for this Organization.")}, connection.APIDisabled},
		"user's API":   {salesforcetest.Fault{Match: limits, Action: salesforcetest.Refuse(403, "API_CURRENTLY_DISABLED", "API is currently disabled for this user")}, connection.APIDisabled},
		"org locked":   {salesforcetest.Fault{Match: limits, Action: salesforcetest.Refuse(403, "ORG_LOCKED", "locked")}, connection.OrgGone},
		"app blocked":  {salesforcetest.Fault{Match: limits, Action: salesforcetest.Refuse(403, "CLIENT_NOT_ACCESSIBLE_FOR_USER", "no")}, connection.AppBlocked},
		"maintenance":  {salesforcetest.Fault{Match: limits, Action: salesforcetest.Answer(503, "<html>")}, connection.Unreachable},
		"busy":         {salesforcetest.Fault{Match: limits, Action: salesforcetest.Refuse(403, "REQUEST_LIMIT_EXCEEDED", "ConcurrentRequests (Concurrent API Requests) Limit exceeded.")}, connection.Unreachable},
	} {
		w := newWorld(t)
		conn := w.connect(ada, connection.StartRequest{})
		remove := w.org.Fault(c.fault)
		h, err := w.m.Check(t.Context(), conn.Tenant, conn.ID)
		w.say(h, err)
		if err != nil || h.State != c.want || h.Message == "" || h.OK() != (c.want == connection.Healthy) {
			t.Errorf("%s: %+v, %v", name, h, err)
		}
		if now := w.get(conn); now.State != c.want {
			t.Errorf("%s: stored as %s", name, now.State)
		}
		remove()
		if h, err = w.m.Check(t.Context(), conn.Tenant, conn.ID); err != nil || !h.OK() || h.CallsMax == 0 {
			t.Errorf("%s, afterwards: %+v, %v", name, h, err)
		}
	}
}

func TestDisconnectAndForget(t *testing.T) {
	w := newWorld(t)
	c := w.connect(ada, connection.StartRequest{})
	other := w.connect(eve, connection.StartRequest{})
	client, err := w.m.Client(t.Context(), c.Tenant, c.ID)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.m.Disconnect(t.Context(), "evil", c.ID); !errors.Is(err, connection.ErrNotFound) {
		t.Errorf("by another tenant: %v", err)
	}
	for range 2 {
		if err := w.m.Disconnect(t.Context(), c.Tenant, c.ID); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := client.Limits(t.Context()); !errors.Is(err, connection.ErrDisconnected) {
		t.Errorf("a client that was handed out before: %v", err)
	}
	if err := w.use(w.m, c); !errors.Is(err, connection.ErrDisconnected) {
		t.Errorf("a new client: %v", err)
	}
	if h, err := w.m.Check(t.Context(), c.Tenant, c.ID); err != nil || h.State != connection.Disconnected {
		t.Errorf("Check: %+v, %v", h, err)
	}
	if grants, _ := w.tokens.Grants(t.Context(), c.Tenant); len(grants) != 0 {
		t.Errorf("%d grants are left", len(grants))
	}
	if again := w.connect(ada, connection.StartRequest{}); again.ID != c.ID || again.State != connection.Healthy {
		t.Errorf("connecting again: %+v", again)
	}
	out, err := w.m.Forget(t.Context(), "acme")
	if err != nil || out.Connections != 1 || out.Grants != 1 || len(out.NotRevoked) != 0 {
		t.Errorf("Forget: %+v, %v", out, err)
	}
	if list, err := w.m.List(t.Context(), "acme"); err != nil || len(list) != 0 {
		t.Errorf("%d connections are left, %v", len(list), err)
	}
	if err := w.use(w.m, other); err != nil {
		t.Errorf("another tenant: %v", err)
	}
}

func TestDisconnectWhileSalesforceIsAway(t *testing.T) {
	w := newWorld(t)
	c := w.connect(ada, connection.StartRequest{})
	heal := w.org.Fault(salesforcetest.Fault{Match: salesforcetest.Match{Path: "/services/oauth2/revoke"}, Action: salesforcetest.Answer(503, "")})
	if err := w.m.Disconnect(t.Context(), c.Tenant, c.ID); !errors.Is(err, connection.ErrUnreachable) {
		t.Errorf("got %v", err)
	}
	if now := w.get(c); now.State != connection.Disconnected || len(now.Retired) != 1 {
		t.Errorf("state %s, retired %v", now.State, now.Retired)
	}
	heal()
	if _, err := w.m.Check(t.Context(), c.Tenant, c.ID); err != nil {
		t.Fatal(err)
	}
	if now := w.get(c); len(now.Retired) != 0 {
		t.Errorf("still to revoke: %v", now.Retired)
	}
}

// Who administers a tenant sees no org connected; so nobody is connected to it.
func TestDisconnectEndsPersonalConnections(t *testing.T) {
	w := newWorld(t)
	team := w.connect(ada, connection.StartRequest{})
	own := w.connect(bob, connection.StartRequest{Type: "personal"})
	if err := w.use(w.m, own); err != nil {
		t.Fatal(err)
	}
	if err := w.m.Disconnect(t.Context(), own.Tenant, own.ID); err != nil || w.get(team).State != connection.Healthy {
		t.Fatalf("the team's is %s after a rep disconnected, %v", w.get(team).State, err)
	}
	own = w.connect(bob, connection.StartRequest{Type: "personal"})
	if err := w.m.Disconnect(t.Context(), team.Tenant, team.ID); err != nil {
		t.Fatal(err)
	}
	now := w.get(own)
	if now.State != connection.Disconnected || now.StateDetail == "" || w.approvals() != 0 {
		t.Errorf("the rep's is %s (%s), %d approvals", now.State, now.StateDetail, w.approvals())
	}
	if err := w.use(w.m, own); !errors.Is(err, connection.ErrDisconnected) {
		t.Errorf("the rep's client: %v", err)
	}
	if kinds := w.kinds(); kinds[len(kinds)-1] != connection.EventDisconnected {
		t.Errorf("events %v", kinds)
	}
}

func TestEventsAreDeliveredAtLeastOnce(t *testing.T) {
	w := newWorld(t)
	deaf := true
	var got []string
	w.m = w.manager(func(cfg *connection.Config) {
		cfg.Events = connection.EventFunc(func(_ context.Context, e orglink.Event) error {
			if deaf {
				return errors.New("queue is full")
			}
			got = append(got, e.Kind)
			return nil
		})
	})
	c := w.connect(ada, connection.StartRequest{})
	if err := w.m.Disconnect(t.Context(), c.Tenant, c.ID); err != nil {
		t.Fatal(err)
	}
	if now := w.get(c); len(now.Pending) != 3 {
		t.Errorf("%d events wait, want 3", len(now.Pending))
	}
	deaf = false
	if err := w.m.Disconnect(t.Context(), c.Tenant, c.ID); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got, []string{connection.EventAuthorized, connection.EventState, connection.EventDisconnected}) {
		t.Errorf("delivered %v", got)
	}
	if now := w.get(c); len(now.Pending) != 0 {
		t.Errorf("%d events still wait", len(now.Pending))
	}
}

func TestPreflight(t *testing.T) {
	w := newWorld(t)
	c := w.connect(ada, connection.StartRequest{})
	need := connection.DefaultRequirements().And(
		connection.ForSelections(mapping.Selection{Object: "Account", Fields: []string{"Id", "Name", "Nowhere__c"}}, mapping.Selection{Object: "Ghost__c"}),
		connection.ForMaps(mapping.Map{Object: "lead", ExternalID: "Id", Fields: []mapping.FieldMap{{Host: "n", Salesforce: "LastName"}, {Host: "c", Salesforce: "CreatedDate"}, {Host: "a", Salesforce: "Account.Ext__c"}}}),
	)
	r, err := w.m.Preflight(t.Context(), c.Tenant, c.ID, need)
	if err != nil {
		t.Fatal(err)
	}
	w.say(r)
	if !r.Administrator || r.SeesAllRecords != connection.Yes || r.Profile != "System Administrator" {
		t.Errorf("administrator %v, sees all %s, profile %q", r.Administrator, r.SeesAllRecords, r.Profile)
	}
	var missing []string
	for _, f := range r.At(connection.Missing) {
		missing = append(missing, f.Subject)
		if f.Fix == "" {
			t.Errorf("%s has no fix", f.Subject)
		}
	}
	slices.Sort(missing)
	if !slices.Equal(missing, []string{"Account.Nowhere__c", "Ghost__c", "Lead.CreatedDate"}) || r.OK() {
		t.Errorf("missing %v\n%s", missing, r)
	}
	for _, line := range []string{"Not ready: 3", "API Enabled: granted", "Ghost__c: The object does not exist in this org or is hidden", "Sees all records: yes"} {
		if !strings.Contains(r.String(), line) {
			t.Errorf("the report lacks %q:\n%s", line, r)
		}
	}
	r, err = w.m.Preflight(t.Context(), c.Tenant, c.ID, connection.DefaultRequirements())
	if err != nil || !r.OK() {
		t.Errorf("an administrator does not pass the default set: %v\n%s", err, r)
	}
}

func TestPreflightOfALimitedUser(t *testing.T) {
	w := newWorld(t)
	c := w.connect(ada, connection.StartRequest{})
	w.org.Org().SetPermissions("System Administrator", salesforcetest.Permissions{
		System:  map[string]bool{"ViewAllData": false, "ModifyAllData": false, "AllowViewEditConvertedLeads": false},
		Objects: map[string]salesforcetest.ObjectPermissions{"Lead": {Read: true}, "Event": {}},
	})
	w.org.Org().HideField("System Administrator", "Contact", "Phone")
	r, err := w.m.Preflight(t.Context(), c.Tenant, c.ID, connection.DefaultRequirements().And(
		connection.ForSelections(mapping.Selection{Object: "Contact", Fields: []string{"Phone"}})))
	if err != nil {
		t.Fatal(err)
	}
	levels := map[string]connection.Level{}
	for _, f := range r.Findings {
		levels[f.Subject] = f.Level
	}
	for subject, want := range map[string]connection.Level{"Lead": connection.Missing, "Event": connection.Missing, "Contact.Phone": connection.Missing,
		"View and Edit Converted Leads": connection.Warning, "All records": connection.Warning, "Task": connection.Granted} {
		if levels[subject] != want {
			t.Errorf("%s is %q, want %q\n%s", subject, levels[subject], want, r)
		}
	}
	if r.SeesAllRecords != connection.No {
		t.Errorf("sees all records: %s", r.SeesAllRecords)
	}
}

func TestHandler(t *testing.T) {
	w := newWorld(t)
	who := ada
	var authErr error
	h, err := w.m.Handler(connection.HandlerConfig{Actor: func(*http.Request) (orglink.Actor, error) { return who, authErr }})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/sf/", http.StripPrefix("/sf", h))
	var cookies []*http.Cookie // of the browser
	do := func(method, target string, form url.Values, header ...string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, target, strings.NewReader(form.Encode()))
		for _, c := range cookies {
			r.AddCookie(c)
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		for i := 0; i+1 < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		rec := httptest.NewRecorder()
		mux.ServeHTTP(rec, r)
		if set := rec.Result().Cookies(); len(set) > 0 {
			cookies = set
		}
		body, _ := io.ReadAll(rec.Result().Body)
		w.say(string(body))
		return rec
	}
	page := do("GET", "/sf/start?login=sandbox&connection=%22%3E%3Cscript%3E", nil)
	if page.Code != 200 || !strings.Contains(page.Body.String(), `value="sandbox"`) || strings.Contains(page.Body.String(), "<script>") {
		t.Errorf("start page: %d %s", page.Code, page.Body)
	}
	if got := do("POST", "/sf/start", nil, "Sec-Fetch-Site", "cross-site"); got.Code != http.StatusForbidden {
		t.Errorf("a start from another site: %d", got.Code)
	}
	if got := do("POST", "/sf/start", url.Values{"login": {"https://evil.example"}}); got.Code != 400 || !strings.Contains(got.Body.String(), "not a Salesforce login address") {
		t.Errorf("a hostile login host: %d %s", got.Code, got.Body)
	}
	start := do("POST", "/sf/start", nil)
	if start.Code != http.StatusSeeOther {
		t.Fatalf("start: %d %s", start.Code, start.Body)
	}
	back := "/sf/callback?" + w.browse(start.Header().Get("Location"), true).Encode()
	who = eve
	if got := do("GET", back, nil); got.Code != http.StatusForbidden || !strings.Contains(got.Body.String(), "another company") {
		t.Errorf("another tenant: %d %s", got.Code, got.Body)
	}
	who = ada
	if len(cookies) != 1 || !cookies[0].HttpOnly || cookies[0].SameSite != http.SameSiteLaxMode || cookies[0].Path != "/" {
		t.Errorf("cookies %v", cookies)
	}
	// Phishing: the callback of a start in another browser, by the same user.
	back = "/sf/callback?" + w.browse(do("POST", "/sf/start", nil).Header().Get("Location"), true).Encode()
	mine := cookies
	cookies = nil
	if got := do("GET", back, nil); got.Code != http.StatusForbidden || !strings.Contains(got.Body.String(), "another browser") {
		t.Errorf("another browser: %d %s", got.Code, got.Body)
	}
	cookies = mine
	back = "/sf/callback?" + w.browse(do("POST", "/sf/start", nil).Header().Get("Location"), true).Encode()
	got := do("GET", back, nil)
	if got.Code != 200 || !strings.Contains(got.Body.String(), "is connected") || got.Header().Get("Referrer-Policy") != "no-referrer" || got.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("callback: %d %v %s", got.Code, got.Header(), got.Body)
	}
	if got := do("GET", back, nil); got.Code != 400 || !strings.Contains(got.Body.String(), "used already") {
		t.Errorf("the callback again: %d %s", got.Code, got.Body)
	}
	authErr = errors.New("no session")
	if got := do("GET", back, nil); got.Code != http.StatusUnauthorized {
		t.Errorf("nobody: %d", got.Code)
	}
	if _, err := w.m.Handler(connection.HandlerConfig{}); err == nil {
		t.Error("a handler without Actor")
	}
}

func TestStatesExpire(t *testing.T) {
	w := newWorld(t)
	w.m = w.manager(func(cfg *connection.Config) { cfg.StateLifetime = time.Nanosecond })
	query := w.browse(w.start(ada, connection.StartRequest{}).URL, true)
	if _, err := w.finish(ada, query); !errors.Is(err, connection.ErrStateExpired) {
		t.Errorf("got %v", err)
	}
	if n, err := w.m.CleanUp(t.Context()); err != nil || n != 0 {
		t.Errorf("CleanUp took %d fresh states, %v", n, err)
	}
}

// seats is a Type that a host might add: an org's sandbox copies, by anybody.
type seats struct{ connection.Team }

func (seats) Name() string { return "seat" }

func (seats) MayStart(context.Context, orglink.Actor, *connection.Connection) error { return nil }

func (seats) Slot(c connection.Connection) string { return string(c.Owner) + " in " + string(c.Org.ID) }

func TestTypeOfTheHost(t *testing.T) {
	w := newWorld(t)
	var calls []string
	w.m = w.manager(func(cfg *connection.Config) {
		cfg.Types = []connection.Type{seats{}}
		cfg.Observer = func(c connection.Connection, call salesforce.Call) {
			calls = append(calls, string(c.ID)+" "+call.Operation)
		}
	})
	c := w.connect(bob, connection.StartRequest{Type: "seat"})
	if c.Type != "seat" || w.use(w.m, c) != nil {
		t.Errorf("connection %+v", c)
	}
	// The call that verified the org had no connection yet; the next one did.
	if len(calls) != 2 || calls[0] != " query" || calls[1] != string(c.ID)+" limits" {
		t.Errorf("observed %q", calls)
	}
	if _, err := w.m.Start(t.Context(), ada, connection.StartRequest{}); !errors.Is(err, connection.ErrNotFound) {
		t.Errorf("the types that were left out: %v", err)
	}
}
