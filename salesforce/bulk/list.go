package bulk

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"time"

	"github.com/orglink/orglink/salesforce"
	"github.com/orglink/orglink/salesforce/sobject"
)

// Jobs walks the query jobs, or the ingest jobs, of Bulk API 2.0 that the org
// still knows, whoever made them: one API call for 1,000. A list tells states
// but not progress. An error comes once and last.
func Jobs(ctx context.Context, c *salesforce.Client, queries bool) iter.Seq2[JobInfo, error] {
	kind, jobType := "ingest", "V2Ingest"
	if queries {
		kind, jobType = "query", "V2Query"
	}
	return func(yield func(JobInfo, error) bool) {
		seen := map[string]bool{}
		for at := ""; ; {
			req := salesforce.Request{Method: http.MethodGet, Path: "jobs/" + kind, Operation: "bulk." + kind + ".list", Query: url.Values{"jobType": {jobType}}}
			if at != "" {
				req.Query.Set("queryLocator", at)
			}
			var list struct {
				Done    bool      `json:"done"`
				Records []JobInfo `json:"records"`
				Next    string    `json:"nextRecordsUrl"`
			}
			if err := c.DoJSON(ctx, req, &list); err != nil {
				yield(JobInfo{}, explain(err))
				return
			}
			for _, info := range list.Records {
				if !yield(info, nil) {
					return
				}
			}
			if list.Done {
				return
			}
			next, err := url.Parse(list.Next)
			if err != nil || next.Query().Get("queryLocator") == "" || seen[list.Next] {
				yield(JobInfo{}, fmt.Errorf("bulk: list of %s jobs: more are promised, but not where: %w", kind, salesforce.ErrIncomplete))
				return
			}
			seen[list.Next] = true
			at = next.Query().Get("queryLocator")
		}
	}
}

// AbortStale aborts the ingest jobs that the client's user left open for
// longer than age: what remains of processes that died while they uploaded.
// Nothing of an open job was worked on. It returns the aborted ones; a job that
// cannot be aborted does not keep it from the others.
func AbortStale(ctx context.Context, c *salesforce.Client, age time.Duration) ([]JobInfo, error) {
	me, err := c.Identity(ctx)
	if err != nil {
		return nil, err
	}
	now, err := c.ServerTime(ctx)
	if err != nil {
		return nil, err
	}
	var aborted []JobInfo
	var errs []error
	for info, err := range Jobs(ctx, c, false) {
		if err != nil {
			errs = append(errs, err)
			break
		}
		if by, err := sobject.ParseID(info.CreatedByID); err != nil || by != me.UserID || info.State != Open {
			continue
		}
		created, err := sobject.ParseDateTime(info.CreatedDate)
		if err != nil || now.Sub(created) <= age {
			continue
		}
		j := &job{client: c, kind: "ingest", id: info.ID, object: info.Object}
		if err := j.Abort(ctx); err != nil {
			errs = append(errs, err)
			continue
		}
		aborted = append(aborted, info)
	}
	return aborted, errors.Join(errs...)
}
