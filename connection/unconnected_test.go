package connection_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/connection"
)

func TestUnconnected(t *testing.T) {
	w := newWorld(t)
	team := w.connect(ada, connection.StartRequest{})
	w.connect(bob, connection.StartRequest{Type: "personal"})
	for owner, state := range map[orglink.UserID]connection.State{"cat": connection.NeedsReauthorization, "dan": connection.QuotaExhausted} {
		c := connection.Connection{Tenant: "acme", ID: orglink.ConnectionID(owner), Type: "personal", Owner: owner, Org: team.Org, State: state, Grant: "g"}
		if _, err := w.store.PutConnection(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	other := connection.Connection{Tenant: "acme", ID: "eli", Type: "personal", Owner: "eli", Org: connection.Org{ID: "00Dx0000000BV80EAG"}, State: connection.Healthy, Grant: "g"}
	if _, err := w.store.PutConnection(t.Context(), other); err != nil {
		t.Fatal(err)
	}
	out := w.invite(ada, connection.InviteRequest{TenantName: "Acme", InviterName: "Ada", Type: "personal", For: "fay"})
	got, err := w.m.Unconnected(t.Context(), "acme", team.ID, []orglink.UserID{"bob", "fay", "cat", "dan", "eli"})
	if err != nil {
		t.Fatal(err)
	}
	want := []connection.Unconnected{{User: "fay", Invitation: out.Invitation.ID}, {User: "cat", Connection: "cat", State: connection.NeedsReauthorization}, {User: "eli"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if _, err := w.m.Unconnected(t.Context(), "evil", team.ID, nil); !errors.Is(err, connection.ErrNotFound) {
		t.Errorf("another tenant asks: %v", err)
	}
}
