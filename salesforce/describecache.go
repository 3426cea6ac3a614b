package salesforce

import (
	"container/list"
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"time"
)

// DescribeCacheConfig configures a DescribeCache; the zero value is usable.
type DescribeCacheConfig struct {
	// Entries is how many describes are kept; the ones unused for longest go
	// first. A large object takes about a megabyte. Defaults to 500.
	Entries int
	// Refetch is the age from which an entry is fetched anew instead of being
	// revalidated. Salesforce promises that 304 Not Modified follows the
	// metadata of an object, and not that it follows the permissions of the
	// user. Defaults to one hour.
	Refetch time.Duration
}

// DescribeCache keeps what orgs told about their objects, by org, user, API
// version and object. Each use is revalidated by a small conditional request,
// so that it saves bytes and decoding, not freshness. It is safe for concurrent
// use, by any number of clients.
type DescribeCache struct {
	cfg DescribeCacheConfig

	mu      sync.Mutex
	entries map[describeKey]*list.Element
	used    *list.List // of *describeEntry, newest first
}

// NewDescribeCache returns an empty cache for Config.Describes.
func NewDescribeCache(cfg DescribeCacheConfig) (*DescribeCache, error) {
	if cfg.Entries < 0 || cfg.Refetch < 0 {
		return nil, errors.New("salesforce: describe cache: Entries and Refetch must not be negative")
	}
	return newDescribeCache(cfg), nil
}

func newDescribeCache(cfg DescribeCacheConfig) *DescribeCache {
	if cfg.Entries == 0 {
		cfg.Entries = 500
	}
	if cfg.Refetch == 0 {
		cfg.Refetch = time.Hour
	}
	return &DescribeCache{cfg: cfg, entries: map[describeKey]*list.Element{}, used: list.New()}
}

// Forget drops all that is kept for a scope (Config.DescribeScope), for
// instance when a connection ends.
func (d *DescribeCache) Forget(scope string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for key, e := range d.entries {
		if key.scope == scope {
			delete(d.entries, key)
			d.used.Remove(e)
		}
	}
}

// describeKey names an entry; headers are those of the client's config, which
// may ask for another language or namespace, and the object is in lower case,
// "" for the list of all objects.
type describeKey struct{ scope, version, headers, object string }

// describeEntry is one answer. Nobody changes it once it is kept.
type describeEntry struct {
	key      describeKey
	value    any
	modified string // Last-Modified, as it came
	fetched  time.Time
}

// get returns an entry that may be revalidated, or nil.
func (d *DescribeCache) get(key describeKey) *describeEntry {
	d.mu.Lock()
	defer d.mu.Unlock()
	e := d.entries[key]
	if e == nil {
		return nil
	}
	entry := e.Value.(*describeEntry)
	if time.Since(entry.fetched) >= d.cfg.Refetch {
		return nil
	}
	d.used.MoveToFront(e)
	return entry
}

// put keeps an answer if it can be revalidated.
func (d *DescribeCache) put(key describeKey, value any, modified, date string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if old := d.entries[key]; old != nil {
		d.used.Remove(old)
		delete(d.entries, key)
	}
	if !settled(modified, date) {
		return
	}
	d.entries[key] = d.used.PushFront(&describeEntry{key, value, modified, time.Now()})
	for d.used.Len() > d.cfg.Entries {
		last := d.used.Back()
		d.used.Remove(last)
		delete(d.entries, last.Value.(*describeEntry).key)
	}
}

// settled reports whether a Last-Modified is a validator to rely on: it counts
// seconds, so a second change within the second of the first would go unseen
// (RFC 9110, 8.8.2.2).
func settled(modified, date string) bool {
	m, err1 := http.ParseTime(modified)
	d, err2 := http.ParseTime(date)
	return err1 == nil && err2 == nil && d.Sub(m) >= 2*time.Second
}

// describeView is the part of a cache that belongs to one client's user.
type describeView struct {
	own     *DescribeCache // without Config.Describes
	headers string

	mu    sync.Mutex
	scope string
}

// describes returns the cache of this call and a key for an object in it, or
// nil when the call's own headers may change the answer.
func (c *Client) describes(ctx context.Context, object string) (*DescribeCache, describeKey) {
	if len(contextHeader(ctx)) > 0 {
		return nil, describeKey{}
	}
	key := describeKey{version: c.cfg.APIVersion, headers: c.view.headers, object: strings.ToLower(object)}
	if c.cfg.Describes == nil {
		return c.view.own, key
	}
	if key.scope = c.describeScope(ctx); key.scope == "" {
		return c.view.own, key // who the user is cannot be learned: share nothing
	}
	return c.cfg.Describes, key
}

// describeScope tells org and user apart, "" if the org does not say.
func (c *Client) describeScope(ctx context.Context) string {
	if c.cfg.DescribeScope != "" {
		return c.cfg.DescribeScope
	}
	c.view.mu.Lock()
	scope := c.view.scope
	c.view.mu.Unlock()
	if scope != "" {
		return scope
	}
	id, err := c.Identity(ctx)
	if err != nil {
		return ""
	}
	scope = string(id.OrgID) + "/" + string(id.UserID)
	c.view.mu.Lock()
	c.view.scope = scope
	c.view.mu.Unlock()
	return scope
}

// cachedGet fetches a resource about the schema, or returns what is kept of it
// if the org says that it has not changed. check refuses an answer that says
// nothing. The result is shared and must not be handed out uncopied.
func cachedGet[T any](ctx context.Context, c *Client, object string, req Request, check func(*T) error) (*T, error) {
	cache, key := c.describes(ctx, object)
	var kept *describeEntry
	if cache != nil {
		if kept = cache.get(key); kept != nil {
			req.Header = http.Header{"If-Modified-Since": {kept.modified}}
		}
	}
	out := new(T)
	resp, err := c.call(ctx, req, out)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode == http.StatusNotModified {
		if kept == nil {
			return nil, fmt.Errorf("salesforce: %s: not modified, but nothing is kept: %w", req.what(), ErrIncomplete)
		}
		return kept.value.(*T), nil
	}
	if err := check(out); err != nil {
		return nil, err
	}
	if cache != nil {
		cache.put(key, out, resp.Header.Get("Last-Modified"), resp.Header.Get("Date"))
	}
	return out, nil
}

// deepCopy copies a value with all slices, maps and pointers that its exported
// fields lead to, so that no caller can change what others see.
func deepCopy[T any](v T) T {
	out := reflect.New(reflect.TypeFor[T]()).Elem()
	out.Set(reflect.ValueOf(&v).Elem())
	separate(out)
	return out.Interface().(T)
}

// separate gives v, which can be set, its own copies of what it refers to.
func separate(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			fresh := reflect.New(v.Type().Elem())
			fresh.Elem().Set(v.Elem())
			separate(fresh.Elem())
			v.Set(fresh)
		}
	case reflect.Slice:
		if !v.IsNil() {
			fresh := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
			reflect.Copy(fresh, v)
			for i := 0; i < fresh.Len() && refers(v.Type().Elem()); i++ {
				separate(fresh.Index(i))
			}
			v.Set(fresh)
		}
	case reflect.Map:
		if !v.IsNil() {
			fresh := reflect.MakeMapWithSize(v.Type(), v.Len())
			for it := v.MapRange(); it.Next(); {
				item := reflect.New(v.Type().Elem()).Elem()
				item.Set(it.Value())
				separate(item)
				fresh.SetMapIndex(it.Key(), item)
			}
			v.Set(fresh)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() && refers(v.Field(i).Type()) {
				separate(v.Field(i))
			}
		}
	}
}

// refers reports whether values of a type can share memory that is changeable.
func refers(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map:
		return true
	case reflect.Struct:
		for i := range t.NumField() {
			if t.Field(i).IsExported() && refers(t.Field(i).Type) {
				return true
			}
		}
	}
	return false
}
