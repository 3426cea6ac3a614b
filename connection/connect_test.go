package connection_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/connection"
	"github.com/orglink/orglink/salesforce/salesforcetest"
)

func runAs(cfg *salesforcetest.Config) {
	cfg.Apps = []salesforcetest.App{{ClientID: "3MVG9server", ClientSecret: "the-server-secret", RunAs: "admin@orglink.example"}}
}

func TestConnectByClientCredentials(t *testing.T) {
	w := newWorld(t, runAs)
	req := connection.ConnectRequest{Flow: connection.ClientCredentials, Vouched: true}
	c, err := w.m.Connect(t.Context(), ada, req)
	w.say(c, err)
	if err != nil {
		t.Fatal(err)
	}
	if c.Flow != connection.ClientCredentials || c.User.Username != "admin@orglink.example" || c.State != connection.Healthy || c.Type != "team" {
		t.Errorf("connected %+v", c)
	}
	for range 2 {
		w.expire()
		if err := w.use(w.m, c); err != nil {
			t.Fatal(err)
		}
	}
	if n := w.tokenPosts("client_credentials"); n != 3 {
		t.Errorf("%d token requests, want one for each session", n)
	}
	if n := w.approvals(); n != 0 {
		t.Errorf("%d approvals", n)
	}
	// Renewing needs no vouch: nothing becomes possible that was not.
	again, err := w.m.Connect(t.Context(), ada, connection.ConnectRequest{Flow: connection.ClientCredentials, Connection: c.ID})
	if err != nil || again.ID != c.ID || again.Grant == c.Grant {
		t.Errorf("again: %+v, %v", again, err)
	}
	if err := w.m.Disconnect(t.Context(), c.Tenant, c.ID); err != nil {
		t.Fatal(err)
	}
	if grants, err := w.tokens.Grants(t.Context(), "acme"); err != nil || len(grants) != 0 {
		t.Errorf("%d grants are left, %v", len(grants), err)
	}
}

// Such flows prove only that the org trusts the app. Another tenant's admin
// who names the org must not get in.
func TestConnectNeedsProof(t *testing.T) {
	w := newWorld(t, runAs)
	req := connection.ConnectRequest{Flow: connection.ClientCredentials}
	for name, try := range map[string]struct {
		actor  orglink.Actor
		change func(*connection.ConnectRequest)
		want   error
	}{
		"without a vouch":        {eve, nil, connection.ErrForeignOrg},
		"not an admin":           {bob, func(r *connection.ConnectRequest) { r.Vouched, r.Type = true, "personal" }, connection.ErrNotAllowed},
		"no flow":                {ada, func(r *connection.ConnectRequest) { r.Flow = connection.WebServer }, connection.ErrAuthorization},
		"a username too many":    {ada, func(r *connection.ConnectRequest) { r.Username = "ceo@acme.example" }, connection.ErrAuthorization},
		"no username":            {ada, func(r *connection.ConnectRequest) { r.Flow = connection.JWTBearer }, connection.ErrAuthorization},
		"look-alike host":        {ada, func(r *connection.ConnectRequest) { r.LoginHost = "acme.my.salesforce.com.evil.example" }, connection.ErrUntrustedHost},
		"another tenant's":       {eve, func(r *connection.ConnectRequest) { r.Connection, r.Vouched = "somebody's", true }, connection.ErrNotFound},
		"no key for assertions":  {ada, func(r *connection.ConnectRequest) { r.Flow, r.Username, r.Vouched = connection.JWTBearer, "a@b", true }, connection.ErrUnreachable},
		"a personal one, no org": {ada, func(r *connection.ConnectRequest) { r.Type, r.Owner, r.Vouched = "personal", "bob", true }, connection.ErrForeignOrg},
	} {
		r := req
		if try.change != nil {
			try.change(&r)
		}
		_, err := w.m.Connect(t.Context(), try.actor, r)
		w.say(err)
		if !errors.Is(err, try.want) {
			t.Errorf("%s: %v, want %v", name, err, try.want)
		}
	}
	for _, tenant := range []orglink.TenantID{"acme", "evil"} {
		if list, err := w.m.List(t.Context(), tenant); err != nil || len(list) != 0 {
			t.Errorf("%d connections came of it, %v", len(list), err)
		}
	}
	// An app that belongs to the tenant is proof.
	own := w.manager(func(cfg *connection.Config) { cfg.Apps[0].Tenant = "acme" })
	if _, err := own.Connect(t.Context(), ada, req); err != nil {
		t.Errorf("with an app of its own: %v", err)
	}
	if _, err := own.Connect(t.Context(), eve, req); !errors.Is(err, connection.ErrNotFound) {
		t.Errorf("another tenant with that app: %v", err)
	}
}

// When an admin changes the user that the app runs as, work stops: what the new
// user sees would be taken for all there is.
func TestRunAsAnother(t *testing.T) {
	w := newWorld(t, runAs)
	other := ""
	w.m = w.manager(w.rewriting(func(_ url.Values, answer map[string]any) {
		if other != "" {
			answer["id"] = other
			mac := hmac.New(sha256.New, []byte("the-server-secret"))
			fmt.Fprint(mac, other, answer["issued_at"])
			answer["signature"] = base64.StdEncoding.EncodeToString(mac.Sum(nil))
		}
	}))
	c, err := w.m.Connect(t.Context(), ada, connection.ConnectRequest{Flow: connection.ClientCredentials, Vouched: true})
	if err != nil {
		t.Fatal(err)
	}
	w.expire()
	other = "https://login.salesforce.com/id/" + string(c.Org.ID) + "/005x00000012Q9PAAU"
	if err := w.use(w.m, c); !errors.Is(err, connection.ErrSuspended) || !strings.Contains(err.Error(), "005x00000012Q9PAAU") {
		t.Errorf("got %v", err)
	}
	if g := w.grant(c); g.Generation != 1 {
		t.Error("the other user's token was stored")
	}
}
