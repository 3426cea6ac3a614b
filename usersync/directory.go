package usersync

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/orglink/orglink"
)

// MemoryDirectory is a Directory for tests and examples.
type MemoryDirectory struct {
	mu      sync.Mutex
	tenants map[orglink.TenantID]*memoryTenant
}

type memoryTenant struct {
	users   map[orglink.UserID]HostUser
	keys    map[string]orglink.UserID
	limited bool
	seats   int
	next    int
}

var _ Directory = (*MemoryDirectory)(nil)

// NewMemoryDirectory returns a directory without users.
func NewMemoryDirectory() *MemoryDirectory {
	return &MemoryDirectory{tenants: make(map[orglink.TenantID]*memoryTenant)}
}

func (d *MemoryDirectory) in(tenant orglink.TenantID) *memoryTenant {
	t := d.tenants[tenant]
	if t == nil {
		t = &memoryTenant{users: map[orglink.UserID]HostUser{}, keys: map[string]orglink.UserID{}}
		d.tenants[tenant] = t
	}
	return t
}

// Add adds users that exist already, or replaces those with the same ids.
func (d *MemoryDirectory) Add(tenant orglink.TenantID, users ...HostUser) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, u := range users {
		d.in(tenant).users[u.ID] = u
	}
}

// LimitSeats allows n more accounts.
func (d *MemoryDirectory) LimitSeats(tenant orglink.TenantID, n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	t := d.in(tenant)
	t.limited, t.seats = true, n
}

// Find implements Directory.
func (d *MemoryDirectory) Find(ctx context.Context, tenant orglink.TenantID, by Identity, values []string) ([]HostUser, error) {
	if err := ended(ctx, "find users"); err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	wanted := make(map[string]bool, len(values))
	for _, v := range values {
		if by != ByFederationID {
			v = fold(v)
		}
		wanted[v] = true
	}
	var out []HostUser
	for _, u := range d.in(tenant).users {
		if v := u.value(by); v != "" && wanted[v] {
			out = append(out, u)
		}
	}
	return out, nil
}

// Create implements Directory. Ids are "user-1", "user-2" and so on.
func (d *MemoryDirectory) Create(ctx context.Context, tenant orglink.TenantID, key string, user NewUser) (HostUser, error) {
	if err := ended(ctx, "create a user"); err != nil {
		return HostUser{}, err
	}
	if key == "" {
		return HostUser{}, errors.New("usersync: create a user: the idempotency key is empty")
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	t := d.in(tenant)
	if id, ok := t.keys[key]; ok {
		return t.users[id], nil
	}
	if t.limited && t.seats <= 0 {
		return HostUser{}, fmt.Errorf("usersync: create a user for %s: %w", user.Email, ErrNoSeats)
	}
	id := orglink.UserID("")
	for taken := true; taken; _, taken = t.users[id] {
		t.next++
		id = orglink.UserID(fmt.Sprint("user-", t.next))
	}
	u := HostUser{ID: id, Email: user.Email, Username: user.Username, FederationID: user.FederationID, Name: user.Name}
	t.users[id], t.keys[key] = u, id
	t.seats--
	return u, nil
}

// List implements Directory.
func (d *MemoryDirectory) List(ctx context.Context, tenant orglink.TenantID, after orglink.UserID, limit int) ([]HostUser, error) {
	if err := ended(ctx, "list users"); err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	var out []HostUser
	for _, u := range d.in(tenant).users {
		if u.ID > after {
			out = append(out, u)
		}
	}
	slices.SortFunc(out, func(a, b HostUser) int { return strings.Compare(string(a.ID), string(b.ID)) })
	return out[:min(limit, len(out))], nil
}

// Seats implements Directory.
func (d *MemoryDirectory) Seats(ctx context.Context, tenant orglink.TenantID) (Seats, error) {
	if err := ended(ctx, "count seats"); err != nil {
		return Seats{}, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	t := d.in(tenant)
	return Seats{Limited: t.limited, Left: max(t.seats, 0)}, nil
}
