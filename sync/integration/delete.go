package integration

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/orglink/orglink"
)

// Imported says what Delete does with what was imported.
type Imported string

// The choices.
const (
	// Keep leaves it where it is. It is no longer brought up to date, unless
	// another integration reads the same object.
	Keep Imported = "keep"
	// Purge removes the objects that no other integration of the connection
	// reads, paused ones included.
	Purge Imported = "purge"
)

// ObjectUse is one object of an integration and who else reads it.
type ObjectUse struct {
	Object string `json:"object"`
	// Others are how many other integrations of the connection read it. Only
	// what has none is purged.
	Others int `json:"others"`
}

// Uses tells, for each object of an integration, how many others read it too.
func (s *Service) Uses(ctx context.Context, actor orglink.Actor, id orglink.IntegrationID) ([]ObjectUse, error) {
	i, err := s.own(ctx, actor, "count the users of", id)
	if err != nil {
		return nil, err
	}
	return s.uses(ctx, i)
}

func (s *Service) uses(ctx context.Context, i Integration) ([]ObjectUse, error) {
	all, err := s.cfg.Store.List(ctx, i.Tenant)
	if err != nil {
		return nil, failed(err, "count the users of", i.ID)
	}
	var out []ObjectUse
	for _, sel := range i.Selections {
		use := ObjectUse{Object: sel.Object}
		for _, other := range all {
			if _, ok := fieldsOf(other.Selections, sel.Object); ok && other.Tenant == i.Tenant && other.ID != i.ID && other.Connection == i.Connection {
				use.Others++
			}
		}
		out = append(out, use)
	}
	return out, nil
}

// PurgeError tells which objects of a deleted integration could not be purged.
// Purge them with Config.Streams.
type PurgeError struct {
	Tenant     orglink.TenantID
	Connection orglink.ConnectionID
	Objects    []string
	Err        error
}

// Error implements error.
func (e *PurgeError) Error() string {
	return fmt.Sprintf("integration: it is deleted, but what was imported of %s remains: %v", strings.Join(e.Objects, ", "), e.Err)
}

// Unwrap returns the causes.
func (e *PurgeError) Unwrap() error { return e.Err }

// Delete removes an integration and its shares, and keeps or purges what was
// imported; its trail stays. *PurgeError when it is deleted but something could
// not be purged.
func (s *Service) Delete(ctx context.Context, actor orglink.Actor, id orglink.IntegrationID, imported Imported) error {
	if imported != Keep && imported != Purge {
		return fmt.Errorf("integration: delete %s: what was imported is either kept (%q) or purged (%q), not %q", id, Keep, Purge, imported)
	}
	if imported == Purge && s.cfg.Streams == nil {
		return fmt.Errorf("integration: delete %s: nothing can be purged without Config.Streams", id)
	}
	for {
		i, err := s.own(ctx, actor, "delete", id)
		if err != nil {
			return err
		}
		why := trail(actor, EventDeleted, "Integration "+i.Name+" was deleted; what was imported: "+string(imported)+".")
		err = s.cfg.Store.Delete(ctx, i.Tenant, id, i.Version, why)
		if errors.Is(err, ErrConflict) {
			continue // changed in between; it is still to be deleted
		}
		if err != nil {
			return failed(err, "delete", id)
		}
		s.emit(ctx, i, why.Kind, string(id), why.Message)
		if imported == Keep {
			return nil
		}
		return s.purge(ctx, i)
	}
}

// purge looks for other users only now: one that was saved meanwhile counts,
// and what it needs beyond this is read again.
func (s *Service) purge(ctx context.Context, i Integration) error {
	uses, err := s.uses(ctx, i)
	failure := &PurgeError{Tenant: i.Tenant, Connection: i.Connection, Err: err}
	if err != nil {
		for _, sel := range i.Selections {
			failure.Objects = append(failure.Objects, sel.Object)
		}
		return failure
	}
	for _, u := range uses {
		if u.Others > 0 {
			continue
		}
		if err := s.cfg.Streams.Purge(ctx, i.Tenant, i.Connection, u.Object); err != nil {
			failure.Objects, failure.Err = append(failure.Objects, u.Object), errors.Join(failure.Err, err)
		}
	}
	if len(failure.Objects) > 0 {
		return failure
	}
	return nil
}

// SyncNow makes the import of an integration's objects due now. It does not
// wait for it. A paused integration is refused (ErrPaused).
func (s *Service) SyncNow(ctx context.Context, actor orglink.Actor, id orglink.IntegrationID) error {
	i, err := s.own(ctx, actor, "sync", id)
	if err != nil {
		return err
	}
	if i.State != Active {
		return refuse(ErrPaused, "sync", id, "resume it first")
	}
	if s.cfg.Sync == nil {
		return fmt.Errorf("integration: sync %s: nothing can be made due without Config.Sync", id)
	}
	var objects []string
	for _, sel := range i.Selections {
		objects = append(objects, sel.Object)
	}
	if err := s.cfg.Sync(ctx, i.Tenant, i.Connection, objects); err != nil {
		return failed(err, "sync", id)
	}
	s.emit(ctx, i, EventSync, string(id), "A sync of integration "+i.Name+" was asked for by "+string(actor.User)+".")
	return nil
}
