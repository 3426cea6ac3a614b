package importer

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"

	"github.com/orglink/orglink/salesforce"
)

// ledger knows how far the daily requests of each org are used up, as any of
// its connections heard last: they share one quota.
type ledger struct {
	mu   sync.Mutex
	orgs map[string]usage // by instance
}

type usage struct {
	salesforce.Usage
	at time.Time // when the figures were new
}

// reserve returns ErrQuotaReserve when background work is to leave the rest of
// the org's requests to people.
func (im *Importer) reserve(ctx context.Context, c *salesforce.Client) error {
	instance, err := c.InstanceURL(ctx)
	if err != nil {
		return err
	}
	u := im.ledger.learn(instance, c.Usage(), im.cfg.UsageAge)
	if !im.refuses(u.Usage) {
		return nil
	}
	if im.ledger.claim(instance, im.cfg.UsageAge) {
		_, err := c.Limits(salesforce.Interactive(ctx)) // for its header
		if err != nil && !errors.Is(err, salesforce.ErrDailyLimit) {
			return err
		}
		if u = im.ledger.set(instance, c.Usage()); !im.refuses(u.Usage) {
			return nil
		}
	}
	return fmt.Errorf("%w (%d of %d)", ErrQuotaReserve, u.Used, u.Max)
}

func (im *Importer) refuses(u salesforce.Usage) bool {
	return u.Max > 0 && float64(u.Used) >= im.cfg.MaxUsage*float64(u.Max)
}

// learn notes what a client heard, if it is new, and returns what is known. A
// client repeats its last figures, so that lower ones are believed only when
// the known ones are old.
func (l *ledger) learn(instance string, now salesforce.Usage, age time.Duration) usage {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.orgs == nil {
		l.orgs = map[string]usage{}
	}
	have, known := l.orgs[instance]
	if now.Max > 0 && (!known || now.Used > have.Used || now.Max != have.Max || now.Used < have.Used && time.Since(have.at) >= age) {
		have = usage{now, time.Now()}
		l.orgs[instance] = have
	}
	if len(l.orgs) > 10_000 {
		maps.DeleteFunc(l.orgs, func(_ string, u usage) bool { return time.Since(u.at) > 24*time.Hour })
	}
	return have
}

// claim lets one caller look at old figures again.
func (l *ledger) claim(instance string, age time.Duration) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	u := l.orgs[instance]
	if time.Since(u.at) < age {
		return false
	}
	u.at = time.Now()
	l.orgs[instance] = u
	return true
}

// set notes figures that were just asked for.
func (l *ledger) set(instance string, now salesforce.Usage) usage {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.orgs[instance] = usage{now, time.Now()}
	return l.orgs[instance]
}
