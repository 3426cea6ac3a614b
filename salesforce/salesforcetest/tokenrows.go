package salesforcetest

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"github.com/orglink/orglink/salesforce/salesforcetest/internal/engine"
	"github.com/orglink/orglink/salesforce/sobject"
)

// tokenRows are the rows of OauthToken that are shown.
type tokenRows struct {
	mu    sync.Mutex
	shown []tokenRow
	ids   []sobject.ID
}

// tokenRow is what a row of OauthToken tells of a grant.
type tokenRow struct {
	user                       sobject.ID
	app, token, request, ender string
	used                       time.Time
	uses, seq                  int
}

// showTokens makes OauthToken show a row for each live refresh token (Object
// Reference, "OauthToken").
func (s *Server) showTokens() {
	r := &s.tokens
	r.mu.Lock()
	defer r.mu.Unlock()
	now := s.id.tokenRows()
	if slices.Equal(now, r.shown) {
		return
	}
	recs := make([]sobject.Record, len(now))
	for i, row := range now {
		recs[i] = sobject.NewRecord("OauthToken", sobject.F("UserId", sobject.IDValue(row.user)), sobject.F("AppName", sobject.TextValue(row.app)),
			sobject.F("AccessToken", sobject.TextValue(row.token)), sobject.F("RequestToken", sobject.TextValue(row.request)),
			sobject.F("DeleteToken", sobject.TextValue(row.ender)), sobject.F("UseCount", sobject.IntValue(int64(row.uses))))
		if row.uses > 0 {
			recs[i] = recs[i].With(sobject.F("LastUsedDate", sobject.DateTimeValue(row.used)))
		}
	}
	// A seed that lacks the object shows nothing.
	if _, err := s.org.Delete(system(), r.ids, engine.WriteOptions{}); err != nil {
		return
	}
	if ids, err := s.org.Load("OauthToken", recs); err == nil {
		r.ids, r.shown = ids, now
	}
}

// tokenRows lists the live grants in the order of their approval.
func (i *identity) tokenRows() []tokenRow {
	i.mu.Lock()
	defer i.mu.Unlock()
	var out []tokenRow
	for _, g := range i.liveGrants("", "") {
		row := tokenRow{user: g.user, app: g.app, token: g.refresh, request: g.code, ender: g.ender, used: g.lastUsed, uses: g.uses, seq: g.seq}
		if a := i.apps[g.app]; a != nil {
			row.app = a.Name
		}
		out = append(out, row)
	}
	slices.SortFunc(out, func(a, b tokenRow) int { return cmp.Compare(a.seq, b.seq) })
	return out
}
