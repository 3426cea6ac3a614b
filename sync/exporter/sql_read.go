package exporter

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/mapping"
)

// Next implements Outbox.
func (o *SQLOutbox) Next(ctx context.Context, tenant orglink.TenantID, conn orglink.ConnectionID) (wait time.Duration, ok bool, err error) {
	var inFlight sql.NullInt64
	if err := o.db.QueryRow(ctx, nil, "SELECT MIN(id) FROM {outbox} WHERE tenant = ? AND connection = ? AND state = 'in_flight'", string(tenant), string(conn)).Scan(&inFlight); err != nil {
		return 0, false, wrap("look for work", err)
	}
	if inFlight.Valid {
		return 0, true, nil
	}
	var micros sql.NullInt64
	if err := o.db.QueryRow(ctx, nil, "SELECT MIN(due) - "+o.db.Now()+" FROM {outbox} WHERE tenant = ? AND connection = ? AND state = 'pending'", string(tenant), string(conn)).Scan(&micros); err != nil {
		return 0, false, wrap("look for work", err)
	}
	return time.Duration(max(micros.Int64, 0)) * time.Microsecond, micros.Valid, nil
}

// Fence implements Outbox.
func (o *SQLOutbox) Fence(ctx context.Context, tenant orglink.TenantID, conn orglink.ConnectionID) (uint64, error) {
	var fence int64
	err := o.db.QueryRow(ctx, nil, "SELECT fence FROM {outbox_fence} WHERE tenant = ? AND connection = ?", string(tenant), string(conn)).Scan(&fence)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return uint64(fence), wrap("read the fence", err)
}

// Counts implements Outbox.
func (o *SQLOutbox) Counts(ctx context.Context, tenant orglink.TenantID, conn orglink.ConnectionID) (c Counts, err error) {
	rows, err := o.db.Query(ctx, nil, "SELECT state, COUNT(*) FROM {outbox} WHERE tenant = ? AND connection = ? AND state <> 'pending' GROUP BY state"+
		" UNION ALL SELECT 'pending', COUNT(*) FROM (SELECT DISTINCT object, hostkey FROM {outbox} WHERE tenant = ? AND connection = ? AND state = 'pending') waiting",
		string(tenant), string(conn), string(tenant), string(conn))
	if err != nil {
		return Counts{}, wrap("count", err)
	}
	defer func() { err = errors.Join(err, wrap("count", rows.Close())) }()
	for rows.Next() {
		var state State
		var n int64
		if err := rows.Scan(&state, &n); err != nil {
			return Counts{}, wrap("count", err)
		}
		switch state {
		case Pending:
			c.Pending = n
		case InFlight:
			c.InFlight = n
		case Succeeded:
			c.Succeeded = n
		case Rejected:
			c.Rejected = n
		case Parked:
			c.Parked = n
		}
	}
	return c, wrap("count", rows.Err())
}

// List implements Outbox.
func (o *SQLOutbox) List(ctx context.Context, tenant orglink.TenantID, conn orglink.ConnectionID, f Filter) ([]Entry, error) {
	where, args := "tenant = ? AND connection = ?", []any{string(tenant), string(conn)}
	for _, cond := range []struct{ column, value string }{{"state", string(f.State)}, {"object", f.Object}, {"hostkey", f.Key}} {
		if cond.value != "" {
			where += " AND " + cond.column + " = ?"
			args = append(args, cond.value)
		}
	}
	if f.Code != "" { // the reason is kept with its code first
		code, err := json.Marshal(f.Code)
		if err != nil {
			return nil, wrap("list", err)
		}
		begins := `{"code":` + string(code)
		where += fmt.Sprintf(" AND SUBSTR(reason, 1, %d) = ?", utf8.RuneCountInString(begins))
		args = append(args, begins)
	}
	var out []Entry
	for after := f.After; ; {
		page, err := o.entries(ctx, nil, where+" AND id > ? ORDER BY id LIMIT ?", append(args, after, f.limit())...)
		if err != nil {
			return nil, wrap("list", err)
		}
		joined, err := o.joinPending(ctx, tenant, conn, page)
		if err != nil {
			return nil, wrap("list", err)
		}
		out = append(out, joined...)
		if len(out) >= f.limit() || len(page) < f.limit() {
			return out[:min(len(out), f.limit())], nil
		}
		after = page[len(page)-1].ID
	}
}

// joinPending joins the pending entries on a page with the others of their
// rows, and leaves out those that belong to an entry on an earlier page.
func (o *SQLOutbox) joinPending(ctx context.Context, tenant orglink.TenantID, conn orglink.ConnectionID, page []Entry) ([]Entry, error) {
	byObject := make(map[string][]any)
	seen := make(map[rowKey]bool)
	for _, e := range page {
		if k := (rowKey{e.Object, e.Key}); e.State == Pending && !seen[k] {
			seen[k] = true
			byObject[e.Object] = append(byObject[e.Object], e.Key)
		}
	}
	firsts := make(map[int64]Entry)
	for object, keys := range byObject {
		args := append([]any{string(tenant), string(conn), object}, keys...)
		entries, err := o.entries(ctx, nil, "tenant = ? AND connection = ? AND object = ? AND hostkey IN ("+placeholders(len(keys))+") AND state = 'pending' ORDER BY id", args...)
		if err != nil {
			return nil, err
		}
		for _, e := range visible(entries) {
			firsts[e.ID] = e
		}
	}
	var out []Entry
	for _, e := range page {
		if e.State != Pending {
			out = append(out, e)
		} else if first, ok := firsts[e.ID]; ok {
			out = append(out, first)
		}
	}
	return out, nil
}

// Retry implements Outbox.
func (o *SQLOutbox) Retry(ctx context.Context, tenant orglink.TenantID, conn orglink.ConnectionID, ids ...int64) (int, error) {
	return o.each(ctx, "retry", ids, func(tx *sql.Tx, id int64) (sql.Result, error) {
		return o.db.Exec(ctx, tx, "UPDATE {outbox} SET state = 'pending', attempts = 0, settled = 0, due = "+o.db.Now()+
			" WHERE tenant = ? AND connection = ? AND id = ? AND state IN ('rejected', 'parked')", string(tenant), string(conn), id)
	})
}

// Edit implements Outbox.
func (o *SQLOutbox) Edit(ctx context.Context, tenant orglink.TenantID, conn orglink.ConnectionID, id int64, row mapping.Row) (bool, error) {
	body, err := encodeRow(row)
	if err != nil {
		return false, fmt.Errorf("exporter: edit entry %d: %w", id, err)
	}
	n, err := o.each(ctx, "edit", []int64{id}, func(tx *sql.Tx, id int64) (sql.Result, error) {
		return o.db.Exec(ctx, tx, "UPDATE {outbox} SET body = ?, state = 'pending', attempts = 0, settled = 0, due = "+o.db.Now()+
			" WHERE tenant = ? AND connection = ? AND id = ? AND state IN ('rejected', 'parked')", string(body), string(tenant), string(conn), id)
	})
	return n > 0, err
}

// Discard implements Outbox.
func (o *SQLOutbox) Discard(ctx context.Context, tenant orglink.TenantID, conn orglink.ConnectionID, ids ...int64) (int, error) {
	return o.each(ctx, "discard", ids, func(tx *sql.Tx, id int64) (sql.Result, error) {
		list, err := o.entries(ctx, tx, "tenant = ? AND connection = ? AND id = ? AND state = 'pending'", string(tenant), string(conn), id)
		if err != nil {
			return nil, err
		}
		for _, e := range list { // with what waits for the same row
			if _, err := o.db.Exec(ctx, tx, "DELETE FROM {outbox} WHERE tenant = ? AND connection = ? AND object = ? AND hostkey = ? AND state = 'pending' AND id <> ?",
				string(tenant), string(conn), e.Object, e.Key, id); err != nil {
				return nil, err
			}
		}
		return o.db.Exec(ctx, tx, "DELETE FROM {outbox} WHERE tenant = ? AND connection = ? AND id = ? AND state <> 'in_flight'", string(tenant), string(conn), id)
	})
}

// each runs a statement for each id in one transaction and adds up the rows.
func (o *SQLOutbox) each(ctx context.Context, what string, ids []int64, do func(tx *sql.Tx, id int64) (sql.Result, error)) (int, error) {
	total := 0
	err := o.db.Tx(ctx, func(tx *sql.Tx) error {
		total = 0
		for _, id := range ids {
			res, err := do(tx, id)
			if err != nil {
				return err
			}
			n, err := res.RowsAffected()
			if err != nil {
				return err
			}
			total += int(n)
		}
		return nil
	})
	return total, wrap(what, err)
}

// Purge implements Outbox.
func (o *SQLOutbox) Purge(ctx context.Context, tenant orglink.TenantID, conn orglink.ConnectionID, age time.Duration) (int, error) {
	res, err := o.db.Exec(ctx, nil, "DELETE FROM {outbox} WHERE tenant = ? AND connection = ? AND state = 'succeeded' AND settled < "+o.db.Now()+" - ?",
		string(tenant), string(conn), age.Microseconds())
	if err != nil {
		return 0, wrap("purge", err)
	}
	n, err := res.RowsAffected()
	return int(n), wrap("purge", err)
}

// Erase implements Outbox.
func (o *SQLOutbox) Erase(ctx context.Context, tenant orglink.TenantID) error {
	return wrap("erase a tenant", o.db.Tx(ctx, func(tx *sql.Tx) error {
		return errors.Join(o.erase(ctx, tx, "outbox", tenant), o.erase(ctx, tx, "outbox_fence", tenant))
	}))
}

func (o *SQLOutbox) erase(ctx context.Context, tx *sql.Tx, table string, tenant orglink.TenantID) error {
	_, err := o.db.Exec(ctx, tx, strings.ReplaceAll("DELETE FROM {t} WHERE tenant = ?", "{t}", "{"+table+"}"), string(tenant))
	return err
}
