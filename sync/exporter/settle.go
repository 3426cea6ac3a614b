package exporter

import (
	"context"
	"fmt"

	"github.com/orglink/orglink/mapping"
)

// settle remembers what was written and then settles the rows. A crash between
// the two leaves rows in flight whose values the org has: the next step reads
// them back and settles them without a second write.
func (b *Batch) settle(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleGrace)
	defer cancel()
	written, err := b.doubted(ctx)
	if err != nil {
		return err
	}
	var settlements []Settlement
	for _, r := range b.rows {
		if r.done == nil {
			continue
		}
		settlements = append(settlements, *r.done)
		if r.write != nil {
			written = append(written, *r.write)
		}
	}
	if len(written) > 0 {
		if err := b.s.cfg.Links.SaveWritten(ctx, b.tenant, b.conn, b.name, written); err != nil {
			return fmt.Errorf("remember what was written to %s: %w", b.name, err)
		}
	}
	if len(settlements) > 0 {
		if err := b.s.cfg.Outbox.Settle(ctx, b.tenant, b.conn, b.by, settlements); err != nil {
			return fmt.Errorf("settle rows of %s: %w", b.name, err)
		}
	}
	for _, r := range b.rows {
		if r.done != nil {
			b.report.count(r.entry, *r.done, r.verified)
		}
	}
	return nil
}

// doubted returns what is to be forgotten of rows that the org may have done
// and that end without its word. They may be discarded, or be overtaken, and a
// later change back to what was written before must not be taken for one that
// changes nothing. It happens before they leave the worker's hands.
func (b *Batch) doubted(ctx context.Context) ([]mapping.Written, error) {
	var rows []*Item
	var unread []string
	for _, r := range b.rows {
		if r.done == nil || r.done.State == Succeeded || r.write != nil || !r.entry.Unsure && !r.done.Unsure {
			continue
		}
		rows = append(rows, r)
		if !r.recalled {
			unread = append(unread, r.entry.Key)
		}
	}
	last, err := b.recall(ctx, unread)
	if err != nil {
		return nil, err
	}
	var out []mapping.Written
	for _, r := range rows {
		if !r.recalled {
			r.last = last[r.entry.Key]
		}
		if r.last.Hash != "" && r.last.Hash != r.hash {
			out = append(out, mapping.Written{Key: r.entry.Key, Record: r.last.Record})
		}
	}
	return out, nil
}

// recall reads what was last written for keys.
func (b *Batch) recall(ctx context.Context, keys []string) (map[string]mapping.Written, error) {
	return b.recallOf(ctx, b.name, keys)
}

func (b *Batch) recallOf(ctx context.Context, name string, keys []string) (map[string]mapping.Written, error) {
	if len(keys) == 0 {
		return nil, nil
	}
	last, err := b.s.cfg.Links.Written(ctx, b.tenant, b.conn, name, keys)
	if err != nil {
		return nil, storeError{fmt.Errorf("read what was last written to %s: %w", name, err)}
	}
	return last, nil
}
