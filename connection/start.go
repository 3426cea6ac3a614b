package connection

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"github.com/orglink/orglink"
)

// StartRequest says what to authorise. The zero value asks for a team
// connection at the Manager's login host.
type StartRequest struct {
	// Type is the Name of a Type. Defaults to "team".
	Type string
	// App is the Name of an App. Defaults to the tenant's first, or the one
	// of Connection.
	App string
	// LoginHost is where to sign in: "production", "sandbox", a My Domain,
	// or any address of the org as an admin pastes it. Defaults to
	// Config.LoginHost, or where Connection was authorised.
	LoginHost string
	// Connection is one to authorise again. Without it, an authorisation
	// whose place is taken (see Type.Slot) renews what is there.
	Connection orglink.ConnectionID
	// AllowOtherOrg lets Connection move to another org, such as a sandbox
	// that was refreshed, when Config.BeforeMove agrees.
	AllowOtherOrg bool
	// LoginHint prefills the user name on Salesforce's page.
	LoginHint string
	// Prompt is passed to Salesforce, such as "login consent" to ask for the
	// password even in a running session.
	Prompt string
	// Popup asks for Salesforce's page in its popup form.
	Popup bool
}

// Authorization is an authorisation under way.
type Authorization struct {
	// URL is where to send the browser. It holds the state parameter:
	// whoever has it can finish only as the actor who started it.
	URL string
	// Expires is when Finish will refuse it.
	Expires time.Time
}

// Start begins an authorisation and returns the address to send the actor's
// browser to. It talks to the stores only. ErrApprovals when Salesforce would
// end one of the tenant's other authorisations for it.
func (m *Manager) Start(ctx context.Context, actor orglink.Actor, req StartRequest) (Authorization, error) {
	const op = "start"
	state, typ, app, err := m.begin(ctx, op, actor, req)
	if err != nil {
		return Authorization{}, err
	}
	if err := m.mayApprove(ctx, state, typ, req.LoginHint); err != nil {
		return Authorization{}, err
	}

	return m.authorize(ctx, op, state, typ, app, req, "")
}

// authorize stores the state of an authorisation and makes the address to send
// the browser to. prefix begins the state parameter.
func (m *Manager) authorize(ctx context.Context, op string, state AuthState, typ Type, app App, req StartRequest, prefix string) (Authorization, error) {
	secret, verifier := prefix+random(32), oauth2.GenerateVerifier()
	state.Hash = hashState(secret)
	var err error
	if state.Verifier, err = m.seal.seal(bound{tenant: state.Tenant, row: state.Hash, field: fieldVerifier}, []byte(verifier)); err != nil {
		return Authorization{}, fail(op, "", ErrStorage, err)
	}
	if err := m.cfg.Store.PutState(ctx, state); err != nil {
		return Authorization{}, storeError(op, "state", err)
	}
	options := []oauth2.AuthCodeOption{oauth2.S256ChallengeOption(verifier)}
	for name, value := range map[string]string{"login_hint": req.LoginHint, "prompt": req.Prompt} {
		if value != "" {
			options = append(options, oauth2.SetAuthURLParam(name, value))
		}
	}
	if req.Popup {
		options = append(options, oauth2.SetAuthURLParam("display", "popup"))
	}
	return Authorization{
		URL:     m.oauth(app, state.LoginHost, scopesOf(typ)).AuthCodeURL(secret, options...),
		Expires: state.Expires,
	}, nil
}

// begin checks what both kinds of authorisation have in common.
func (m *Manager) begin(ctx context.Context, op string, actor orglink.Actor, req StartRequest) (AuthState, Type, App, error) {
	refuse := func(err error) (AuthState, Type, App, error) { return AuthState{}, nil, App{}, err }
	if actor.Tenant == "" || actor.User == "" {
		return refuse(failDetail(op, "", ErrNotAllowed, "the actor has no tenant or user"))
	}
	now := time.Now().UTC()
	state := AuthState{
		Tenant: actor.Tenant, User: actor.User, Group: actor.Group, Session: hashSession(actor),
		Type: req.Type, Connection: req.Connection, AllowOtherOrg: req.AllowOtherOrg,
		Created: now, Expires: now.Add(m.cfg.StateLifetime),
	}
	if state.Type == "" {
		state.Type = Team{}.Name()
	}
	wanted, fallback := req.App, m.cfg.LoginHost
	var renew *Connection
	if req.Connection != "" {
		c, err := m.Get(ctx, actor.Tenant, req.Connection)
		if err != nil {
			return refuse(err)
		}
		if req.Type != "" && req.Type != c.Type {
			return refuse(failDetail(op, string(c.ID), ErrNotAllowed, "it is of type %s, not %s", clip(c.Type), clip(req.Type)))
		}
		state.Type, fallback, renew = c.Type, c.LoginHost, &c
		if wanted == "" {
			wanted = c.App
		}
	}
	typ, ok := m.typeOf(state.Type)
	if !ok {
		return refuse(failDetail(op, "", ErrNotFound, "no connection type is named %s", clip(state.Type)))
	}
	if err := typ.MayStart(ctx, actor, renew); err != nil {
		return refuse(fail(op, typ.Name(), err, nil))
	}
	app, err := m.app(ctx, actor.Tenant, wanted)
	if err != nil {
		return refuse(err)
	}
	state.App = app.Name
	if state.LoginHost, err = m.hosts.login(req.LoginHost, fallback); err != nil {
		return refuse(err)
	}
	return state, typ, app, nil
}

// CleanUp removes the states of authorisations that were never finished and
// tells how many they were. Call it now and then.
func (m *Manager) CleanUp(ctx context.Context) (int, error) {
	// An hour longer, so that a late callback still learns that it is late.
	n, err := m.cfg.Store.DeleteStates(ctx, time.Now().Add(-time.Hour))
	if err != nil {
		return n, storeError("clean up", "states", err)
	}
	return n, nil
}

// oauth is the OAuth configuration at one login host. The auth style is fixed:
// without it x/oauth2 would send a failed token request a second time.
func (m *Manager) oauth(app App, host string, scopes []string) *oauth2.Config {
	return &oauth2.Config{
		ClientID:     app.ClientID,
		ClientSecret: app.ClientSecret.Reveal(),
		RedirectURL:  app.RedirectURL,
		Scopes:       scopes,
		Endpoint: oauth2.Endpoint{
			AuthURL:   host + "/services/oauth2/authorize",
			TokenURL:  host + tokenPath,
			AuthStyle: oauth2.AuthStyleInParams,
		},
	}
}

// scopesOf is what to ask for: the type's scopes and a refresh token.
func scopesOf(t Type) []string {
	scopes := slices.Clone(t.Scopes())
	if !slices.Contains(scopes, "refresh_token") && !slices.Contains(scopes, "offline_access") {
		scopes = append(scopes, "refresh_token")
	}
	return scopes
}

// missingScopes are the type's scopes that were not granted. An org without a
// scope list in its answer is taken at its word.
func missingScopes(t Type, granted []string) []string {
	if len(granted) == 0 || slices.Contains(granted, "full") {
		return nil
	}
	var missing []string
	for _, s := range t.Scopes() {
		// api includes access to the identity.
		if slices.Contains(granted, s) || s == "id" && slices.Contains(granted, "api") ||
			s == "refresh_token" || s == "offline_access" {
			continue
		}
		missing = append(missing, s)
	}
	return missing
}

func random(bytes int) string {
	b := make([]byte, bytes)
	_, _ = rand.Read(b) // never fails (crypto/rand)
	return base64.RawURLEncoding.EncodeToString(b)
}

// hashSession is what a state keeps of the actor's session: "" for none.
func hashSession(a orglink.Actor) string {
	if a.Session.IsZero() {
		return ""
	}
	return hashState("session:" + a.Session.Reveal())
}

func hashState(state string) string {
	sum := sha256.Sum256([]byte(state))
	return hex.EncodeToString(sum[:])
}

// storeError keeps the package's own answers and wraps what a database said.
func storeError(op, subject string, err error) error {
	for _, k := range []error{ErrNotFound, ErrConflict, ErrFenced, ErrLeaseHeld} {
		if errors.Is(err, k) {
			return fail(op, subject, k, nil)
		}
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return fail(op, subject, err, nil)
	}
	return fail(op, subject, ErrStorage, err)
}

// grantedScopes splits and sorts the scope list of a token response.
func grantedScopes(list string) []string {
	scopes := strings.Fields(list)
	slices.Sort(scopes)
	return slices.Compact(scopes)
}
