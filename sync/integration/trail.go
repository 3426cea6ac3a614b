package integration

import (
	"context"
	"time"

	"github.com/orglink/orglink"
)

// TrailEntry says who changed an integration, when, and what.
type TrailEntry struct {
	Integration orglink.IntegrationID `json:"integration"`
	// Version is the integration's after the change; it orders the trail.
	Version int64 `json:"version"`
	// By and Group are the actor; both "" for the library itself, which
	// follows the org's schema.
	By    orglink.UserID  `json:"by,omitempty"`
	Group orglink.GroupID `json:"group,omitempty"`
	At    time.Time       `json:"at"`
	// Kind is that of the event, such as EventShared, and Message its text.
	Kind    string `json:"kind"`
	Message string `json:"message"`

	subject string // of the event, beside the integration
}

func trail(actor orglink.Actor, kind, message string) TrailEntry {
	return TrailEntry{By: actor.User, Group: actor.Group, At: now(), Kind: kind, Message: message}
}

// of is the entry of one change; stores call it.
func (e TrailEntry) of(id orglink.IntegrationID, version int64) TrailEntry {
	e.Integration, e.Version = id, version
	return e
}

// maxTrail is how many entries a call of Trail returns at most.
const maxTrail = 500

// Trail returns what was done to an integration, the oldest first: up to 500
// entries after a version, 0 for the beginning. Only admins of the owning group
// may read it; for an integration that was deleted, admins of the group that
// deleted it.
func (s *Service) Trail(ctx context.Context, actor orglink.Actor, id orglink.IntegrationID, after int64) ([]TrailEntry, error) {
	if actor.Tenant == "" || actor.Group == "" || !actor.Admin {
		return nil, refuse(ErrForbidden, "read the trail of", id, "the actor is no admin")
	}
	i, err := s.cfg.Store.Get(ctx, actor.Tenant, id)
	gone := isNotFound(err)
	switch {
	case err != nil && !gone:
		return nil, failed(err, "read the trail of", id)
	case !gone && (i.Tenant != actor.Tenant || !i.sees(actor.Group)):
		return nil, failed(ErrNotFound, "read the trail of", id)
	case !gone && i.Owner != actor.Group:
		return nil, refuse(ErrForbidden, "read the trail of", id, "group %s owns it", i.Owner)
	}
	if gone {
		if err := s.deletedBy(ctx, actor, id); err != nil {
			return nil, err
		}
	}
	out, err := s.cfg.Store.Trail(ctx, actor.Tenant, id, after, maxTrail)
	if err != nil {
		return nil, failed(err, "read the trail of", id)
	}
	return out, nil
}

// deletedBy finds the last entry of a deleted integration and refuses others
// than its group.
func (s *Service) deletedBy(ctx context.Context, actor orglink.Actor, id orglink.IntegrationID) error {
	var last TrailEntry
	for {
		page, err := s.cfg.Store.Trail(ctx, actor.Tenant, id, last.Version, maxTrail)
		if err != nil {
			return failed(err, "read the trail of", id)
		}
		if len(page) == 0 {
			break
		}
		last = page[len(page)-1]
	}
	if last.Kind != EventDeleted || last.Group != actor.Group {
		return failed(ErrNotFound, "read the trail of", id)
	}
	return nil
}
