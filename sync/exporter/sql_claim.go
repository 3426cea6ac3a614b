package exporter

import (
	"context"
	"database/sql"
	"slices"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/internal/sqlkit"
)

// pass locks the connection's fence until the transaction ends, which makes
// claims and settlements of one connection wait for each other, and remembers
// the claimant's fence.
func (o *SQLOutbox) pass(ctx context.Context, tx *sql.Tx, what string, tenant orglink.TenantID, conn orglink.ConnectionID, by Claimant) error {
	if _, err := o.db.Exec(ctx, tx, o.db.InsertIgnore("outbox_fence", []string{"tenant", "connection"}, []string{"fence"}), string(tenant), string(conn), int64(0)); err != nil {
		return err
	}
	var highest int64
	if err := o.db.QueryRow(ctx, tx, "SELECT fence FROM {outbox_fence} WHERE tenant = ? AND connection = ?"+o.db.ForUpdate(), string(tenant), string(conn)).Scan(&highest); err != nil {
		return err
	}
	if by.Fence < uint64(highest) {
		return fenced(what, by, uint64(highest))
	}
	_, err := o.db.Exec(ctx, tx, "UPDATE {outbox_fence} SET fence = ? WHERE tenant = ? AND connection = ?", int64(by.Fence), string(tenant), string(conn))
	return err
}

// Claim implements Outbox.
func (o *SQLOutbox) Claim(ctx context.Context, c Claim) ([]Entry, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	var out []Entry
	err := o.db.Tx(ctx, func(tx *sql.Tx) error {
		out = nil
		if err := o.pass(ctx, tx, "claim", c.Tenant, c.Connection, c.By); err != nil {
			return err
		}
		left, err := o.takeOver(ctx, tx, c)
		if err != nil {
			return err
		}
		out = left
		return o.claimDue(ctx, tx, c, &out)
	})
	if err != nil {
		return nil, wrap("claim", err)
	}
	return out, nil
}

// takeOver claims what other claimants left in flight.
func (o *SQLOutbox) takeOver(ctx context.Context, tx *sql.Tx, c Claim) ([]Entry, error) {
	left, err := o.entries(ctx, tx, "tenant = ? AND connection = ? AND state = 'in_flight' AND owner <> ? ORDER BY id LIMIT ?",
		string(c.Tenant), string(c.Connection), c.By.Owner, c.Limit)
	if err != nil {
		return nil, err
	}
	for i := range left {
		e := &left[i]
		e.Unsure = true
		e.Attempts++
		if _, err := o.db.Exec(ctx, tx, "UPDATE {outbox} SET owner = ?, unsure = "+o.bool(true)+", attempts = ? WHERE id = ?", c.By.Owner, e.Attempts, e.ID); err != nil {
			return nil, err
		}
	}
	return left, nil
}

// claimDue walks the pending entries in order until enough rows are claimed.
func (o *SQLOutbox) claimDue(ctx context.Context, tx *sql.Tx, c Claim, out *[]Entry) error {
	seen := make(map[rowKey]bool)
	for after, size := int64(0), 2*c.Limit; len(*out) < c.Limit; {
		rows, last, n, err := o.dueRows(ctx, tx, c, after, size)
		if err != nil {
			return err
		}
		var fresh []rowKey
		for _, k := range rows {
			if !seen[k] {
				seen[k] = true
				fresh = append(fresh, k)
			}
		}
		if err := o.claimRows(ctx, tx, c, fresh, out); err != nil {
			return err
		}
		if n < size {
			return nil
		}
		after = last
	}
	return nil
}

// dueRows returns the rows of the next due entries in order of ID, the last
// ID and how many entries there were.
func (o *SQLOutbox) dueRows(ctx context.Context, tx *sql.Tx, c Claim, after int64, size int) (keys []rowKey, last int64, n int, err error) {
	rows, err := o.db.Query(ctx, tx, "SELECT id, object, hostkey FROM {outbox} WHERE tenant = ? AND connection = ? AND state = 'pending' AND id > ? AND due <= "+o.db.Now()+
		" ORDER BY id LIMIT ?", string(c.Tenant), string(c.Connection), after, size)
	if err != nil {
		return nil, 0, 0, err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var k rowKey
		if err := rows.Scan(&last, &k.object, &k.key); err != nil {
			return nil, 0, 0, err
		}
		keys = append(keys, k)
		n++
	}
	return keys, last, n, rows.Err()
}

// claimRows claims of each row what is claimable, until the limit.
func (o *SQLOutbox) claimRows(ctx context.Context, tx *sql.Tx, c Claim, rows []rowKey, out *[]Entry) error {
	for part := range slices.Chunk(rows, chunk) {
		entries, err := o.unsettled(ctx, tx, c, part)
		if err != nil {
			return err
		}
		var gone []int64
		for _, k := range part {
			if len(*out) == c.Limit {
				break
			}
			e, replaced, ok := claimable(entries[k])
			if !ok {
				continue
			}
			e.begin(c)
			body, err := encodeRow(e.Row)
			if err != nil {
				return err
			}
			res, err := o.db.Exec(ctx, tx, "UPDATE {outbox} SET op = ?, body = ?, actor = ?, state = ?, attempts = ?, unsure = ?, owner = ?, attempted = ? WHERE id = ? AND state IN ('pending', 'rejected', 'parked')",
				string(e.Op), string(body), string(e.User), string(e.State), e.Attempts, e.Unsure, c.By.Owner, sqlkit.Micros(e.Attempted), e.ID)
			if err != nil {
				return err
			}
			if n, err := res.RowsAffected(); err != nil || n != 1 {
				if err != nil {
					return err
				}
				continue // discarded meanwhile
			}
			gone = append(gone, replaced...)
			*out = append(*out, e)
		}
		if err := o.remove(ctx, tx, gone); err != nil {
			return err
		}
	}
	return nil
}

// unsettled reads all entries of rows that are not succeeded, without locks: a
// lock would wait for host transactions that add to the same rows, and make
// them wait. The fence keeps other claims away. One object at a time keeps the
// query on its index.
func (o *SQLOutbox) unsettled(ctx context.Context, tx *sql.Tx, c Claim, rows []rowKey) (map[rowKey][]Entry, error) {
	byObject := make(map[string][]any)
	for _, k := range rows {
		byObject[k.object] = append(byObject[k.object], k.key)
	}
	out := make(map[rowKey][]Entry)
	for object, keys := range byObject {
		args := append([]any{string(c.Tenant), string(c.Connection), object}, keys...)
		entries, err := o.entries(ctx, tx, "tenant = ? AND connection = ? AND object = ? AND hostkey IN ("+placeholders(len(keys))+
			") AND state <> 'succeeded' ORDER BY id", args...)
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			k := rowKey{e.Object, e.Key}
			out[k] = append(out[k], e)
		}
	}
	return out, nil
}

func (o *SQLOutbox) remove(ctx context.Context, x sqlkit.Execer, ids []int64) error {
	for part := range slices.Chunk(ids, chunk) {
		args := make([]any, len(part))
		for i, id := range part {
			args[i] = id
		}
		if _, err := o.db.Exec(ctx, x, "DELETE FROM {outbox} WHERE id IN ("+placeholders(len(part))+")", args...); err != nil {
			return err
		}
	}
	return nil
}

// Settle implements Outbox.
func (o *SQLOutbox) Settle(ctx context.Context, tenant orglink.TenantID, conn orglink.ConnectionID, by Claimant, settlements []Settlement) error {
	if err := checkSettlements(settlements); err != nil {
		return err
	}
	return wrap("settle", o.db.Tx(ctx, func(tx *sql.Tx) error {
		if err := o.pass(ctx, tx, "settle", tenant, conn, by); err != nil {
			return err
		}
		for _, s := range settlements {
			if err := o.settle(ctx, tx, tenant, conn, by, s); err != nil {
				return err
			}
		}
		return nil
	}))
}

func (o *SQLOutbox) settle(ctx context.Context, tx *sql.Tx, tenant orglink.TenantID, conn orglink.ConnectionID, by Claimant, s Settlement) error {
	reason, err := encodeReason(s.Reason)
	if err != nil {
		return err
	}
	as, err := encodeAs(s.As)
	if err != nil {
		return err
	}
	less := 0
	if s.Uncounted {
		less = 1
	}
	args := []any{string(s.State), string(s.Outcome), string(s.Record), reason, as, less, s.keepsDoubt()}
	when := "settled = " + o.db.Now()
	if s.State == Pending {
		when = "due = " + o.db.Now() + " + ?"
		args = append(args, s.Wait.Microseconds())
	}
	args = append(args, s.ID, string(tenant), string(conn), by.Owner)
	res, err := o.db.Exec(ctx, tx, "UPDATE {outbox} SET state = ?, outcome = ?, record = ?, reason = ?, written_as = ?, attempts = attempts - ?, unsure = ?, owner = '', "+when+
		" WHERE id = ? AND tenant = ? AND connection = ? AND state = 'in_flight' AND owner = ?", args...)
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n != 1 {
		return errorOr(err, lost(s.ID))
	}
	return nil
}

func errorOr(err, other error) error {
	if err != nil {
		return err
	}
	return other
}
