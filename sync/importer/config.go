package importer

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/mapping"
	"github.com/orglink/orglink/salesforce"
	"github.com/orglink/orglink/salesforce/sobject"
)

// Clients hands out the client of a connection; connection.Manager is one.
type Clients interface {
	Client(ctx context.Context, tenant orglink.TenantID, conn orglink.ConnectionID) (*salesforce.Client, error)
}

// Selections tells what is wanted of a connection: one element or more per
// object. integration.Service is one.
type Selections interface {
	Selections(ctx context.Context, tenant orglink.TenantID, conn orglink.ConnectionID) ([]mapping.Selection, error)
}

// Owners finds the host users that are paired with Salesforce users; ids
// without one are absent. usersync.Service is one.
type Owners interface {
	ResolveOwners(ctx context.Context, tenant orglink.TenantID, conn orglink.ConnectionID, ids []sobject.ID) (map[sobject.ID]orglink.UserID, error)
}

// Leases runs work under the lease of a key: it waits for the lease, renews it
// while fn works, and cancels the context of fn when it is lost.
// runner.Runner is one.
type Leases interface {
	Do(ctx context.Context, key string, fn func(ctx context.Context, fence uint64) error) error
}

// Config configures an Importer.
type Config struct {
	// Clients, Selections and Sink are required.
	Clients    Clients
	Selections Selections
	Sink       Sink
	// Leases is needed by Sync only.
	Leases Leases
	// Owners resolves record owners to host users. Defaults to none: changes
	// then name no owner.
	Owners Owners

	// Lag is how far behind the org's clock increments stay, because a
	// transaction becomes visible seconds after its time stamp. It delays
	// every change. Defaults to 5 minutes; negative means none.
	Lag time.Duration
	// Overlap is how much of what was read before is read again, for
	// transactions that ran longer than the lag. Defaults to 15 minutes;
	// negative means none.
	Overlap time.Duration
	// Interval is how often a job of Jobs looks for changes. Defaults to 10
	// minutes.
	Interval time.Duration
	// ChunkRows is how many rows one Bulk job reads. Defaults to 500,000.
	ChunkRows int
	// PageRows is how many rows of a Bulk result are asked for at once, one API
	// call. They are stored in parts of BatchBytes. Defaults to 25,000.
	PageRows int
	// BatchBytes is about how much memory the rows may take that are applied
	// at once; a sink may need a few times as much again. Rows are read no
	// further ahead. Defaults to 4 MiB.
	BatchBytes int
	// QueryRows is how many changed rows are read and applied at once at most,
	// up to 2000, which is one API call. Defaults to 2000.
	QueryRows int
	// PollMin and PollMax bound the wait between two looks at a Bulk job,
	// which grows by half each time. Default to 1 s and 30 s.
	PollMin, PollMax time.Duration
	// StepTime is how long a step waits for a Bulk job before it leaves the
	// job for a later step. Defaults to 30 s.
	StepTime time.Duration
	// SyncPoll is how often Sync looks at the org's clock while it waits for
	// the lag. That call is not counted by Salesforce. Defaults to 1 s.
	SyncPoll time.Duration
	// Parallel is how many objects Sync reads at once. Defaults to 3.
	Parallel int
	// DescribeEvery is how old a description of an object may be before it is
	// asked for again. Defaults to 1 minute.
	DescribeEvery time.Duration
	// ReconcileEvery is how often steps of Jobs compare all ids with the org's,
	// where the Sink is a Lister: one Bulk job for each ChunkRows records, read
	// twice. Sync does not. Defaults to 24 hours; negative means never.
	ReconcileEvery time.Duration
	// ReconcileRatio is which part of the records of a chunk may be missing in
	// the org. When it is more, a permission was probably lost: nothing is
	// removed, and Events is told. A few dozen may always be missing. Defaults
	// to 0.1.
	ReconcileRatio float64
	// CalculatedEvery is how often steps of Jobs read the formula and roll-up
	// fields of all records, where the Sink is a Holder, and store what
	// differs: they change without a new SystemModstamp. One Bulk job for each
	// ChunkRows records. Sync does not. Defaults to 24 hours; negative means
	// never.
	CalculatedEvery time.Duration
	// Calculated are further fields that change so, as "Object.Field". The
	// status of contracts, service contracts and their line items is known.
	Calculated []string
	// AuditEvery is how often steps of Jobs compare how many records the org
	// and the Sink, where it is a Holder, have in spans of SystemModstamp, to
	// find what was committed later than the overlap reaches. One call, and a
	// few more where they differ. Sync does not. Defaults to 24 hours; negative
	// means never.
	AuditEvery time.Duration
	// MaxUsage is the part of the org's daily API requests after which steps
	// of Jobs stop with ErrQuotaReserve, so that people can go on working; all
	// connections to an org count together, by what any of them heard last.
	// Sync and Refresh, which somebody waits for, are not stopped. Defaults
	// to 0.8.
	MaxUsage float64
	// UsageAge is how old the figures may be that make background work wait.
	// Then one call asks for new ones: who waits hears nothing. Defaults to 10
	// minutes.
	UsageAge time.Duration

	// Events gets what a host may want to tell its users: a field that
	// disappeared, deletions that nobody can list any more. Called
	// synchronously, also concurrently. Defaults to none.
	Events func(orglink.Event)
	// Progress is called after every step, also concurrently. It must not
	// block. Defaults to none.
	Progress func(Progress)
	// Observer is called after every step, failed ones included, also
	// concurrently: for metrics. It must not block. Defaults to none.
	Observer func(Observation)
}

// Importer imports the selected objects of connections. It is safe for
// concurrent use.
type Importer struct {
	cfg     Config
	schemas schemas
	ledger  ledger
	toldMu  sync.Mutex
	told    map[string]bool // field events sent by this process
}

// New returns an importer. It does no I/O; all problems of the configuration
// are reported together.
func New(cfg Config) (*Importer, error) {
	var errs []error
	if cfg.Clients == nil {
		errs = append(errs, errors.New("Clients is missing: give a connection.Manager"))
	}
	if cfg.Selections == nil {
		errs = append(errs, errors.New("Selections is missing: give an integration.Service"))
	}
	if cfg.Sink == nil {
		errs = append(errs, errors.New("Sink is missing: give a mirror"))
	}
	cfg.Lag = duration(cfg.Lag, 5*time.Minute)
	cfg.Overlap = duration(cfg.Overlap, 15*time.Minute)
	cfg.ReconcileEvery = duration(cfg.ReconcileEvery, 24*time.Hour)
	cfg.CalculatedEvery = duration(cfg.CalculatedEvery, 24*time.Hour)
	cfg.AuditEvery = duration(cfg.AuditEvery, 24*time.Hour)
	for _, d := range []struct {
		name  string
		value *time.Duration
		def   time.Duration
	}{
		{"Interval", &cfg.Interval, 10 * time.Minute}, {"PollMin", &cfg.PollMin, time.Second}, {"PollMax", &cfg.PollMax, max(30*time.Second, cfg.PollMin)},
		{"StepTime", &cfg.StepTime, 30 * time.Second}, {"SyncPoll", &cfg.SyncPoll, time.Second}, {"DescribeEvery", &cfg.DescribeEvery, time.Minute},
		{"UsageAge", &cfg.UsageAge, 10 * time.Minute},
	} {
		if *d.value == 0 {
			*d.value = d.def
		}
		if *d.value < 0 {
			errs = append(errs, fmt.Errorf("%s is negative", d.name))
		}
	}
	for _, n := range []struct {
		name     string
		value    *int
		def, top int
	}{
		{"ChunkRows", &cfg.ChunkRows, 500_000, 1 << 30}, {"PageRows", &cfg.PageRows, 25_000, 250_000},
		{"BatchBytes", &cfg.BatchBytes, 4 << 20, 1 << 30}, {"QueryRows", &cfg.QueryRows, 2000, 2000}, {"Parallel", &cfg.Parallel, 3, 1000},
	} {
		if *n.value == 0 {
			*n.value = n.def
		}
		if *n.value < 1 || *n.value > n.top {
			errs = append(errs, fmt.Errorf("%s is %d; from 1 to %d", n.name, *n.value, n.top))
		}
	}
	if cfg.PollMax < cfg.PollMin {
		errs = append(errs, errors.New("PollMax is less than PollMin"))
	}
	if cfg.MaxUsage == 0 {
		cfg.MaxUsage = 0.8
	}
	if cfg.ReconcileRatio == 0 {
		cfg.ReconcileRatio = 0.1
	}
	if cfg.ReconcileRatio < 0 || cfg.ReconcileRatio > 1 {
		errs = append(errs, fmt.Errorf("ReconcileRatio is %g; from 0 to 1", cfg.ReconcileRatio))
	}
	if cfg.MaxUsage < 0 || cfg.MaxUsage > 1 {
		errs = append(errs, fmt.Errorf("MaxUsage is %g; from 0 to 1", cfg.MaxUsage))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("importer: configuration: %w", err)
	}
	im := &Importer{cfg: cfg, told: map[string]bool{}}
	im.schemas.byConnection = map[string]*schema{}
	im.schemas.rest = min(max(2*time.Minute, 3*cfg.Interval), 2*time.Hour)
	return im, nil
}

// duration takes 0 for the default and anything negative for none.
func duration(d, def time.Duration) time.Duration {
	switch {
	case d == 0:
		return def
	case d < 0:
		return 0
	}
	return d
}
