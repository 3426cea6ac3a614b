package connection

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/orglink/orglink"
)

// Manager authorises connections, keeps their grants alive and hands out
// clients. It is safe for concurrent use; any number of processes may run one
// on the same stores.
type Manager struct {
	cfg   Config
	hosts hostRules
	seal  sealer
	http  *http.Client // for token requests: one attempt, no redirects
	owner string       // this manager in leases

	mu      sync.Mutex
	entries map[entryKey]*entry
	swept   time.Time // when entries were last looked through
	closed  bool
	running sync.WaitGroup // refreshes under way
}

// New returns a Manager. It does no I/O and reports all problems of the
// configuration together.
func New(cfg Config) (*Manager, error) {
	cfg.setDefaults()
	hosts := hostRules{trusted: slices.Clone(cfg.TrustedHosts)}
	if err := cfg.check(hosts); err != nil {
		return nil, err
	}
	plain := http.Client{}
	if cfg.HTTPClient != nil {
		plain = *cfg.HTTPClient
	}
	// A redirect would carry the secrets of a token request elsewhere.
	plain.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &Manager{
		cfg:     cfg,
		hosts:   hosts,
		seal:    sealer{cfg.Sealer, cfg.Environment},
		http:    &plain,
		owner:   newID(),
		entries: map[entryKey]*entry{},
	}, nil
}

// Format implements fmt.Formatter, so that a Manager that is printed by mistake
// shows none of its keys and secrets: fmt does not ask unexported fields.
func (m *Manager) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "connection.Manager") }

// Close waits for refreshes under way, so that no rotated token is lost when
// the process ends, or until ctx is done. Clients fail to refresh afterwards.
func (m *Manager) Close(ctx context.Context) error {
	m.mu.Lock()
	m.closed = true
	m.mu.Unlock()
	done := make(chan struct{})
	go func() { // ends with the refreshes, which are bounded in time
		m.running.Wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Get returns a tenant's connection.
func (m *Manager) Get(ctx context.Context, tenant orglink.TenantID, id orglink.ConnectionID) (Connection, error) {
	c, err := m.cfg.Store.Connection(ctx, tenant, id)
	if err != nil {
		return Connection{}, storeError("get", string(id), err)
	}
	if c.Tenant != tenant || c.ID != id { // a store that forgot to filter
		return Connection{}, fail("get", string(id), ErrNotFound, nil)
	}
	return c, nil
}

// List returns a tenant's connections in the order of their ids.
func (m *Manager) List(ctx context.Context, tenant orglink.TenantID) ([]Connection, error) {
	list, err := m.cfg.Store.Connections(ctx, tenant)
	if err != nil {
		return nil, storeError("list", string(tenant), err)
	}
	return slices.DeleteFunc(list, func(c Connection) bool { return c.Tenant != tenant }), nil
}

func (m *Manager) typeOf(name string) (Type, bool) {
	for _, t := range m.cfg.Types {
		if t.Name() == name {
			return t, true
		}
	}
	return nil, false
}

func (m *Manager) warn(ctx context.Context, text string, args ...any) {
	if m.cfg.Logger != nil {
		m.cfg.Logger.WarnContext(ctx, "connection: "+text, args...)
	}
}
