package usersync

import (
	"context"
	"errors"
	"fmt"
	"maps"
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
	seats   int // of active accounts, since LimitSeats
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
		if by != ByFederationID && by != ByID {
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
	u := HostUser{ID: id, Email: user.Email, Username: user.Username, FederationID: user.FederationID, Name: user.Name, SalesforceUser: user.SalesforceUser}
	t.users[id], t.keys[key] = u, id
	t.seats--
	return u, nil
}

// Update implements Directory.
func (d *MemoryDirectory) Update(ctx context.Context, tenant orglink.TenantID, user orglink.UserID, c Change) error {
	return d.change(ctx, "update", tenant, user, func(t *memoryTenant, u *HostUser) error {
		if c.Reactivate && u.Inactive {
			if t.limited && t.seats <= 0 {
				return ErrNoSeats
			}
			u.Inactive = false
			t.seats--
		}
		set(&u.Email, c.Email)
		set(&u.Username, c.Username)
		set(&u.FederationID, c.FederationID)
		set(&u.Name, c.Name)
		set(&u.SalesforceUser, c.SalesforceUser)
		return nil
	})
}

// Deactivate implements Directory.
func (d *MemoryDirectory) Deactivate(ctx context.Context, tenant orglink.TenantID, user orglink.UserID) error {
	return d.change(ctx, "deactivate", tenant, user, func(t *memoryTenant, u *HostUser) error {
		if !u.Inactive {
			u.Inactive = true
			t.seats++
		}
		return nil
	})
}

// Delete implements Deleter.
func (d *MemoryDirectory) Delete(ctx context.Context, tenant orglink.TenantID, user orglink.UserID) error {
	if err := ended(ctx, "delete a user"); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	t := d.in(tenant)
	if u, ok := t.users[user]; ok && !u.Inactive {
		t.seats++
	}
	delete(t.users, user)
	maps.DeleteFunc(t.keys, func(_ string, id orglink.UserID) bool { return id == user })
	return nil
}

func (d *MemoryDirectory) change(ctx context.Context, what string, tenant orglink.TenantID, user orglink.UserID, f func(*memoryTenant, *HostUser) error) error {
	if err := ended(ctx, what+" a user"); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	t := d.in(tenant)
	u, ok := t.users[user]
	err := ErrNoUser
	if ok {
		err = f(t, &u)
	}
	if err != nil {
		return fmt.Errorf("usersync: %s user %q: %w", what, user, err)
	}
	t.users[user] = u
	return nil
}

func set[T any](to *T, v *T) {
	if v != nil {
		*to = *v
	}
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
	s := Seats{Limited: t.limited, Left: max(t.seats, 0)}
	for _, u := range t.users {
		if !u.Inactive {
			s.Used++
		}
	}
	return s, nil
}
