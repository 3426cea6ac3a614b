package exporter

import (
	"time"

	"github.com/orglink/orglink"
)

// Report is what a run or a step did.
type Report struct {
	Tenant     orglink.TenantID
	Connection orglink.ConnectionID
	// Claimed is how many rows were taken out; each of them is counted once
	// below, unless an error ended the run.
	Claimed int
	// How they ended.
	Created, Updated, Unchanged, Deleted int
	Rejected, Parked                     int
	// Retrying wait for another attempt.
	Retrying int
	// Verified are those among the above that were found in the org by
	// reading back after a lost answer or a dead worker, and not sent again.
	Verified int
	// Calls against the org's daily limit.
	Calls int64
	// Rejections are the first rejected and parked rows, at most 100.
	Rejections []Rejection
	Started    time.Time
	Took       time.Duration
}

// Rejection is one row that was refused.
type Rejection struct {
	Object, Key string
	State       State
	Reason      Reason
}

const maxRejections = 100

func newReport(tenant orglink.TenantID, conn orglink.ConnectionID) Report {
	return Report{Tenant: tenant, Connection: conn, Started: time.Now()}
}

func (r *Report) add(o Report) {
	r.Claimed += o.Claimed
	r.Created += o.Created
	r.Updated += o.Updated
	r.Unchanged += o.Unchanged
	r.Deleted += o.Deleted
	r.Rejected += o.Rejected
	r.Parked += o.Parked
	r.Retrying += o.Retrying
	r.Verified += o.Verified
	r.Calls += o.Calls
	r.Rejections = append(r.Rejections, o.Rejections[:min(len(o.Rejections), maxRejections-len(r.Rejections))]...)
}

// count adds one settled row.
func (r *Report) count(e Entry, s Settlement, verified bool) {
	switch s.State {
	case Pending:
		r.Retrying++
	case Rejected, Parked:
		if s.State == Rejected {
			r.Rejected++
		} else {
			r.Parked++
		}
		if len(r.Rejections) < maxRejections && s.Reason != nil {
			r.Rejections = append(r.Rejections, Rejection{e.Object, e.Key, s.State, *s.Reason})
		}
	case Succeeded:
		switch s.Outcome {
		case Created:
			r.Created++
		case Updated:
			r.Updated++
		case Unchanged:
			r.Unchanged++
		case Deleted:
			r.Deleted++
		}
		if verified {
			r.Verified++
		}
	}
}
