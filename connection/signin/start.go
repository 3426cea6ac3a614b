package signin

import (
	"crypto/rand"
	"fmt"
	"net/http"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/connection"
)

// StartRequest says who signs in and where. The zero value is a sign-in at the
// Service's login host by a person of any tenant, which needs Config.Tenants.
type StartRequest struct {
	// Tenant is whose login page it is. "" asks Config.Tenants when the org is
	// known.
	Tenant orglink.TenantID
	// Actor is set when a signed-in user links his own Salesforce user. The
	// zero Actor signs in. Its tenant replaces Tenant.
	Actor orglink.Actor
	// LoginHost is "production", "sandbox", a My Domain, or any address of the
	// org. Defaults to Config.LoginHost.
	LoginHost string
	// LoginHint prefills the user name on Salesforce's page.
	LoginHint string
	// Prompt is passed to Salesforce, such as "login" to ask for the password
	// even in a running session.
	Prompt string
	// ReturnTo is the page to show afterwards: a path on the host's site, at
	// most 1,024 bytes.
	ReturnTo string
}

// Redirect is where to send the browser, and what it has to bring back.
type Redirect struct {
	URL string
	// Cookie must be set with the redirect. It holds nothing readable, is
	// bound to this sign-in and ends with it.
	Cookie *http.Cookie
}

// Start begins a sign-in. It makes no request.
func (s *Service) Start(req StartRequest) (Redirect, error) {
	if req.Actor != (orglink.Actor{}) {
		if req.Actor.User == "" || req.Actor.Tenant == "" {
			return Redirect{}, fmt.Errorf("signin: start: %w: the actor has no tenant or user", connection.ErrNotAllowed)
		}
		req.Tenant = req.Actor.Tenant
	}
	if req.Tenant == "" && s.cfg.Tenants == nil {
		return Redirect{}, fmt.Errorf("signin: start: no tenant is named, and Config.Tenants is not there to find it")
	}
	if req.ReturnTo != "" && !localPath(req.ReturnTo) {
		return Redirect{}, fmt.Errorf("signin: start: %w: give one like /companies", ErrReturnTo)
	}
	host := s.cfg.LoginHost
	if req.LoginHost != "" {
		var err error
		if host, err = connection.ParseLoginHost(req.LoginHost, s.cfg.TrustedHosts...); err != nil {
			return Redirect{}, fmt.Errorf("signin: start: %w", err)
		}
	}
	state, nonce, verifier := rand.Text(), rand.Text(), oauth2.GenerateVerifier()
	cookie, err := s.seal(state, newTicket(s, req, host, nonce, verifier))
	if err != nil {
		return Redirect{}, fmt.Errorf("signin: start: %w", err)
	}
	options := []oauth2.AuthCodeOption{oauth2.S256ChallengeOption(verifier), oidc.Nonce(nonce)}
	for name, value := range map[string]string{"login_hint": req.LoginHint, "prompt": req.Prompt} {
		if value != "" {
			options = append(options, oauth2.SetAuthURLParam(name, value))
		}
	}
	return Redirect{URL: s.oauth(host).AuthCodeURL(state, options...), Cookie: cookie}, nil
}
