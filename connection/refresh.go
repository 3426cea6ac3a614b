package connection

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/salesforce"
)

// unsaved is an answer of Salesforce that no store has taken yet. It is tried
// again before anything else happens to the grant.
type unsaved struct {
	grant      GrantID
	generation int64 // that it was refreshed from
	answer     tokenAnswer
}

var (
	// errAgain asks refresh to look at the store once more.
	errAgain = errors.New("look again")
	// errEnded tells that a grant was removed, or is about to be.
	errEnded = errors.New("the grant has ended")
)

// refresh replaces a rejected access token. One request goes out at a time for
// a grant, among all processes: others wait for the lease and read its result.
func (m *Manager) refresh(ctx context.Context, key entryKey, rejected orglink.Secret, voluntary bool) (salesforce.Token, error) {
	for tries := 0; ; tries++ {
		token, err := m.refreshOnce(ctx, key, rejected, voluntary)
		if !errors.Is(err, errAgain) {
			return token, err
		}
		if tries == 50 { // each round lost a race; something is wrong with the store
			return salesforce.Token{}, failDetail("refresh", string(key.id), ErrStorage, "the grant keeps changing")
		}
		if err := pause(ctx, 10*time.Millisecond); err != nil {
			return salesforce.Token{}, fail("refresh", string(key.id), ErrUnreachable, err)
		}
	}
}

func (m *Manager) refreshOnce(ctx context.Context, key entryKey, rejected orglink.Secret, voluntary bool) (salesforce.Token, error) {
	conn, err := m.remember(ctx, key)
	if err != nil {
		return salesforce.Token{}, err
	}
	// news reads the grant and reports whether somebody has refreshed it.
	news := func() (g Grant, token salesforce.Token, done bool, err error) {
		g, token, err = m.load(ctx, conn)
		return g, token, err == nil && token.Access != rejected, err
	}
	g, token, done, err := news()
	if err == nil && done {
		m.keep(key, g, token)
		return token, nil
	}
	if err != nil {
		return salesforce.Token{}, err
	}
	m.mu.Lock()
	held := m.entry(key).unsaved
	m.mu.Unlock()
	if held == nil && voluntary && g.Intent != nil {
		return token, nil
	}
	if held == nil {
		if err := blocked(conn, g); err != nil {
			return salesforce.Token{}, m.reflect(ctx, conn, g, err)
		}
	}

	since := time.Now()
	lease, got, err := m.acquire(ctx, conn.Tenant, conn.Grant, m.leaseTTL(), func() bool {
		_, _, done, err := news()
		since = time.Now()
		return err == nil && !done
	})
	if errors.Is(err, ErrLeaseHeld) {
		return salesforce.Token{}, failDetail("refresh", string(conn.ID), ErrLeaseHeld, "its tokens are being refreshed by another worker; one that died is succeeded after %s", m.leaseTTL())
	}
	if err != nil {
		return salesforce.Token{}, storeError("refresh", string(conn.ID), err)
	}
	if !got {
		return salesforce.Token{}, errAgain
	}
	defer m.release(ctx, lease)
	// What counts is what the store says now that nobody else may write.
	if g, token, done, err = news(); err != nil {
		return salesforce.Token{}, err
	}
	if done {
		m.keep(key, g, token)
		return token, nil
	}
	if held != nil && held.grant == g.ID && held.generation == g.Generation {
		return m.settle(ctx, key, conn, g, held.answer)
	}
	if err := blocked(conn, g); err != nil {
		return salesforce.Token{}, m.reflect(ctx, conn, g, err)
	}
	if voluntary && g.Intent != nil {
		return token, nil
	}
	return m.send(ctx, key, conn, g, lease, since)
}

// blocked returns why a refresh must not be tried now.
func blocked(c Connection, g Grant) error {
	var reason error
	switch {
	case g.State.final():
		reason = g.State.Err()
	case time.Now().Before(g.RetryAt):
		if reason = g.State.Err(); reason == nil {
			reason = ErrUnreachable
		}
		wait := max(time.Until(g.RetryAt).Round(time.Second), time.Second)
		return failDetail("refresh", string(c.ID), reason, "%s; it is tried again in %s, or at once by a Check", g.Detail, wait)
	case len(g.Refresh) == 0:
		reason = ErrNeedsReauthorization
	default:
		return nil
	}
	return &Error{Op: "refresh", Subject: string(c.ID), Kind: reason, Detail: g.Detail}
}

// reflect shows on the connection what its grant already knows, such as after
// a crash between the two, and returns err.
func (m *Manager) reflect(ctx context.Context, c Connection, g Grant, err error) error {
	state, detail := g.State, g.Detail
	if len(g.Refresh) == 0 && state == Healthy {
		state, detail = NeedsReauthorization, "the session ended and Salesforce gave no refresh token"
	}
	if state != Healthy && c.State != state {
		m.showState(ctx, c, state, detail)
	}
	return err
}

func (m *Manager) showState(ctx context.Context, c Connection, state State, detail string) {
	_, err := m.update(ctx, c.Tenant, c.ID, func(now *Connection) bool {
		return now.Grant == c.Grant && m.setState(now, state, detail)
	})
	if err != nil {
		m.warn(ctx, "the state of a connection could not be stored", "connection", string(c.ID), "state", string(state))
	}
}

// send writes the intent, sends one refresh and settles its outcome. The
// caller holds the lease, which it asked for at since.
func (m *Manager) send(ctx context.Context, key entryKey, c Connection, g Grant, lease Lease, since time.Time) (salesforce.Token, error) {
	app, err := m.app(ctx, c.Tenant, g.App)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return salesforce.Token{}, err
	}
	if err != nil || g.ClientID != "" && g.ClientID != app.ClientID {
		return salesforce.Token{}, failDetail("refresh", string(c.ID), ErrAppRejected, "no app is named %s any more and has the client id that it was authorised with", clip(g.App))
	}
	cred, err := m.seal.openCredential(boundOf(g, g.Flow.field()), g.Refresh)
	if err != nil {
		return salesforce.Token{}, fail("refresh", string(c.ID), ErrStorage, err)
	}
	host, ok := m.hosts.origin(cred.Host)
	if !ok {
		return salesforce.Token{}, fail("refresh", clip(cred.Host), ErrUntrustedHost, nil)
	}

	attempt := 1
	if g.Intent != nil {
		attempt = g.Intent.Attempt + 1
	}
	g.Intent = &Intent{At: time.Now().UTC(), Owner: m.owner, Attempt: attempt}
	g.Fence = lease.Fence
	if g.Version, err = m.cfg.Tokens.CompareAndSwap(ctx, g); err != nil {
		if errors.Is(err, ErrConflict) || errors.Is(err, ErrFenced) {
			return salesforce.Token{}, errAgain
		}
		return salesforce.Token{}, storeError("refresh", string(c.ID), err)
	}

	if time.Since(since) > m.leaseTTL()-m.cfg.RefreshTimeout {
		return salesforce.Token{}, errAgain // a slow store: the answer could come after the lease
	}
	secret := cred.Token
	if g.Flow != WebServer {
		secret = "" // a username
	}
	answer, failure := m.tokenRequest(ctx, app, g.Flow, []string{secret}, m.asking(g.Flow, host, cred))
	if failure == nil {
		return m.settle(ctx, key, c, g, answer)
	}
	return salesforce.Token{}, m.settleFailure(ctx, c, g, failure)
}

// settle stores the tokens that Salesforce gave and only then hands out the
// access token: a rotated refresh token that is not stored is lost.
func (m *Manager) settle(ctx context.Context, key entryKey, c Connection, g Grant, a tokenAnswer) (salesforce.Token, error) {
	if a.org != "" && a.org != g.Org {
		return salesforce.Token{}, m.settleState(ctx, c, g, OrgChanged, "it answers for org "+string(a.org)+" now", time.Time{})
	}
	if a.user != "" && a.user != g.User {
		return salesforce.Token{}, m.settleState(ctx, c, g, Suspended, "it answers for user "+string(a.user)+" now; authorise it again to go on as that user", time.Time{})
	}
	generation := g.Generation
	stored, err := m.write(ctx, g, func(g *Grant) error {
		if g.State == Disconnected {
			return errEnded
		}
		old, err := m.seal.openCredential(boundOf(*g, g.Flow.field()), g.Refresh)
		if err != nil {
			return err
		}
		instance := a.instance
		if instance == "" { // not repeated: the one that was there stays
			was, err := m.access(*g)
			if err != nil {
				return err
			}
			instance = was.InstanceURL
		}
		a.instance = instance
		var next *credential
		if g.Flow == WebServer && a.refresh != "" && a.refresh != old.Token {
			next = &credential{a.refresh, old.Host}
		}
		return m.setTokens(g, a, instance, next)
	})
	if errors.Is(err, errEnded) {
		// It was disconnected or forgotten while the request was on its way:
		// what came in answer must not live on.
		m.setUnsaved(key, nil)
		m.revokeAnswer(ctx, c, a)
		return salesforce.Token{}, fail("refresh", string(c.ID), ErrDisconnected, nil)
	}
	if errors.Is(err, errAgain) {
		m.setUnsaved(key, nil)
		return salesforce.Token{}, errAgain
	}
	if err != nil {
		m.setUnsaved(key, &unsaved{g.ID, generation, a})
		return salesforce.Token{}, storeError("refresh", string(c.ID), err)
	}
	m.setUnsaved(key, nil)
	token := salesforce.Token{Access: orglink.NewSecret(a.access), InstanceURL: a.instance}
	m.keep(key, stored, token)
	// The connection as it is now, not as it was before the refresh: a worker
	// that lost its lease may have stored a refusal meanwhile.
	_, err = m.update(ctx, c.Tenant, c.ID, func(now *Connection) bool {
		if now.Grant != g.ID {
			return false
		}
		moved := now.InstanceURL != a.instance
		now.InstanceURL = a.instance
		if len(a.scopes) > 0 && !slices.Equal(now.Scopes, a.scopes) { // an admin may reduce the app's
			now.Scopes, moved = a.scopes, true
		}
		return recovers(now.State) && m.setState(now, Healthy, "") || moved
	})
	if err != nil {
		m.warn(ctx, "the state of a connection could not be stored", "connection", string(c.ID), "state", string(Healthy))
	}
	return token, nil
}

func (m *Manager) setUnsaved(key entryKey, u *unsaved) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if u != nil || m.entries[key] != nil {
		m.entry(key).unsaved = u
	}
}

// recovers tells the states that a successful refresh disproves.
func recovers(s State) bool {
	switch s {
	case Unreachable, LoginRate, IPRestricted, UserInactive, AppBlocked, AppRejected, OrgGone, Suspended, NeedsReauthorization:
		return true
	}
	return false
}

// write changes a grant in the store, over what others wrote meanwhile, as
// long as it is of the same generation (errAgain otherwise, errEnded when it is
// gone), and with patience when the store fails: much can hang on it.
func (m *Manager) write(ctx context.Context, g Grant, change func(*Grant) error) (Grant, error) {
	generation := g.Generation
	for n := 0; ; {
		next := g.clone()
		if err := change(&next); err != nil {
			return g, err
		}
		version, err := m.cfg.Tokens.CompareAndSwap(ctx, next)
		if err == nil {
			next.Version = version
			return next, nil
		}
		if !errors.Is(err, ErrConflict) && !errors.Is(err, ErrFenced) {
			if n++; n == 5 {
				return g, err
			}
			if pause(ctx, 50*time.Millisecond<<n) != nil {
				return g, err
			}
			continue
		}
		now, err := m.cfg.Tokens.Load(ctx, g.Tenant, g.ID)
		if errors.Is(err, ErrNotFound) {
			return g, errEnded
		}
		if err == nil && now.Generation != generation {
			return g, errAgain
		}
		if err != nil {
			return g, err
		}
		now.Connection = g.Connection
		g = now
	}
}
