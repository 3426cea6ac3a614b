package integration

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/mapping"
)

// FieldChange is a field that joined or left an integration because the org
// changed.
type FieldChange struct {
	Integration orglink.IntegrationID
	// Field is "" when the object as a whole is meant.
	Object, Field string
	// Added: it is imported from now on. Otherwise it is gone: deleted, or
	// hidden from the connected user.
	Added bool
}

// Redescribe asks the org again about the objects of a connection's
// integrations and brings their Selections up to date: fields that the org
// added join where a selector takes them, fields that the connected user no
// longer sees leave, each with an event. An org in which all objects of an
// integration are out of sight is an error and changes nothing: that is a lost
// permission, not a decision.
func (s *Service) Redescribe(ctx context.Context, tenant orglink.TenantID, conn orglink.ConnectionID) ([]FieldChange, error) {
	all, err := s.cfg.Store.List(ctx, tenant)
	if err != nil {
		return nil, failed(err, "list those of tenant", orglink.IntegrationID(tenant))
	}
	var out []FieldChange
	var errs []error
	for _, i := range all {
		if i.Tenant != tenant || i.Connection != conn || i.State != Active {
			continue
		}
		changes, err := s.redescribe(ctx, i)
		out, errs = append(out, changes...), append(errs, err)
	}
	return out, errors.Join(errs...)
}

func (s *Service) redescribe(ctx context.Context, i Integration) ([]FieldChange, error) {
	got, err := s.resolve(ctx, i.Tenant, Draft{Connection: i.Connection, Objects: i.Chosen})
	if err != nil {
		return nil, err
	}
	if len(got.selections) == 0 {
		return nil, failed(errors.New("the connected user sees none of its objects; nothing was changed: check the user's permissions"), "describe again", i.ID)
	}
	changes := append(differ(i.ID, got.selections, i.Selections, true), differ(i.ID, i.Selections, got.selections, false)...)
	if len(changes) == 0 {
		return nil, nil
	}
	i.Selections, i.Changed = got.selections, now()
	var what []string
	for _, c := range changes {
		word := "-"
		if c.Added {
			word = "+"
		}
		what = append(what, word+strings.TrimSuffix(c.Object+"."+c.Field, "."))
	}
	why := TrailEntry{At: now(), Kind: EventSchema, Message: "The org's fields changed: " + strings.Join(what, ", ") + "."}
	if err := s.cfg.Store.Update(ctx, i, why); errors.Is(err, ErrConflict) {
		return nil, nil // somebody has just edited it, against the same org
	} else if err != nil {
		return nil, failed(err, "describe again", i.ID)
	}
	for _, c := range changes {
		what := "is imported now"
		if !c.Added {
			what = "is no longer imported: it was deleted, or field-level security hides it"
		}
		name := strings.TrimSuffix(c.Object+"."+c.Field, ".")
		s.emit(ctx, i, EventSchema, string(i.ID), fmt.Sprintf("Integration %s: %s %s.", i.Name, name, what))
	}
	return changes, nil
}

// differ returns what is in a and not in b.
func differ(id orglink.IntegrationID, a, b []mapping.Selection, added bool) []FieldChange {
	var out []FieldChange
	for _, sel := range a {
		fields, ok := fieldsOf(b, sel.Object)
		if !ok {
			out = append(out, FieldChange{Integration: id, Object: sel.Object, Added: added})
			continue
		}
		for _, f := range sel.Fields {
			if !slices.Contains(fields, f) {
				out = append(out, FieldChange{id, sel.Object, f, added})
			}
		}
	}
	return out
}
