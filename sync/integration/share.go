package integration

import (
	"context"
	"slices"
	"strings"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/mapping"
)

// mayReceive refuses to share with a group that the host does not allow.
func (s *Service) mayReceive(ctx context.Context, tenant orglink.TenantID, owner, group orglink.GroupID) error {
	if group == owner || group == "" {
		return refuse(ErrNotConnected, "share with group", orglink.IntegrationID(group), "name another group than the owner")
	}
	connected, err := s.cfg.Groups.Connected(ctx, tenant, owner)
	if err != nil {
		return failed(err, "ask which groups may share with", orglink.IntegrationID(owner))
	}
	if !slices.Contains(connected, group) {
		return refuse(ErrNotConnected, "share with group", orglink.IntegrationID(group), "connect it with group %s first", owner)
	}
	return s.enabled(ctx, tenant, group)
}

// shareProblems are the groups of a draft that may not receive it.
func (s *Service) shareProblems(ctx context.Context, tenant orglink.TenantID, draft Draft) ([]mapping.Problem, error) {
	var out []mapping.Problem
	for _, group := range draft.Groups {
		err := s.mayReceive(ctx, tenant, draft.Owner, group)
		switch {
		case err == nil:
		case isRefusal(err):
			out = append(out, mapping.Problem{Object: "group " + string(group), Reason: err.Error(), Remedy: "leave the group out, or change that first"})
		default:
			return nil, err
		}
	}
	return out, nil
}

// Share gives a group access to an integration, at once. Objects are what it
// may see of it: everything when nil, nothing when empty; an element without
// fields shares all fields of its object. Sharing again changes what is shared and
// keeps what the receiver has turned off.
func (s *Service) Share(ctx context.Context, actor orglink.Actor, id orglink.IntegrationID, group orglink.GroupID, objects []mapping.Selection) (Integration, error) {
	return s.change(ctx, actor, "share", id, func(i *Integration) (*TrailEntry, error) {
		if err := s.mayReceive(ctx, i.Tenant, i.Owner, group); err != nil {
			return nil, err
		}
		if err := within(i.Selections, objects); err != nil {
			return nil, err
		}
		share, ok := i.share(group)
		if !ok {
			i.Shares = append(i.Shares, Share{Group: group, Since: now(), By: actor.User})
			share = &i.Shares[len(i.Shares)-1]
		}
		share.Objects = cloneSelections(objects)
		i.touch(actor)
		why := told(actor, EventShared, "Integration "+i.Name+" is shared with group "+string(group)+": "+described(objects)+".")
		why.subject = string(group)
		return why, nil
	})
}

// Unshare ends a group's access: an admin of the owning group takes it back,
// or one of the receiving group disconnects. A group without access is no
// error.
func (s *Service) Unshare(ctx context.Context, actor orglink.Actor, id orglink.IntegrationID, group orglink.GroupID) error {
	_, err := s.swap(ctx, "unshare", func() (Integration, error) {
		i, err := s.read(ctx, actor, id)
		if err == nil && (!actor.Admin || actor.Group != i.Owner && actor.Group != group) {
			err = refuse(ErrForbidden, "unshare", id, "admins of the owning group and of the receiving group may")
		}
		return i, err
	}, func(i *Integration) (*TrailEntry, error) {
		n := len(i.Shares)
		i.Shares = slices.DeleteFunc(i.Shares, func(s Share) bool { return s.Group == group })
		if len(i.Shares) == n {
			return nil, nil
		}
		i.touch(actor)
		why := told(actor, EventUnshared, "Integration "+i.Name+" is no longer shared with group "+string(group)+".")
		why.subject = string(group)
		return why, nil
	})
	return err
}

// SetPassive turns fields of a shared integration off for the actor's group,
// and all others on. An element without fields turns its object off. Id cannot
// be turned off alone.
func (s *Service) SetPassive(ctx context.Context, actor orglink.Actor, id orglink.IntegrationID, passive []mapping.Selection) (Integration, error) {
	out, err := s.swap(ctx, "set the passive fields of", func() (Integration, error) {
		i, err := s.read(ctx, actor, id)
		if _, shared := i.share(actor.Group); err == nil && (!actor.Admin || !shared) {
			err = refuse(ErrForbidden, "set the passive fields of", id, "admins of a group that it is shared with may")
		}
		return i, err
	}, func(i *Integration) (*TrailEntry, error) {
		share, _ := i.share(actor.Group)
		if err := within(i.shared(share), passive); err != nil {
			return nil, err
		}
		share.Passive = cloneSelections(passive)
		i.touch(actor)
		why := told(actor, EventPassive, "Group "+string(actor.Group)+" turned off of integration "+i.Name+": "+described(passive)+".")
		why.subject = string(actor.Group)
		return why, nil
	})
	return out.For(actor.Group), err
}

// within refuses a part that is not in the whole.
func within(whole, part []mapping.Selection) error {
	var problems []mapping.Problem
	for _, p := range part {
		fields, ok := fieldsOf(whole, p.Object)
		if !ok {
			problems = append(problems, mapping.Problem{Object: p.Object, Reason: "it is not part of what can be chosen here", Remedy: "choose among the objects of the integration"})
			continue
		}
		for _, f := range p.Fields {
			if !slices.ContainsFunc(fields, func(x string) bool { return strings.EqualFold(x, f) }) {
				problems = append(problems, mapping.Problem{Object: p.Object, Field: f, Reason: "it is not part of what can be chosen here", Remedy: "choose among the fields of the integration"})
			}
		}
	}
	if len(problems) > 0 {
		return &IncompleteError{Problems: problems}
	}
	return nil
}
