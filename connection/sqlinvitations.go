package connection

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/orglink/orglink"
)

// Invitation implements Store.
func (s *SQLStore) Invitation(ctx context.Context, tenant orglink.TenantID, id InvitationID) (Invitation, error) {
	var i Invitation
	var version int64
	err := scan(s.db.QueryRow(ctx, nil, "SELECT data, version FROM {invitations} WHERE tenant = ? AND id = ?", string(tenant), string(id)), &i, &version)
	i.Tenant, i.ID, i.Version = tenant, id, version
	return i, err
}

// InvitationByHash implements Store.
func (s *SQLStore) InvitationByHash(ctx context.Context, hash string) (Invitation, error) {
	var i Invitation
	var version int64
	err := scan(s.db.QueryRow(ctx, nil, "SELECT data, version FROM {invitations} WHERE hash = ?", hash), &i, &version)
	i.Version = version
	return i, err
}

// Invitations implements Store.
func (s *SQLStore) Invitations(ctx context.Context, tenant orglink.TenantID) (out []Invitation, err error) {
	rows, err := s.db.Query(ctx, nil, "SELECT data, version FROM {invitations} WHERE tenant = ? ORDER BY id", string(tenant))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var i Invitation
		var version int64
		if err := scan(rows, &i, &version); err != nil {
			return nil, err
		}
		i.Version = version
		out = append(out, i)
	}
	return out, rows.Err()
}

// PutInvitation implements Store.
func (s *SQLStore) PutInvitation(ctx context.Context, i Invitation) (int64, error) {
	was := i.Version
	i.Version++
	data, err := json.Marshal(i)
	if err != nil {
		return 0, err
	}
	if was == 0 {
		err = fresh(s.db.InsertNew(ctx, nil, "invitations", []string{"tenant", "id"}, []string{"hash", "version", "data"},
			string(i.Tenant), string(i.ID), i.Hash, i.Version, string(data)))
	} else {
		err = oneRow(s.db.Exec(ctx, nil, "UPDATE {invitations} SET hash = ?, version = ?, data = ? WHERE tenant = ? AND id = ? AND version = ?",
			i.Hash, i.Version, string(data), string(i.Tenant), string(i.ID), was))
	}
	if err == nil || errors.Is(err, ErrConflict) {
		if err != nil {
			return 0, err
		}
		return i.Version, nil
	}
	// The unique index on hash refuses by an error of the driver's own.
	if have, other := s.InvitationByHash(ctx, i.Hash); other == nil && (have.Tenant != i.Tenant || have.ID != i.ID) {
		return 0, ErrConflict
	}
	return 0, err
}
