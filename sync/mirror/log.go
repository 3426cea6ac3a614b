package mirror

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/internal/sqlkit"
	"github.com/orglink/orglink/salesforce/sobject"
	"github.com/orglink/orglink/sync/importer"
)

// ChangeKind tells what an entry of the change log reports.
type ChangeKind string

// The kinds of entries.
const (
	// Created: the record is new here.
	Created ChangeKind = "created"
	Updated ChangeKind = "updated"
	Deleted ChangeKind = "deleted"
	// Merged: deleted, because Survivor took its place.
	Merged ChangeKind = "merged"
	// Undeleted: a deleted record is back.
	Undeleted ChangeKind = "undeleted"
	// Hidden: no longer shown to the connection's user; Visible: again.
	Hidden  ChangeKind = "hidden"
	Visible ChangeKind = "visible"
)

var goneKinds = map[importer.Kind]ChangeKind{importer.Deleted: Deleted, importer.Merged: Merged, importer.NotVisible: Hidden}

// Entry is one effective change of one record. Reading the same again makes
// none.
type Entry struct {
	// Serial grows by one with each entry of a connection, in the order of the
	// commits: an entry never appears behind one that was already read. There
	// are no gaps but those of Purge and Prune.
	Serial     int64
	Tenant     orglink.TenantID
	Connection orglink.ConnectionID
	Kind       ChangeKind
	// Initial: found by a first reading, and not news.
	Initial  bool
	Object   string
	ID       sobject.ID
	Survivor sobject.ID
	// Owner is the host user paired with the record's owner.
	Owner orglink.UserID
	// SystemModstamp is the record's version; zero where it is not known.
	SystemModstamp time.Time
	// StoredAt is the database's time.
	StoredAt time.Time
	// Fields are what differs, of created records the fields that are not
	// null.
	Fields []FieldChange
}

// FieldChange is one field's value before and after.
type FieldChange struct {
	Field         string
	Before, After sobject.Value
}

// entry is an Entry on its way into the log.
type entry struct {
	Entry
	from, to int // its fields in writer.json, without the last bracket
}

func (e *entry) empty() bool { return e.from == e.to }

// appendField appends a field as ["Name",before,after], the first one behind
// the bracket of the list.
func appendField(b []byte, first bool, label string, before, after sobject.Value) []byte {
	if first {
		b = append(b, '[')
	} else {
		b = append(b, ',')
	}
	b = append(append(append(b, '['), label...), ',')
	b = append(appendJSON(b, before), ',')
	return append(appendJSON(b, after), ']')
}

func appendJSON(b []byte, v sobject.Value) []byte {
	switch v.Kind() {
	case sobject.Null:
		return append(b, "null"...)
	case sobject.Text:
		if plain(v.Raw()) {
			return append(append(append(b, '"'), v.Raw()...), '"')
		}
	case sobject.Number, sobject.Boolean:
		return append(b, v.Raw()...)
	}
	text, _ := v.MarshalJSON() // of what was read from JSON or a column
	return append(b, text...)
}

// plain tells that a text is the same in JSON.
func plain(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			return false
		}
	}
	return true
}

// writeLog numbers and writes the entries.
func (w *writer) writeLog(ctx context.Context) error {
	if len(w.log) == 0 {
		return nil
	}
	last, err := w.serials(ctx, len(w.log))
	if err != nil {
		return err
	}
	serial := last - int64(len(w.log))
	return w.m.insertAll(ctx, w.tx, len(w.log), 11, w.m.logText, func(i int, args []any) ([]any, error) {
		e := &w.log[i]
		serial++
		fields := ""
		if !e.empty() {
			fields = string(w.json[e.from:e.to]) + "]"
		}
		return append(args, string(w.stream.Tenant), string(w.stream.Connection), serial, string(e.Kind), map[bool]int{true: 1}[e.Initial], e.Object, string(e.ID), string(e.Survivor), string(e.Owner),
			sqlkit.Micros(e.SystemModstamp), clean(fields)), nil
	})
}

// clean drops what PostgreSQL does not store.
func clean(s string) string { return strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", ""), "\uFFFD") }

// Changes returns the entries of a connection after a serial, oldest first, at
// most limit (1 to 10,000); there may be more although there are fewer than
// limit, but not when there are none. Keep the last serial with what was done about
// it, or Ack it afterwards, and begin with 0. The log is for the host itself: it is not filtered by a
// view.
func (m *Mirror) Changes(ctx context.Context, tenant orglink.TenantID, conn orglink.ConnectionID, after int64, limit int) ([]Entry, error) {
	if limit < 1 || limit > 10_000 {
		return nil, fmt.Errorf("mirror: changes: the limit is %d; from 1 to 10000", limit)
	}
	read, texts, err := m.readLog(ctx, tenant, conn, after, limit)
	if err != nil {
		return nil, fmt.Errorf("mirror: changes: %w", err)
	}
	var out []Entry
	for i, e := range read {
		if e.Kind == loaded {
			list, err := m.expand(ctx, e, texts[i], after, limit-len(out))
			if err != nil {
				return nil, fmt.Errorf("mirror: changes: up to entry %d: %w", e.Serial, err)
			}
			out = append(out, list...)
		} else {
			if e.Fields, err = parseFields(texts[i]); err != nil {
				return nil, fmt.Errorf("mirror: changes: entry %d: %w", e.Serial, err)
			}
			out = append(out, e)
		}
		if len(out) >= limit {
			break
		}
	}
	return out, nil
}

// readLog reads the rows of the log that hold the next entries, with their
// fields as they are stored.
func (m *Mirror) readLog(ctx context.Context, tenant orglink.TenantID, conn orglink.ConnectionID, after int64, limit int) (read []Entry, texts []string, err error) {
	rows, err := m.db.Query(ctx, nil, "SELECT seq, kind, initial, object, record, survivor, owner, stamp, stored, fields FROM {mirror_changes} WHERE tenant = ? AND connection = ? AND seq > ? ORDER BY seq LIMIT ?",
		string(tenant), string(conn), after, limit)
	if err != nil {
		return nil, nil, m.outdated(ctx, err)
	}
	defer rows.Close()
	for n := 0; n < limit && rows.Next(); {
		e := Entry{Tenant: tenant, Connection: conn}
		var stamp, stored int64
		var fields string
		if err := rows.Scan(&e.Serial, &e.Kind, &e.Initial, &e.Object, &e.ID, &e.Survivor, &e.Owner, &stamp, &stored, &fields); err != nil {
			return nil, nil, err
		}
		e.SystemModstamp, e.StoredAt = sqlkit.Time(stamp), sqlkit.Time(stored)
		read, texts = append(read, e), append(texts, fields)
		if n++; e.Kind == loaded {
			n = int(e.Serial - after) // it stands for all serials up to its own
		}
	}
	return read, texts, rows.Err()
}

func parseFields(text string) ([]FieldChange, error) {
	if text == "" {
		return nil, nil
	}
	var raw [][3]json.RawMessage
	if err := json.Unmarshal([]byte(text), &raw); err != nil {
		return nil, err
	}
	out := make([]FieldChange, len(raw))
	for i, f := range raw {
		var errs [3]error
		errs[0] = json.Unmarshal(f[0], &out[i].Field)
		out[i].Before, errs[1] = parseValue(f[1])
		out[i].After, errs[2] = parseValue(f[2])
		for _, err := range errs {
			if err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

func parseValue(raw json.RawMessage) (sobject.Value, error) {
	switch raw[0] {
	case 'n':
		return sobject.NullValue(), nil
	case 't', 'f':
		return sobject.BoolValue(raw[0] == 't'), nil
	case '"':
		var s string
		err := json.Unmarshal(raw, &s)
		return sobject.TextValue(s), err
	case '{', '[':
		return sobject.JSONValue(string(raw)), nil
	}
	return sobject.NumberValue(string(raw))
}
