package link

import (
	"context"
	"errors"
	"fmt"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/salesforce/sobject"
)

// Applied is what became of a plan. Every account is in one of the counts.
type Applied struct {
	Kept, Paired, Added, Review, Left int
	// Overtaken were paired otherwise since the plan was made; plan again.
	Overtaken []Match
}

// Apply does what a plan says. Doubtful accounts stay as they are. It may be
// repeated: an account gets one company, and a company one account, however
// often and by however many it is applied.
func (m *Matcher) Apply(ctx context.Context, tenant orglink.TenantID, conn orglink.ConnectionID, plan []Match) (Applied, error) {
	var out Applied
	for _, a := range plan {
		if err := ctx.Err(); err != nil {
			return out, fmt.Errorf("link: apply: %w", err)
		}
		var err error
		switch a.Action {
		case Kept:
			out.Kept++
		case Left:
			out.Left++
		case Review:
			out.Review++
		case Paired:
			if err = m.pair(ctx, tenant, conn, a.Account, a.Key); err == nil {
				out.Paired++
			}
		case Added:
			if err = m.Add(ctx, tenant, conn, a.Account); err == nil {
				out.Added++
			}
		default:
			err = fmt.Errorf("link: apply: account %s has the action %q, which is none", a.Account.ID, a.Action)
		}
		if errors.Is(err, ErrTaken) {
			out.Overtaken = append(out.Overtaken, a)
			continue
		}
		if err != nil {
			return out, err
		}
	}
	return out, nil
}

// pair saves a pair that a plan or a person found. An account or a company
// that has another partner is ErrTaken.
func (m *Matcher) pair(ctx context.Context, tenant orglink.TenantID, conn orglink.ConnectionID, a Account, key string) error {
	have, err := m.cfg.Store.ByKeys(ctx, tenant, conn, m.cfg.Object, []string{key})
	if err != nil {
		return err
	}
	p, known := have[key]
	if known && p.Record != a.ID {
		return fmt.Errorf("link: pair account %s with company %q: the company is paired with %s; unpair it first: %w", a.ID, key, p.Record, ErrTaken)
	}
	if !known {
		if err := m.cfg.Store.Put(ctx, Pair{Tenant: tenant, Connection: conn, Object: m.cfg.Object, Key: key, Record: a.ID}); err != nil {
			return err
		}
	}
	if err := m.cfg.Companies.Enrich(ctx, tenant, key, a); err != nil {
		return fmt.Errorf("link: enrich company %q with account %s: %w", key, a.ID, err)
	}
	return nil
}

// Pair pairs an account with a company because a person said so.
func (m *Matcher) Pair(ctx context.Context, tenant orglink.TenantID, conn orglink.ConnectionID, a Account, key string) error {
	return m.pair(ctx, tenant, conn, a, key)
}

// Add makes a company of an account because a plan or a person said so.
func (m *Matcher) Add(ctx context.Context, tenant orglink.TenantID, conn orglink.ConnectionID, a Account) error {
	paired, err := m.cfg.Store.ByRecords(ctx, tenant, conn, m.cfg.Object, []sobject.ID{a.ID})
	if err != nil {
		return err
	}
	if p, ok := paired[a.ID]; ok {
		return fmt.Errorf("link: add a company for account %s: it is paired with %q: %w", a.ID, p.Key, ErrTaken)
	}
	c, err := m.cfg.Companies.Add(ctx, tenant, a)
	if err != nil {
		return fmt.Errorf("link: add a company for account %s: %w", a.ID, err)
	}
	return m.cfg.Store.Put(ctx, Pair{Tenant: tenant, Connection: conn, Object: m.cfg.Object, Key: c.Key, Record: a.ID})
}

// Refuse remembers that an account is not a company, so that no plan proposes
// it again.
func (m *Matcher) Refuse(ctx context.Context, tenant orglink.TenantID, conn orglink.ConnectionID, account sobject.ID, key string) error {
	if err := checkKey(key); err != nil {
		return err
	}
	return m.cfg.Refusals.Refuse(ctx, tenant, conn, m.cfg.Object, account, key)
}

// Unpair dissolves the pair of a company, and refuses it, so that the next
// plan does not make it again. The company and the account stay.
func (m *Matcher) Unpair(ctx context.Context, tenant orglink.TenantID, conn orglink.ConnectionID, key string) error {
	have, err := m.cfg.Store.ByKeys(ctx, tenant, conn, m.cfg.Object, []string{key})
	if err != nil {
		return err
	}
	p, ok := have[key]
	if !ok {
		return nil
	}
	if err := m.Refuse(ctx, tenant, conn, p.Record, key); err != nil {
		return err
	}
	return m.cfg.Store.Remove(ctx, tenant, conn, m.cfg.Object, []string{key})
}
