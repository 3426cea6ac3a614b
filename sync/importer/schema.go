package importer

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/mapping"
	"github.com/orglink/orglink/salesforce"
	"github.com/orglink/orglink/salesforce/sobject"
)

// schemas keeps what is known of each connection between its steps: describes,
// so that many streams share one call and revalidate it, and the last answers
// to the question whether anything changed.
type schemas struct {
	mu           sync.Mutex
	byConnection map[string]*schema
	swept        time.Time
	rest         time.Duration // kept so long after the last use
}

// describeReach is the age from which a describe is asked for anew, whatever
// was said about it meanwhile: an answer 304 follows the metadata of an object,
// and not the permissions of the user.
const describeReach = time.Hour

type schema struct {
	used    time.Time  // under the lock of schemas
	mu      sync.Mutex // also held during the call, so that one asks for all
	objects map[string]described
	anew    bool // what the client keeps is not to be believed either
	probes
}

type described struct {
	at      time.Time // when it was last known to be true
	fetched time.Time // when it was asked for
	since   time.Time // of the org's clock: it holds all changes before
	fields  string    // the selected fields that it was asked for
	// describe is cut down to what imports need; nil: not there, or hidden.
	describe *sobject.Describe
	whole    bool // all selected fields are there
}

func (s *schemas) of(tenant orglink.TenantID, conn orglink.ConnectionID) *schema {
	s.mu.Lock()
	defer s.mu.Unlock()
	key, now := string(tenant)+"\x00"+string(conn), time.Now()
	if now.Sub(s.swept) > s.rest/4 {
		maps.DeleteFunc(s.byConnection, func(_ string, c *schema) bool { return now.Sub(c.used) > s.rest })
		s.swept = now
	}
	if s.byConnection[key] == nil {
		s.byConnection[key] = &schema{objects: map[string]described{}}
	}
	s.byConnection[key].used = now
	return s.byConnection[key]
}

// forget makes the next use ask the org again, without conditions: a refused
// query knows better than any describe that was kept.
func (s *schema) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.objects)
	s.anew = true
}

// age makes what is kept of some objects old, so that it is revalidated.
func (s *schema) age() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for o, d := range s.objects {
		d.at = time.Time{}
		s.objects[o] = d
	}
}

// describe returns an object's description, asking for all of objects at once
// when it is not known or too old; a lenient caller takes an old one that he
// will have revalidated. calls is the number of API calls made.
func (s *schema) describe(ctx context.Context, c *salesforce.Client, object string, objects []string, fields map[string][]string, maxAge time.Duration, lenient bool) (d *sobject.Describe, calls int64, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if have, ok := s.objects[object]; !ok || have.fields != fieldKey(fields[object]) || time.Since(have.at) > maxAge && !(lenient && have.keepable()) {
		// Before the call: a change during it is seen again, not missed.
		now := time.Now()
		since, err := c.ServerTime(ctx)
		if err != nil {
			return nil, 0, err
		}
		if s.anew {
			ctx = salesforce.WithHeader(ctx, http.Header{"Cache-Control": {"no-cache"}})
		}
		found, err := c.DescribeMany(ctx, objects)
		if err != nil {
			return nil, 0, err
		}
		s.anew = false
		for _, o := range objects {
			s.objects[o] = newDescribed(found[o], fields[o], now, since)
		}
		calls = int64((len(objects) + 24) / 25)
	}
	if d = s.objects[object].describe; d == nil {
		return nil, calls, ErrNoObject
	}
	return d, calls, nil
}

// fresh tells whether an object's describe is no older than maxAge.
func (s *schema) fresh(object string, maxAge time.Duration) bool {
	return s.freshSince(object, maxAge, time.Now())
}

// freshSince tells whether an object's describe is no older than maxAge, or
// than a time.
func (s *schema) freshSince(object string, maxAge time.Duration, at time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	have, ok := s.objects[object]
	return ok && (!have.at.Before(at) || time.Since(have.at) <= maxAge)
}

// keepable tells that revalidating is enough. A field that was hidden may be
// shown by now, which no 304 would tell.
func (d described) keepable() bool {
	return d.describe != nil && d.whole && time.Since(d.fetched) < describeReach
}

func newDescribed(full *sobject.Describe, fields []string, now, since time.Time) described {
	out := described{at: now, fetched: now, since: since.Add(-2 * time.Second), fields: fieldKey(fields), whole: true}
	if full == nil {
		return out
	}
	want := map[string]bool{"id": true, "systemmodstamp": true, "isdeleted": true, "isarchived": true, "masterrecordid": true, "ownerid": true}
	for _, f := range fields {
		want[strings.ToLower(f)] = true
		if _, ok := full.Field(f); !ok {
			out.whole = false
		}
	}
	d := *full
	d.RecordTypeInfos = nil
	d.Fields = nil
	for _, f := range full.Fields {
		if want[strings.ToLower(f.Name)] || f.Type == sobject.TypeReference {
			d.Fields = append(d.Fields, f)
		}
	}
	out.describe = &d
	return out
}

// fieldKey tells selections of fields apart.
func fieldKey(fields []string) string { return strings.Join(fields, ",") }

// wanted is what the selections ask of each object: the union of the fields.
func (im *Importer) wanted(ctx context.Context, tenant orglink.TenantID, conn orglink.ConnectionID) (objects []string, fields map[string][]string, err error) {
	selections, err := im.cfg.Selections.Selections(ctx, tenant, conn)
	if err != nil {
		return nil, nil, fmt.Errorf("importer: selections of connection %s: %w", conn, err)
	}
	objects, fields = union(selections)
	return objects, fields, nil
}

func union(selections []mapping.Selection) (objects []string, fields map[string][]string) {
	fields = map[string][]string{}
	for _, s := range selections {
		if _, known := fields[s.Object]; !known {
			objects = append(objects, s.Object)
		}
		fields[s.Object] = append(fields[s.Object], s.Fields...)
	}
	return objects, fields
}

// columns picks the selected fields out of a describe, with Id and
// SystemModstamp. Fields that the org does not show (any more), and those that
// hold no value of their own, are left out and told.
func (im *Importer) columns(tenant orglink.TenantID, conn orglink.ConnectionID, d *sobject.Describe, fields []string) ([]sobject.DescribeField, error) {
	want := map[string]bool{"id": true, "systemmodstamp": true}
	for _, name := range fields {
		want[strings.ToLower(name)] = true
	}
	var out []sobject.DescribeField
	for _, f := range d.Fields {
		lower := strings.ToLower(f.Name)
		if !want[lower] {
			continue
		}
		delete(want, lower)
		if f.Type.Compound() || f.Type == sobject.TypeBase64 {
			im.tell(tenant, conn, "import.field.unsupported", d.Name, f.Name,
				"is of type "+string(f.Type)+", which is not imported; select its parts instead")
			continue
		}
		out = append(out, f)
	}
	if want["systemmodstamp"] {
		return nil, ErrNoModstamp
	}
	if f, _ := d.Field("SystemModstamp"); !f.Filterable {
		return nil, fmt.Errorf("SystemModstamp cannot be filtered by: %w", ErrNoModstamp)
	}
	for _, name := range fields {
		if want[strings.ToLower(name)] {
			im.tell(tenant, conn, "import.field.gone", d.Name, name,
				"does not exist in the org any more, or field-level security hides it from the connection's user; it is no longer updated")
		}
	}
	return out, nil
}

// tell sends an event about a field once in the life of this process.
func (im *Importer) tell(tenant orglink.TenantID, conn orglink.ConnectionID, kind, object, field, what string) {
	if im.cfg.Events == nil {
		return
	}
	subject := object
	if field != "" {
		subject += "." + field
	}
	key := strings.Join([]string{string(tenant), string(conn), kind, subject}, "\x00")
	im.toldMu.Lock()
	known := im.told[key]
	im.told[key] = true
	im.toldMu.Unlock()
	if !known {
		im.event(tenant, conn, kind, subject, subject+" "+what)
	}
}

func (im *Importer) event(tenant orglink.TenantID, conn orglink.ConnectionID, kind, subject, message string) {
	if im.cfg.Events == nil {
		return
	}
	im.cfg.Events(orglink.Event{ID: newID(), Kind: kind, Tenant: tenant, Connection: conn, Subject: subject, Message: message, At: time.Now()})
}

// names lists the fields of columns.
func names(columns []sobject.DescribeField) []string {
	out := make([]string, len(columns))
	for i, c := range columns {
		out[i] = c.Name
	}
	return out
}

// keep returns those of columns that list names with the same class.
func keep(columns []sobject.DescribeField, list []string) []sobject.DescribeField {
	return slices.DeleteFunc(slices.Clone(columns), func(c sobject.DescribeField) bool {
		return !slices.Contains(list, c.Name+"#"+class(c.Type))
	})
}

// kept returns what is kept of an object, however old.
func (s *schema) kept(object string) *sobject.Describe {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.objects[object].describe
}

// conditional adds a describe to a request, which answers 304 when the kept one
// is still true.
func (s *schema) conditional(b *salesforce.Composite, object string) salesforce.Ref {
	s.mu.Lock()
	defer s.mu.Unlock()
	since := s.objects[object].since
	return b.Request(http.MethodGet, "sobjects/"+url.PathEscape(object)+"/describe", nil, http.Header{"If-Modified-Since": {since.UTC().Format(http.TimeFormat)}})
}

// revalidated notes what the org said to a conditional describe.
func (s *schema) revalidated(object string, at time.Time, same bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	have, ok := s.objects[object]
	switch {
	case ok && same:
		have.at = at
		s.objects[object] = have
	case ok:
		delete(s.objects, object)
	}
}
