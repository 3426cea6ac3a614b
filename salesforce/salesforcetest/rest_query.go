package salesforcetest

import (
	"cmp"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/orglink/orglink/salesforce/salesforcetest/internal/engine"
	"github.com/orglink/orglink/salesforce/sobject"
)

// cursor is the rest of a query's result.
type cursor struct {
	res     *engine.Result
	user    sobject.ID
	token   string // of the session, where cursors die with it
	batch   int
	expires time.Time
}

type cursors struct {
	mu   sync.Mutex
	life time.Duration
	byID map[string]*cursor
}

func newCursors(life time.Duration) *cursors {
	return &cursors{life: life, byID: map[string]*cursor{}}
}

// maxCursors bounds what a long-lived server keeps; the oldest go first.
const maxCursors = 5000

// keep stores a result and returns the first 18 characters of its locators.
func (k *cursors) keep(cur *cursor, now time.Time) string {
	k.mu.Lock()
	defer k.mu.Unlock()
	cur.expires = now.Add(k.life)
	if len(k.byID) >= maxCursors {
		k.sweep(now)
	}
	id := "0r8" + strings.NewReplacer(".", "x", "_", "y").Replace(randomToken(15))
	k.byID[id] = cur
	return id
}

// sweep drops what is expired, and then the older half.
func (k *cursors) sweep(now time.Time) {
	type entry struct {
		id      string
		expires time.Time
	}
	var live []entry
	for id, c := range k.byID {
		if !now.Before(c.expires) {
			delete(k.byID, id)
			continue
		}
		live = append(live, entry{id, c.expires})
	}
	slices.SortFunc(live, func(a, b entry) int { return cmp.Or(a.expires.Compare(b.expires), strings.Compare(a.id, b.id)) })
	for _, e := range live[:len(live)/2] {
		delete(k.byID, e.id)
	}
}

// find reads a locator such as 0r8xx5R2yF2gs3VASQ-2000.
func (k *cursors) find(locator string, user sobject.ID, token string, now time.Time) (cur *cursor, id string, offset int, ok bool) {
	id, text, found := strings.Cut(locator, "-")
	offset, err := strconv.Atoi(text)
	if !found || err != nil || offset < 0 {
		return nil, "", 0, false
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	cur, ok = k.byID[id]
	if !ok || cur.user != user || cur.token != token || !now.Before(cur.expires) || offset > cur.res.Len() {
		return nil, "", 0, false
	}
	return cur, id, offset, true
}

// object tells what a locator's query reads, for faults.
func (k *cursors) object(locator string) string {
	id, _, _ := strings.Cut(locator, "-")
	k.mu.Lock()
	defer k.mu.Unlock()
	if cur, ok := k.byID[id]; ok {
		return cur.res.Object()
	}
	return ""
}

// drop forgets every cursor.
func (k *cursors) drop() {
	k.mu.Lock()
	defer k.mu.Unlock()
	clear(k.byID)
}

var (
	fromWord  = regexp.MustCompile(`(?i)\sfrom\s+([a-z0-9_]+)`)
	inParens  = regexp.MustCompile(`\([^()]*\)`)
	batchSize = regexp.MustCompile(`(?i)batchSize\s*=\s*(\d+)`)
)

// fromObject reads the object of the outer query from SOQL text, for faults.
func fromObject(soql string) string {
	for range 20 {
		flat := inParens.ReplaceAllString(soql, " ")
		if flat == soql {
			break
		}
		soql = flat
	}
	if m := fromWord.FindStringSubmatch(soql); m != nil {
		return m[1]
	}
	return ""
}

func (c *call) queryLive() answer  { return c.runQuery(false) }
func (c *call) queryEvery() answer { return c.runQuery(true) }

func (c *call) runQuery(all bool) answer {
	if c.query.Has("explain") && !c.query.Has("q") {
		return c.explain(all)
	}
	// Trailing blanks are not in the text that errors quote.
	res, err := c.queryText(strings.TrimRight(c.query.Get("q"), " \t\r\n"), engine.QueryOptions{All: all})
	if err != nil {
		return c.refusal(err)
	}
	if res.Aggregate() && res.Len() > 2000 {
		return failure(http.StatusBadRequest, "EXCEEDED_ID_LIMIT",
			"Aggregate query does not support queryMore(), use LIMIT to restrict the results to a single batch")
	}
	if len(res.For()) > 0 && c.tx == nil && !res.Aggregate() {
		for _, id := range res.IDs(0, min(res.Len(), keptRecent)) {
			c.remember(res.Object(), id)
		}
	}
	if o := res.Object(); !res.Aggregate() && res.NoQueryMore() && res.Len() > c.batchSize(res) {
		return failure(http.StatusBadRequest, "EXCEEDED_ID_LIMIT", o+" does not support queryMore(), use LIMIT to restrict the results to a single batch")
	}
	cur := &cursor{res: res, user: c.user.User, token: c.cursorToken(), batch: c.batchSize(res)}
	return c.queryPage(cur, "", 0)
}

// cursorToken binds cursors to their session, if the org does.
func (c *call) cursorToken() string {
	if c.s.cfg.CursorsDieWithSession && c.session != nil {
		return c.session.token
	}
	return ""
}

// batchSize is the page size asked for, within Salesforce's bounds.
func (c *call) batchSize(res *engine.Result) int {
	n := res.PageLimit()
	if m := batchSize.FindStringSubmatch(c.header.Get("Sforce-Query-Options")); m != nil {
		if asked, err := strconv.Atoi(m[1]); err == nil {
			n = min(n, max(asked, 200))
		}
	}
	return max(n, 1)
}

func (c *call) queryMore() answer {
	cur, id, offset, ok := c.s.cursors.find(c.params["locator"], c.user.User, c.cursorToken(), c.s.org.Now())
	if !ok {
		return failure(http.StatusBadRequest, "INVALID_QUERY_LOCATOR", "invalid query locator")
	}
	return c.queryPage(cur, id, offset)
}

// queryPage answers the rows from offset on.
func (c *call) queryPage(cur *cursor, id string, offset int) answer {
	size := cur.batch
	if c.act.page != nil {
		size = max(c.act.page(), 1)
	}
	end := min(offset+size, cur.res.Len())
	next := func(id string, n int) string { return c.base() + "/query/" + id + "-" + strconv.Itoa(n) }
	body := make([]byte, 0, 256+(end-offset)*256)
	body = append(body, `{"totalSize":`...)
	body = strconv.AppendInt(body, int64(cur.res.TotalSize()), 10)
	if end < cur.res.Len() {
		if id == "" {
			id = c.s.cursors.keep(cur, c.s.org.Now())
		}
		body = append(body, `,"done":false,"nextRecordsUrl":"`...)
		body = append(body, next(id, end)...)
		body = append(body, '"')
	} else {
		body = append(body, `,"done":true`...)
	}
	body = append(body, `,"records":[`...)
	opt := engine.JSONOptions{Base: c.base(), Batch: cur.batch, Children: func(child *engine.Result, sent int) string {
		rest := &cursor{res: child, user: cur.user, token: cur.token, batch: cur.batch}
		return next(c.s.cursors.keep(rest, c.s.org.Now()), sent)
	}}
	for row := offset; row < end; row++ {
		if row > offset {
			body = append(body, ',')
		}
		body = cur.res.AppendJSON(body, row, opt)
	}
	return rawJSON(http.StatusOK, append(body, "]}"...))
}
