package usersync

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/salesforce/sobject"
)

// Config configures a Service. Clients, Directory and Pairs are required.
type Config struct {
	// Clients hands out the connection's client. Required.
	Clients Clients
	// Directory is the host's list of users. Required.
	Directory Directory
	// Pairs keeps who is paired with whom. Required.
	Pairs PairStore
	// Strategy defaults to Manual().
	Strategy Strategy
	// Rules are the identities to match by, strongest first. Defaults to
	// federation id, e-mail, user name; an empty, non-nil slice matches by
	// HostRule only.
	Rules []Identity
	// HostRule finds further matches for users, by Salesforce id. It comes
	// after Rules. Defaults to none.
	HostRule func(ctx context.Context, tenant orglink.TenantID, users []SalesforceUser) (map[sobject.ID][]HostUser, error)
	// OrgID tells which org a connection leads to. Defaults to asking the org
	// once for each connection (Client.Identity).
	OrgID func(ctx context.Context, tenant orglink.TenantID, conn orglink.ConnectionID) (sobject.ID, error)
	// Events is told of every pair made or dissolved. Defaults to nothing. It
	// is called while the work goes on and must not block.
	Events func(orglink.Event)
	// RefusedFor is for how long ResolveOwners remembers that a user gets no
	// account, instead of asking the org with every batch. Defaults to 10
	// minutes.
	RefusedFor time.Duration
}

// Service plans and makes pairs. It is safe for concurrent use.
type Service struct {
	cfg Config

	mu       sync.Mutex
	orgs     map[connKey]sobject.ID
	refused  map[refusedKey]time.Time
	arrivals map[arrivalKey]chan struct{}
}

type connKey struct {
	tenant orglink.TenantID
	conn   orglink.ConnectionID
}

// New returns a service. All problems of the configuration are reported
// together; no I/O is done.
func New(cfg Config) (*Service, error) {
	var errs []error
	if cfg.Clients == nil {
		errs = append(errs, errors.New("Clients is missing: give the *connection.Manager"))
	}
	if cfg.Directory == nil {
		errs = append(errs, errors.New("Directory is missing: implement it over the product's users"))
	}
	if cfg.Pairs == nil {
		errs = append(errs, errors.New("Pairs is missing: give a *SQLStore, or a Memory in tests"))
	}
	if cfg.Strategy == nil {
		cfg.Strategy = Manual()
	}
	if cfg.Rules == nil {
		cfg.Rules = []Identity{ByFederationID, ByEmail, ByUsername}
	}
	for i, r := range cfg.Rules {
		if r != ByFederationID && r != ByEmail && r != ByUsername {
			errs = append(errs, fmt.Errorf("Rules[%d] is %q; rules of the host's own go to HostRule", i, r))
		}
	}
	if cfg.RefusedFor < 0 {
		errs = append(errs, fmt.Errorf("RefusedFor is %s; it must not be negative", cfg.RefusedFor))
	}
	if cfg.RefusedFor == 0 {
		cfg.RefusedFor = 10 * time.Minute
	}
	if len(errs) > 0 {
		return nil, fmt.Errorf("usersync: config: %w", errors.Join(errs...))
	}
	cfg.Rules = slices.Clone(cfg.Rules)
	return &Service{cfg: cfg, orgs: map[connKey]sobject.ID{}, refused: map[refusedKey]time.Time{}, arrivals: map[arrivalKey]chan struct{}{}}, nil
}

// org returns the id of the connection's org. It is remembered, because a
// connection never changes its org.
func (s *Service) org(ctx context.Context, tenant orglink.TenantID, conn orglink.ConnectionID) (sobject.ID, error) {
	k := connKey{tenant, conn}
	s.mu.Lock()
	id := s.orgs[k]
	s.mu.Unlock()
	if id != "" {
		return id, nil
	}
	id, err := s.askOrg(ctx, tenant, conn)
	if err != nil {
		return "", fmt.Errorf("usersync: learn the org of connection %s: %w", conn, err)
	}
	if id == "" {
		return "", fmt.Errorf("usersync: learn the org of connection %s: the org did not tell its id", conn)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.orgs[k] = id
	return id, nil
}

func (s *Service) askOrg(ctx context.Context, tenant orglink.TenantID, conn orglink.ConnectionID) (sobject.ID, error) {
	if s.cfg.OrgID != nil {
		return s.cfg.OrgID(ctx, tenant, conn)
	}
	client, err := s.cfg.Clients.Client(ctx, tenant, conn)
	if err != nil {
		return "", err
	}
	who, err := client.Identity(ctx)
	if err != nil {
		return "", err
	}
	return who.OrgID, nil
}

// Pair pairs two users because somebody said so; by names who. The Salesforce
// user must exist in the org and the pair must be free on both sides.
func (s *Service) Pair(ctx context.Context, tenant orglink.TenantID, conn orglink.ConnectionID, id sobject.ID, user orglink.UserID, by orglink.Actor) error {
	org, err := s.org(ctx, tenant, conn)
	if err != nil {
		return err
	}
	users, _, err := s.readUsers(ctx, tenant, conn, []sobject.ID{id})
	if err != nil {
		return err
	}
	if len(users) == 0 {
		return fmt.Errorf("usersync: pair %s with %q: the org has no such user", id, user)
	}
	return s.put(ctx, conn, Pair{Tenant: tenant, Org: org, Salesforce: id, User: user, How: clip("by " + string(by.User)), At: time.Now()})
}

// Unpair dissolves the pair of a Salesforce user. The accounts stay.
func (s *Service) Unpair(ctx context.Context, tenant orglink.TenantID, conn orglink.ConnectionID, id sobject.ID, by orglink.Actor) error {
	org, err := s.org(ctx, tenant, conn)
	if err != nil {
		return err
	}
	if err := s.cfg.Pairs.Remove(ctx, tenant, org, id); err != nil {
		return err
	}
	s.event(tenant, conn, "usersync.unpaired", id, fmt.Sprintf("Salesforce user %s was unpaired by %s.", id, by.User))
	return nil
}

// put saves a pair and tells of it.
func (s *Service) put(ctx context.Context, conn orglink.ConnectionID, p Pair) error {
	if err := s.cfg.Pairs.Put(ctx, p); err != nil {
		return err
	}
	s.event(p.Tenant, conn, "usersync.paired", p.Salesforce, fmt.Sprintf("Salesforce user %s is now user %s (%s).", p.Salesforce, p.User, p.How))
	return nil
}

func (s *Service) event(tenant orglink.TenantID, conn orglink.ConnectionID, kind string, id sobject.ID, message string) {
	if s.cfg.Events == nil {
		return
	}
	now := time.Now().UTC()
	s.cfg.Events(orglink.Event{ID: fmt.Sprintf("%s/%s/%d", kind, id, now.UnixMicro()), Kind: kind, Tenant: tenant, Connection: conn,
		Subject: string(id), Message: message, At: now})
}

func clip(s string) string {
	if len(s) > maxID {
		return s[:maxID]
	}
	return s
}
