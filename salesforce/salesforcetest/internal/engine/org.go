package engine

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/orglink/orglink/salesforce/sobject"
)

// Org is one org's schema, data and permissions. Make it with New.
type Org struct {
	cfg  Config
	last atomic.Int64 // the latest time that was handed out, nanoseconds
	mu   sync.RWMutex // guards all below, and everything in objects

	objects    map[string]*object
	prefixes   map[string]*object
	order      []*object
	nextPrefix int
	changed    time.Time // of the schema

	rights accessTable
	onRead map[string]func() // by lower-case name; set before requests come
	locks  locks
	full   bool // no room for another record
}

// New returns an org without objects.
func New(cfg Config) (*Org, error) {
	var errs []error
	if cfg.OrgID == "" {
		cfg.OrgID = sobject.MustID("00Dak0000000001")
	}
	if _, err := sobject.ParseID(string(cfg.OrgID)); err != nil || cfg.OrgID.Prefix() != "00D" {
		errs = append(errs, fmt.Errorf("engine: OrgID %q is not an organization's id (00D...)", cfg.OrgID))
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Infix == "" {
		cfg.Infix = "ak0"
	}
	if len(cfg.Infix) != 3 {
		errs = append(errs, fmt.Errorf("engine: Infix %q is not three characters", cfg.Infix))
	}
	if cfg.TimeZone == nil {
		cfg.TimeZone = time.UTC
	}
	if cfg.VisibilityDelay < 0 {
		errs = append(errs, fmt.Errorf("engine: VisibilityDelay %v is negative", cfg.VisibilityDelay))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	o := &Org{cfg: cfg, objects: map[string]*object{}, prefixes: map[string]*object{}}
	o.rights.init()
	return o, nil
}

// ID returns the org's id.
func (o *Org) ID() sobject.ID { return o.cfg.OrgID }

// Now returns the org's time in UTC. It never goes back.
func (o *Org) Now() time.Time { return o.clock() }

func (o *Org) clock() time.Time {
	now := o.cfg.Now().UnixNano()
	for {
		last := o.last.Load()
		if now <= last {
			now = last
			break
		}
		if o.last.CompareAndSwap(last, now) {
			break
		}
	}
	return time.Unix(0, now).UTC()
}

// SetVisibilityDelay changes Config.VisibilityDelay for the transactions that
// follow.
func (o *Org) SetVisibilityDelay(d time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.cfg.VisibilityDelay = max(d, 0)
}

// SchemaChanged returns when the schema or a permission last changed, for
// conditional describes.
func (o *Org) SchemaChanged() time.Time {
	o.mu.RLock()
	defer o.mu.RUnlock()
	return o.changed
}

func (o *Org) touchSchema() {
	o.changed = o.clock().Truncate(time.Second)
	o.rights.forget()
}

// Object returns an object's definition by its name in any case.
func (o *Org) Object(name string) (Object, bool) {
	o.mu.RLock()
	defer o.mu.RUnlock()
	obj := o.object(name)
	if obj == nil {
		return Object{}, false
	}
	def := obj.def
	def.Fields, def.Rules = slices.Clone(def.Fields), slices.Clone(def.Rules)
	return def, true
}

// Objects returns the names of the objects that a session may see, sorted.
func (o *Org) Objects(s Session) []string {
	o.mu.RLock()
	defer o.mu.RUnlock()
	var out []string
	g := o.grants(s)
	for _, obj := range o.order {
		if g.object(obj).Read {
			out = append(out, obj.def.Name)
		}
	}
	slices.Sort(out)
	return out
}

// ObjectByPrefix returns the object whose ids begin with a key prefix.
func (o *Org) ObjectByPrefix(prefix string) (string, bool) {
	o.mu.RLock()
	defer o.mu.RUnlock()
	if obj := o.prefixes[prefix]; obj != nil {
		return obj.def.Name, true
	}
	return "", false
}

// CanonicalObject returns an object's name in its own case, when the session
// may see it.
func (o *Org) CanonicalObject(s Session, name string) (string, bool) {
	o.mu.RLock()
	defer o.mu.RUnlock()
	obj := o.object(name)
	if obj == nil || !o.grants(s).object(obj).Read {
		return "", false
	}
	return obj.def.Name, true
}

// CanonicalField returns a field's name in its own case, when the session may
// see it.
func (o *Org) CanonicalField(s Session, object, name string) (string, bool) {
	o.mu.RLock()
	defer o.mu.RUnlock()
	obj := o.object(object)
	if obj == nil {
		return "", false
	}
	f := obj.field(name)
	if f == nil || !o.grants(s).read(f) {
		return "", false
	}
	return f.Name, true
}

// RecordCount returns how many undeleted records objects hold; nil asks for
// all. Unknown names are left out (REST API guide, "Record Count").
func (o *Org) RecordCount(s Session, objects []string) []Count {
	o.mu.RLock()
	defer o.mu.RUnlock()
	out := []Count{}
	g := o.grants(s)
	for _, obj := range o.order {
		wanted := objects == nil || slices.ContainsFunc(objects, func(n string) bool { return strings.EqualFold(n, obj.def.Name) })
		if wanted && g.object(obj).Read {
			out = append(out, Count{obj.def.Name, obj.live})
		}
	}
	slices.SortFunc(out, func(a, b Count) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// notFound is the answer to a path that leads nowhere.
func notFound() *Error {
	return &Error{Status: 404, Code: "NOT_FOUND", Message: "The requested resource does not exist"}
}
