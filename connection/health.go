package connection

import (
	"context"
	"errors"
	"time"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/salesforce"
)

// Health is the outcome of a Check.
type Health struct {
	State State
	// Message says to a person what the state means and what to do.
	Message string
	// Detail is what Salesforce said, where it refused.
	Detail string
	// CallsUsed and CallsMax are the org's daily API requests, 0 if unknown.
	CallsUsed, CallsMax int64
	Checked             time.Time
}

// OK reports whether the connection works.
func (h Health) OK() bool { return h.State == Healthy }

// Check makes the calls that prove that a connection works (the identity of
// its user, the limits of its org), names the state, stores it and emits an
// event if it changed. Unlike other work it tries again at once what waits
// for a retry or was suspended. The error is nil whenever a state could be
// told, however bad; it is not nil when there is no such connection or a
// store failed.
func (m *Manager) Check(ctx context.Context, tenant orglink.TenantID, id orglink.ConnectionID) (Health, error) {
	c, err := m.Get(ctx, tenant, id)
	if err != nil {
		return Health{}, err
	}
	if len(c.Retired) > 0 {
		c = m.retire(ctx, c)
	}
	if c.State == Disconnected || c.Grant == "" {
		return healthOf(Disconnected, ""), nil
	}
	if err := m.unblock(ctx, c); err != nil {
		return Health{}, err
	}
	h, err := m.probe(ctx, c)
	if err != nil {
		return Health{}, err
	}
	_, err = m.update(ctx, tenant, id, func(now *Connection) bool {
		return now.Grant == c.Grant && m.setState(now, h.State, h.Detail)
	})
	return h, err
}

func healthOf(s State, detail string) Health {
	return Health{State: s, Message: s.Sentence(), Detail: detail, Checked: time.Now().UTC()}
}

// unblock lets a person's check try again at once. What is final stays final.
func (m *Manager) unblock(ctx context.Context, c Connection) error {
	g, err := m.cfg.Tokens.Load(ctx, c.Tenant, c.Grant)
	if err != nil {
		return storeError("check", string(c.ID), err)
	}
	final := func(s State) bool { return s == NeedsReauthorization || s == OrgChanged || s == Disconnected }
	if final(g.State) || g.State == Healthy && g.RetryAt.IsZero() {
		return nil
	}
	_, err = m.write(ctx, g, func(g *Grant) error {
		if !final(g.State) {
			g.State, g.RetryAt = Healthy, time.Time{}
		}
		return nil
	})
	if err != nil && !again(err) {
		return storeError("check", string(c.ID), err)
	}
	return nil
}

// probe asks the org. Its client is not the shared one, whose state may
// refuse, but it lives by the same tokens.
func (m *Manager) probe(ctx context.Context, c Connection) (Health, error) {
	cfg := m.clientConfig(c)
	cfg.Tokens = &probeSource{source{m: m, key: entryKey{c.Tenant, c.ID}}}
	cfg.MaxRetries = -1
	client, err := salesforce.New(cfg)
	if err != nil {
		return Health{}, fail("check", string(c.ID), ErrStorage, err)
	}
	who, err := client.Identity(ctx)
	if err != nil {
		return m.diagnose(ctx, err)
	}
	if who.OrgID != c.Org.ID {
		return healthOf(OrgChanged, "it answers for org "+string(who.OrgID)+" now"), nil
	}
	limits, err := client.Limits(ctx)
	if err != nil {
		return m.diagnose(ctx, err)
	}
	h := healthOf(Healthy, "")
	if daily, ok := limits["DailyApiRequests"]; ok {
		h.CallsUsed, h.CallsMax = daily.Max-daily.Remaining, daily.Max
		if daily.Max > 0 && daily.Remaining <= 0 {
			used, limit := h.CallsUsed, h.CallsMax
			h = healthOf(QuotaExhausted, "")
			h.CallsUsed, h.CallsMax = used, limit
		}
	}
	return h, nil
}

// probeSource gives tokens also where the connection's last state would not.
type probeSource struct{ source }

func (s *probeSource) Token(ctx context.Context) (salesforce.Token, error) {
	conn, err := s.m.remember(ctx, s.key)
	if err != nil {
		return salesforce.Token{}, err
	}
	_, token, err := s.m.load(ctx, conn)
	return token, err
}

// diagnose turns the error of a call into a state.
func (m *Manager) diagnose(ctx context.Context, err error) (Health, error) {
	if ctx.Err() != nil {
		return Health{}, fail("check", "", ctx.Err(), nil)
	}
	var own *Error
	if errors.As(err, &own) {
		for state, kind := range stateErrors {
			if errors.Is(own.Kind, kind) {
				return healthOf(state, own.Detail), nil
			}
		}
		return Health{}, own
	}
	var e *salesforce.Error
	detail := ""
	if errors.As(err, &e) {
		detail = clip(e.Code + " " + e.Message)
	}
	switch {
	case errors.Is(err, salesforce.ErrDailyLimit):
		return healthOf(QuotaExhausted, detail), nil
	case e != nil && (e.Code == "CLIENT_NOT_ACCESSIBLE_FOR_USER" || e.Code == "OAUTH_APP_BLOCKED"):
		return healthOf(AppBlocked, detail), nil
	case errors.Is(err, salesforce.ErrAPIDisabled):
		return healthOf(APIDisabled, detail), nil
	case e != nil && (e.Code == "ORG_LOCKED" || e.Code == "TRIAL_EXPIRED"):
		return healthOf(OrgGone, detail), nil
	case e != nil && e.StatusCode < 500 && e.StatusCode != 0 && !errors.Is(err, salesforce.ErrConcurrentLimit) && !errors.Is(err, salesforce.ErrUnavailable):
		return healthOf(Suspended, detail), nil
	}
	return healthOf(Unreachable, detail), nil
}
