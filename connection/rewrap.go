package connection

import (
	"context"
	"errors"

	"github.com/orglink/orglink"
)

// Rewrapped is what Rewrap did.
type Rewrapped struct {
	// Sealed grants were sealed again, Current ones had the newest key.
	Sealed, Current int
	// Failed ones do not open with the keys there are.
	Failed []GrantID
}

// Rewrap seals a tenant's stored tokens again that were sealed with a key other
// than the newest. Once it has run for all tenants without a Failed grant, and
// Config.StateLifetime has passed since the new key was put in front in every
// process, the old one can be dropped. It may run at any time, beside refreshes;
// a Keeper does it too.
func (m *Manager) Rewrap(ctx context.Context, tenant orglink.TenantID) (Rewrapped, error) {
	var out Rewrapped
	grants, err := m.cfg.Tokens.Grants(ctx, tenant)
	if err != nil {
		return out, storeError("rewrap", string(tenant), err)
	}
	var errs []error
	for _, g := range grants {
		if g.Tenant != tenant {
			continue
		}
		done, err := m.rewrapGrant(ctx, g)
		switch {
		case errors.Is(err, orglink.ErrSealed):
			out.Failed = append(out.Failed, g.ID)
			errs = append(errs, fail("rewrap", string(g.ID), ErrStorage, err))
		case err != nil:
			errs = append(errs, storeError("rewrap", string(g.ID), err))
		case done:
			out.Sealed++
		default:
			out.Current++
		}
	}
	return out, errors.Join(errs...)
}

func (m *Manager) rewrapGrant(ctx context.Context, g Grant) (bool, error) {
	for {
		changed := false
		for _, f := range []struct {
			name  string
			bytes *[]byte
		}{{fieldAccess, &g.Access}, {g.Flow.field(), &g.Refresh}} {
			if len(*f.bytes) == 0 || !m.seal.stale(*f.bytes) {
				continue
			}
			plain, err := m.seal.open(boundOf(g, f.name), *f.bytes)
			if err != nil {
				return false, err
			}
			if *f.bytes, err = m.seal.seal(boundOf(g, f.name), plain); err != nil {
				return false, err
			}
			changed = true
		}
		if !changed {
			return false, nil
		}
		_, err := m.cfg.Tokens.CompareAndSwap(ctx, g)
		if !errors.Is(err, ErrConflict) && !errors.Is(err, ErrFenced) {
			return err == nil, err
		}
		if g, err = m.cfg.Tokens.Load(ctx, g.Tenant, g.ID); errors.Is(err, ErrNotFound) {
			return false, nil
		} else if err != nil {
			return false, err
		}
	}
}
