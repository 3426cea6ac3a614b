package orglink

import "time"

// Estimate is what a piece of work is expected to cost an org. Zero fields are
// unknown or none.
type Estimate struct {
	// Rows that would be read or written.
	Rows int64
	// Calls against the org's daily API request limit.
	Calls int64
	// Jobs of Bulk API 2.0.
	Jobs int64
	// Time it would take, roughly.
	Time time.Duration
}

// Add returns the sum of two estimates.
func (e Estimate) Add(o Estimate) Estimate {
	return Estimate{Rows: e.Rows + o.Rows, Calls: e.Calls + o.Calls, Jobs: e.Jobs + o.Jobs, Time: e.Time + o.Time}
}
