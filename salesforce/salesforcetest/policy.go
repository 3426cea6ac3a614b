package salesforcetest

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/orglink/orglink/salesforce/salesforcetest/internal/engine"
	"github.com/orglink/orglink/salesforce/sobject"
)

// step is where a flow stands when the policies of the org and of the app are
// asked.
type step int

const (
	stepApprove step = iota // in the browser, before the consent page
	stepToken               // a token for a user who is not there
	stepRefresh
)

// admit asks the policies whether a user may go on with an app; nil is yes.
func (c *call) admit(app *App, u user, at step) *oauthProblem {
	refused := c.policies(app, u, at)
	if refused != nil && at != stepApprove {
		c.oauthLogin(u, app, refused.Description)
	}
	return refused
}

func (c *call) policies(app *App, u user, at step) *oauthProblem {
	refuse := func(code, description string) *oauthProblem { return &oauthProblem{code, description} }
	locked, _ := c.s.id.orgState()
	switch {
	case locked:
		return refuse("inactive_org", "inactive organization")
	case !u.active || c.s.frozen(u):
		return refuse("invalid_grant", "inactive user")
	case app.Blocked:
		return refuse("OAUTH_APP_BLOCKED", "this app is blocked by admin")
	case app.NotInstalled && app.External:
		return refuse("OAUTH_EC_APP_NOT_FOUND", "External client app is not installed in this org")
	case app.NotInstalled && at != stepRefresh && !c.s.org.SystemPermission(engine.Session{User: u.id}, "ApproveUninstalledConnectedApps"):
		return refuse("OAUTH_APPROVAL_ERROR_GENERIC", approvalErrorText)
	case app.PreAuthorized && !c.s.permitted(app, u):
		code := "invalid_app_access"
		if at == stepApprove {
			code = "OAUTH_APP_ACCESS_DENIED"
		}
		return refuse(code, "user is not admin approved to access this app")
	case app.IPRelaxation != IPBypass && !(app.IPRelaxation == IPEnforceRelaxRefresh && at == stepRefresh) && !c.s.fromAllowedIP(u, c.remote()):
		return refuse("invalid_grant", "ip restricted")
	case at != stepApprove && !c.s.id.countLogin(u.id, c.s.cfg.LoginsPerHour):
		return refuse("rate_limit_exceeded", "login rate exceeded")
	}
	return nil
}

const approvalErrorText = "An unexpected error has occurred during authentication. Please try again."

// frozen tells whether an admin has frozen a user, who stays active but cannot
// log in (Object Reference, "UserLogin").
func (s *Server) frozen(u user) bool {
	res, err := s.org.QueryText(system(), "SELECT Id FROM UserLogin WHERE IsFrozen = TRUE AND UserId = "+quote(string(u.id)), engine.QueryOptions{})
	return err == nil && res.Len() > 0
}

// permitted tells whether an admin has approved a user for an app.
func (s *Server) permitted(app *App, u user) bool {
	if len(app.PermittedTo) == 0 {
		return true
	}
	names := []string{u.username}
	if res, err := s.org.Get(system(), "Profile", sobject.ID(u.text("ProfileId")), []string{"Name"}); err == nil {
		name, _ := res.Record(0).Text("Name")
		names = append(names, name)
	}
	res, err := s.org.QueryText(system(), "SELECT PermissionSet.Name, PermissionSet.Label FROM PermissionSetAssignment WHERE AssigneeId = "+quote(string(u.id)), engine.QueryOptions{})
	if err == nil {
		for _, rec := range res.Records() {
			for _, field := range []string{"PermissionSet.Name", "PermissionSet.Label"} {
				if v, err := rec.Text(field); err == nil {
					names = append(names, v)
				}
			}
		}
	}
	return slices.ContainsFunc(app.PermittedTo, func(want string) bool {
		return slices.ContainsFunc(names, func(have string) bool { return strings.EqualFold(want, have) })
	})
}

// ipRange is a range of addresses, both ends included.
type ipRange struct{ from, to netip.Addr }

// parseRange reads an address, a prefix such as 10.0.0.0/8, or two addresses
// with a hyphen.
func parseRange(text string) (ipRange, error) {
	if p, err := netip.ParsePrefix(text); err == nil {
		p = p.Masked()
		last := p.Addr().AsSlice()
		for bit := p.Bits(); bit < len(last)*8; bit++ {
			last[bit/8] |= 1 << (7 - bit%8)
		}
		to, _ := netip.AddrFromSlice(last)
		return ipRange{p.Addr(), to}, nil
	}
	from, to, two := strings.Cut(text, "-")
	if !two {
		to = from
	}
	a, err1 := netip.ParseAddr(strings.TrimSpace(from))
	b, err2 := netip.ParseAddr(strings.TrimSpace(to))
	if err1 != nil || err2 != nil || b.Less(a) {
		return ipRange{}, fmt.Errorf("%q is no range of addresses such as 10.0.0.0/8 or 10.0.0.1-10.0.0.9", text)
	}
	return ipRange{a, b}, nil
}

// RestrictIP lets users log in from some addresses only: those of one user, or
// of a profile, named as for SetPermissions. A range is an address, a prefix
// such as 10.0.0.0/8, or two addresses with a hyphen; none: from anywhere.
// Sessions that exist go on.
func (o *Org) RestrictIP(who string, ranges ...string) error {
	o.tb().Helper()
	holder, err := o.restricted(who)
	if err != nil {
		return o.check("RestrictIP", err)
	}
	var parsed []ipRange
	for _, text := range ranges {
		r, err := parseRange(text)
		if err != nil {
			return o.check("RestrictIP", err)
		}
		parsed = append(parsed, r)
	}
	o.s.id.mu.Lock()
	defer o.s.id.mu.Unlock()
	o.s.id.ips[holder] = parsed
	return nil
}

// restricted finds the user or profile that RestrictIP names.
func (o *Org) restricted(who string) (sobject.ID, error) {
	if u, err := o.s.userByName(who); err == nil {
		return u.id, nil
	}
	return o.permissionHolder(who)
}

// fromAllowedIP asks the restrictions of a user and of their profile.
func (s *Server) fromAllowedIP(u user, remote netip.Addr) bool {
	s.id.mu.Lock()
	defer s.id.mu.Unlock()
	for _, holder := range []sobject.ID{u.id, sobject.ID(u.text("ProfileId"))} {
		ranges := s.id.ips[holder]
		if len(ranges) > 0 && !slices.ContainsFunc(ranges, func(r ipRange) bool { return !remote.Less(r.from) && !r.to.Less(remote) }) {
			return false
		}
	}
	return true
}

// remoteKey is the key of the client's address in a connection's context.
type remoteKey struct{}

// remote is the address of the client; that of memory is 127.0.0.1.
func (c *call) remote() netip.Addr {
	if a, ok := c.ctx.Value(remoteKey{}).(net.Addr); ok {
		if ap, err := netip.ParseAddrPort(a.String()); err == nil {
			return ap.Addr().Unmap()
		}
	}
	return netip.AddrFrom4([4]byte{127, 0, 0, 1})
}

// loginRate counts the logins of a user in one hour.
type loginRate struct {
	hour time.Time
	n    int
}

// countLogin counts a login, unless there were too many.
func (i *identity) countLogin(u sobject.ID, limit int) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	now := i.now()
	r := i.logins[u]
	if r == nil || now.Sub(r.hour) >= time.Hour {
		r = &loginRate{hour: now}
		i.logins[u] = r
	}
	r.n++
	return r.n <= limit
}

// orgState tells whether the org is locked, and whether it has no API.
func (i *identity) orgState() (locked, noAPI bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.locked, i.noAPI
}

// LockOrg locks the org, as one whose trial is over, or unlocks it: nobody
// gets a token, and API calls are refused with ORG_LOCKED.
func (o *Org) LockOrg(locked bool) {
	o.s.id.mu.Lock()
	defer o.s.id.mu.Unlock()
	o.s.id.locked = locked
}

// DisableAPI takes the API from the org, as an edition without it, or gives it
// back. For one user see SetPermissions and ApiEnabled.
func (o *Org) DisableAPI(disabled bool) {
	o.s.id.mu.Lock()
	defer o.s.id.mu.Unlock()
	o.s.id.noAPI = disabled
}

// SetApp adds an OAuth client, or replaces the one with its ClientID: an admin
// changes its policies. Its tokens stay, unless it is blocked.
func (o *Org) SetApp(app App) error {
	o.tb().Helper()
	ready, problems := app.withDefaults()
	if problems == nil {
		o.s.id.setApp(ready)
	}
	return o.check("SetApp", errors.Join(problems...))
}

// BlockApp blocks an app, which ends its sessions, or unblocks it.
func (o *Org) BlockApp(clientID string, blocked bool) error {
	o.tb().Helper()
	app := o.s.id.appByID(clientID)
	if app == nil {
		return o.check("BlockApp", fmt.Errorf("there is no app %q", clientID))
	}
	changed := *app
	changed.Blocked = blocked
	o.s.id.setApp(changed)
	return nil
}
