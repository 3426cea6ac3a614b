package connection_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/connection"
)

// mortal is a process that dies before its n-th write: nothing of it reaches a
// store or Salesforce any more.
type mortal struct{ left atomic.Int64 }

func (d *mortal) write() error {
	if d.left.Add(-1) < 0 {
		return errCrash
	}
	return nil
}

func (d *mortal) config(w *world) func(*connection.Config) {
	return func(cfg *connection.Config) {
		cfg.Store, cfg.Tokens = mortalStore{w.store, d}, mortalTokens{w.tokens, d}
		cfg.HTTPClient = &http.Client{Transport: mortalLine{w.org.Client().Transport, d}}
	}
}

type mortalStore struct {
	connection.Store
	d *mortal
}

func (s mortalStore) PutConnection(ctx context.Context, c connection.Connection) (int64, error) {
	if err := s.d.write(); err != nil {
		return 0, err
	}
	return s.Store.PutConnection(ctx, c)
}

func (s mortalStore) PutInvitation(ctx context.Context, i connection.Invitation) (int64, error) {
	if err := s.d.write(); err != nil {
		return 0, err
	}
	return s.Store.PutInvitation(ctx, i)
}

func (s mortalStore) PutState(ctx context.Context, state connection.AuthState) error {
	if err := s.d.write(); err != nil {
		return err
	}
	return s.Store.PutState(ctx, state)
}

type mortalTokens struct {
	connection.TokenStore
	d *mortal
}

func (s mortalTokens) CompareAndSwap(ctx context.Context, g connection.Grant) (int64, error) {
	if err := s.d.write(); err != nil {
		return 0, err
	}
	return s.TokenStore.CompareAndSwap(ctx, g)
}

func (s mortalTokens) Delete(ctx context.Context, tenant orglink.TenantID, id connection.GrantID) error {
	if err := s.d.write(); err != nil {
		return err
	}
	return s.TokenStore.Delete(ctx, tenant, id)
}

type mortalLine struct {
	next http.RoundTripper
	d    *mortal
}

func (l mortalLine) RoundTrip(r *http.Request) (*http.Response, error) {
	if l.d.left.Load() < 0 {
		return nil, errCrash
	}
	next := l.next
	if next == nil {
		next = http.DefaultTransport
	}
	return next.RoundTrip(r)
}

// backdate makes all grants old enough for the keeper to take them for leftovers.
func (w *world) backdate() (grants int) {
	w.t.Helper()
	list, err := w.tokens.Grants(w.t.Context(), "acme")
	for _, g := range list {
		g.Issued = g.Issued.Add(-2 * time.Hour)
		if _, err := w.tokens.CompareAndSwap(w.t.Context(), g); err != nil {
			w.t.Fatal(err)
		}
	}
	if err != nil {
		w.t.Fatal(err)
	}
	return len(list)
}

// A process dies before any one of the writes of an acceptance. The person goes
// on where it stopped, after the connection, if there is one already, has had
// its token rotated: one connection that works, one approval, one grant.
func TestInvitationCrash(t *testing.T) {
	for n := int64(0); ; n++ {
		died := false
		t.Run(fmt.Sprint(n, " writes"), func(t *testing.T) { died = invitationCrash(t, n) })
		if !died {
			if n < 8 {
				t.Errorf("it takes only %d writes", n)
			}
			return
		}
	}
}

func invitationCrash(t *testing.T, writes int64) (died bool) {
	w := newWorld(t, rotating)
	w.inviting()
	token := tokenOf(t, w.invite(ada, invite).Link)
	alive, d := w.m, &mortal{}
	d.left.Store(writes)
	w.inviting(d.config(w))
	c, err := w.accept(token)
	if err == nil {
		_, err = w.m.ConfirmInvitation(t.Context(), c.Token, true)
	}
	died = d.left.Load() < 0
	if died != (err != nil) && !died {
		t.Fatal(err)
	}
	w.m = alive
	lost := 0 // an approval whose tokens were in the dead process only
	if grants, _ := w.tokens.Grants(t.Context(), "acme"); len(grants) == 0 && w.tokenPosts("authorization_code") > 0 {
		lost = 1
	}
	rotate := func() {
		list, err := w.m.List(t.Context(), "acme")
		if err != nil || len(list) > 1 {
			t.Fatalf("%d connections, %v", len(list), err)
		}
		for _, c := range list {
			w.expire()
			if err := w.use(w.m, c); err != nil {
				t.Errorf("the connection: %v", err)
			}
		}
	}
	rotate()
	// The person tries again: the button, or else the link.
	if !c.Token.IsZero() {
		_, _ = w.m.ConfirmInvitation(t.Context(), c.Token, true)
	}
	if i, err := w.m.OpenInvitation(t.Context(), token); err == nil {
		if c, err = w.accept(token); err != nil {
			t.Fatal(i, err)
		}
		if _, err := w.m.ConfirmInvitation(t.Context(), c.Token, true); err != nil {
			t.Fatal(err)
		}
	}
	rotate()
	w.backdate()
	for range 2 {
		if _, err := w.m.Keeper("acme").Step(t.Context(), 1); err != nil {
			t.Error(err)
		}
	}
	rotate()
	list, _ := w.m.List(t.Context(), "acme")
	if n, grants := w.approvals(), w.backdate(); len(list) != 1 || n != 1+lost || grants != 1 {
		t.Errorf("%d connections, %d approvals, %d of them lost, %d grants", len(list), n, lost, grants)
	}
	if all, _ := w.m.Invitations(t.Context(), "acme"); len(all) != 1 || all[0].State != connection.InvitationDone || all[0].Made != list[0].ID {
		t.Errorf("%+v", all)
	}
	return died
}

// Killed between the connection and the invitation's end, and nobody comes
// again: neither the keeper nor the inviter may end the connection's tokens.
func TestInvitationIsNotTakenBackOverItsConnection(t *testing.T) {
	for name, end := range map[string]func(w *world, i connection.Invitation) error{
		"taken back": func(w *world, i connection.Invitation) error {
			if _, err := w.m.RevokeInvitation(w.t.Context(), ada, i.ID); !errors.Is(err, connection.ErrInvitationUsed) {
				return fmt.Errorf("taken back: %w", err)
			}
			return nil
		},
		"kept": func(w *world, _ connection.Invitation) error {
			_, err := w.m.Keeper("acme").Step(w.t.Context(), 1)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.inviting()
			out := w.invite(ada, invite)
			c, err := w.accept(tokenOf(t, out.Link))
			if err != nil {
				t.Fatal(err)
			}
			alive, d := w.m, &mortal{}
			for n := int64(0); ; n++ { // until the connection is the last that it wrote
				d.left.Store(n)
				w.inviting(d.config(w))
				_, _ = w.m.ConfirmInvitation(t.Context(), c.Token, true)
				if list, _ := alive.List(t.Context(), "acme"); len(list) == 1 {
					break
				}
			}
			w.m = alive
			w.backdate()
			if err := end(w, out.Invitation); err != nil {
				t.Error(err)
			}
			list, _ := w.m.List(t.Context(), "acme")
			w.expire()
			if err := w.use(w.m, list[0]); err != nil || w.approvals() != 1 {
				t.Errorf("%v, %d approvals", err, w.approvals())
			}
		})
	}
}

// Two people follow one link, and confirm at once: one connection, and the
// tokens of the other are revoked.
func TestTwoAcceptAtOnce(t *testing.T) {
	w := newWorld(t, rotating)
	w.inviting()
	token := tokenOf(t, w.invite(ada, invite).Link)
	first, err := w.accept(token)
	if err != nil {
		t.Fatal(err)
	}
	second, err := w.accept(token)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	var yes atomic.Int64
	for _, c := range []connection.Confirmation{first, first, second, second} {
		wg.Go(func() {
			if _, err := w.m.ConfirmInvitation(t.Context(), c.Token, true); err == nil {
				yes.Add(1)
			} else if !errors.Is(err, connection.ErrStateUsed) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	list, err := w.m.List(t.Context(), "acme")
	if err != nil || len(list) != 1 || yes.Load() == 0 || w.approvals() != 1 || w.backdate() != 1 {
		t.Fatalf("%d connections, %d confirmed, %d approvals, %d grants, %v", len(list), yes.Load(), w.approvals(), w.backdate(), err)
	}
	w.expire()
	if err := w.use(w.m, list[0]); err != nil {
		t.Error(err)
	}
}

// An event that is not taken waits, and so do those behind it.
func TestInvitationEventsAtLeastOnce(t *testing.T) {
	w := newWorld(t)
	var got []string
	takes := 0
	w.inviting(func(cfg *connection.Config) {
		cfg.Events = connection.EventFunc(func(_ context.Context, e orglink.Event) error {
			if takes--; takes < 0 {
				return errors.New("queue is full")
			}
			got = append(got, e.Kind)
			return nil
		})
	})
	out := w.invite(ada, invite)
	takes = 1 // the first is taken, and then no more
	if _, err := w.m.RevokeInvitation(t.Context(), ada, out.Invitation.ID); err != nil {
		t.Fatal(err)
	}
	takes = 9
	if _, err := w.m.Keeper("acme").Step(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	if want := []string{connection.EventInvited, connection.EventInvitationRevoked}; fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("delivered %v, want %v", got, want)
	}
}
