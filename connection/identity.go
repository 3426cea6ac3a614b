package connection

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/salesforce"
	"github.com/orglink/orglink/salesforce/sobject"
)

// identity is the part of the identity answer that is used.
type identity struct {
	OrganizationID string `json:"organization_id"`
	UserID         string `json:"user_id"`
	Username       string `json:"username"`
	DisplayName    string `json:"display_name"`
	Email          string `json:"email"`
	Active         *bool  `json:"active"`
}

// fetchIdentity asks the org itself who a token belongs to. The identity URL
// of a token response points to the login host, which redirects and would lose
// the Authorization header; so the path is asked on the instance.
func (m *Manager) fetchIdentity(ctx context.Context, a tokenAnswer) (SalesforceUser, error) {
	const op = "identity"
	ctx, cancel := context.WithTimeout(ctx, m.cfg.RefreshTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("%s/id/%s/%s", a.instance, a.org, a.user), nil)
	if err != nil {
		return SalesforceUser{}, fail(op, a.instance, ErrBadAnswer, nil)
	}
	req.Header.Set("Authorization", "Bearer "+a.access)
	req.Header.Set("Accept", "application/json")
	resp, err := m.http.Do(req)
	if err != nil {
		return SalesforceUser{}, fail(op, a.instance, ErrUnreachable, failureOf(err, true, []string{a.access}))
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return SalesforceUser{}, fail(op, a.instance, ErrUnreachable, errors.New("the answer broke off"))
	}
	if resp.StatusCode != http.StatusOK {
		// Errors are plain text such as Bad_OAuth_Token.
		return SalesforceUser{}, failDetail(op, a.instance, ErrBadAnswer, "HTTP status %d %s", resp.StatusCode, scrub(string(body), []string{a.access, a.refresh}))
	}
	var id identity
	if err := json.Unmarshal(body, &id); err != nil {
		return SalesforceUser{}, failDetail(op, a.instance, ErrBadAnswer, "not the JSON of an identity")
	}
	org, err1 := sobject.ParseID(id.OrganizationID)
	user, err2 := sobject.ParseID(id.UserID)
	if err1 != nil || err2 != nil || org != a.org || user != a.user {
		return SalesforceUser{}, failDetail(op, a.instance, ErrBadAnswer, "the identity is of another user or org than the token response")
	}
	if id.Active != nil && !*id.Active {
		return SalesforceUser{}, fail(op, id.Username, ErrUserInactive, nil)
	}
	return SalesforceUser{ID: user, Username: id.Username, DisplayName: id.DisplayName, Email: id.Email}, nil
}

// describeOrg reads what the user may read of Organization; without permission
// the host name tells what it can.
func (m *Manager) describeOrg(ctx context.Context, a tokenAnswer, tenant orglink.TenantID, loginHost string) (Org, error) {
	org := Org{ID: a.org, Sandbox: sandboxHost(a.instance) || loginHost == SandboxLogin}
	cfg := m.clientConfig(Connection{Tenant: tenant, LoginHost: loginHost, InstanceURL: a.instance, Org: org})
	cfg.Tokens = salesforce.StaticToken(a.instance, a.access)
	ctx, cancel := context.WithTimeout(ctx, m.cfg.RefreshTimeout)
	defer cancel()
	client, err := salesforce.New(cfg)
	if err != nil {
		return org, err
	}
	for rec, err := range client.Query(ctx, "SELECT Id, Name, OrganizationType, IsSandbox FROM Organization") {
		if err != nil {
			if !refusal(err) {
				return org, err
			}
			return org, nil
		}
		if name, err := rec.Text("Name"); err == nil {
			org.Name = name
		}
		if edition, err := rec.Text("OrganizationType"); err == nil {
			org.Edition = edition
		}
		if v, ok := rec.Value("IsSandbox"); ok {
			if b, err := v.Bool(); err == nil {
				org.Sandbox = b
			}
		}
	}
	return org, nil
}

// refusal tells the org's answer that the user may not see something from a
// call that failed.
func refusal(err error) bool {
	var e *salesforce.Error
	return errors.As(err, &e) && e.StatusCode < 500 && e.StatusCode != http.StatusUnauthorized
}

func sandboxHost(origin string) bool {
	host := origin[strings.LastIndexByte(origin, '/')+1:]
	label, _, _ := strings.Cut(host, ".")
	return strings.Contains(host, ".sandbox.my.") || strings.Contains(label, "--") && strings.Contains(host, ".my.salesforce.")
}
