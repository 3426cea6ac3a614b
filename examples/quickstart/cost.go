package main

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"

	"github.com/orglink/orglink/connection"
	"github.com/orglink/orglink/salesforce"
)

// meter counts what the connection spends.
type meter struct{ calls, jobs atomic.Int64 }

func (m *meter) observe(_ connection.Connection, c salesforce.Call) {
	if c.Status == 0 || c.Status == http.StatusUnauthorized || !strings.HasPrefix(c.Path, "/services/data/v") {
		return // no answer, or one that Salesforce does not count
	}
	m.calls.Add(1)
	if c.Method == http.MethodPost && strings.HasSuffix(c.Path, "/jobs/query") {
		m.jobs.Add(1)
	}
}

// usedCalls asks a fake org how many API calls of the last day it has counted,
// this one included. In a real org other programs count too.
func (j *job) usedCalls(ctx context.Context) (int64, error) {
	client, err := session(j.o.URL, j.o.AccessToken)
	if err != nil {
		return 0, err
	}
	limits, err := client.Limits(ctx)
	if err != nil {
		return 0, fmt.Errorf("ask the org for its API calls: %w", err)
	}
	daily := limits["DailyApiRequests"]
	return daily.Max - daily.Remaining, nil
}

func (j *job) readOrgMeter(ctx context.Context) (err error) {
	if j.o.Fake {
		j.usedBefore, err = j.usedCalls(ctx)
	}
	return err
}

// checkCalls compares what the program counted with what the org did: the
// connection's calls, those of the people, and the one that asks.
func (j *job) checkCalls(ctx context.Context) error {
	if j.people == nil {
		return nil
	}
	used, err := j.usedCalls(ctx)
	if err != nil {
		return err
	}
	counted := j.meter.calls.Load() + j.people.rep.Calls() + j.people.admin.Calls() + j.people.merges + 1
	j.result.expect("API calls of this run", counted, used-j.usedBefore)
	return nil
}
