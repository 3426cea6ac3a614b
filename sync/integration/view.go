package integration

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/mapping"
)

// Get returns an integration that the actor's group owns or receives, as For
// shows it. To everybody else it is ErrNotFound.
func (s *Service) Get(ctx context.Context, actor orglink.Actor, id orglink.IntegrationID) (Integration, error) {
	i, err := s.read(ctx, actor, id)
	if err != nil {
		return i, err
	}
	return i.For(actor.Group), nil
}

// read is Get with everything, to be written back.
func (s *Service) read(ctx context.Context, actor orglink.Actor, id orglink.IntegrationID) (Integration, error) {
	if actor.Tenant == "" || actor.Group == "" || id == "" {
		return Integration{}, failed(ErrNotFound, "read", id)
	}
	i, err := s.cfg.Store.Get(ctx, actor.Tenant, id)
	if err != nil {
		return Integration{}, failed(err, "read", id)
	}
	// Never trust a store with the tenant.
	if i.Tenant != actor.Tenant || !i.sees(actor.Group) {
		return Integration{}, failed(ErrNotFound, "read", id)
	}
	return i, nil
}

// For returns what a group may know of an integration: everything for its
// owner; for a receiver its own share alone, and what is shared with it;
// nothing, the zero Integration, for everybody else.
func (i Integration) For(group orglink.GroupID) Integration {
	if !i.sees(group) {
		return Integration{}
	}
	i = i.Clone()
	share, ok := i.share(group)
	if !ok || group == i.Owner {
		return i
	}
	i.Selections = i.shared(share)
	i.Shares = []Share{*share}
	i.Chosen = nil // it could name fields that are not shared
	return i
}

// List returns the integrations that the actor's group owns or receives, in a
// stable order, each as For shows it.
func (s *Service) List(ctx context.Context, actor orglink.Actor) ([]Integration, error) {
	all, err := s.cfg.Store.List(ctx, actor.Tenant)
	if err != nil {
		return nil, failed(err, "list those of tenant", orglink.IntegrationID(actor.Tenant))
	}
	var out []Integration
	for _, i := range all {
		if i.Tenant == actor.Tenant && i.sees(actor.Group) {
			out = append(out, i.For(actor.Group))
		}
	}
	return out, nil
}

// View returns what the actor's group sees of what an integration imported:
// for the owner everything, for a receiver the fields that are shared with it
// and that it has not turned off. Readers of the mirror fetch it on every
// read, so that a share that has ended ends there too, and with it the access
// of groups that the host has parted (ErrNotConnected) or for which it has
// switched Salesforce off (ErrNotEnabled).
func (s *Service) View(ctx context.Context, actor orglink.Actor, id orglink.IntegrationID) (mapping.View, error) {
	i, err := s.read(ctx, actor, id)
	if err != nil {
		return mapping.View{}, err
	}
	v := mapping.View{Tenant: i.Tenant, Connection: i.Connection, Integration: i.ID, Objects: cloneSelections(i.Selections)}
	if actor.Group == i.Owner {
		if err := s.enabled(ctx, i.Tenant, i.Owner); err != nil {
			return mapping.View{}, err
		}
		return v, nil
	}
	share, ok := i.share(actor.Group)
	if !ok {
		return mapping.View{}, failed(ErrNotFound, "view", id)
	}
	if err := s.mayReceive(ctx, i.Tenant, i.Owner, actor.Group); err != nil {
		return mapping.View{}, err
	}
	v.Objects = without(i.shared(share), share.Passive)
	return v, nil
}

// shared returns what of the integration a share covers today.
func (i *Integration) shared(share *Share) []mapping.Selection {
	if share.Objects == nil {
		return cloneSelections(i.Selections)
	}
	var out []mapping.Selection
	for _, sel := range i.Selections {
		fields, ok := fieldsOf(share.Objects, sel.Object)
		if !ok {
			continue
		}
		if len(fields) > 0 {
			sel = filter(sel, func(f string) bool { return isID(f) || contains(fields, f) })
		}
		out = append(out, sel.Clone())
	}
	return out
}

// without takes passive fields and objects away.
func without(list, passive []mapping.Selection) []mapping.Selection {
	var out []mapping.Selection
	for _, sel := range list {
		fields, ok := fieldsOf(passive, sel.Object)
		switch {
		case !ok:
			out = append(out, sel)
		case len(fields) > 0:
			out = append(out, filter(sel, func(f string) bool { return isID(f) || !contains(fields, f) }))
		}
	}
	return out
}

func filter(sel mapping.Selection, keep func(field string) bool) mapping.Selection {
	out := mapping.Selection{Object: sel.Object}
	for _, f := range sel.Fields {
		if keep(f) {
			out.Fields = append(out.Fields, f)
		}
	}
	return out
}

func isID(field string) bool { return strings.EqualFold(field, "Id") }

func contains(list []string, s string) bool {
	return slices.ContainsFunc(list, func(x string) bool { return strings.EqualFold(x, s) })
}

// Selections returns what is to be read through a connection: the union over
// its active integrations, one element per object.
func (s *Service) Selections(ctx context.Context, tenant orglink.TenantID, conn orglink.ConnectionID) ([]mapping.Selection, error) {
	all, err := s.cfg.Store.List(ctx, tenant)
	if err != nil {
		return nil, failed(err, "list those of tenant", orglink.IntegrationID(tenant))
	}
	var lists [][]mapping.Selection
	for _, i := range all {
		if i.Tenant == tenant && i.Connection == conn && i.State == Active {
			lists = append(lists, i.Selections)
		}
	}
	return mapping.Union(lists...), nil
}

func isRefusal(err error) bool {
	return errors.Is(err, ErrNotConnected) || errors.Is(err, ErrNotEnabled) || errors.Is(err, ErrForbidden)
}
