package salesforcetest

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"
)

// App is an OAuth client of the org: a connected app, or an external client
// app. The names of settings in brackets are those of the Metadata API guide,
// "ConnectedApp" and "ExtlClntAppGlobalOauthSettings".
type App struct {
	// ClientID is the consumer key; required.
	ClientID string
	// ClientSecret is the consumer secret.
	ClientSecret string
	// Name is shown on the consent page; default "Test App".
	Name string
	// External makes it an external client app: PKCE is required unless
	// PKCEOptional, and an org that has not installed it refuses everybody.
	External bool
	// NotInstalled is an app that works without being installed in this org:
	// only users with the permission ApproveUninstalledConnectedApps may
	// approve it. Approvals that exist keep working. An external client app
	// must be installed.
	NotInstalled bool
	// Blocked refuses everybody with "this app is blocked by admin" and ends
	// the app's sessions. See also Org.BlockApp.
	Blocked bool

	// RedirectURIs are the callback URLs, compared exactly. None: every
	// loopback URL is accepted.
	RedirectURIs []string
	// Scopes are the scopes that may be granted; default api, id, web and
	// refresh_token.
	Scopes []string
	// RequirePKCE refuses authorizations without code_challenge
	// [isPkceRequired]; PKCEOptional takes that back for an external client
	// app.
	RequirePKCE, PKCEOptional bool
	// SecretOptional accepts token requests without a secret; a wrong one is
	// still refused [isConsumerSecretOptional]. RefreshNeedsSecret takes that
	// back for refreshes [isSecretRequiredForRefreshToken].
	SecretOptional, RefreshNeedsSecret bool

	// PreAuthorized skips the consent page: an admin has approved the users
	// [isAdminApproved]. PermittedTo names who they are, by profile, permission
	// set or username; others are refused. None: all users.
	PreAuthorized bool
	PermittedTo   []string
	// IPRelaxation is what becomes of the users' IP restrictions
	// (Org.RestrictIP); default IPEnforce.
	IPRelaxation IPRelaxation

	// RotateRefreshTokens makes each refresh return a new refresh token and
	// end the old one; using an old one again ends the whole grant
	// [isRefreshTokenRotationEnabled].
	RotateRefreshTokens bool
	// RefreshLifetime ends refresh tokens that long after the approval;
	// RefreshIdle ends those that were not used for that long. 0: never, -1:
	// at once [refreshTokenPolicy].
	RefreshLifetime, RefreshIdle time.Duration
	// SessionTimeout overrides Config.SessionTimeout.
	SessionTimeout time.Duration
	// JWTAccessTokens makes access tokens signed JWTs, which a use does not
	// prolong [isNamedUserJwtEnabled].
	JWTAccessTokens bool

	// Certificate is the PEM of an X.509 certificate or of a public key, both
	// RSA, that verifies the assertions of the JWT bearer flow; "" refuses
	// that flow.
	Certificate string
	// RunAs is the username behind client credentials; "" refuses that flow.
	RunAs string
	// DeviceFlow allows the device flow [isDeviceFlowEnabled].
	DeviceFlow bool
	// IntrospectAll lets the app introspect the tokens of all apps
	// [isIntrospectAllTokens].
	IntrospectAll bool
	// IDTokenLifetime is how long an ID token is valid; default 2 minutes
	// [idTokenValidity]. IDTokenAudience are audiences besides the client id.
	// IDTokenStandardClaims adds the claims of userinfo.
	IDTokenLifetime       time.Duration
	IDTokenAudience       []string
	IDTokenStandardClaims bool

	key *rsa.PublicKey // of Certificate
}

// IPRelaxation says what an app's policy makes of its users' IP restrictions
// (Metadata API guide, "ConnectedAppOauthPolicy").
type IPRelaxation int

// The policies of IP restrictions.
const (
	// IPEnforce enforces them.
	IPEnforce IPRelaxation = iota
	// IPBypass does not.
	IPBypass
	// IPEnforceRelaxRefresh enforces them, but not for refreshes.
	IPEnforceRelaxRefresh
)

// withDefaults checks an app and fills it. The problems begin with the names
// of the settings.
func (a App) withDefaults() (App, []error) {
	var errs []error
	if a.ClientID == "" {
		errs = append(errs, errors.New("ClientID is empty"))
	}
	setDefault(&a.Name, "Test App")
	setDefault(&a.IDTokenLifetime, 2*time.Minute)
	if a.Scopes == nil {
		a.Scopes = []string{"api", "id", "web", "refresh_token"}
	}
	if a.SessionTimeout < 0 || a.IDTokenLifetime < 0 {
		errs = append(errs, errors.New("SessionTimeout and IDTokenLifetime must not be negative"))
	}
	if a.IPRelaxation < IPEnforce || a.IPRelaxation > IPEnforceRelaxRefresh {
		errs = append(errs, fmt.Errorf("IPRelaxation %d does not exist", a.IPRelaxation))
	}
	if a.Certificate != "" {
		key, err := parseCertificate(a.Certificate)
		if err != nil {
			errs = append(errs, fmt.Errorf("Certificate: %w", err))
		}
		a.key = key
	}
	a.RedirectURIs, a.Scopes = slices.Clone(a.RedirectURIs), slices.Clone(a.Scopes)
	a.PermittedTo, a.IDTokenAudience = slices.Clone(a.PermittedTo), slices.Clone(a.IDTokenAudience)
	return a, errs
}

// parseCertificate reads the RSA key of a PEM certificate or public key.
func parseCertificate(text string) (*rsa.PublicKey, error) {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil, errors.New("no PEM block in it")
	}
	var key any
	switch block.Type {
	case "CERTIFICATE":
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, err
		}
		key = cert.PublicKey
	case "RSA PUBLIC KEY":
		return x509.ParsePKCS1PublicKey(block.Bytes)
	case "PUBLIC KEY":
		var err error
		if key, err = x509.ParsePKIXPublicKey(block.Bytes); err != nil {
			return nil, err
		}
	default:
		return nil, fmt.Errorf("a PEM block %q is neither a certificate nor a public key", block.Type)
	}
	k, ok := key.(*rsa.PublicKey)
	if !ok {
		return nil, fmt.Errorf("a %T; the JWT bearer flow takes RSA only", key)
	}
	return k, nil
}

// acceptsRedirect tells whether a redirect URL is one of the app's.
func (a *App) acceptsRedirect(uri string) bool {
	if len(a.RedirectURIs) > 0 {
		return slices.Contains(a.RedirectURIs, uri)
	}
	u, err := url.Parse(uri)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" {
		return false
	}
	host := u.Hostname()
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}

// needsPKCE tells whether an authorization must bring a code_challenge.
func (a *App) needsPKCE() bool { return a.RequirePKCE || a.External && !a.PKCEOptional }

// canonicalScope treats offline_access as refresh_token, which it equals.
func canonicalScope(s string) string {
	if s == "offline_access" {
		return "refresh_token"
	}
	return s
}

// grantable returns the scopes to grant for a request, in the order asked, or
// the first that the app does not have. Asking for none asks for all.
func (a *App) grantable(requested string) (scopes []string, missing string) {
	var have []string
	for _, s := range a.Scopes {
		if s = canonicalScope(s); !slices.Contains(have, s) {
			have = append(have, s)
		}
	}
	for _, s := range strings.Fields(requested) {
		s = canonicalScope(s)
		if !slices.Contains(have, s) {
			return nil, s
		}
		if !slices.Contains(scopes, s) {
			scopes = append(scopes, s)
		}
	}
	if len(scopes) == 0 {
		return have, ""
	}
	return scopes, ""
}

// without returns scopes less some.
func without(scopes []string, drop ...string) []string {
	out := make([]string, 0, len(scopes))
	for _, s := range scopes {
		if !slices.Contains(drop, s) {
			out = append(out, s)
		}
	}
	return out
}
