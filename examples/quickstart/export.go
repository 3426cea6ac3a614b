package main

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/orglink/orglink/mapping"
	"github.com/orglink/orglink/salesforce/sobject"
	"github.com/orglink/orglink/sync/exporter"
	"github.com/orglink/orglink/sync/mirror"
)

// usage is one row of the product's own table.
type usage struct {
	key, account, plan string
	seats              int
	fee                string
	notes              any
}

// row is the usage as the export map knows it.
func (u usage) row(at time.Time) mapping.Row {
	return mapping.Row{"account_id": u.account, "plan": u.plan, "seats": u.seats, "monthly_fee": u.fee, "last_active": at, "notes": u.notes}
}

// nobody is an id that no account has.
const nobody = sobject.ID("001000000000000AAA")

// export writes product rows to the org, through the outbox.
func (j *job) export(ctx context.Context) error {
	switch {
	case !j.write:
		j.result.Skipped = append(j.result.Skipped, "exporting: a real org is only read unless -write is given")
		return nil
	case !j.hasUsage:
		j.result.Skipped = append(j.result.Skipped, "exporting: the org has no object "+usageObject+" for the product's rows")
		return nil
	}
	rows, err := j.productRows(ctx)
	if err != nil {
		return err
	}
	for _, u := range rows {
		if err := j.record(ctx, u); err != nil {
			return err
		}
	}
	if err := j.Runner.RunDue(ctx, j.Exporter.Job(tenant, j.connection.ID)); err != nil {
		return err
	}
	// Then the product touches four rows: three without changing a value.
	for i, u := range rows[:4] {
		if i == 3 {
			u.seats++
		}
		if err := j.touch(ctx, u); err != nil {
			return err
		}
	}
	if err := j.Runner.RunDue(ctx, j.Exporter.Job(tenant, j.connection.ID)); err != nil {
		return err
	}
	return j.countExports(ctx)
}

// productRows are the rows that the product has in this round: six new ones,
// two that the org knows, and two that it will not take.
func (j *job) productRows(ctx context.Context) ([]usage, error) {
	page, err := j.Mirror.List(ctx, admin, j.integration.ID, mirror.Query{Object: "Account", Fields: []string{"Id"}, Limit: 6})
	if err != nil {
		return nil, err
	}
	if len(page.Rows) == 0 {
		return nil, fmt.Errorf("the mirror holds no company to export for")
	}
	round := j.plan.Round
	account := func(i int) string { return page.Rows[i%len(page.Rows)].ID.String() }
	plans := []string{"free", "team", "business"}
	var out []usage
	for i := range 6 {
		out = append(out, usage{fmt.Sprintf("P%d-%d", round, i+1), account(i), plans[i%3], 5 * (i + 1), fmt.Sprintf("%d.10", 49*i), "Größe “XL”,\nsecond line \\ 🚀"})
	}
	gone := j.plan.Loser
	if gone == "" {
		gone = nobody
	}
	return append(out,
		usage{"U-0001", account(0), "team", 100 + round, "990.00", nil},
		usage{"U-0002", account(1), "business", 200 + round, "1990.00", "Renewed"},
		usage{fmt.Sprintf("P%d-negative", round), account(2), "free", -5, "0.00", nil},
		usage{fmt.Sprintf("P%d-gone", round), gone.String(), "free", 1, "0.00", nil}), nil
}

// record stores a row of the product and its export in one transaction, once a
// round.
func (j *job) record(ctx context.Context, u usage) error {
	return j.change(ctx, u, `INSERT INTO product_usage (usage_key, account_id, plan, seats, monthly_fee, notes, last_active, version, round)
		VALUES (?, ?, ?, ?, ?, ?, ?, 1, ?)
		ON CONFLICT (usage_key) DO UPDATE SET account_id = excluded.account_id, plan = excluded.plan, seats = excluded.seats, monthly_fee = excluded.monthly_fee,
			notes = excluded.notes, last_active = excluded.last_active, version = 1, round = excluded.round WHERE product_usage.round < excluded.round`,
		u.key, u.account, u.plan, u.seats, u.fee, u.notes, j.lastActive().Format(time.RFC3339), j.plan.Round)
}

// touch stores a row of the product again, once a round.
func (j *job) touch(ctx context.Context, u usage) error {
	return j.change(ctx, u, `UPDATE product_usage SET seats = ?, version = 2 WHERE usage_key = ? AND version = 1`, u.seats, u.key)
}

// lastActive is when the product's customers were last seen.
func (j *job) lastActive() time.Time {
	return time.Date(2026, 1, 1, 9, 30, 0, 0, time.UTC).AddDate(0, 0, j.plan.Round)
}

func (j *job) change(ctx context.Context, u usage, stmt string, args ...any) error {
	tx, err := j.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	done, err := tx.ExecContext(ctx, stmt, args...)
	if err != nil {
		return err
	}
	if n, err := done.RowsAffected(); err != nil || n == 0 {
		return err // an earlier run did it
	}
	return j.enqueue(ctx, tx, u)
}

func (j *job) enqueue(ctx context.Context, tx *sql.Tx, u usage) error {
	err := j.Outbox.Add(ctx, tx, exporter.Change{Tenant: tenant, Connection: j.connection.ID, Object: usageObject, Key: u.key, Row: u.row(j.lastActive())})
	if err != nil {
		return err
	}
	return tx.Commit()
}

// countExports reports each row's fate, and compares with what the org holds.
func (j *job) countExports(ctx context.Context) error {
	entries, err := j.Outbox.List(ctx, tenant, j.connection.ID, exporter.Filter{After: j.plan.Exported, Limit: 1000})
	if err != nil {
		return err
	}
	out := exportResult{Rejected: []rejection{}}
	for _, e := range entries {
		switch {
		case e.State == exporter.Rejected && e.Reason != nil:
			out.Rejected = append(out.Rejected, rejection{e.Key, e.Reason.Code, e.Reason.Message})
		case e.State != exporter.Succeeded:
			j.result.expect("the fate of "+e.Key, e.State, exporter.Succeeded)
		case e.Outcome == exporter.Created:
			out.Created++
		case e.Outcome == exporter.Updated:
			out.Updated++
		case e.Outcome == exporter.Unchanged:
			out.Unchanged++
		}
	}
	j.result.Exports = out
	j.p.Done("exported    %d created, %d updated, %d unchanged, %d rejected", out.Created, out.Updated, out.Unchanged, len(out.Rejected))

	client, err := j.Connections.Client(ctx, tenant, j.connection.ID)
	if err != nil {
		return err
	}
	inOrg, err := client.Count(ctx, fmt.Sprintf("SELECT COUNT() FROM %s WHERE Usage_Key__c LIKE 'P%d-%%'", usageObject, j.plan.Round))
	if err != nil {
		return err
	}
	j.result.expect("product rows created in the org", out.Created, inOrg)
	updated, err := client.Count(ctx, fmt.Sprintf("SELECT COUNT() FROM %s WHERE (Usage_Key__c = 'U-0001' AND Seats__c = %d) OR (Usage_Key__c = 'U-0002' AND Seats__c = %d) OR (Usage_Key__c = 'P%d-4' AND Seats__c = 21)",
		usageObject, 100+j.plan.Round, 200+j.plan.Round, j.plan.Round))
	if err != nil {
		return err
	}
	j.result.expect("product rows updated in the org", out.Updated, updated)
	j.result.expect("exports unchanged", out.Unchanged, 3)
	codes := map[string]bool{}
	for _, r := range out.Rejected {
		codes[r.Code] = true
	}
	j.result.expect("exports rejected, for different reasons", fmt.Sprint(len(out.Rejected), len(codes)), "2 2")
	return nil
}
