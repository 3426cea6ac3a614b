package salesforce_test

import (
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/orglink/orglink/salesforce"
	"github.com/orglink/orglink/salesforce/salesforcetest"
)

const logTime = "2006-01-02T15:04:05.000+0000"

// logOrg answers windows of getUpdated and getDeleted with ids for each minute,
// and refuses windows of more than max minutes as too full.
func logOrg(t *testing.T, now time.Time, maxMinutes int) *org {
	return newOrg(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Date", now.Format(http.TimeFormat))
		if r.URL.Path == "/services/data/" {
			answer(200, `[]`)(w, r)
			return
		}
		start, err1 := time.Parse(time.RFC3339, r.URL.Query().Get("start"))
		end, err2 := time.Parse(time.RFC3339, r.URL.Query().Get("end"))
		if err := errors.Join(err1, err2); err != nil {
			t.Error(err)
		}
		if end.Sub(start) > time.Duration(maxMinutes)*time.Minute {
			answer(400, `[{"errorCode":"EXCEEDED_ID_LIMIT","message":"too many"}]`)(w, r)
			return
		}
		ids, gone := "", ""
		for at := start; !at.After(end); at = at.Add(time.Minute) { // both ends belong to the window
			id := fmt.Sprintf("001%012d", at.Unix()/60)
			ids += `,"` + id + `"`
			gone += `,{"id":"` + id + `","deletedDate":"` + at.Format(logTime) + `"}`
		}
		answer(200, `{"ids":[`+ids[1:]+`],"deletedRecords":[`+gone[1:]+`],"earliestDateAvailable":"`+now.AddDate(0, 0, -10).Format(logTime)+
			`","latestDateCovered":"`+end.Format(logTime)+`"}`)(w, r)
	})
}

func TestWindowsAreWholeMinutes(t *testing.T) {
	now := time.Now().UTC().Truncate(time.Hour)
	from := now.Add(-time.Hour).Add(4*time.Minute + 5*time.Second).In(time.FixedZone("", 3600))
	o := logOrg(t, now, 1000)
	got, err := o.client(t).Updated(t.Context(), "Account", from, from.Add(time.Second))
	if err != nil || !got.From.Equal(from.Truncate(time.Minute)) || !got.LatestCovered.Equal(got.From.Add(time.Minute)) || len(got.IDs) != 2 {
		t.Errorf("%+v, %v", got, err)
	}
	if n := len(o.requests()); n != 1 {
		t.Errorf("%d requests", n)
	}
	q := o.requests()[0].uri
	if want := "/services/data/v66.0/sobjects/Account/updated/?end=" + got.LatestCovered.Format("2006-01-02T15") + "%3A05%3A00%2B00%3A00&start=" +
		got.From.Format("2006-01-02T15") + "%3A04%3A00%2B00%3A00"; q != want {
		t.Errorf("%s, want %s", q, want)
	}
	if _, err := o.client(t).Deleted(t.Context(), "Account", from, from.Add(-time.Hour)); err == nil || len(o.requests()) != 1 {
		t.Error("an empty window was sent")
	}
	// A window without its end is no window: the next one would not know
	// where to begin.
	o = newOrg(t, answer(200, `{"deletedRecords":[]}`))
	if _, err := o.client(t).Deleted(t.Context(), "Account", from, from.Add(time.Hour)); !errors.Is(err, salesforce.ErrIncomplete) {
		t.Error(err)
	}
}

// tablexi/restforce-db PR29: a start before the org's memory must be told, not
// answered with silence.
func TestWindowsReachAsFarAsTheLog(t *testing.T) {
	now := time.Now().UTC().Add(-48 * time.Hour) // the org's clock, not ours, decides
	o := logOrg(t, now, 1<<30)
	got, err := o.client(t).Deleted(t.Context(), "Account", now.AddDate(0, 0, -20), now.AddDate(0, 0, -15).Add(30*time.Minute))
	if err != nil || got.From.Before(now.Add(-salesforce.DeletedReach)) || got.From.After(now.Add(-salesforce.DeletedReach+3*time.Minute)) {
		t.Errorf("%+v, %v", got.From, err)
	}
	if !got.EarliestAvailable.Equal(now.AddDate(0, 0, -10).Truncate(time.Millisecond)) {
		t.Error(got.EarliestAvailable)
	}
	_, err = o.client(t).Deleted(t.Context(), "Account", now.AddDate(0, 0, -20), now.AddDate(0, 0, -16))
	if !errors.Is(err, salesforce.ErrOutOfReach) {
		t.Error(err)
	}
	start := now.Add(-salesforce.UpdatedReach).Add(time.Hour).Truncate(time.Minute)
	up, err := o.client(t).Updated(t.Context(), "Account", start, start.Add(time.Minute))
	if err != nil || !up.From.Equal(start) {
		t.Errorf("%v moved to %v, %v", start, up.From, err)
	}
}

// jsforce/jsforce#361: more than 600,000 ids in a window.
func TestFullWindowsAreHalved(t *testing.T) {
	now := time.Now().UTC().Truncate(time.Hour)
	start := now.Add(-2 * time.Hour)
	o := logOrg(t, now, 16)
	up, err := o.client(t).Updated(t.Context(), "Account", start, start.Add(time.Hour))
	if err != nil || len(up.IDs) != 61 || !up.LatestCovered.Equal(start.Add(time.Hour)) {
		t.Errorf("%d ids, covered %v, %v", len(up.IDs), up.LatestCovered, err)
	}
	gone, err := o.client(t).Deleted(t.Context(), "Account", start, start.Add(time.Hour))
	if err != nil || len(gone.Records) != 61 || !gone.LatestCovered.Equal(start.Add(time.Hour)) {
		t.Errorf("%d records, covered %v, %v", len(gone.Records), gone.LatestCovered, err)
	}
	// One minute that is too full ends in the error, and not in a part.
	o = logOrg(t, now, 0)
	if up, err := o.client(t).Updated(t.Context(), "Account", start, start.Add(4*time.Minute)); !errors.Is(err, salesforce.ErrTooLarge) || up.IDs != nil {
		t.Errorf("%+v, %v", up, err)
	}
}

// The first half of a window may be covered only in part; what follows it must
// then not be claimed.
func TestHalvedWindowsLeaveNoHole(t *testing.T) {
	now := time.Now().UTC().Truncate(time.Hour)
	start := now.Add(-time.Hour)
	asked := 0
	o := newOrg(t, func(w http.ResponseWriter, r *http.Request) {
		if asked++; asked == 1 {
			answer(400, `[{"errorCode":"EXCEEDED_ID_LIMIT","message":"too many"}]`)(w, r)
			return
		}
		answer(200, `{"ids":[],"latestDateCovered":"`+start.Add(time.Minute).Format(logTime)+`"}`)(w, r)
	})
	up, err := o.client(t).Updated(t.Context(), "Account", start, now)
	if err != nil || asked != 2 || !up.LatestCovered.Equal(start.Add(time.Minute)) {
		t.Error(up, asked, err)
	}
}

func TestUpdatedInTheFakeOrg(t *testing.T) {
	org, c := fake(t, salesforcetest.Config{})
	start, err := c.ServerTime(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	id, err := org.Org().Create("Account", salesforcetest.Fields{"Name": "Acme"})
	if err != nil {
		t.Fatal(err)
	}
	org.Org().Advance(time.Minute)
	up, err := c.Updated(t.Context(), "Account", start, start.Add(time.Minute))
	if err != nil || len(up.IDs) != 1 || up.IDs[0] != id {
		t.Error(up, err)
	}
	if _, err := c.Updated(t.Context(), "Nope", start, start.Add(time.Minute)); !errors.Is(err, salesforce.ErrNotFound) {
		t.Error(err)
	}
	// An hour that the org no longer knows is refused, by it or by us.
	if up, err := c.Updated(t.Context(), "Account", start.AddDate(0, 0, -40), start.AddDate(0, 0, -39)); !errors.Is(err, salesforce.ErrOutOfReach) {
		t.Error(up, err)
	}
	up, err = c.Updated(t.Context(), "Account", start.AddDate(0, 0, -40), start.Add(time.Minute))
	if err != nil || len(up.IDs) != 1 || up.From.Before(start.AddDate(0, 0, -30)) {
		t.Error(up, err)
	}
}

// Deleted records and the log of deletions are asked for beside other steps.
func TestDeletionsInAComposite(t *testing.T) {
	org, c := fake(t, salesforcetest.Config{})
	start, err := c.ServerTime(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	id, err := org.Org().Create("Account", salesforcetest.Fields{"Name": "Acme"})
	if err != nil {
		t.Fatal(err)
	}
	org.Org().Advance(time.Second)
	_ = org.Org().Delete(id)
	org.Org().Advance(3 * time.Minute)
	before := org.APICalls()
	var b salesforce.Composite
	rows := b.QueryAll("SELECT Id, IsDeleted FROM Account")
	log := b.Deleted("Account", start, start.Add(time.Minute))
	old := b.Deleted("Account", start.AddDate(-1, 0, 0), start.AddDate(-1, 0, 1))
	result, err := c.Composite(t.Context(), &b)
	if err != nil || org.APICalls() != before+1 {
		t.Fatal(err)
	}
	if recs, err := result.Of(rows).Records(); err != nil || len(recs) != 1 {
		t.Error(recs, err)
	}
	gone, err := result.Of(log).Deletions()
	if err != nil || len(gone.Records) != 1 || gone.Records[0].ID != id || gone.LatestCovered.IsZero() || gone.EarliestAvailable.IsZero() {
		t.Errorf("%+v, %v", gone, err)
	}
	var refused *salesforce.Error
	if _, err := result.Of(old).Deletions(); !errors.As(err, &refused) || refused.Object != "Account" {
		t.Error(err)
	}
	var empty salesforce.Composite
	empty.Deleted("", start, start.Add(time.Minute))
	if _, err := c.Composite(t.Context(), &empty); err == nil {
		t.Error("the object is not named")
	}
}
