package conformance

import (
	"bytes"
	"encoding/json"
	"net"
	"os/exec"
	"strings"
	"testing"

	"github.com/orglink/orglink/salesforce/salesforcetest"
)

// jsforce 3.10.16, from npm. What it does by itself:
//   - query() fetches the first page only, unless autoFetch is set, and then
//     stops at 10,000 rows unless maxFetch says more: done is true all the same.
//   - find() with two operators on one field keeps the first and drops the rest.
//   - soap.merge() names its argument mergeRequests, where the WSDL says request:
//     nothing is merged.
//   - identity() sends the access token in the URL, and to the login host.
//   - A locator is cut from nextRecordsUrl and put behind the connection's own
//     API version.
//   - updated() and deleted() send times without milliseconds, in UTC.
//   - Every 401 makes it refresh, apart from two texts that it knows.
//   - A failed Bulk 2.0 query loses errorMessage.
//   - revokeToken reads a failure as a form, as Salesforce once sent it.
//   - Bulk (both) sends null as #N/A, but undefined and "" as an empty cell.

type jsforce struct {
	t   *testing.T
	dir string
}

// run runs a scenario of testdata/jsforce and reads what it printed.
func (j jsforce) run(t *testing.T, scenario string, o outsideOrg, into any, args ...any) {
	t.Helper()
	j.ask(t, scenario, o.Ready, into, append(args, nil)[0])
	for _, r := range o.Requests() {
		if r.Unsupported && scenario != "errors" && scenario != "composites" { // those ask for nothing on purpose
			t.Errorf("%s: the fake does not have %s %s", scenario, r.Method, r.Path)
		}
	}
}

func (j jsforce) ask(t *testing.T, scenario string, ready salesforcetest.Ready, into, args any) {
	t.Helper()
	input, err := json.Marshal(map[string]any{"scenario": scenario, "org": ready, "args": args})
	if err != nil {
		t.Fatal(err)
	}
	var out, complaints bytes.Buffer
	node := exec.CommandContext(t.Context(), "node", "drive.js")
	node.Dir, node.Stdin, node.Stdout, node.Stderr = j.dir, bytes.NewReader(input), &out, &complaints
	if err := node.Run(); err != nil {
		t.Fatalf("%s: %v\n%s", scenario, err, complaints.String())
	}
	if err := json.Unmarshal(out.Bytes(), into); err != nil {
		t.Fatalf("%s: %v in %s", scenario, err, out.String())
	}
}

// jsError is how a step failed.
type jsError struct{ Name, Message string }

func TestJsforce(t *testing.T) {
	j := jsforce{t, nodeFolder(t, "jsforce")}
	for name, test := range map[string]func(*testing.T, jsforce){
		"web-server flow": jsWebServer, "client credentials": jsClientCredentials, "password": jsPassword, "SOAP login": jsSOAP, "JWT": jsJWT, "Bulk": jsBulk1, "another process": jsProgram,
		"queries": jsQueries, "records": jsRecords, "collections": jsCollections, "composites": jsComposites,
		"describes": jsDescribes, "searches": jsSearches, "replication": jsReplication, "errors": jsErrors,
		"Bulk 2.0 ingest": jsBulk2Ingest, "Bulk 2.0 query": jsBulk2Query,
	} {
		t.Run(name, func(t *testing.T) { test(t, j) })
	}
}

type jsUser struct{ ID, OrganizationID, URL string }

func jsWebServer(t *testing.T, j jsforce) {
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	o := newOutsideOrg(t, func(c *salesforcetest.Config) {
		c.Listener, c.LoginURL = l, "http://"+l.Addr().String() // jsforce asks the identity URL as it is
		c.Apps[0].RedirectURIs = []string{"http://localhost:1717/callback"}
		c.Apps[0].RequirePKCE = false
	})
	var got struct {
		State, SpareToken, First, Refresh, Denied, DeniedState string
		User                                                   jsUser
		Users, SpareUsers                                      int
		Identity                                               struct {
			UserID         string `json:"user_id"`
			OrganizationID string `json:"organization_id"`
			Username       string `json:"username"`
			URLs           map[string]string
		}
		Again, Dead, Revoked jsError
	}
	j.run(t, "webServer", o, &got)
	if got.State != "a b&c" || got.User.ID != o.Ready.UserID || got.User.OrganizationID != o.Ready.OrgID {
		t.Errorf("authorized as %+v with state %q", got.User, got.State)
	}
	users, _ := o.Org().Count("SELECT Id FROM User")
	if got.Users != users || got.SpareUsers != users {
		t.Errorf("%d and, after a refresh, %d users; the org has %d", got.Users, got.SpareUsers, users)
	}
	if got.SpareToken == "dead" || got.SpareToken == got.First || !strings.HasPrefix(got.SpareToken, o.Ready.OrgID[:15]+"!") {
		t.Errorf("the refreshed token is %q", got.SpareToken)
	}
	if got.Identity.UserID != o.Ready.UserID || got.Identity.OrganizationID != o.Ready.OrgID || got.Identity.Username != o.Ready.Username ||
		!strings.HasPrefix(got.Identity.URLs["rest"], o.URL) {
		t.Errorf("identity: %+v", got.Identity)
	}
	if got.Again.Name != "invalid_grant" {
		t.Errorf("a code used twice: %+v", got.Again)
	}
	if got.Dead != (jsError{"invalid_grant", "expired access/refresh token"}) {
		t.Errorf("a revoked refresh token: %+v", got.Dead)
	}
	if got.Revoked.Name != "INVALID_SESSION_ID" {
		t.Errorf("a session of a revoked grant: %+v", got.Revoked)
	}
	if got.Denied != "access_denied" || got.DeniedState != "s" {
		t.Errorf("denied: %q with state %q", got.Denied, got.DeniedState)
	}
	if n, _ := o.Org().Grants(o.Ready.Username); n != 0 {
		t.Errorf("%d grants are left", n)
	}
}

func jsClientCredentials(t *testing.T, j jsforce) {
	o := newOutsideOrg(t)
	var got struct {
		User         jsUser
		Username     string
		RefreshToken *string
	}
	j.run(t, "clientCredentials", o, &got)
	if got.User.ID != o.Ready.UserID || got.Username != o.Ready.Username || got.RefreshToken != nil {
		t.Errorf("%+v", got)
	}
}

func jsPassword(t *testing.T, j jsforce) {
	o := newOutsideOrg(t, func(c *salesforcetest.Config) { c.PasswordGrant = true })
	var got struct {
		User  jsUser
		Users int
		Wrong jsError
	}
	j.run(t, "password", o, &got)
	if got.User.ID != o.Ready.UserID || got.Users == 0 || got.Wrong != (jsError{"invalid_grant", "authentication failure"}) {
		t.Errorf("%+v", got)
	}
}

func jsSOAP(t *testing.T, j jsforce) {
	o := newOutsideOrg(t, func(c *salesforcetest.Config) { c.SOAPLogin = true })
	var got struct {
		User         jsUser
		Users, Again int
		Token        string
		Wrong        jsError
		Info         struct{ UserID, OrganizationID, UserName string }
		Merged       jsError
	}
	j.run(t, "soap", o, &got)
	if got.User.ID != o.Ready.UserID || got.User.OrganizationID != o.Ready.OrgID || got.Users == 0 || got.Again != got.Users || !strings.HasPrefix(got.Token, o.Ready.OrgID[:15]+"!") {
		t.Errorf("%+v", got)
	}
	if !strings.Contains(got.Wrong.Message, "INVALID_LOGIN: Invalid username, password, security token; or user locked out.") {
		t.Errorf("a wrong password: %+v", got.Wrong)
	}
	if got.Info.UserID != o.Ready.UserID || got.Info.OrganizationID != o.Ready.OrgID || got.Info.UserName != o.Ready.Username {
		t.Errorf("getUserInfo: %+v", got.Info)
	}
	if got.Merged.Message == "" {
		t.Errorf("merge: %+v", got.Merged)
	}
	o.count(2, "SELECT Id FROM Account")
}

func jsJWT(t *testing.T, j jsforce) {
	private, public := rsaKey(t)
	o := newOutsideOrg(t, func(c *salesforcetest.Config) { c.Apps[0].Certificate, c.Apps[0].PreAuthorized = public, true })
	var got struct {
		User     jsUser
		Username string
		Late     jsError
	}
	j.run(t, "jwt", o, &got, map[string]string{"key": private})
	if got.User.ID != o.Ready.UserID || got.Username != o.Ready.Username || got.Late.Name != "invalid_grant" {
		t.Errorf("%+v", got)
	}
}
