package importer

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/orglink/orglink/salesforce"
	"github.com/orglink/orglink/salesforce/soql"
)

// probes are the answers of an org to whether anything changed. Streams of a
// connection are due together; the first asks for some others too, in one
// composite request, and those that hear of nothing need no call of their own.
type probes struct {
	probing sync.Mutex // also held during the call, so that one asks for all
	answers map[string]*answer
	stands  map[string]stand
}

// stand is from where an object's stream will ask next.
type stand struct{ from, log time.Time }

// answer tells what an object had to report in a window of its own.
type answer struct {
	at time.Time // of this process's clock
	// The window: the answer holds for every one that begins later.
	from, to time.Time
	logFrom  time.Time
	// noRows: no record, deleted ones included, has a SystemModstamp in it.
	noRows bool
	// log is up to when the log of deletions is known to be empty; zero: it is
	// to be read.
	log time.Time
}

// probeObjects is how many objects a composite request asks for: it takes five
// queries.
const probeObjects = 5

// probeAge is how old an answer may be at most.
const probeAge = time.Minute

// ask tells the end of the next window, and what is known about it; nil when
// none is to be read yet.
func (s *step) ask(ctx context.Context) (*answer, error) {
	p := &s.schema.probes
	p.probing.Lock()
	defer p.probing.Unlock()
	mine := s.stands()
	if p.stands == nil {
		p.stands, p.answers = map[string]stand{}, map[string]*answer{}
	}
	p.stands[s.job.object] = mine
	a := p.answers[s.job.object]
	if !s.serves(a, mine) {
		now, err := s.clock(ctx)
		if err != nil {
			return nil, err
		}
		to := now.Add(-s.im.cfg.Lag).Truncate(time.Second)
		if !to.After(s.place.Covered) || s.soon(to) {
			return nil, nil
		}
		if err := s.probe(ctx, p, mine, to); err != nil {
			return nil, err
		}
		a = p.answers[s.job.object]
	}
	delete(p.answers, s.job.object) // the next window is another
	if s.now.IsZero() {
		s.now = a.to.Add(s.im.cfg.Lag)
	}
	if s.lenient && !s.schema.freshSince(s.job.object, s.im.cfg.DescribeEvery, a.at) {
		p.answers[s.job.object] = a
		return nil, errStale
	}
	p.stands[s.job.object] = stand{a.to.Add(-s.im.cfg.Overlap), a.to.Add(-s.im.cfg.Overlap)}
	return a, nil
}

// stands is where the stream stands.
func (s *step) stands() stand {
	out := stand{s.place.Covered.Add(-s.im.cfg.Overlap), s.place.DeletesThrough.Add(-s.im.cfg.Overlap)}
	if s.place.DeletesThrough.IsZero() {
		out.log = out.from
	}
	return out
}

// serves tells whether an answer is one to this stream's question.
func (s *step) serves(a *answer, mine stand) bool {
	return a != nil && time.Since(a.at) <= min(probeAge, s.im.cfg.Interval/4) && !a.from.After(mine.from) && !a.logFrom.After(mine.log) &&
		a.to.After(s.place.Covered) && !a.to.Before(s.until)
}

// asked is what a composite request asks about one object.
type asked struct {
	object         string
	answer         *answer
	rows, log      salesforce.Ref
	describe       salesforce.Ref
	logged, cached bool
}

// probe asks for the stream's object and its neighbours. What is not answered
// is left open, for the stream itself to find out.
func (s *step) probe(ctx context.Context, p *probes, mine stand, to time.Time) error {
	at := slices.Index(s.objects, s.job.object) / probeObjects * probeObjects
	var b salesforce.Composite
	var list []asked
	began := time.Now()
	for _, object := range s.objects[at:min(at+probeObjects, len(s.objects))] {
		from := mine
		if other, ok := p.stands[object]; ok {
			from = other
		}
		d := s.schema.kept(object)
		if d == nil || !from.from.Before(to) {
			continue
		}
		one := asked{object: object, answer: &answer{at: began, from: from.from, to: to, logFrom: from.log}}
		q := soql.Select("Id").From(object).Where(soql.AllOf(soql.Compare("SystemModstamp", soql.OpGe, soql.DateTime(from.from)),
			soql.Compare("SystemModstamp", soql.OpLt, soql.DateTime(to)))).Limit(1)
		one.rows = b.QueryAll(q.String())
		if d.Replicateable && from.log.Before(to) && from.log.After(to.Add(-deletedReach)) {
			one.log, one.logged = b.Deleted(object, from.log, to), true
		}
		if !s.schema.fresh(object, s.im.cfg.DescribeEvery) {
			one.describe, one.cached = s.schema.conditional(&b, object), true
		}
		list = append(list, one)
	}
	p.answers[s.job.object] = &answer{at: began, from: mine.from, to: to, logFrom: mine.log}
	if len(list) == 0 {
		return nil
	}
	s.did.calls++
	result, err := s.client.Composite(ctx, &b)
	var refused *salesforce.Error
	if errors.As(err, &refused) && (refused.StatusCode == http.StatusBadRequest || refused.StatusCode == http.StatusNotFound) {
		return nil // not this way
	}
	if err != nil {
		return err
	}
	for _, one := range list {
		if err := s.heard(result, one); err != nil {
			return err
		}
		p.answers[one.object] = one.answer
	}
	return nil
}

// heard reads the answers about one object.
func (s *step) heard(result *salesforce.CompositeResult, one asked) error {
	rows, err := result.Of(one.rows).Records()
	var refused *salesforce.Error
	switch {
	case err == nil:
		one.answer.noRows = len(rows) == 0
	case !errors.As(err, &refused):
		return err
	}
	if one.logged {
		log, err := result.Of(one.log).Deletions()
		switch {
		case err == nil && len(log.Records) == 0 && !log.EarliestAvailable.After(one.answer.logFrom.Add(s.im.cfg.Overlap)):
			one.answer.log = one.answer.to
			if log.LatestCovered.Before(one.answer.to) {
				one.answer.log = log.LatestCovered
			}
		case err != nil && !errors.As(err, &refused):
			return err
		}
	}
	if one.cached {
		s.schema.revalidated(one.object, one.answer.at, result.Of(one.describe).Status == http.StatusNotModified)
	}
	return nil
}
