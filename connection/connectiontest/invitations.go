package connectiontest

import (
	"context"
	"strings"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/connection"
)

func sampleInvitation(tenant orglink.TenantID, id connection.InvitationID) connection.Invitation {
	return connection.Invitation{
		Tenant: tenant, ID: id, Type: "team", App: "default", LoginHost: "sandbox", Connection: "c", LoginHint: "ada@acme.example", For: "rep",
		Email: "ada@acme.example", TenantName: "Acmé \"€\" 🚀", InviterName: "Bob", Message: "line\nline", Inviter: "bob", Group: "sales", Admin: true, Approve: true,
		State: connection.InvitationAccepted, Created: at(1), Expires: at(9), Sent: at(2), Sends: 3, Opened: at(3),
		Candidate: &connection.Candidate{Connection: sampleConnection(tenant, ""), Grant: "g", Accepted: at(4), Confirmed: at(5)},
		Made:      "made", Ended: at(6), By: "eve", Hash: strings.Repeat("0", 40) + string(tenant) + "/" + string(id),
		Pending: []orglink.Event{{ID: "e1", Kind: "k", Tenant: tenant, Subject: string(id), Message: "m", At: at(4)}},
	}
}

func invitationRoundTrip(ctx context.Context, s connection.Store) error {
	var e expect
	_, err := s.Invitation(ctx, "t", "i1")
	e.is(err, connection.ErrNotFound, "Invitation before any write")
	_, err = s.InvitationByHash(ctx, "h")
	e.is(err, connection.ErrNotFound, "InvitationByHash before any write")
	want := map[connection.InvitationID]connection.Invitation{}
	for _, id := range []connection.InvitationID{"i2", "i1"} {
		i := sampleInvitation("t", id)
		version, err := s.PutInvitation(ctx, i)
		if !e.noError(err, "PutInvitation") {
			return e.err()
		}
		e.that(version == 1, "PutInvitation returned version %d for a new invitation, want 1", version)
		i.Version = 1
		want[id] = i
	}
	list, err := s.Invitations(ctx, "t")
	e.noError(err, "Invitations")
	var order string
	for _, i := range list {
		order += string(i.ID) + " "
	}
	e.that(order == "i1 i2 ", "Invitations come in the order %q", order)
	for id, w := range want {
		got, err := s.Invitation(ctx, "t", id)
		e.noError(err, "Invitation")
		e.equal(got, w, "Invitation "+string(id))
		got, err = s.InvitationByHash(ctx, w.Hash)
		e.noError(err, "InvitationByHash")
		e.equal(got, w, "InvitationByHash of "+string(id))
	}
	return e.err()
}

func invitationCompareAndSwap(ctx context.Context, s connection.Store) error {
	var e expect
	i := sampleInvitation("t", "i")
	_, err := s.PutInvitation(ctx, i)
	e.noError(err, "PutInvitation")
	_, err = s.PutInvitation(ctx, i)
	e.is(err, connection.ErrConflict, "creating it twice")
	old := i.Hash
	i.Version, i.Hash = 1, "another"
	version, err := s.PutInvitation(ctx, i)
	e.noError(err, "PutInvitation of the next version")
	e.that(version == 2, "version %d after the second write, want 2", version)
	_, err = s.InvitationByHash(ctx, old)
	e.is(err, connection.ErrNotFound, "InvitationByHash of a link that was replaced")
	for _, stale := range []int64{0, 1, 3} {
		i.Version, i.Message = stale, "stale"
		_, err = s.PutInvitation(ctx, i)
		e.is(err, connection.ErrConflict, "a write on another version")
	}
	got, err := s.InvitationByHash(ctx, "another")
	e.noError(err, "InvitationByHash")
	e.that(got.Message != "stale" && got.Version == 2, "after refused writes it is %q at version %d", got.Message, got.Version)
	twin := sampleInvitation("t2", "twin")
	twin.Hash = "another"
	_, err = s.PutInvitation(ctx, twin)
	e.is(err, connection.ErrConflict, "a hash that another invitation has")
	won, others := together(8, func(int) error {
		n := sampleInvitation("t", "i")
		n.Version = 2
		_, err := s.PutInvitation(ctx, n)
		return err
	})
	e.that(won == 1, "%d of 8 simultaneous writes succeeded, want 1", won)
	for _, err := range others {
		e.is(err, connection.ErrConflict, "a losing write")
	}
	return e.err()
}

func invitationTenants(ctx context.Context, s connection.Store) error {
	var e expect
	for _, tenant := range []orglink.TenantID{"t1", "t2", "T1"} {
		i := sampleInvitation(tenant, "same")
		i.Message = "of " + string(tenant)
		_, err := s.PutInvitation(ctx, i)
		e.noError(err, "PutInvitation of one id in several tenants")
	}
	got, err := s.Invitation(ctx, "t1", "same")
	e.noError(err, "Invitation")
	e.that(got.Message == "of t1" && got.Tenant == "t1", "tenant t1 reads the invitation %q of tenant %q", got.Message, got.Tenant)
	list, err := s.Invitations(ctx, "t1")
	e.noError(err, "Invitations")
	e.that(len(list) == 1, "tenant t1 lists %d invitations, has 1", len(list))
	gone, cancel := context.WithCancel(ctx)
	cancel()
	_, err = s.PutInvitation(gone, sampleInvitation("t1", "late"))
	e.is(err, context.Canceled, "PutInvitation with a cancelled context")
	e.noError(s.Forget(ctx, "t1"), "Forget")
	_, err = s.Invitation(ctx, "t1", "same")
	e.is(err, connection.ErrNotFound, "an invitation of a tenant that was forgotten")
	for _, other := range []orglink.TenantID{"t2", "T1"} {
		_, err = s.Invitation(ctx, other, "same")
		e.noError(err, "an invitation of another tenant")
	}
	return e.err()
}

func invitationAliases(ctx context.Context, s connection.Store) error {
	var e expect
	i := sampleInvitation("t", "i")
	_, err := s.PutInvitation(ctx, i)
	e.noError(err, "PutInvitation")
	i.Candidate.Grant, i.Candidate.Connection.Scopes[0], i.Pending[0].Message = "x", "x", "x"
	read, err := s.Invitation(ctx, "t", "i")
	e.noError(err, "Invitation")
	if read.Candidate != nil {
		read.Candidate.Grant = "y"
	}
	want := sampleInvitation("t", "i")
	want.Version = 1
	got, err := s.Invitation(ctx, "t", "i")
	e.noError(err, "Invitation")
	e.equal(got, want, "after callers changed what they had")
	return e.err()
}
