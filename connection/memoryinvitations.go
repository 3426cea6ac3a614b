package connection

import (
	"context"
	"slices"
	"strings"

	"github.com/orglink/orglink"
)

type invitationKey struct {
	tenant orglink.TenantID
	id     InvitationID
}

// Invitation implements Store.
func (s *MemoryStore) Invitation(ctx context.Context, tenant orglink.TenantID, id InvitationID) (Invitation, error) {
	if err := ctx.Err(); err != nil {
		return Invitation{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	i, ok := s.invitations[invitationKey{tenant, id}]
	if !ok {
		return Invitation{}, ErrNotFound
	}
	return i.clone(), nil
}

// InvitationByHash implements Store.
func (s *MemoryStore) InvitationByHash(ctx context.Context, hash string) (Invitation, error) {
	if err := ctx.Err(); err != nil {
		return Invitation{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, i := range s.invitations {
		if i.Hash == hash {
			return i.clone(), nil
		}
	}
	return Invitation{}, ErrNotFound
}

// Invitations implements Store.
func (s *MemoryStore) Invitations(ctx context.Context, tenant orglink.TenantID) ([]Invitation, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Invitation
	for key, i := range s.invitations {
		if key.tenant == tenant {
			out = append(out, i.clone())
		}
	}
	slices.SortFunc(out, func(a, b Invitation) int { return strings.Compare(string(a.ID), string(b.ID)) })
	return out, nil
}

// PutInvitation implements Store.
func (s *MemoryStore) PutInvitation(ctx context.Context, i Invitation) (int64, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	key := invitationKey{i.Tenant, i.ID}
	if s.invitations[key].Version != i.Version {
		return 0, ErrConflict
	}
	for other, have := range s.invitations {
		if other != key && have.Hash == i.Hash {
			return 0, ErrConflict
		}
	}
	i = i.clone()
	i.Version++
	s.invitations[key] = i
	return i.Version, nil
}
