package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/orglink/orglink/connection"
	"github.com/orglink/orglink/salesforce/sobject"
	"github.com/orglink/orglink/sync/exporter"
	"github.com/orglink/orglink/sync/importer"
	"github.com/orglink/orglink/sync/integration"
	"github.com/orglink/orglink/sync/mirror"
)

// job is one run of the program.
type job struct {
	*host
	db       *sql.DB
	c        *config
	o        *org
	p        *progress
	callback *callbackServer
	meter    *meter

	write    bool     // the org may be written to
	objects  []string // that are imported
	hasUsage bool     // the org has the object that the product writes to

	connection  connection.Connection
	integration integration.Integration
	people      *people
	usedBefore  int64 // API calls of the org when the run began, as the org counts
	plan        *plan
	result      *result
}

// sync brings the mirror up to the org's present.
func (j *job) sync(ctx context.Context) (importer.Report, error) {
	report, err := j.Importer.Sync(ctx, tenant, j.connection.ID, importer.SyncOptions{})
	if err != nil {
		return report, err
	}
	for _, o := range report.Objects {
		for i := range j.result.Objects {
			if j.result.Objects[i].Object == o.Object {
				j.result.Objects[i].Read += o.Rows
			}
		}
	}
	return report, nil
}

// importAll reads everything the first time, and what changed since later.
func (j *job) importAll(ctx context.Context) error {
	if err := j.knowColleagues(ctx); err != nil {
		return err
	}
	report, err := j.sync(ctx)
	if err != nil {
		return err
	}
	var rows int64
	for _, o := range report.Objects {
		rows += o.Rows
	}
	j.p.Done("\nimported    %d rows of %d objects in %.1f seconds, %d calls, %d Bulk jobs", rows, len(report.Objects), report.Duration.Seconds(), report.Calls, report.Jobs)
	return nil
}

// letPeopleWork has other users of the org create, change, delete and merge
// records, and imports exactly those. In a real org they do as they please.
func (j *job) letPeopleWork(ctx context.Context) error {
	if err := j.beginRound(ctx); err != nil {
		return err
	}
	if j.people == nil {
		j.result.Skipped = append(j.result.Skipped, "changing records as other users: this is a real org")
		return nil
	}
	if err := j.people.act(ctx, j.plan); err != nil {
		return err
	}
	j.p.Done("\npeople      in the org created, changed, deleted and merged records")
	if _, err := j.sync(ctx); err != nil {
		return err
	}
	if err := j.compareChanges(ctx, "after people worked"); err != nil {
		return err
	}
	n, err := j.countChanges(ctx)
	if err != nil {
		return err
	}
	j.p.Done("imported    %d created, %d updated, %d deleted, %d merged, and nothing else", n.Created, n.Updated, n.Deleted, n.Merged)
	return nil
}

// beginRound goes on with an unfinished round, or plans the next one.
func (j *job) beginRound(ctx context.Context) error {
	var text string
	err := j.db.QueryRowContext(ctx, "SELECT round, plan FROM quickstart_round WHERE NOT finished ORDER BY round LIMIT 1").Scan(&j.result.Round, &text)
	unfinished := err == nil
	if errors.Is(err, sql.ErrNoRows) {
		err = j.db.QueryRowContext(ctx, "SELECT COALESCE(MAX(round), 0) + 1 FROM quickstart_round").Scan(&j.result.Round)
	}
	if err != nil {
		return err
	}
	if j.o.Fake {
		team, err := j.Connections.Client(ctx, tenant, j.connection.ID)
		if err != nil {
			return err
		}
		rep, err := salesRepresentative(ctx, team, j.connection.User.Username)
		if err != nil {
			return err
		}
		if j.people, err = gather(ctx, j.o, rep); err != nil {
			return err
		}
	}
	if unfinished {
		return json.Unmarshal([]byte(text), &j.plan)
	}
	j.plan = &plan{Round: j.result.Round}
	if j.people != nil {
		last, err := j.lastChange(ctx)
		if err != nil {
			return err
		}
		if j.plan, err = j.people.decide(ctx, last); err != nil {
			return err
		}
	}
	if j.plan.Exported, err = j.lastExport(ctx); err != nil {
		return err
	}
	written, err := json.Marshal(j.plan)
	if err != nil {
		return err
	}
	_, err = j.db.ExecContext(ctx, "INSERT INTO quickstart_round (round, plan) VALUES (?, ?)", j.result.Round, string(written))
	return err
}

// changes reads the change log after a serial, to its end.
func (j *job) changes(ctx context.Context, after int64) ([]mirror.Entry, error) {
	var out []mirror.Entry
	for {
		page, err := j.Mirror.Changes(ctx, tenant, j.connection.ID, after, 1000)
		if err != nil || len(page) == 0 {
			return out, err
		}
		out = append(out, page...)
		after = page[len(page)-1].Serial
	}
}

func (j *job) lastChange(ctx context.Context) (int64, error) {
	all, err := j.changes(ctx, 0)
	if err != nil || len(all) == 0 {
		return 0, err
	}
	return all[len(all)-1].Serial, nil
}

// lastExport returns the last entry of the outbox.
func (j *job) lastExport(ctx context.Context) (last int64, err error) {
	for {
		page, err := j.Outbox.List(ctx, tenant, j.connection.ID, exporter.Filter{After: last, Limit: 1000})
		if err != nil || len(page) == 0 {
			return last, err
		}
		last = page[len(page)-1].ID
	}
}

// countChanges counts the records that this round changed in the mirror, by
// what became of them; the product's own writes are not news.
func (j *job) countChanges(ctx context.Context) (changeResult, error) {
	entries, err := j.changes(ctx, j.plan.After)
	if err != nil {
		return changeResult{}, err
	}
	first, last := map[sobject.ID]mirror.ChangeKind{}, map[sobject.ID]mirror.ChangeKind{}
	for _, e := range entries {
		if e.Object == usageObject {
			continue
		}
		if _, seen := first[e.ID]; !seen {
			first[e.ID] = e.Kind
		}
		last[e.ID] = e.Kind
	}
	var n changeResult
	for id, kind := range last {
		switch {
		case kind == mirror.Deleted:
			n.Deleted++
		case kind == mirror.Merged:
			n.Merged++
		case first[id] == mirror.Created:
			n.Created++
		default:
			n.Updated++
		}
	}
	return n, nil
}

// compareChanges asks the org, as one of its own users, which records changed
// since the round began, and expects the change log to hold exactly those.
func (j *job) compareChanges(ctx context.Context, when string) error {
	entries, err := j.changes(ctx, j.plan.After)
	if err != nil {
		return err
	}
	for _, object := range j.objects {
		var want []string
		for rec, err := range j.people.admin.QueryAll(ctx, fmt.Sprintf("SELECT Id FROM %s WHERE SystemModstamp >= %s", object, j.plan.Since.UTC().Format(time.RFC3339))) {
			if err != nil {
				return err
			}
			want = append(want, rec.ID().String())
		}
		var got []string
		for _, e := range entries {
			if e.Object == object {
				got = append(got, e.ID.String())
			}
		}
		slices.Sort(want)
		slices.Sort(got)
		got = slices.Compact(got)
		j.result.expect(fmt.Sprintf("records of %s changed, %s", object, when), len(got), len(want))
		if !slices.Equal(got, want) {
			j.result.expect(fmt.Sprintf("which records of %s changed, %s", object, when), got, want)
		}
	}
	return nil
}
