package importer

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/mapping"
	"github.com/orglink/orglink/salesforce"
	"github.com/orglink/orglink/salesforce/sobject"
)

// schemas keeps the describes of each connection for a short while, so that
// many streams share one call.
type schemas struct {
	mu           sync.Mutex
	byConnection map[string]*schema
	swept        time.Time
}

// schemaRest is how long the describes of a connection are kept after their
// last use: a host may have thousands of connections.
const schemaRest = 2 * time.Minute

type schema struct {
	used    time.Time  // under the lock of schemas
	mu      sync.Mutex // also held during the call, so that one asks for all
	objects map[string]described
}

type described struct {
	at       time.Time
	describe *sobject.Describe // nil: not there, or hidden
}

func (s *schemas) of(tenant orglink.TenantID, conn orglink.ConnectionID) *schema {
	s.mu.Lock()
	defer s.mu.Unlock()
	key, now := string(tenant)+"\x00"+string(conn), time.Now()
	if now.Sub(s.swept) > schemaRest {
		maps.DeleteFunc(s.byConnection, func(_ string, c *schema) bool { return now.Sub(c.used) > schemaRest })
		s.swept = now
	}
	if s.byConnection[key] == nil {
		s.byConnection[key] = &schema{objects: map[string]described{}}
	}
	s.byConnection[key].used = now
	return s.byConnection[key]
}

// forget makes the next use ask the org again.
func (s *schema) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.objects)
}

// describe returns an object's description, asking for all of objects at once
// when it is not known or too old. calls is the number of API calls made.
func (s *schema) describe(ctx context.Context, c *salesforce.Client, object string, objects []string, maxAge time.Duration) (d *sobject.Describe, calls int64, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if have, ok := s.objects[object]; !ok || time.Since(have.at) > maxAge {
		now := time.Now()
		found, err := c.DescribeMany(ctx, objects)
		if err != nil {
			return nil, 0, err
		}
		for _, o := range objects {
			s.objects[o] = described{now, found[o]}
		}
		calls = int64((len(objects) + 24) / 25)
	}
	if d = s.objects[object].describe; d == nil {
		return nil, calls, ErrNoObject
	}
	return d, calls, nil
}

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
