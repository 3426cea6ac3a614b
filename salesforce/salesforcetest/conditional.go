package salesforcetest

import (
	"fmt"
	"hash/fnv"
	"net/http"
	"strings"
	"time"

	"github.com/orglink/orglink/salesforce/salesforcetest/internal/engine"
	"github.com/orglink/orglink/salesforce/sobject"
)

// Conditional requests on sObject Rows: Last-Modified and its
// conditions for every object, ETags for Account alone.

// lastModified is what conditional requests compare.
func (c *call) lastModified(object string, id sobject.ID) (time.Time, bool) {
	res, err := c.data().Get(object, id, []string{"LastModifiedDate"})
	if err != nil {
		return time.Time{}, false
	}
	at, err := res.Record(0).Time("LastModifiedDate")
	return at.UTC().Truncate(time.Second), err == nil
}

// etag returns the entity tag of a record, "" for objects that have none.
func (c *call) etag(o engine.Object, id sobject.ID) string {
	if o.Name != "Account" {
		return ""
	}
	res, err := c.data().Get(o.Name, id, []string{"SystemModstamp"})
	if err != nil {
		return ""
	}
	stamp, _ := res.Record(0).Value("SystemModstamp")
	h := fnv.New64a()
	fmt.Fprint(h, id, stamp.Raw())
	return fmt.Sprintf(`"%016x--gzip"`, h.Sum64())
}

// hasTag reports whether a list of entity tags holds one.
func hasTag(list, tag string) bool {
	for _, one := range strings.Split(list, ",") {
		if one = strings.TrimPrefix(strings.TrimSpace(one), "W/"); one == "*" || one == tag {
			return true
		}
	}
	return false
}

// conditionalRow answers a read of a record under its conditions.
func (c *call) conditionalRow(o engine.Object, id sobject.ID, a answer) answer {
	tag := c.etag(o, id)
	match, none := c.header.Get("If-Match"), c.header.Get("If-None-Match")
	at, known := c.lastModified(o.Name, id)
	since, sinceErr := http.ParseTime(c.header.Get("If-Modified-Since"))
	until, untilErr := http.ParseTime(c.header.Get("If-Unmodified-Since"))
	switch {
	case tag != "" && match != "" && !hasTag(match, tag), known && untilErr == nil && at.After(until):
		a = empty(http.StatusPreconditionFailed)
	case tag != "" && none != "" && hasTag(none, tag), known && sinceErr == nil && !at.After(since):
		a = empty(http.StatusNotModified)
	}
	if known {
		a = a.with("Last-Modified", at.Format(http.TimeFormat))
	}
	if tag != "" {
		a = a.with("ETag", tag)
	}
	return a
}

// precondition refuses a change whose conditions do not hold.
func (c *call) precondition(o engine.Object, id sobject.ID) *answer {
	failed := empty(http.StatusPreconditionFailed)
	for _, name := range []string{"If-Unmodified-Since", "If-Modified-Since"} {
		text := c.header.Get(name)
		if text == "" {
			continue
		}
		since, err := http.ParseTime(text)
		if err != nil {
			a := failure(http.StatusBadRequest, "INVALID_HEADER", "Invalid value for the "+name+" header")
			return &a
		}
		if at, ok := c.lastModified(o.Name, id); ok && at.After(since) == (name == "If-Unmodified-Since") {
			return &failed
		}
	}
	tag := c.etag(o, id)
	if tag == "" {
		return nil
	}
	match, none := c.header.Get("If-Match"), c.header.Get("If-None-Match")
	if match != "" && !hasTag(match, tag) || none != "" && hasTag(none, tag) {
		return &failed
	}
	return nil
}
