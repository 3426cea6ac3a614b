package integration

import (
	"context"
	"errors"
	"slices"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/mapping"
)

// mayOwn refuses whoever may not make or change integrations of a group.
func (s *Service) mayOwn(ctx context.Context, actor orglink.Actor, owner orglink.GroupID) error {
	if actor.Tenant == "" || actor.Group == "" || owner != actor.Group || !actor.Admin {
		return refuse(ErrForbidden, "integrations of group", orglink.IntegrationID(owner), "the actor is not its admin")
	}
	return s.enabled(ctx, actor.Tenant, owner)
}

func (s *Service) enabled(ctx context.Context, tenant orglink.TenantID, group orglink.GroupID) error {
	on, err := s.cfg.Groups.Enabled(ctx, tenant, group)
	if err != nil {
		return failed(err, "ask whether Salesforce is on for group", orglink.IntegrationID(group))
	}
	if !on {
		return refuse(ErrNotEnabled, "integrations of group", orglink.IntegrationID(group), "have it switched on for the group")
	}
	return nil
}

// Save stores a draft as a new, active integration and shares it with the
// groups of the draft. A draft that is not ready is an *IncompleteError.
func (s *Service) Save(ctx context.Context, actor orglink.Actor, draft Draft) (Integration, error) {
	draft = draft.tidy(actor)
	if err := s.mayOwn(ctx, actor, draft.Owner); err != nil {
		return Integration{}, err
	}
	got, err := s.ready(ctx, actor, draft)
	if err != nil {
		return Integration{}, err
	}
	i := Integration{Tenant: actor.Tenant, ID: newID(), Version: 1, State: Active, CreatedBy: actor.User, Created: now()}
	i.apply(draft, got, actor)
	why := trail(actor, EventSaved, "Integration "+i.Name+" was saved.")
	if err := s.cfg.Store.Create(ctx, i, why); err != nil {
		return Integration{}, failed(err, "save", i.ID)
	}
	s.emit(ctx, i, why.Kind, string(i.ID), why.Message)
	return i, nil
}

// ready resolves a draft that can be saved.
func (s *Service) ready(ctx context.Context, actor orglink.Actor, draft Draft) (resolved, error) {
	problems := draft.problems()
	if missing := draft.Missing(); len(missing)+len(problems) > 0 {
		return resolved{}, &IncompleteError{missing, problems}
	}
	refused, err := s.shareProblems(ctx, actor.Tenant, draft)
	if err != nil {
		return resolved{}, err
	}
	got, err := s.resolve(ctx, actor.Tenant, draft)
	if err != nil {
		return got, err
	}
	if blocking := mapping.Blocking(append(refused, got.problems...)); len(blocking) > 0 {
		return got, &IncompleteError{Problems: blocking}
	}
	return got, nil
}

// apply makes the integration what the draft says. Shares that stay keep what
// is shared and what their receivers have turned off.
func (i *Integration) apply(draft Draft, got resolved, actor orglink.Actor) {
	i.Name, i.Connection, i.Owner = draft.Name, draft.Connection, draft.Owner
	i.Chosen, i.Selections = got.chosen, got.selections
	var shares []Share
	for _, group := range draft.Groups {
		if slices.ContainsFunc(shares, func(s Share) bool { return s.Group == group }) {
			continue
		}
		if old, ok := i.share(group); ok {
			shares = append(shares, *old)
			continue
		}
		shares = append(shares, Share{Group: group, Since: now(), By: actor.User})
	}
	i.Shares = shares
	i.touch(actor)
}

func (i *Integration) touch(actor orglink.Actor) { i.ChangedBy, i.Changed = actor.User, now() }

// Edit makes an integration what a draft says, usually one that its Draft
// method returned. ErrConflict: somebody else has changed it since. Groups that
// the draft no longer names lose access.
func (s *Service) Edit(ctx context.Context, actor orglink.Actor, id orglink.IntegrationID, draft Draft) (Integration, error) {
	old, err := s.own(ctx, actor, "edit", id)
	if err != nil {
		return Integration{}, err
	}
	draft = draft.tidy(actor)
	if draft.Owner != old.Owner {
		return Integration{}, refuse(ErrForbidden, "edit", id, "an integration stays with its group")
	}
	if draft.Version != 0 && draft.Version != old.Version {
		return Integration{}, refuse(ErrConflict, "edit", id, "read it again and repeat the edit")
	}
	got, err := s.ready(ctx, actor, draft)
	if err != nil {
		return Integration{}, err
	}
	return s.change(ctx, actor, "edit", id, func(i *Integration) (*TrailEntry, error) {
		if draft.Version != 0 && i.Version != draft.Version {
			return nil, refuse(ErrConflict, "edit", id, "read it again and repeat the edit")
		}
		before := i.Clone()
		i.apply(draft, got, actor)
		return told(actor, EventChanged, "Integration "+before.Name+" was changed: "+before.changes(*i)+"."), nil
	})
}

// Pause stops the import of an integration; what was imported stays visible.
func (s *Service) Pause(ctx context.Context, actor orglink.Actor, id orglink.IntegrationID) (Integration, error) {
	return s.setState(ctx, actor, id, "pause", Paused, EventPaused)
}

// Resume ends a pause.
func (s *Service) Resume(ctx context.Context, actor orglink.Actor, id orglink.IntegrationID) (Integration, error) {
	return s.setState(ctx, actor, id, "resume", Active, EventResumed)
}

func (s *Service) setState(ctx context.Context, actor orglink.Actor, id orglink.IntegrationID, doing string, state State, kind string) (Integration, error) {
	return s.change(ctx, actor, doing, id, func(i *Integration) (*TrailEntry, error) {
		if i.State == state {
			return nil, nil
		}
		i.State = state
		i.touch(actor)
		return told(actor, kind, "Integration "+i.Name+" is "+string(state)+" now."), nil
	})
}

// own reads an integration that the actor may manage.
func (s *Service) own(ctx context.Context, actor orglink.Actor, doing string, id orglink.IntegrationID) (Integration, error) {
	i, err := s.read(ctx, actor, id)
	if err != nil {
		return i, err
	}
	if actor.Group != i.Owner || !actor.Admin {
		return Integration{}, refuse(ErrForbidden, doing, id, "group %s owns it", i.Owner)
	}
	return i, s.enabled(ctx, actor.Tenant, i.Owner)
}

// change lets an admin of the owning group modify an integration.
func (s *Service) change(ctx context.Context, actor orglink.Actor, doing string, id orglink.IntegrationID, modify func(*Integration) (*TrailEntry, error)) (Integration, error) {
	return s.swap(ctx, doing, func() (Integration, error) { return s.own(ctx, actor, doing, id) }, modify)
}

// told is a trail entry of a change.
func told(actor orglink.Actor, kind, message string) *TrailEntry {
	e := trail(actor, kind, message)
	return &e
}

// swap reads, modifies and writes, again when somebody else wrote meanwhile,
// and tells of it. Nothing is written when modify has nothing to tell.
func (s *Service) swap(ctx context.Context, doing string, read func() (Integration, error), modify func(*Integration) (*TrailEntry, error)) (Integration, error) {
	for {
		i, err := read()
		if err != nil {
			return Integration{}, err
		}
		why, err := modify(&i)
		if err != nil {
			return Integration{}, err
		}
		if why == nil {
			return i, nil
		}
		err = s.cfg.Store.Update(ctx, i, *why)
		if errors.Is(err, ErrConflict) {
			continue
		}
		if err != nil {
			return Integration{}, failed(err, doing, i.ID)
		}
		i.Version++
		subject := string(i.ID)
		if why.subject != "" {
			subject += "/" + why.subject
		}
		s.emit(ctx, i, why.Kind, subject, why.Message)
		return i, nil
	}
}
