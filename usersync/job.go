package usersync

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/salesforce/sobject"
)

// JobConfig says how a Job works. The zero one is fine.
type JobConfig struct {
	// Every is how often changes are looked for. Defaults to 15 minutes.
	Every time.Duration
	// FullEvery is how often everybody is looked at, which finds what changes
	// do not tell: users without a pair who were thawed, users who are shown no
	// more, accounts that the product changed. Defaults to 24 hours.
	FullEvery time.Duration
	// Lag is how long before the org's own time a window ends, and Overlap how
	// long before the last one's end it begins: changes are seen by others
	// later than their SystemModstamp says. Default to 5 and 15 minutes.
	Lag, Overlap time.Duration
	// Batch is how many users a step looks at, at most 2000. Defaults to 400.
	Batch int
}

// retryMax is how many users are remembered for whom something failed; when
// there are more, the next pass looks at everybody.
const retryMax = 1000

// Job keeps the users of one connection in step, without anybody looking: it
// does what Plan and Apply would do, in bounded steps that may die anywhere
// and be repeated, at first for everybody and then for those who changed. It
// creates no accounts under a strategy that needs a go-ahead. It has the shape
// of a job of package sync/runner; any other scheduler may call Step when it
// is due.
type Job struct {
	s      *Service
	tenant orglink.TenantID
	conn   orglink.ConnectionID
	cfg    JobConfig
}

// Job returns the job of a connection.
func (s *Service) Job(tenant orglink.TenantID, conn orglink.ConnectionID, cfg JobConfig) (*Job, error) {
	var errs []error
	if s.cfg.Positions == nil {
		errs = append(errs, errors.New("Config.Positions is missing: give a *SQLStore, or a Memory in tests"))
	}
	for _, d := range []struct {
		name string
		v    *time.Duration
		def  time.Duration
	}{{"Every", &cfg.Every, 15 * time.Minute}, {"FullEvery", &cfg.FullEvery, 24 * time.Hour}, {"Lag", &cfg.Lag, 5 * time.Minute}, {"Overlap", &cfg.Overlap, 15 * time.Minute}} {
		if *d.v < 0 {
			errs = append(errs, fmt.Errorf("%s is %s; it must not be negative", d.name, *d.v))
		}
		if *d.v == 0 {
			*d.v = d.def
		}
	}
	if cfg.Batch == 0 {
		cfg.Batch = readSize
	}
	if cfg.Batch < 1 || cfg.Batch > 2000 {
		errs = append(errs, fmt.Errorf("Batch is %d; it is 1 to 2000", cfg.Batch))
	}
	if len(errs) > 0 {
		return nil, fmt.Errorf("usersync: job of connection %s: %w", conn, errors.Join(errs...))
	}
	return &Job{s, tenant, conn, cfg}, nil
}

// Key names the work.
func (j *Job) Key() string { return "usersync/" + string(j.tenant) + "/" + string(j.conn) }

// Step does a batch, or finds that nothing is due, and tells when the next is.
// What fails for one user is told as an event ("usersync.failed") and tried
// again in the next pass; the error is for what stops all.
func (j *Job) Step(ctx context.Context, fence uint64) (next time.Time, err error) {
	org, err := j.s.org(ctx, j.tenant, j.conn)
	if err != nil {
		return time.Time{}, err
	}
	pos, err := j.s.cfg.Positions.OpenPosition(ctx, j.tenant, org, fence)
	if err != nil {
		return time.Time{}, err
	}
	if pos.Phase == "" {
		if next, err = j.begin(ctx, &pos); err != nil || pos.Phase == "" {
			return next, err
		}
	}
	switch pos.Phase {
	case phaseAll:
		err = j.all(ctx, org, &pos)
	case phaseChanged:
		err = j.changed(ctx, org, &pos)
	case phaseFrozen:
		err = j.frozen(ctx, org, &pos)
	default:
		err = j.retry(ctx, org, &pos)
	}
	if err != nil {
		return time.Time{}, err
	}
	if err := j.s.cfg.Positions.SetPosition(ctx, j.tenant, org, fence, pos); err != nil {
		return time.Time{}, err
	}
	if pos.Phase == "" {
		return time.Now().Add(j.cfg.Every), nil
	}
	return time.Now(), nil
}

// begin opens a pass when one is due.
func (j *Job) begin(ctx context.Context, pos *Position) (time.Time, error) {
	client, err := j.s.cfg.Clients.Client(ctx, j.tenant, j.conn)
	if err != nil {
		return time.Time{}, fmt.Errorf("usersync: client of connection %s: %w", j.conn, err)
	}
	now, err := client.ServerTime(ctx)
	if err != nil {
		return time.Time{}, fmt.Errorf("usersync: the org's time: %w", err)
	}
	until := now.Add(-j.cfg.Lag)
	full := pos.FullAt.IsZero() || now.Sub(pos.FullAt) >= j.cfg.FullEvery
	if wait := pos.Done.Add(j.cfg.Every).Sub(until); !full && wait > 0 {
		return time.Now().Add(wait), nil
	}
	pos.Phase, pos.From, pos.Until, pos.After, pos.AfterAt = phaseChanged, pos.Done.Add(-j.cfg.Overlap), until, "", time.Time{}
	if full {
		pos.Phase, pos.FullAt = phaseAll, now
	}
	return time.Time{}, nil
}

// all does a batch of everybody, and of the paired users who are not shown.
func (j *Job) all(ctx context.Context, org sobject.ID, pos *Position) error {
	where := ""
	if pos.After != "" {
		where = " WHERE Id > '" + string(pos.After) + "'"
	}
	users, _, err := j.s.readPage(ctx, j.tenant, j.conn, fmt.Sprintf("%s ORDER BY Id LIMIT %d", where, j.cfg.Batch))
	if err != nil {
		return err
	}
	shown := make(map[sobject.ID]bool, len(users))
	for _, u := range users {
		shown[u.ID] = true
	}
	last := sobject.ID("")
	if len(users) == j.cfg.Batch {
		last = users[len(users)-1].ID
	}
	var missing []sobject.ID
	for after, more := pos.After, true; more; {
		page, err := j.s.cfg.Pairs.List(ctx, j.tenant, org, after, 1000)
		if err != nil {
			return err
		}
		more = len(page) > 0
		for _, p := range page {
			if after = p.Salesforce; last != "" && after > last {
				more = false
				break
			}
			if !shown[after] {
				missing = append(missing, after)
			}
		}
	}
	if err := j.do(ctx, org, users, missing, pos); err != nil {
		return err
	}
	if pos.After = last; last == "" {
		pos.finish()
	}
	return nil
}

// finish ends a pass over users; what failed is tried again once.
func (p *Position) finish() {
	p.Done, p.After, p.AfterAt, p.Phase = p.Until, "", time.Time{}, ""
}

// changed does a batch of those who changed since the last pass.
func (j *Job) changed(ctx context.Context, org sobject.ID, pos *Position) error {
	where := fmt.Sprintf(" WHERE SystemModstamp >= %s AND SystemModstamp <= %s", instant(pos.From), instant(pos.Until))
	if pos.After != "" {
		at := instant(pos.AfterAt)
		where += fmt.Sprintf(" AND (SystemModstamp > %s OR (SystemModstamp = %s AND Id > '%s'))", at, at, pos.After)
	}
	users, _, err := j.s.readPage(ctx, j.tenant, j.conn, fmt.Sprintf("%s ORDER BY SystemModstamp, Id LIMIT %d", where, j.cfg.Batch))
	if err != nil {
		return err
	}
	if err := j.do(ctx, org, users, nil, pos); err != nil {
		return err
	}
	if len(users) == j.cfg.Batch {
		last := users[len(users)-1]
		pos.AfterAt, pos.After = last.Modified, last.ID
		return nil
	}
	pos.After, pos.AfterAt, pos.Phase = "", time.Time{}, phaseFrozen
	return nil
}

func instant(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }

// frozen does a batch of the paired users who were frozen or thawed.
func (j *Job) frozen(ctx context.Context, org sobject.ID, pos *Position) error {
	client, err := j.s.cfg.Clients.Client(ctx, j.tenant, j.conn)
	if err != nil {
		return fmt.Errorf("usersync: client of connection %s: %w", j.conn, err)
	}
	now, shown, err := frozenUsers(ctx, client, nil)
	if err != nil {
		return fmt.Errorf("usersync: read which users are frozen: %w", err)
	}
	var ids []sobject.ID
	for shown && len(ids) < j.cfg.Batch {
		page, err := j.s.cfg.Pairs.List(ctx, j.tenant, org, pos.After, 1000)
		if err != nil {
			return err
		}
		if len(page) == 0 {
			break
		}
		for _, p := range page {
			if len(ids) == j.cfg.Batch {
				break
			}
			if pos.After = p.Salesforce; p.Seen.Frozen != now[p.Salesforce] {
				ids = append(ids, p.Salesforce)
			}
		}
	}
	if err := j.byID(ctx, org, ids, pos); err != nil {
		return err
	}
	if len(ids) < j.cfg.Batch {
		pos.After, pos.Phase = "", phaseRetry
	}
	return nil
}

// retry does those for whom something failed in the pass before, or this one.
func (j *Job) retry(ctx context.Context, org sobject.ID, pos *Position) error {
	ids := pos.Retry
	pos.Retry = nil
	if err := j.byID(ctx, org, ids, pos); err != nil {
		return err
	}
	pos.finish()
	return nil
}

func (j *Job) byID(ctx context.Context, org sobject.ID, ids []sobject.ID, pos *Position) error {
	if len(ids) == 0 {
		return nil
	}
	users, _, err := j.s.readUsers(ctx, j.tenant, j.conn, ids)
	if err != nil {
		return err
	}
	return j.do(ctx, org, users, nil, pos)
}

// do plans and applies for some users, and for paired ones whom the org does
// not show.
func (j *Job) do(ctx context.Context, org sobject.ID, users []SalesforceUser, missing []sobject.ID, pos *Position) error {
	s := j.s
	entries, err := s.decidePart(ctx, j.tenant, j.conn, org, users, s.cfg.Strategy, false)
	if err != nil {
		return err
	}
	gone, err := s.reread(ctx, j.tenant, j.conn, org, missing)
	if err != nil {
		return err
	}
	p := &Plan{Tenant: j.tenant, Connection: j.conn, Org: org, Strategy: s.cfg.Strategy.Name(), Entries: append(entries, gone...)}
	waiting := 0
	for i := range p.Entries {
		if e := &p.Entries[i]; e.Action == ActionCreate && s.cfg.Strategy.GoAhead() {
			e.Action = ActionLeave
			waiting++
		}
	}
	if waiting > 0 {
		s.event(j.tenant, j.conn, "usersync.waiting", "", fmt.Sprintf("%d Salesforce users wait for an account: plan, and go ahead.", waiting))
	}
	if err := s.seat(ctx, p); err != nil {
		return err
	}
	res, err := s.Apply(ctx, p)
	if err != nil {
		return err
	}
	for _, f := range res.Failed {
		s.event(j.tenant, j.conn, "usersync.failed", f.User, f.Err.Error())
		if !slices.Contains(pos.Retry, f.User) {
			pos.Retry = append(pos.Retry, f.User)
		}
	}
	if len(pos.Retry) > retryMax {
		pos.Retry, pos.FullAt = nil, time.Time{}
	}
	return nil
}
