package importer

import (
	"context"
	"time"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/salesforce"
)

// Progress tells where an import stands, after each step that went well.
type Progress struct {
	Tenant     orglink.TenantID
	Connection orglink.ConnectionID
	Object     string
	// Phase is a word for people: "backfill", "increment", ...
	Phase string
	// Rows were stored by the step.
	Rows int64
	// Calls that the step needed, without repetitions after failures.
	Calls int64
	// Done and Total are the rows of the running Bulk job, as far as known.
	Done, Total int64
	// Stored is how many rows the first reading of the object has stored, and
	// Expected how many the org said that it has when it began, 0 when it did
	// not say. It counts now and then, so that it may be off a little.
	Stored, Expected int64
	// Rate is rows a second since the first reading began, pauses included,
	// and Left the time that the rest takes at that rate; 0 when unknown.
	Rate float64
	Left time.Duration
	// Covered is set when everything before it is stored.
	Covered time.Time
}

// Percent is how much of the first reading is done: 100 when no first reading
// is under way, less than 100 until it is over.
func (p Progress) Percent() float64 {
	switch {
	case p.Phase != "backfill" && p.Phase != "begin":
		return 100
	case p.Expected <= 0:
		return 0
	}
	return min(99, 100*float64(p.Stored)/float64(p.Expected))
}

// Observation is what a step did, for metrics: by tenant, connection and
// object.
type Observation struct {
	Tenant     orglink.TenantID
	Connection orglink.ConnectionID
	Object     string
	Phase      string
	Duration   time.Duration
	// Err is why the step failed. A sink that refuses rows fails the step.
	Err error
	// Kinds counts the changes handed to the sink, Drift those of them that an
	// audit found missing.
	Kinds map[Kind]int64
	Drift int64
	// Calls and Jobs that the step needed.
	Calls, Jobs int64
	// Behind is how far what is stored is behind the org's clock; while a first
	// reading is under way, how long ago its cutoff is. 0 when the step did not
	// come to know.
	Behind time.Duration
	// Usage is the org's quota as this connection heard last.
	Usage salesforce.Usage
}

// firstRead is in the position while all is read for the first time.
type firstRead struct {
	Began  time.Time `json:"began"`
	Expect int64     `json:"expect,omitempty"`
	Rows   int64     `json:"rows,omitempty"`
}

// expect asks how many records there are, roughly: one call, however many.
func (s *step) expect(ctx context.Context) *firstRead {
	f := &firstRead{Began: time.Now().UTC().Truncate(time.Millisecond)}
	s.did.calls++
	// For people only: that the org does not say is no failure.
	if counts, err := s.client.RecordCounts(ctx, s.stream.Object); err == nil {
		f.Expect = counts[s.stream.Object]
	}
	return f
}

// clock asks the org for the time.
func (s *step) clock(ctx context.Context) (time.Time, error) {
	now, err := s.client.ServerTime(ctx)
	if err == nil {
		s.now = now
	}
	return now, err
}

// account notes what is told beside.
func (s *step) account() {
	if s.client != nil {
		s.did.usage = s.client.Usage()
	}
	if !s.now.IsZero() && !s.place.Covered.IsZero() {
		s.did.behind = max(0, s.now.Sub(s.place.Covered))
	}
	if s.place.First != nil {
		first := *s.place.First
		s.did.first = &first
	}
}

func (j *Job) progress(d did) Progress {
	p := Progress{Tenant: j.tenant, Connection: j.conn, Object: j.object, Phase: d.phase, Rows: d.rows, Calls: d.calls,
		Done: d.done, Total: d.total, Covered: d.covered}
	if f := d.first; f != nil {
		p.Stored, p.Expected = f.Rows, f.Expect
		if took := time.Since(f.Began); took > 0 && f.Rows > 0 {
			p.Rate = float64(f.Rows) / took.Seconds()
			p.Left = time.Duration(float64(max(0, f.Expect-f.Rows)) / p.Rate * float64(time.Second))
		}
	}
	return p
}

func (j *Job) observed(d did, took time.Duration, err error) Observation {
	return Observation{Tenant: j.tenant, Connection: j.conn, Object: j.object, Phase: d.phase, Duration: took, Err: err,
		Kinds: d.kinds, Drift: d.drift, Calls: d.calls, Jobs: d.jobs, Behind: d.behind, Usage: d.usage}
}
