package link

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/mapping"
	"github.com/orglink/orglink/salesforce/sobject"
)

// MaxKey is the longest key, in bytes.
const MaxKey = 191

// ErrTaken is wrapped when a record is paired with another key already.
var ErrTaken = errors.New("the record is paired with another key")

// Pair is a Salesforce record and the host's entity that it stands for.
type Pair struct {
	Tenant     orglink.TenantID
	Connection orglink.ConnectionID
	// Object is the record's object, or the name of the export map that
	// writes it.
	Object string
	// Key is the host's own name for its entity, 1 to MaxKey bytes.
	Key string
	// Record is the Salesforce record.
	Record sobject.ID
	// Hash is mapping.Hash of what was last written; "" when nothing was.
	Hash string
	// Written is when, in whole microseconds; zero when nothing was.
	Written time.Time
}

// Store keeps pairs. Implementations are safe for concurrent use, return an
// error that wraps the context's when it has ended, and never show one
// tenant's pairs to another. What they return may be changed by the caller.
type Store interface {
	// ByKeys returns the pairs of the keys that have one.
	ByKeys(ctx context.Context, tenant orglink.TenantID, conn orglink.ConnectionID, object string, keys []string) (map[string]Pair, error)
	// ByRecords returns the pairs of the records that have one.
	ByRecords(ctx context.Context, tenant orglink.TenantID, conn orglink.ConnectionID, object string, records []sobject.ID) (map[sobject.ID]Pair, error)
	// Put saves pairs, replacing those of the same keys. An error wraps
	// ErrTaken when a record has another key; nothing is saved then.
	Put(ctx context.Context, pairs ...Pair) error
	// Remove forgets the pairs of keys; unknown keys are no error.
	Remove(ctx context.Context, tenant orglink.TenantID, conn orglink.ConnectionID, object string, keys []string) error
	// List returns up to limit pairs with keys greater than after, in
	// ascending bytewise order of the key.
	List(ctx context.Context, tenant orglink.TenantID, conn orglink.ConnectionID, object, after string, limit int) ([]Pair, error)
	// Written returns what was last written for the keys that have a pair.
	Written(ctx context.Context, tenant orglink.TenantID, conn orglink.ConnectionID, object string, keys []string) (map[string]mapping.Written, error)
	// SaveWritten records writes, all or none, at the store's present time. A
	// record that was paired with another key moves to the new one, because
	// the org has said so. A Written with neither record nor hash forgets its
	// key: the record was deleted.
	SaveWritten(ctx context.Context, tenant orglink.TenantID, conn orglink.ConnectionID, object string, written []mapping.Written) error
	// Erase removes everything of a tenant.
	Erase(ctx context.Context, tenant orglink.TenantID) error
}

// check refuses a pair that no store could keep as it is.
func (p Pair) check() error {
	if err := checkScope(p.Tenant, p.Connection, p.Object); err != nil {
		return err
	}
	if err := checkKey(p.Key); err != nil {
		return err
	}
	if p.Record == "" {
		return fmt.Errorf("link: key %q: the record id is empty", p.Key)
	}
	if len(p.Hash) > MaxKey {
		return fmt.Errorf("link: key %q: the hash has %d bytes, at most %d are kept", p.Key, len(p.Hash), MaxKey)
	}
	return nil
}

func checkScope(tenant orglink.TenantID, conn orglink.ConnectionID, object string) error {
	if tenant == "" || conn == "" || object == "" {
		return fmt.Errorf("link: tenant %q, connection %q and object %q must all be set", tenant, conn, object)
	}
	return nil
}

func checkKey(key string) error {
	if key == "" || len(key) > MaxKey {
		return fmt.Errorf("link: the key %.40q has %d bytes; a key has 1 to %d", key, len(key), MaxKey)
	}
	return nil
}

// pairsOf turns writes into pairs to save and keys to forget. The last write
// of a key counts.
func pairsOf(tenant orglink.TenantID, conn orglink.ConnectionID, object string, written []mapping.Written) (save []Pair, forget []string, err error) {
	last := make(map[string]int, len(written))
	for i, w := range written {
		last[w.Key] = i
	}
	for i, w := range written {
		if last[w.Key] != i {
			continue
		}
		if err := errors.Join(checkScope(tenant, conn, object), checkKey(w.Key)); err != nil {
			return nil, nil, err
		}
		if w.Record == "" && w.Hash == "" {
			forget = append(forget, w.Key)
			continue
		}
		p := Pair{Tenant: tenant, Connection: conn, Object: object, Key: w.Key, Record: w.Record, Hash: w.Hash}
		if err := p.check(); err != nil {
			return nil, nil, err
		}
		save = append(save, p)
	}
	return save, forget, nil
}

func writtenOf(pairs map[string]Pair) map[string]mapping.Written {
	out := make(map[string]mapping.Written, len(pairs))
	for key, p := range pairs {
		out[key] = mapping.Written{Key: key, Record: p.Record, Hash: p.Hash}
	}
	return out
}

// scope is where keys and records are unique.
type scope struct {
	tenant orglink.TenantID
	conn   orglink.ConnectionID
	object string
}

func (p Pair) scope() scope { return scope{p.Tenant, p.Connection, p.Object} }

// checkPairs validates pairs and refuses a list that contradicts itself.
func checkPairs(pairs []Pair) error {
	keys := make(map[scope]map[string]bool)
	records := make(map[scope]map[sobject.ID]bool)
	for _, p := range pairs {
		if err := p.check(); err != nil {
			return err
		}
		s := p.scope()
		if keys[s] == nil {
			keys[s], records[s] = map[string]bool{}, map[sobject.ID]bool{}
		}
		if keys[s][p.Key] {
			return fmt.Errorf("link: key %q is given twice in one call", p.Key)
		}
		if records[s][p.Record] {
			return fmt.Errorf("link: record %s is given twice in one call: %w", p.Record, ErrTaken)
		}
		keys[s][p.Key], records[s][p.Record] = true, true
	}
	return nil
}
