package runner

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"
)

// Job is a unit of work that is done in steps. A step is bounded (seconds, not
// hours) and repeatable: it may be cut off anywhere and done again.
type Job interface {
	// Key names the work; at most one step of a key runs at a time, anywhere.
	Key() string
	// Step does a piece and tells when the next is due; a time that is not in
	// the future means at once. fence is to be handed to whatever stores the
	// result. The context is cancelled, with ErrLost as its cause, when the
	// lease is lost.
	Step(ctx context.Context, fence uint64) (next time.Time, err error)
}

// Config configures a Runner. Only Leases is required.
type Config struct {
	// Leases is required.
	Leases LeaseStore
	// Owner names this process among all that share Leases. No two living
	// ones may have the same name. Defaults to host, process id and a random
	// part; a stable name lets a restarted process go on without waiting for
	// its old leases to end.
	Owner string
	// TTL is how long a lease lasts without renewal, and so how long others
	// wait when this process dies. It is renewed three times as often.
	// Defaults to 30 s; at least 100 ms.
	TTL time.Duration
	// Parallel is how many jobs run at once. Defaults to 4.
	Parallel int
	// Slice is how long a job that always has more to do keeps its place in
	// Run before others get it. Defaults to 10 s.
	Slice time.Duration
	// Rescan is how often Run asks its source for the jobs. Defaults to 30 s.
	Rescan time.Duration
	// DemandPoll is how often Run looks for demands of other processes, where
	// Leases is a DemandStore. Defaults to 1 s.
	DemandPoll time.Duration
	// RetryMin and RetryMax bound the wait after a failed step in Run, which
	// doubles from one to the other. Default to 1 s and 5 minutes.
	RetryMin, RetryMax time.Duration
	// Observer is called after every step, also concurrently. It must not
	// block. Defaults to none.
	Observer func(Step)
	// Logger gets failed steps of Run at level Warn. Defaults to none.
	Logger *slog.Logger
}

// Step tells an Observer what a step did.
type Step struct {
	Key      string
	Fence    uint64
	Started  time.Time
	Duration time.Duration
	// Next is when the job is due again.
	Next time.Time
	Err  error
}

// Runner runs jobs under leases. It is safe for concurrent use.
type Runner struct {
	cfg  Config
	mu   sync.Mutex
	busy map[string]chan struct{} // keys at work in this process
	wake chan string

	stop     chan struct{}
	stopOnce sync.Once
}

// New returns a runner. It does no I/O; all problems of the configuration are
// reported together.
func New(cfg Config) (*Runner, error) {
	var errs []error
	if cfg.Leases == nil {
		errs = append(errs, errors.New("Leases is missing: give a NewMemoryStore or NewSQLStore"))
	}
	defaults(&cfg)
	if cfg.TTL < 100*time.Millisecond {
		errs = append(errs, fmt.Errorf("TTL is %s; at least 100ms", cfg.TTL))
	}
	if cfg.Parallel < 1 {
		errs = append(errs, fmt.Errorf("Parallel is %d; at least 1", cfg.Parallel))
	}
	if cfg.Slice < 0 || cfg.Rescan < 0 || cfg.DemandPoll < 0 || cfg.RetryMin < 0 || cfg.RetryMax < cfg.RetryMin {
		errs = append(errs, errors.New("Slice, Rescan, DemandPoll, RetryMin and RetryMax must be positive and in order"))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("runner: configuration: %w", err)
	}
	return &Runner{cfg: cfg, busy: map[string]chan struct{}{}, wake: make(chan string), stop: make(chan struct{})}, nil
}

func defaults(cfg *Config) {
	if cfg.Owner == "" {
		host, _ := os.Hostname()
		cfg.Owner = fmt.Sprintf("%s-%d-%s", host, os.Getpid(), rand.Text()[:8])
	}
	if cfg.TTL == 0 {
		cfg.TTL = 30 * time.Second
	}
	if cfg.Parallel == 0 {
		cfg.Parallel = 4
	}
	if cfg.Slice == 0 {
		cfg.Slice = 10 * time.Second
	}
	if cfg.Rescan == 0 {
		cfg.Rescan = 30 * time.Second
	}
	if cfg.DemandPoll == 0 {
		cfg.DemandPoll = time.Second
	}
	if cfg.RetryMin == 0 {
		cfg.RetryMin = time.Second
	}
	if cfg.RetryMax == 0 {
		cfg.RetryMax = max(5*time.Minute, cfg.RetryMin)
	}
}
