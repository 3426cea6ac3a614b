package integration

import (
	"context"
	"errors"
	"fmt"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/mapping"
	"github.com/orglink/orglink/salesforce"
)

// Connections gives access to the orgs of a tenant; *connection.Manager does.
// Another tenant's connection is an error.
type Connections interface {
	Client(ctx context.Context, tenant orglink.TenantID, id orglink.ConnectionID) (*salesforce.Client, error)
}

// Groups is what the host knows of its groups. Implementations are safe for
// concurrent use.
type Groups interface {
	// Enabled reports whether Salesforce is switched on for a group.
	Enabled(ctx context.Context, tenant orglink.TenantID, group orglink.GroupID) (bool, error)
	// Connected returns the groups that a group may share with.
	Connected(ctx context.Context, tenant orglink.TenantID, group orglink.GroupID) ([]orglink.GroupID, error)
}

// Estimator says what a first import would cost; *importer.Importer does.
type Estimator interface {
	Estimate(ctx context.Context, tenant orglink.TenantID, conn orglink.ConnectionID, selections []mapping.Selection) (orglink.Estimate, error)
}

// EstimatorFunc makes a function an Estimator. It lets a host give an importer
// that is made after the Service, because it needs the Service.
type EstimatorFunc func(ctx context.Context, tenant orglink.TenantID, conn orglink.ConnectionID, selections []mapping.Selection) (orglink.Estimate, error)

// Estimate implements Estimator.
func (f EstimatorFunc) Estimate(ctx context.Context, tenant orglink.TenantID, conn orglink.ConnectionID, selections []mapping.Selection) (orglink.Estimate, error) {
	return f(ctx, tenant, conn, selections)
}

// Events is where a host hears what happens to integrations, once the change
// is stored. An event that Emit refuses is not repeated.
type Events interface {
	Emit(ctx context.Context, e orglink.Event) error
}

// The kinds of events. The Subject is the integration's id, or for shares the
// id and the group with a slash between them.
const (
	EventSaved    = "integration.saved"
	EventChanged  = "integration.changed"
	EventPaused   = "integration.paused"
	EventResumed  = "integration.resumed"
	EventDeleted  = "integration.deleted"
	EventShared   = "integration.shared"
	EventUnshared = "integration.unshared"
	// EventPassive tells what a receiver has turned off for itself.
	EventPassive = "integration.passive"
	// EventSchema tells that the org's fields changed under a selection.
	EventSchema = "integration.schema"
	// EventSync tells that somebody asked for a sync now.
	EventSync = "integration.sync"
)

// Streams removes what was imported; *mirror.Mirror does.
type Streams interface {
	// Purge removes everything of an object of a connection. It may be
	// repeated.
	Purge(ctx context.Context, tenant orglink.TenantID, conn orglink.ConnectionID, object string) error
}

// SyncFunc makes the import of some objects of a connection due now, usually
// by runner.Demand of each stream's key.
type SyncFunc func(ctx context.Context, tenant orglink.TenantID, conn orglink.ConnectionID, objects []string) error

// Config configures a Service. Store, Connections and Groups are required.
type Config struct {
	Store       Store
	Connections Connections
	Groups      Groups
	// Estimator fills in Review.Estimate. Defaults to none: it stays zero.
	Estimator Estimator
	// Streams purges what was imported, for Delete with Purge. Defaults to
	// none: then nothing can be purged here.
	Streams Streams
	// Sync is what SyncNow calls. Defaults to none.
	Sync SyncFunc
	// Events is told of changes. Defaults to nobody.
	Events Events
}

// Service manages integrations. It is safe for concurrent use.
type Service struct{ cfg Config }

// New returns a Service, or all that is wrong with its configuration.
func New(cfg Config) (*Service, error) {
	var errs []error
	if cfg.Store == nil {
		errs = append(errs, errors.New("Store is missing: NewMemory or NewSQLStore make one"))
	}
	if cfg.Connections == nil {
		errs = append(errs, errors.New("Connections is missing: give the connection.Manager"))
	}
	if cfg.Groups == nil {
		errs = append(errs, errors.New("Groups is missing: say which groups may use Salesforce and share, for example with StaticGroups"))
	}
	if len(errs) > 0 {
		return nil, fmt.Errorf("integration: configuration: %w", errors.Join(errs...))
	}
	return &Service{cfg}, nil
}

func (s *Service) emit(ctx context.Context, i Integration, kind, subject, message string) {
	if s.cfg.Events == nil {
		return
	}
	_ = s.cfg.Events.Emit(ctx, orglink.Event{ID: string(newID()), Kind: kind, Tenant: i.Tenant, Connection: i.Connection,
		Subject: subject, Message: message, At: now()})
}
