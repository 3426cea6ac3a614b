package connection

import (
	"context"
	"errors"
	"time"

	"github.com/orglink/orglink"
)

// attempt is an authorisation whose tokens have come.
type attempt struct {
	actor orglink.Actor
	state AuthState
	typ   Type
	app   App
	flow  Flow
	next  credential // what the next access token will be asked for with
	// vouched tells that the host answers for the org's being the tenant's.
	vouched bool
}

// accept verifies the fresh tokens and stores them as a new connection or as
// the renewal of one.
func (m *Manager) accept(ctx context.Context, t attempt, a tokenAnswer) (Connection, error) {
	fresh, err := m.verify(ctx, t, a)
	if err != nil {
		return Connection{}, err
	}
	return m.store(ctx, t, fresh, a, func(ctx context.Context) error {
		// A tenant that was forgotten meanwhile has no states any more.
		_, err := m.cfg.Store.TakeState(ctx, t.state.Hash, time.Now().UTC())
		if errors.Is(err, ErrNotFound) {
			return fail("finish", "", ErrStateUnknown, nil)
		}
		if err != nil {
			return storeError("finish", "state", err)
		}
		return nil
	})
}

// verify asks the org whose tokens they are and returns the connection that
// they make.
func (m *Manager) verify(ctx context.Context, t attempt, a tokenAnswer) (Connection, error) {
	const op = "finish"
	state := t.state
	if a.instance == "" || a.org == "" {
		return Connection{}, failDetail(op, state.LoginHost, ErrBadAnswer, "the token response has no instance_url or id")
	}
	if missing := missingScopes(t.typ, a.scopes); len(missing) > 0 {
		return Connection{}, failDetail(op, state.LoginHost, ErrScopes, "missing %v", missing)
	}
	user, err := m.fetchIdentity(ctx, a)
	if err != nil {
		return Connection{}, err
	}
	org, err := m.describeOrg(ctx, a, state.Tenant, state.LoginHost)
	if err != nil {
		return Connection{}, fail(op, a.instance, ErrUnreachable, err)
	}
	return Connection{
		Tenant: state.Tenant, Type: t.typ.Name(), App: t.app.Name, Flow: t.flow, Owner: state.User, Group: state.Group,
		LoginHost: state.LoginHost, InstanceURL: a.instance, Org: org, User: user, Scopes: a.scopes,
	}, nil
}

// store keeps verified tokens; alive is asked, under the tenant's lock, whether
// they are still wanted.
func (m *Manager) store(ctx context.Context, t attempt, fresh Connection, a tokenAnswer, alive func(context.Context) error) (Connection, error) {
	movedFrom, err := m.prepareMove(ctx, t, fresh)
	if err != nil {
		return Connection{}, err
	}
	grant := Grant{Tenant: fresh.Tenant, ID: GrantID(newID()), App: t.app.Name, ClientID: t.app.ClientID, Flow: t.flow, Org: fresh.Org.ID, User: fresh.User.ID}
	var c Connection
	err = m.locked(ctx, fresh.Tenant, func(ctx context.Context) (err error) {
		if err := alive(ctx); err != nil {
			return err
		}
		c, err = m.place(ctx, t, fresh, grant, a, movedFrom)
		return err
	})
	if err != nil {
		_ = m.cfg.Tokens.Delete(context.WithoutCancel(ctx), fresh.Tenant, grant.ID)
		return Connection{}, err
	}
	m.forgetEntry(c.Tenant, c.ID)
	// The new grant is safe; only now is the old one revoked.
	c = m.deliver(ctx, m.retire(ctx, c))
	m.noticeEvictions(ctx, c, t.app)
	if movedFrom != (orgOf{}) {
		m.endForeign(ctx, c.Tenant)
	}
	m.sweep(ctx, c.Tenant)
	return c, nil
}

// place writes the connection: into its slot, over the one that was to be
// renewed, or as a new one, and before it its grant. Another writer's news are
// read and it tries again.
func (m *Manager) place(ctx context.Context, t attempt, fresh Connection, grant Grant, a tokenAnswer, movedFrom orgOf) (Connection, error) {
	const op = "finish"
	freshID := orglink.ConnectionID(newID())
	for {
		all, err := m.List(ctx, fresh.Tenant)
		if err != nil {
			return Connection{}, err
		}
		old, others, err := pick(t.typ, t.state.Connection, fresh, all)
		if err != nil {
			return Connection{}, err
		}
		if err := t.proven(fresh, old); err != nil {
			return Connection{}, err
		}
		next, now := fresh, time.Now().UTC()
		if old == nil {
			next.ID, next.Created, next.OrgGeneration = freshID, now, 1
		} else {
			// Its slot has led to one that the type was not asked about yet.
			if err := t.typ.MayStart(ctx, t.actor, old); err != nil {
				return Connection{}, fail(op, string(old.ID), err, nil)
			}
			next.ID, next.Created, next.Version, next.OrgGeneration = old.ID, old.Created, old.Version, old.OrgGeneration
			next.Owner, next.Group = old.Owner, old.Group
			if next.Invitation == "" {
				next.Invitation = old.Invitation
			}
			next.Retired, next.Pending = old.Retired, old.Pending
			if old.Grant != "" {
				next.Retired = append(next.Retired, old.Grant)
			}
			if old.Org.ID != fresh.Org.ID {
				if movedFrom != (orgOf{old.ID, old.Org.ID}) {
					return Connection{}, otherOrg(*old, fresh, "")
				}
				next.OrgGeneration++
			}
		}
		if err := t.typ.Admit(ctx, next, others); err != nil {
			return Connection{}, fail(op, string(fresh.Org.ID), err, nil)
		}
		next.Grant, next.Authorized = grant.ID, now
		next.State, next.StateDetail, next.StateSince = Healthy, "", now
		m.addPlaced(&next, old)
		if grant.Connection != next.ID {
			grant.Connection, grant.Generation = next.ID, 0
			if err := m.setTokens(&grant, a, a.instance, &t.next); err != nil {
				return Connection{}, err
			}
			if grant.Version, err = m.cfg.Tokens.CompareAndSwap(ctx, grant); err != nil {
				return Connection{}, storeError("store grant", string(grant.ID), err)
			}
		}
		next.Version, err = m.cfg.Store.PutConnection(ctx, next)
		if errors.Is(err, ErrConflict) {
			continue
		}
		if err != nil {
			return Connection{}, storeError(op, string(next.ID), err)
		}
		return next, nil
	}
}

// addPlaced adds the events of an authorisation that is being stored.
func (m *Manager) addPlaced(next, old *Connection) {
	switch {
	case old == nil:
		m.addEvent(next, EventAuthorized, next.Type, next.Title()+" was connected.")
		return
	case old.Org.ID != next.Org.ID:
		m.addEvent(next, EventMoved, string(next.Org.ID), "The connection to "+old.Title()+" was moved to "+next.Title()+".")
	}
	m.addEvent(next, EventReauthorized, next.Type, next.Title()+" was authorised again.")
	if old.State != Healthy {
		m.addEvent(next, EventState, string(Healthy), next.Title()+": "+Healthy.Sentence())
	}
}

// pick finds the connection that an authorisation renews, if any.
func pick(typ Type, wanted orglink.ConnectionID, fresh Connection, all []Connection) (old *Connection, others []Connection, err error) {
	for i := range all {
		c := &all[i]
		if wanted != "" && c.ID == wanted || wanted == "" && c.Type == typ.Name() && typ.Slot(*c) == typ.Slot(fresh) {
			old = c
			continue
		}
		others = append(others, *c)
	}
	if wanted == "" {
		return old, others, nil
	}
	if old == nil {
		return nil, nil, fail("finish", string(wanted), ErrNotFound, nil)
	}
	fresh.Owner = old.Owner // the slot of a personal connection is its owner
	for _, c := range others {
		if c.Type == typ.Name() && typ.Slot(c) == typ.Slot(fresh) {
			return nil, nil, failDetail("finish", string(wanted), ErrOtherOrg, "%s is connected already, as %s", fresh.Org.ID, c.ID)
		}
	}
	return old, others, nil
}
