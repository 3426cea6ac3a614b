package connectiontest_test

import (
	"context"
	"sync"
	"time"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/connection"
)

type lostInvitation struct{ *connection.MemoryStore }

func (s lostInvitation) PutInvitation(ctx context.Context, i connection.Invitation) (int64, error) {
	if now, err := s.Invitation(ctx, i.Tenant, i.ID); err == nil {
		i.Version = now.Version
	}
	return s.MemoryStore.PutInvitation(ctx, i)
}

type oldLinks struct {
	*connection.MemoryStore
	mu     sync.Mutex
	hashes map[string]connection.Invitation
}

func (s *oldLinks) PutInvitation(ctx context.Context, i connection.Invitation) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.hashes[i.Hash].ID == "" {
		s.hashes[i.Hash] = i
	}
	return s.MemoryStore.PutInvitation(ctx, i)
}

func (s *oldLinks) InvitationByHash(ctx context.Context, hash string) (connection.Invitation, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if i, ok := s.hashes[hash]; ok {
		return s.Invitation(ctx, i.Tenant, i.ID)
	}
	return s.MemoryStore.InvitationByHash(ctx, hash)
}

type everybodysInvitations struct{ *connection.MemoryStore }

func (s everybodysInvitations) Invitations(ctx context.Context, tenant orglink.TenantID) ([]connection.Invitation, error) {
	var out []connection.Invitation
	for _, t := range []orglink.TenantID{tenant, "t2"} {
		list, err := s.MemoryStore.Invitations(ctx, t)
		if err != nil {
			return nil, err
		}
		out = append(out, list...)
	}
	return out, nil
}

type aliasedInvitation struct {
	*connection.MemoryStore
	mu   sync.Mutex
	last connection.Invitation
}

func (s *aliasedInvitation) PutInvitation(ctx context.Context, i connection.Invitation) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	version, err := s.MemoryStore.PutInvitation(ctx, i)
	if err == nil {
		s.last = i
		s.last.Version = version
	}
	return version, err
}

func (s *aliasedInvitation) Invitation(ctx context.Context, tenant orglink.TenantID, id connection.InvitationID) (connection.Invitation, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.last.ID == id && s.last.Tenant == tenant {
		return s.last, nil
	}
	return s.MemoryStore.Invitation(ctx, tenant, id)
}

type invitationSeconds struct{ *connection.MemoryStore }

func (s invitationSeconds) PutInvitation(ctx context.Context, i connection.Invitation) (int64, error) {
	i.Expires = i.Expires.Truncate(time.Second)
	return s.MemoryStore.PutInvitation(ctx, i)
}
