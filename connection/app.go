package connection

import (
	"context"
	"errors"
	"fmt"

	"github.com/orglink/orglink"
)

// App is an OAuth client of the host in Salesforce: a connected app or an
// external client app.
type App struct {
	// Name is stored with each connection; never change it. Defaults to
	// "default".
	Name string
	// ClientID is the consumer key. Required. Another one under the same Name
	// is another app: grants of the old one are refused with ErrAppRejected
	// and kept.
	ClientID string
	// ClientSecret is the consumer secret. Without one, token responses
	// cannot be verified by their signature.
	ClientSecret orglink.Secret
	// OtherSecret is a second secret while one replaces the other: the next
	// or the former. What Salesforce refuses with ClientSecret as
	// invalid_client, before it looks at any token, is sent once more with
	// this one, and signatures of either are good.
	OtherSecret orglink.Secret
	// RedirectURL is the callback of this app. Defaults to
	// Config.RedirectURL.
	RedirectURL string
	// Tenant restricts the app to one tenant, for apps that belong to a
	// customer. Empty: every tenant.
	Tenant orglink.TenantID
	// Label is the app's name as Salesforce shows it to its users. With it,
	// Manager.OrgApprovals tells the app's approvals from those of others.
	Label string
	// SigningKey signs the assertions of the JWT bearer flow; its certificate
	// is uploaded to the app. See ParseSigningKey.
	SigningKey SigningKey
	// Audience is what JWT assertions are for. Defaults to ProductionLogin,
	// or SandboxLogin for a sandbox's host.
	Audience string
}

// secrets are those to try, in turn; one empty one for an app without any.
func (a App) secrets() []orglink.Secret {
	if a.OtherSecret.IsZero() || a.OtherSecret == a.ClientSecret {
		return []orglink.Secret{a.ClientSecret}
	}
	return []orglink.Secret{a.ClientSecret, a.OtherSecret}
}

// setDefaults fills what an app leaves out.
func (a *App) setDefaults(cfg *Config) {
	if a.Name == "" {
		a.Name = "default"
	}
	if a.RedirectURL == "" {
		a.RedirectURL = cfg.RedirectURL
	}
}

// check returns all problems of an app at once.
func (a App) check() error {
	var errs []error
	if a.ClientID == "" {
		errs = append(errs, fmt.Errorf("app %q has no ClientID", a.Name))
	}
	if !absolute(a.RedirectURL) {
		errs = append(errs, fmt.Errorf("the RedirectURL of app %q, %q, is not an absolute http or https address", a.Name, a.RedirectURL))
	}
	if a.ClientSecret.IsZero() && !a.OtherSecret.IsZero() {
		errs = append(errs, fmt.Errorf("app %q has an OtherSecret and no ClientSecret", a.Name))
	}
	if err := a.SigningKey.problem; err != nil {
		errs = append(errs, fmt.Errorf("the SigningKey of app %q: %w", a.Name, err))
	}
	return errors.Join(errs...)
}

// app returns a tenant's app by name, or its default for "".
func (m *Manager) app(ctx context.Context, tenant orglink.TenantID, name string) (App, error) {
	if m.cfg.TenantApps != nil {
		own, err := m.cfg.TenantApps(ctx, tenant)
		if err != nil {
			return App{}, fail("apps", string(tenant), ErrStorage, err)
		}
		for _, a := range own {
			a.Tenant = tenant
			a.setDefaults(&m.cfg)
			if name != "" && a.Name != name {
				continue
			}
			if err := a.check(); err != nil {
				return App{}, fail("apps", string(tenant), ErrAppRejected, err)
			}
			return a, nil
		}
	}
	for _, a := range m.cfg.Apps {
		if (name == "" || a.Name == name) && (a.Tenant == "" || a.Tenant == tenant) {
			return a, nil
		}
	}
	return App{}, failDetail("apps", string(tenant), ErrNotFound, "no app named %q is open to this tenant", clip(name))
}
