package connection_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/connection"
	"github.com/orglink/orglink/salesforce/sobject"
)

// paired are host users with their Salesforce users.
type paired map[orglink.UserID]sobject.ID

func (p paired) SalesforceUser(_ context.Context, tenant orglink.TenantID, org sobject.ID, user orglink.UserID) (sobject.ID, error) {
	if tenant != "acme" || org != "00Dx0000000BV7zEAG" {
		return "", errors.New("asked about another org")
	}
	return p[user], nil
}

func TestAttribution(t *testing.T) {
	w := newWorld(t)
	put := func(id orglink.ConnectionID, typ string, owner orglink.UserID, org, user sobject.ID, state connection.State) {
		t.Helper()
		c := connection.Connection{Tenant: "acme", ID: id, Type: typ, Owner: owner, Grant: "g", Org: connection.Org{ID: org},
			User: connection.SalesforceUser{ID: user, Username: string(owner) + "@acme.example"}, State: state}
		if _, err := w.store.PutConnection(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	const org, other = "00Dx0000000BV7zEAG", "00Dx0000000BV80EAG"
	put("team", "team", "ada", org, "005x0000000000AAAA", connection.Healthy)
	put("bob-other", "personal", "bob", other, "005x0000000000BAAA", connection.Healthy)
	put("bob", "personal", "bob", org, "005x0000000000CAAA", connection.Healthy)
	put("cat", "personal", "cat", org, "005x0000000000DAAA", connection.NeedsReauthorization)
	put("dan", "personal", "dan", org, "005x0000000000EAAA", connection.QuotaExhausted)
	pairs := paired{"bob": "005x0000000000FAAA", "eli": "005x0000000000GAAA"}
	for name, c := range map[string]struct {
		policy connection.Attribution
		write  orglink.Write
		conn   orglink.ConnectionID
		owner  string
		why    string
		err    error
	}{
		"nothing chosen":                       {connection.Attribution{}, orglink.Write{User: "bob", Create: true}, "team", "", "the team connection writes Lead", nil},
		"the pair owns what is created":        {connection.Attribution{Rule: connection.TeamWithOwner}, orglink.Write{User: "eli", Create: true}, "team", "005x0000000000GAAA", "owned by", nil},
		"an update keeps its owner":            {connection.Attribution{Rule: connection.TeamWithOwner}, orglink.Write{User: "eli"}, "team", "", "", nil},
		"a connection proves who somebody is":  {connection.Attribution{Rule: connection.TeamWithOwner}, orglink.Write{User: "cat", Create: true}, "team", "005x0000000000DAAA", "", nil},
		"nobody in particular":                 {connection.Attribution{Rule: connection.PersonalAlways}, orglink.Write{Create: true}, "team", "", "no user is named", nil},
		"personal create":                      {connection.Attribution{Rule: connection.PersonalCreates}, orglink.Write{User: "bob", Create: true}, "bob", "", "as bob@acme.example", nil},
		"personal create, team update":         {connection.Attribution{Rule: connection.PersonalCreates}, orglink.Write{User: "bob"}, "team", "", "", nil},
		"personal always":                      {connection.Attribution{Rule: connection.PersonalAlways}, orglink.Write{User: "bob"}, "bob", "", "", nil},
		"what passes by itself changes nobody": {connection.Attribution{Rule: connection.PersonalAlways}, orglink.Write{User: "dan"}, "dan", "", "", nil},
		"by object":                            {connection.Attribution{Objects: map[string]connection.Rule{"lead": connection.PersonalAlways}}, orglink.Write{User: "bob"}, "bob", "", "", nil},
		"a dead grant, team with owner":        {connection.Attribution{Rule: connection.PersonalCreates}, orglink.Write{User: "cat", Create: true}, "team", "005x0000000000DAAA", "is needs_reauthorization, so the team", nil},
		"no connection, team with owner":       {connection.Attribution{Rule: connection.PersonalCreates}, orglink.Write{User: "eli", Create: true}, "team", "005x0000000000GAAA", "has no own connection", nil},
		"nobody at all":                        {connection.Attribution{Rule: connection.PersonalCreates}, orglink.Write{User: "zoe", Create: true}, "team", "", "paired with nobody", nil},
		"fail":                                 {connection.Attribution{Rule: connection.PersonalCreates, Fallback: connection.FallbackFail}, orglink.Write{User: "cat", Create: true}, "", "", "needs_reauthorization", connection.ErrNoIdentity},
		"wait":                                 {connection.Attribution{Rule: connection.PersonalCreates, Fallback: connection.FallbackWait}, orglink.Write{User: "eli", Create: true}, "", "", "has no own connection", connection.ErrNoIdentity},
		"a team connection that is not there":  {connection.Attribution{Rule: connection.PersonalAlways}, orglink.Write{User: "bob", Team: "gone"}, "", "", "", connection.ErrNotFound},
		"another tenant's":                     {connection.Attribution{Rule: connection.PersonalAlways}, orglink.Write{User: "bob", Tenant: "evil"}, "", "", "", connection.ErrNotFound},
		"a rule of no sense":                   {connection.Attribution{Rule: "me"}, orglink.Write{User: "bob"}, "", "", `"me"`, connection.ErrStorage},
	} {
		a := w.m.Attributor(func(context.Context, orglink.TenantID) (connection.Attribution, error) { return c.policy, nil }, pairs)
		c.write.Object = "Lead"
		if c.write.Tenant == "" {
			c.write.Tenant = "acme"
		}
		if c.write.Team == "" {
			c.write.Team = "team"
		}
		got, err := a.WriteAs(t.Context(), c.write)
		if !errors.Is(err, c.err) || got.Connection != c.conn || got.Owner != c.owner {
			t.Errorf("%s: %+v, %v", name, got, err)
			continue
		}
		text := got.Reason
		if err != nil {
			text = err.Error()
		}
		if text == "" || !strings.Contains(text, c.why) {
			t.Errorf("%s: the reason is %q", name, text)
		}
		var waits interface{ RetryAfter() time.Duration }
		if errors.As(err, &waits) != (c.policy.Fallback == connection.FallbackWait) || waits != nil && waits.RetryAfter() <= 0 {
			t.Errorf("%s: waits %v", name, waits)
		}
	}
}

// A store that is away is no reason to refuse a row.
func TestAttributionWaitsForStores(t *testing.T) {
	w := newWorld(t)
	c := w.connect(ada, connection.StartRequest{})
	away := errors.New("the database is away")
	for name, a := range map[string]*connection.Attributor{
		"policy": w.m.Attributor(func(context.Context, orglink.TenantID) (connection.Attribution, error) {
			return connection.Attribution{}, away
		}, nil),
		"pairs": w.m.Attributor(func(context.Context, orglink.TenantID) (connection.Attribution, error) {
			return connection.Attribution{Rule: connection.TeamWithOwner}, nil
		}, brokenPairs{away}),
	} {
		_, err := a.WriteAs(t.Context(), orglink.Write{Tenant: "acme", Team: c.ID, Object: "Lead", Create: true, User: "bob"})
		var waits *connection.WaitError
		if !errors.As(err, &waits) || !errors.Is(err, away) || waits.RetryAfter() <= 0 || errors.Is(err, connection.ErrNoIdentity) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

type brokenPairs struct{ err error }

func (b brokenPairs) SalesforceUser(context.Context, orglink.TenantID, sobject.ID, orglink.UserID) (sobject.ID, error) {
	return "", b.err
}

// A rep who connects is used as soon as the Manager's staleness has passed.
func TestAttributionSeesNewConnections(t *testing.T) {
	w := newWorld(t)
	c := w.connect(ada, connection.StartRequest{})
	m := w.manager(func(cfg *connection.Config) { cfg.Staleness = 50 * time.Millisecond })
	a := m.Attributor(func(context.Context, orglink.TenantID) (connection.Attribution, error) {
		return connection.Attribution{Rule: connection.PersonalAlways, Fallback: connection.FallbackWait}, nil
	}, nil)
	write := orglink.Write{Tenant: "acme", Team: c.ID, Object: "Lead", User: "bob"}
	if _, err := a.WriteAs(t.Context(), write); !errors.Is(err, connection.ErrNoIdentity) {
		t.Fatal(err)
	}
	personal := w.connect(bob, connection.StartRequest{Type: "personal"})
	deadline := time.Now().Add(30 * time.Second)
	for {
		got, err := a.WriteAs(t.Context(), write)
		if err == nil && got.Connection == personal.ID {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%+v, %v", got, err)
		}
		time.Sleep(10 * time.Millisecond)
	}
}
