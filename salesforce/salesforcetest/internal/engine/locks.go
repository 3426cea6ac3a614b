package engine

import (
	"sync"

	"github.com/orglink/orglink/salesforce/sobject"
)

// locks are the records that another transaction is said to hold.
type locks struct {
	mu   sync.Mutex
	held map[string]int
}

// LockRows holds records as a long transaction of somebody else would, until
// unlock is called: writing one of them, or a record that refers to one, fails
// with UNABLE_TO_LOCK_ROW. Salesforce locks the parents of a child that is
// written ("Organize Data to Minimize Lock Contention").
func (o *Org) LockRows(ids ...sobject.ID) (unlock func()) {
	o.locks.mu.Lock()
	defer o.locks.mu.Unlock()
	if o.locks.held == nil {
		o.locks.held = map[string]int{}
	}
	for _, id := range ids {
		o.locks.held[string(canonical(id))]++
	}
	var once sync.Once
	return func() {
		once.Do(func() {
			o.locks.mu.Lock()
			defer o.locks.mu.Unlock()
			for _, id := range ids {
				key := string(canonical(id))
				if o.locks.held[key]--; o.locks.held[key] <= 0 {
					delete(o.locks.held, key)
				}
			}
		})
	}
}

// blockedBy returns the refusal of a write that touches a held record.
func (l *locks) blockedBy(ids ...string) *RowError {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.held) == 0 {
		return nil
	}
	for _, id := range ids {
		if id != "" && l.held[id] > 0 {
			return &RowError{Code: "UNABLE_TO_LOCK_ROW", Message: "unable to obtain exclusive access to this record or 1 records: " + id, Fields: []string{}}
		}
	}
	return nil
}

// lockedRow checks a version that is about to be written, and the parents that
// the write names.
func (tx *Tx) lockedRow(obj *object, v *version, named func(*field) bool) *RowError {
	if tx.org.locks.none() {
		return nil
	}
	ids := []string{string(v.rec.id)}
	for _, f := range obj.fields {
		if f.pos >= 0 && f.kind == kindID && f != obj.id && named(f) {
			ids = append(ids, v.cell(f))
		}
	}
	return tx.org.locks.blockedBy(ids...)
}

func (l *locks) none() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.held) == 0
}

// SetFull makes the org's data storage full, or not: creating records fails
// with STORAGE_LIMIT_EXCEEDED.
func (o *Org) SetFull(full bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.full = full
}
