package connection_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/connection"
	"github.com/orglink/orglink/salesforce/salesforcetest"
)

// at runs f once, when the org has received or answered a token request.
func (w *world) at(answered bool, f func()) {
	var once sync.Once
	hook := func(r salesforcetest.RequestRecord) {
		if r.Path == "/services/oauth2/token" {
			once.Do(f)
		}
	}
	if answered {
		w.org.OnAnswered(hook)
	} else {
		w.org.OnRequest(hook)
	}
}

func moments(t *testing.T, f func(t *testing.T, answered bool)) {
	for name, answered := range map[string]bool{"before the answer": false, "after the answer": true} {
		t.Run(name, func(t *testing.T) { f(t, answered) })
	}
}

// nothingLeft asserts that nothing of the tenant is stored here or alive there.
func (w *world) nothingLeft() {
	w.t.Helper()
	ctx := context.WithoutCancel(w.t.Context())
	list, err := w.store.Connections(ctx, "acme")
	if err != nil || len(list) != 0 {
		w.t.Errorf("%d connections are left, %v", len(list), err)
	}
	grants, err := w.tokens.Grants(ctx, "acme")
	if err != nil || len(grants) != 0 {
		w.t.Errorf("%d grants are left, %v", len(grants), err)
	}
	if n := w.approvals(); n != 0 {
		w.t.Errorf("%d approvals are left in the org", n)
	}
}

func TestForgetDuringFinish(t *testing.T) {
	moments(t, func(t *testing.T, answered bool) {
		w := newWorld(t, rotating)
		w.connect(ada, connection.StartRequest{})
		other := w.manager()
		query := w.browse(w.start(ada, connection.StartRequest{}).URL, true)
		w.at(answered, func() {
			if _, err := other.Forget(context.Background(), "acme"); err != nil {
				t.Error(err)
			}
		})
		if _, err := w.finish(ada, query); !errors.Is(err, connection.ErrStateUnknown) {
			t.Errorf("Finish: %v", err)
		}
		w.nothingLeft()
	})
}

func TestForgetDuringConnect(t *testing.T) {
	w := newWorld(t, runAs)
	other := w.manager()
	w.at(true, func() {
		if _, err := other.Forget(context.Background(), "acme"); err != nil {
			t.Error(err)
		}
	})
	if _, err := w.m.Connect(t.Context(), ada, connection.ConnectRequest{Flow: connection.ClientCredentials, Vouched: true}); !errors.Is(err, connection.ErrStateUnknown) {
		t.Errorf("Connect: %v", err)
	}
	w.nothingLeft()
}

// What a refresh brings that was on its way when the connection ended must not
// live on in the org, with nobody left who knows it.
func TestEndDuringRefresh(t *testing.T) {
	for name, end := range map[string]func(*connection.Manager, connection.Connection) error{
		"forget": func(m *connection.Manager, c connection.Connection) error {
			_, err := m.Forget(context.Background(), c.Tenant)
			return err
		},
		"disconnect": func(m *connection.Manager, c connection.Connection) error {
			return m.Disconnect(context.Background(), c.Tenant, c.ID)
		},
	} {
		t.Run(name, func(t *testing.T) {
			moments(t, func(t *testing.T, answered bool) {
				w := newWorld(t, rotating)
				c := w.connect(ada, connection.StartRequest{})
				other := w.manager()
				w.expire()
				w.at(answered, func() {
					if err := end(other, c); err != nil {
						t.Error(err)
					}
				})
				if err := w.use(w.m, c); err == nil {
					t.Error("the call succeeded")
				}
				if n := w.approvals(); n != 0 {
					t.Errorf("%d approvals are left in the org", n)
				}
				if grants, err := w.tokens.Grants(t.Context(), "acme"); err != nil || len(grants) != 0 {
					t.Errorf("%d grants are left, %v", len(grants), err)
				}
			})
		})
	}
}

// The closest race: the refresh stores its answer between the moment at which
// the disconnecting process has read the grant and the one at which it removes
// it. The token that is revoked must be the one that lives.
func TestEndBetweenReadAndRemoval(t *testing.T) {
	w := newWorld(t, rotating)
	c := w.connect(ada, connection.StartRequest{})
	other := w.manager()
	w.expire()
	revoking, refreshed, gone := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	var seen atomic.Bool // a sync.Once would hold up the second one
	w.org.OnRequest(func(r salesforcetest.RequestRecord) {
		if r.Path == "/services/oauth2/revoke" && seen.CompareAndSwap(false, true) {
			close(revoking)
			<-refreshed
		}
	})
	w.at(true, func() { // the org has rotated; its answer waits
		go func() { gone <- other.Disconnect(context.Background(), c.Tenant, c.ID) }()
		<-revoking
	})
	err := w.use(w.m, c)
	close(refreshed)
	if err := <-gone; err != nil {
		t.Error(err)
	}
	if !errors.Is(err, connection.ErrDisconnected) {
		t.Errorf("the call: %v", err)
	}
	if n := w.approvals(); n != 0 {
		t.Errorf("%d approvals are left in the org", n)
	}
}

// A rotated token that no store would take is revoked with its connection.
func TestEndWithAnAnswerThatWasNotStored(t *testing.T) {
	for name, end := range map[string]func(*connection.Manager, connection.Connection) error{
		"disconnect": func(m *connection.Manager, c connection.Connection) error {
			return m.Disconnect(context.Background(), c.Tenant, c.ID)
		},
		"forget": func(m *connection.Manager, c connection.Connection) error {
			_, err := m.Forget(context.Background(), c.Tenant)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, rotating)
			c := w.connect(ada, connection.StartRequest{})
			store := &crashing{TokenStore: w.tokens}
			store.set(func(_ int, g connection.Grant) bool { return g.Intent == nil }) // the answer's write
			m := w.manager(func(cfg *connection.Config) { cfg.Tokens = store })
			w.expire()
			if err := w.use(m, c); !errors.Is(err, connection.ErrStorage) {
				t.Fatal(err)
			}
			store.set(nil)
			if err := end(m, c); err != nil {
				t.Error(err)
			}
			if n := w.approvals(); n != 0 {
				t.Errorf("%d approvals are left in the org", n)
			}
		})
	}
}

// MinnPost/object-sync-for-salesforce#172: another org under the same
// connection. It moves only when asked, and when the host has dealt with what
// it keeps by the connection.
func TestMove(t *testing.T) {
	w := newWorld(t)
	c := w.connect(ada, connection.StartRequest{})
	old := w.connect(bob, connection.StartRequest{Type: "personal"})
	other := newWorld(t, func(cfg *salesforcetest.Config) { cfg.OrgID = "00Dbk0000000002" })
	var asked []string
	var answer error
	trusting := func(cfg *connection.Config) {
		cfg.TrustedHosts = append(cfg.TrustedHosts, strings.TrimPrefix(other.org.URL, "http://"))
	}
	w.m = w.manager(trusting, func(cfg *connection.Config) {
		cfg.BeforeMove = func(_ context.Context, from, to connection.Connection) error {
			asked = append(asked, string(from.ID)+" "+string(from.Org.ID)+" "+string(to.ID)+" "+string(to.Org.ID))
			return answer
		}
	})
	try := func(req connection.StartRequest) (connection.Connection, error) {
		req.LoginHost = other.org.URL
		return w.finish(ada, other.browse(w.start(ada, req).URL, true))
	}
	if _, err := try(connection.StartRequest{Connection: c.ID}); !errors.Is(err, connection.ErrOtherOrg) || len(asked) != 0 {
		t.Errorf("not asked for: %v, host asked %q", err, asked)
	}
	answer = errors.New("the mirror is busy")
	if _, err := try(connection.StartRequest{Connection: c.ID, AllowOtherOrg: true}); !errors.Is(err, connection.ErrOtherOrg) || !errors.Is(err, answer) {
		t.Errorf("the host is not ready: %v", err)
	}
	if now := w.get(c); now.Org.ID != c.Org.ID || now.OrgGeneration != 1 || now.Grant != c.Grant {
		t.Errorf("it moved all the same: %+v", now)
	}
	answer = nil
	moved, err := try(connection.StartRequest{Connection: c.ID, AllowOtherOrg: true})
	if err != nil || moved.ID != c.ID || moved.Org.ID == c.Org.ID || moved.OrgGeneration != 2 {
		t.Errorf("moved to %+v, %v", moved, err)
	}
	want := string(c.ID) + " " + string(c.Org.ID) + " " + string(c.ID) + " " + string(moved.Org.ID)
	if !slices.Equal(asked, []string{want, want}) {
		t.Errorf("the host was asked %q", asked)
	}
	if kinds := w.kinds(); !slices.Contains(kinds, connection.EventMoved) {
		t.Errorf("events %v", kinds)
	}
	if n, now := w.approvals(), w.get(old); n != 0 || now.State != connection.Disconnected {
		t.Errorf("%d approvals of the old org are left, the rep's is %s", n, now.State)
	}
	// A rep, who was connected to the old org, connects to the new one.
	theirs, err := w.finish(bob, other.browse(w.start(bob, connection.StartRequest{Type: "personal", LoginHost: other.org.URL}).URL, true))
	if err != nil || theirs.ID == old.ID || theirs.Org.ID != moved.Org.ID {
		t.Errorf("a rep after the move: %+v, %v", theirs, err)
	}
	if _, err := w.finish(bob, w.browse(w.start(bob, connection.StartRequest{Type: "personal"}).URL, true)); !errors.Is(err, connection.ErrForeignOrg) {
		t.Errorf("a rep in the org that was left: %v", err)
	}
	if again, err := try(connection.StartRequest{}); err != nil || again.OrgGeneration != 2 {
		t.Errorf("authorised again in its org: generation %d, %v", again.OrgGeneration, err)
	}
	w.m = w.manager(trusting)
	if _, err := w.finish(ada, w.browse(w.start(ada, connection.StartRequest{Connection: c.ID, AllowOtherOrg: true, LoginHost: w.org.URL}).URL, true)); !errors.Is(err, connection.ErrOtherOrg) || !strings.Contains(err.Error(), "BeforeMove") {
		t.Errorf("without BeforeMove: %v", err)
	}
}

// A connection's row that names the grant of another connection does not open
// it, in the same tenant either.
func TestGrantsBelongToOneConnection(t *testing.T) {
	w := newWorld(t)
	team := w.connect(ada, connection.StartRequest{})
	mine := w.connect(bob, connection.StartRequest{Type: "personal"})
	before := len(w.org.Requests())
	row := w.get(mine)
	row.Grant = team.Grant
	if _, err := w.store.PutConnection(t.Context(), row); err != nil {
		t.Fatal(err)
	}
	if err := w.use(w.manager(), mine); !errors.Is(err, orglink.ErrSealed) {
		t.Errorf("got %v", err)
	}
	// A grant of one flow does not pass for another's.
	g, err := w.tokens.Load(t.Context(), "acme", team.Grant)
	if err != nil {
		t.Fatal(err)
	}
	g.Flow = connection.JWTBearer
	if _, err := w.tokens.CompareAndSwap(t.Context(), g); err != nil {
		t.Fatal(err)
	}
	w.expire()
	if err := w.use(w.manager(), team); !errors.Is(err, orglink.ErrSealed) {
		t.Errorf("a refresh token as a username: %v", err)
	}
	for _, r := range w.org.Requests()[before:] {
		if r.Path == "/services/oauth2/token" {
			t.Error("a token request was sent")
		}
	}
}
