package exporter

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/mapping"
	"github.com/orglink/orglink/salesforce"
	"github.com/orglink/orglink/salesforce/sobject"
)

// Clients hands out the client of a connection; *connection.Manager does.
type Clients interface {
	Client(ctx context.Context, tenant orglink.TenantID, conn orglink.ConnectionID) (*salesforce.Client, error)
}

// Links remembers what was last written for each row; link.Store does. Object
// is the name of the map.
type Links interface {
	// Written returns what was last written for the keys that are known.
	Written(ctx context.Context, tenant orglink.TenantID, conn orglink.ConnectionID, object string, keys []string) (map[string]mapping.Written, error)
	// SaveWritten records writes. One with neither record nor hash forgets
	// its key.
	SaveWritten(ctx context.Context, tenant orglink.TenantID, conn orglink.ConnectionID, object string, written []mapping.Written) error
}

// Config configures a Service. Clients, Outbox, Links and Maps or Exporters
// are required.
type Config struct {
	// Clients hands out the client of a connection. Required.
	Clients Clients
	// Outbox holds the changes. Required.
	Outbox Outbox
	// Links remembers what was written. Required.
	Links Links
	// Maps translate rows to records, by the name that Change.Object gives:
	// short for an Exporter of type Records.
	Maps map[string]mapping.Map
	// Exporters write the changes of the names that are not in Maps.
	Exporters map[string]Exporter
	// Identity decides as whom to write; give the *connection.Attributor.
	// Defaults to TeamIdentity.
	Identity Identity
	// BatchRows is how many rows a step takes, 1 to 200. Defaults to 200,
	// which is one request when all are of one object.
	BatchRows int
	// MaxAttempts is after how many failed attempts of its own a row is
	// parked. Times when the org as a whole was out of reach do not count.
	// Defaults to 12.
	MaxAttempts int
	// Poll is how soon a job looks again when nothing is due. Defaults to 1
	// second.
	Poll time.Duration
	// DescribeFor is for how long an object's describe is used. Defaults to
	// 10 minutes.
	DescribeFor time.Duration
	// AllowDuplicates saves rows that a duplicate rule of the org would only
	// warn about. Defaults to rejecting them.
	AllowDuplicates bool
	// RejectMerged rejects a row whose record was merged into another in the
	// org. Defaults to following it: the survivor is written and takes the
	// row's external id, unless it is the record of another row already.
	RejectMerged bool
	// Converted names, for a name whose rows are leads, the one whose map turns
	// the same rows into contacts: a lead that was converted is then written
	// there, to the contact that it became. Both are Records or in Maps.
	// Defaults to rejecting the row.
	Converted map[string]string
	// DropInactiveOwner creates a record without the owner that Identity named
	// when that user is inactive in Salesforce; it is the writer's then.
	// Defaults to rejecting the row.
	DropInactiveOwner bool
	// Progress is called with the report of each step that had work, before
	// the step returns. It must not block. Defaults to nothing.
	Progress func(Report)
}

// Service writes the changes of an outbox to Salesforce. It is safe for
// concurrent use; for one connection one step runs at a time, which the
// runner's lease provides.
type Service struct {
	cfg       Config
	exporters map[string]Exporter

	mu        sync.Mutex
	describes map[describeKey]described
	swept     time.Time // when old describes were last dropped
}

type describeKey struct {
	tenant orglink.TenantID
	conn   orglink.ConnectionID
	object string
}

type described struct {
	*sobject.Describe
	at time.Time
}

// New returns a service. All problems of the configuration are reported
// together; no I/O is done.
func New(cfg Config) (*Service, error) {
	var errs []error
	need := func(ok bool, problem string) {
		if !ok {
			errs = append(errs, errors.New(problem))
		}
	}
	need(cfg.Clients != nil, "Clients is missing: give the *connection.Manager")
	need(cfg.Outbox != nil, "Outbox is missing: NewSQLOutbox makes one, or NewMemory for tests")
	need(cfg.Links != nil, "Links is missing: package link has stores")
	need(len(cfg.Maps)+len(cfg.Exporters) > 0, "Maps is empty, and Exporters too: say how rows become records")
	exporters := maps.Clone(cfg.Exporters)
	if exporters == nil {
		exporters = make(map[string]Exporter)
	}
	for name, m := range cfg.Maps {
		if exporters[name] != nil {
			errs = append(errs, fmt.Errorf("%q is in Maps and in Exporters; keep one of them", name))
		}
		exporters[name] = Records{Map: m}
	}
	for _, name := range slices.Sorted(maps.Keys(exporters)) {
		if name == "" || len(name) > MaxKey {
			errs = append(errs, fmt.Errorf("Maps: the name %.40q has %d bytes; it needs 1 to %d", name, len(name), MaxKey))
		}
		if ours, ok := exporters[name].(interface{ check() error }); ok {
			if err := ours.check(); err != nil {
				errs = append(errs, fmt.Errorf("%q: %w", name, err))
			}
		} else if exporters[name] == nil {
			errs = append(errs, fmt.Errorf("Exporters[%q] is nil", name))
		}
	}
	for leads, contacts := range cfg.Converted {
		from, okFrom := exporters[leads].(Records)
		to, okTo := exporters[contacts].(Records)
		if !okFrom || !okTo || !strings.EqualFold(from.Map.Object, "Lead") || !strings.EqualFold(to.Map.Object, "Contact") {
			errs = append(errs, fmt.Errorf("Converted: %q must be Records of Lead and %q Records of Contact", leads, contacts))
		}
	}
	if cfg.Identity == nil {
		cfg.Identity = TeamIdentity{}
	}
	if cfg.BatchRows == 0 {
		cfg.BatchRows = salesforce.CollectionSize
	}
	if cfg.MaxAttempts == 0 {
		cfg.MaxAttempts = 12
	}
	if cfg.Poll == 0 {
		cfg.Poll = time.Second
	}
	if cfg.DescribeFor == 0 {
		cfg.DescribeFor = 10 * time.Minute
	}
	if cfg.BatchRows < 1 || cfg.BatchRows > salesforce.CollectionSize {
		errs = append(errs, fmt.Errorf("BatchRows is %d; it must be 1 to %d", cfg.BatchRows, salesforce.CollectionSize))
	}
	if cfg.MaxAttempts < 1 || cfg.Poll < 0 || cfg.DescribeFor < 0 {
		errs = append(errs, errors.New("MaxAttempts, Poll and DescribeFor must not be negative"))
	}
	if len(errs) > 0 {
		return nil, fmt.Errorf("exporter: config: %w", errors.Join(errs...))
	}
	return &Service{cfg: cfg, exporters: exporters, describes: make(map[describeKey]described)}, nil
}

// Job exports the changes of one connection, step by step, under a runner's
// lease.
type Job struct {
	service *Service
	tenant  orglink.TenantID
	conn    orglink.ConnectionID
}

// Job returns the job of a connection.
func (s *Service) Job(tenant orglink.TenantID, conn orglink.ConnectionID) *Job {
	return &Job{s, tenant, conn}
}

// Key names the job.
func (j *Job) Key() string { return JobKey(j.tenant, j.conn) }

// JobKey is the key of a connection's job. After its commit a host may give it
// to the runner's Demand or Wake, so that fresh changes leave at once; without
// it they leave within Config.Poll.
func JobKey(tenant orglink.TenantID, conn orglink.ConnectionID) string {
	return fmt.Sprintf("export/%s/%s", tenant, conn)
}

// Step exports one batch and tells when to come again. The error is of the
// connection or a store; what is wrong with rows is in the outbox.
func (j *Job) Step(ctx context.Context, fence uint64) (next time.Time, err error) {
	_, wait, err := j.service.step(ctx, j.tenant, j.conn, fence)
	return time.Now().Add(wait), err
}

// Run exports until nothing is due and reports what it did. It is for programs
// in which nothing else exports this connection at the same time: it works
// under the fence that the outbox saw last. Rows that wait for a later attempt
// are counted as Retrying.
func (s *Service) Run(ctx context.Context, tenant orglink.TenantID, conn orglink.ConnectionID) (Report, error) {
	total := newReport(tenant, conn)
	fence, err := s.cfg.Outbox.Fence(ctx, tenant, conn)
	if err != nil {
		return total, err
	}
	for {
		rep, wait, err := s.step(ctx, tenant, conn, fence)
		total.add(rep)
		if err != nil || wait > 0 {
			total.Took = time.Since(total.Started)
			return total, err
		}
	}
}

// describe returns an object's describe, from memory where it is fresh.
func (s *Service) describe(ctx context.Context, client *salesforce.Client, tenant orglink.TenantID, conn orglink.ConnectionID, object string) (*sobject.Describe, error) {
	k := describeKey{tenant, conn, object}
	s.mu.Lock()
	have, ok := s.describes[k]
	s.mu.Unlock()
	if ok && time.Since(have.at) < s.cfg.DescribeFor {
		return have.Describe, nil
	}
	d, err := client.Describe(ctx, object)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	if now.Sub(s.swept) >= s.cfg.DescribeFor { // those of connections that rest
		s.swept = now
		maps.DeleteFunc(s.describes, func(_ describeKey, d described) bool { return now.Sub(d.at) >= s.cfg.DescribeFor })
	}
	s.describes[k] = described{d, now}
	return d, nil
}
