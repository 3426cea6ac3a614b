package connection

import (
	"context"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/salesforce/sobject"
)

// orgOf is a connection with the org that it leads to.
type orgOf struct {
	connection orglink.ConnectionID
	org        sobject.ID
}

// prepareMove finds out whether an authorisation would move a connection to
// another org, and if so refuses, or has the host prepare. It returns what the
// host was asked about: only that may be moved.
func (m *Manager) prepareMove(ctx context.Context, t attempt, fresh Connection) (orgOf, error) {
	all, err := m.List(ctx, fresh.Tenant)
	if err != nil {
		return orgOf{}, err
	}
	old, others, err := pick(t.typ, t.state.Connection, fresh, all)
	if err != nil || old == nil || old.Org.ID == fresh.Org.ID {
		return orgOf{}, err
	}
	switch {
	case !t.state.AllowOtherOrg:
		return orgOf{}, otherOrg(*old, fresh, "")
	case m.cfg.BeforeMove == nil:
		return orgOf{}, otherOrg(*old, fresh, "; a move needs Config.BeforeMove, which deals with the data of the old org")
	}
	if err := t.typ.MayStart(ctx, t.actor, old); err != nil {
		return orgOf{}, fail("finish", string(old.ID), err, nil)
	}
	next := fresh
	next.ID, next.Owner, next.Group, next.OrgGeneration = old.ID, old.Owner, old.Group, old.OrgGeneration+1
	if err := t.typ.Admit(ctx, next, others); err != nil {
		return orgOf{}, fail("finish", string(fresh.Org.ID), err, nil)
	}
	if err := m.cfg.BeforeMove(ctx, *old, next); err != nil {
		return orgOf{}, fail("finish", string(old.ID), ErrOtherOrg, err)
	}
	return orgOf{old.ID, old.Org.ID}, nil
}

func otherOrg(old, fresh Connection, more string) error {
	return failDetail("finish", string(old.ID), ErrOtherOrg, "connected is %s, signed in was %s%s", old.Org.ID, fresh.Org.ID, more)
}
