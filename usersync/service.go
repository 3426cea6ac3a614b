package usersync

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/salesforce"
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
	// Positions keeps where a Job stands. Defaults to Pairs when that is a
	// PositionStore, as *SQLStore and *Memory are.
	Positions PositionStore
	// Strategy defaults to Manual().
	Strategy Strategy
	// Policy says how the accounts of paired users follow the org. The zero
	// Policy deletes nothing.
	Policy Policy
	// UserTypes are the Salesforce UserTypes that may have accounts. Defaults
	// to Standard, which leaves out portals, guests and the org's own robots.
	UserTypes []string
	// IntegrationUsers admits users with the licence "Salesforce Integration",
	// who are programs.
	IntegrationUsers bool
	// Refuse says why a user may not have an account for a reason of the
	// host's own, or "". It is called often and must not block.
	Refuse func(u SalesforceUser) string
	// Rules are the identities to match by, strongest first. Defaults to
	// federation id, e-mail, user name; an empty, non-nil slice matches by
	// HostRule only.
	Rules []Identity
	// HostRule finds further matches for users, by Salesforce id. It comes
	// after Rules. Defaults to none.
	HostRule func(ctx context.Context, tenant orglink.TenantID, users []SalesforceUser) (map[sobject.ID][]HostUser, error)
	// OrgID tells which org a connection leads to. It is asked every time.
	// Defaults to asking the org once for each client (Client.Identity).
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
	orgs     map[connKey]clientOrg
	refused  map[refusedKey]time.Time
	arrivals map[arrivalKey]chan struct{}
}

type connKey struct {
	tenant orglink.TenantID
	conn   orglink.ConnectionID
}

// clientOrg is the org that a client leads to. A connection that moves to
// another org gets another client.
type clientOrg struct {
	client *salesforce.Client
	org    sobject.ID
}

// orgsMax bounds how many connections' orgs are remembered.
const orgsMax = 1000

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
	if p, ok := cfg.Pairs.(PositionStore); ok && cfg.Positions == nil {
		cfg.Positions = p
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
	if err := cfg.Policy.check(cfg.Directory); err != nil {
		errs = append(errs, err)
	}
	if cfg.UserTypes == nil {
		cfg.UserTypes = []string{standardUser}
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
	cfg.Rules, cfg.UserTypes = slices.Clone(cfg.Rules), slices.Clone(cfg.UserTypes)
	return &Service{cfg: cfg, orgs: map[connKey]clientOrg{}, refused: map[refusedKey]time.Time{}, arrivals: map[arrivalKey]chan struct{}{}}, nil
}

// org returns the id of the org that the connection leads to.
func (s *Service) org(ctx context.Context, tenant orglink.TenantID, conn orglink.ConnectionID) (sobject.ID, error) {
	id, err := s.findOrg(ctx, tenant, conn)
	if err == nil && id == "" {
		err = errors.New("the org did not tell its id")
	}
	if err != nil {
		return "", fmt.Errorf("usersync: learn the org of connection %s: %w", conn, err)
	}
	return id, nil
}

func (s *Service) findOrg(ctx context.Context, tenant orglink.TenantID, conn orglink.ConnectionID) (sobject.ID, error) {
	if s.cfg.OrgID != nil {
		return s.cfg.OrgID(ctx, tenant, conn)
	}
	client, err := s.cfg.Clients.Client(ctx, tenant, conn)
	if err != nil {
		return "", err
	}
	k := connKey{tenant, conn}
	s.mu.Lock()
	have := s.orgs[k]
	s.mu.Unlock()
	if have.client == client {
		return have.org, nil
	}
	who, err := client.Identity(ctx)
	if err != nil {
		return "", err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.orgs) >= orgsMax {
		clear(s.orgs)
	}
	s.orgs[k] = clientOrg{client, who.OrgID}
	return who.OrgID, nil
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
	s.cfg.Events(orglink.Event{ID: rand.Text(), Kind: kind, Tenant: tenant, Connection: conn, Subject: string(id), Message: message, At: time.Now().UTC()})
}

func clip(s string) string {
	return strings.ToValidUTF8(s[:min(len(s), maxID)], "")
}
