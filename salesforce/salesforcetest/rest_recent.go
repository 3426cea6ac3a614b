package salesforcetest

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/orglink/orglink/salesforce/salesforcetest/internal/engine"
	"github.com/orglink/orglink/salesforce/sobject"
)

// viewed keeps the records that each user touched last, newest first.
type viewed struct {
	mu     sync.Mutex
	byUser map[sobject.ID][]seen
}

type seen struct {
	object string
	id     sobject.ID
}

const keptRecent = 200

// remember notes a record as recently used, unless the client asks not to.
func (c *call) remember(object string, id sobject.ID) {
	if strings.Contains(strings.ToLower(c.header.Get("Sforce-Mru")), "updatemru=false") {
		return
	}
	if o, ok := c.visible(object); !ok || o.NoRecent {
		return
	}
	v := &c.s.viewed
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.byUser == nil {
		v.byUser = map[sobject.ID][]seen{}
	}
	list := slices.DeleteFunc(v.byUser[c.user.User], func(s seen) bool { return s.id == id })
	list = slices.Insert(list, 0, seen{object, id})
	v.byUser[c.user.User] = list[:min(len(list), keptRecent)]
}

func (c *call) recentItems(object string, limit int) []byte {
	c.s.viewed.mu.Lock()
	list := slices.Clone(c.s.viewed.byUser[c.user.User])
	c.s.viewed.mu.Unlock()
	out, n := []byte{'['}, 0
	for _, item := range list {
		if n >= limit || object != "" && item.object != object {
			continue
		}
		fields := []string{"Id", "Name"}
		if _, ok := c.s.org.CanonicalField(c.user, item.object, "Name"); !ok {
			fields = fields[:1]
		}
		res, err := c.data().Get(item.object, item.id, fields)
		if err != nil {
			continue
		}
		if n > 0 {
			out = append(out, ',')
		}
		out = res.AppendJSON(out, 0, engine.JSONOptions{Base: c.base()})
		n++
	}
	return append(out, ']')
}

func (c *call) recent() answer {
	limit := keptRecent
	if text := c.query.Get("limit"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			return failure(http.StatusBadRequest, "ILLEGAL_QUERY_PARAMETER_VALUE", "The value provided for query parameter 'limit' is not valid: "+text)
		}
		limit = n
	}
	return rawJSON(http.StatusOK, c.recentItems("", limit))
}

// objectBasics answers an object's own resource: its entry of the global
// describe and what the user saw of it last.
func (c *call) objectBasics() answer {
	o, refused := c.object()
	if refused != nil {
		return *refused
	}
	if c.tx != nil {
		return failure(http.StatusBadRequest, "PROCESSING_HALTED", "The resource cannot be used in a request with allOrNone.")
	}
	entry, err := c.s.org.ObjectSummary(c.user, o.Name, c.describeOptions())
	if err != nil {
		return c.refusal(err)
	}
	body := append([]byte(`{"objectDescribe":`), encode(entry)...)
	body = append(append(body, `,"recentItems":`...), c.recentItems(o.Name, 5)...)
	return rawJSON(http.StatusOK, append(body, '}'))
}
