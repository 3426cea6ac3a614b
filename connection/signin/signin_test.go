package signin_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/connection/signin"
)

var (
	rep     = signin.User{ID: "rep", SalesforceUser: true, Paired: true}
	office  = signin.User{ID: "office"}
	fresh   = signin.User{ID: "fresh", SalesforceUser: true}
	admin   = signin.User{ID: "admin", Admin: true, SalesforceUser: true, Paired: true}
	retired = signin.User{ID: "admin", SalesforceUser: true, Paired: true} // in the list, no admin any more
)

func TestMethodsBySetting(t *testing.T) {
	glass := []orglink.UserID{"admin"}
	both, sso, pass := []signin.Method{signin.Salesforce, signin.Password}, []signin.Method{signin.Salesforce}, []signin.Method{signin.Password}
	for _, c := range []struct {
		force signin.Force
		user  signin.User
		want  []signin.Method
	}{
		{signin.Off, rep, both},
		{"", office, pass},
		{signin.SalesforceUsers, rep, sso},
		{signin.SalesforceUsers, office, pass},
		{signin.SalesforceUsers, fresh, nil},
		{signin.SalesforceUsers, admin, both},
		{signin.Everyone, rep, sso},
		{signin.Everyone, office, nil},
		{signin.Everyone, admin, both},
		{signin.Everyone, retired, sso},
		{"typo", rep, sso},
		{"typo", office, nil},
	} {
		got := signin.Policy{Force: c.force, BreakGlass: glass}.Methods(c.user)
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("force %q, user %+v: %s", c.force, c.user, diff)
		}
	}
}

func TestBreakGlassIsMarked(t *testing.T) {
	p := signin.Policy{Force: signin.Everyone, BreakGlass: []orglink.UserID{"admin"}}
	if d := p.Decide(admin, signin.Password); !d.Allowed || !d.BreakGlass {
		t.Errorf("emergency access: %+v", d)
	}
	if d := (signin.Policy{}).Decide(admin, signin.Password); !d.Allowed || d.BreakGlass {
		t.Errorf("ordinary sign-in is marked as emergency: %+v", d)
	}
	if d := p.Decide(rep, "magic"); d.Allowed {
		t.Errorf("an unknown method is allowed: %+v", d)
	}
}

func TestCheckKeepsADoorOpen(t *testing.T) {
	admins := []orglink.UserID{"admin", "second"}
	for name, c := range map[string]struct {
		policy signin.Policy
		ok     bool
	}{
		"zero":                  {signin.Policy{}, true},
		"salesforce users":      {signin.Policy{Force: signin.SalesforceUsers}, true},
		"everyone":              {signin.Policy{Force: signin.Everyone, BreakGlass: []orglink.UserID{"second"}}, true},
		"everyone, no door":     {signin.Policy{Force: signin.Everyone}, false},
		"everyone, not admin":   {signin.Policy{Force: signin.Everyone, BreakGlass: []orglink.UserID{"rep"}}, false},
		"a setting of no sense": {signin.Policy{Force: "sometimes"}, false},
	} {
		if err := c.policy.Check(admins); (err == nil) != c.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestLinks(t *testing.T) {
	l := signin.Links{Product: "https://product.example/companies/7", Tab: "https://acme.lightning.force.com/lightning/n/Product"}
	if got := l.For(rep); got != l.Tab {
		t.Errorf("a Salesforce user gets %s", got)
	}
	if got := l.For(office); got != l.Product {
		t.Errorf("an office user gets %s", got)
	}
	if got := (signin.Links{Product: "p"}).For(rep); got != "p" {
		t.Errorf("without a tab: %s", got)
	}
}

func ExamplePolicy_Decide() {
	policy := signin.Policy{Force: signin.Everyone, BreakGlass: []orglink.UserID{"ada"}}
	fmt.Println(policy.Decide(signin.User{ID: "rep", SalesforceUser: true, Paired: true}, signin.Password).Reason)
	fmt.Println(policy.Decide(signin.User{ID: "ada", Admin: true}, signin.Password).BreakGlass)
	// Output:
	// Your company requires you to sign in with Salesforce.
	// true
}
