package bulk_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/orglink/orglink/salesforce"
	"github.com/orglink/orglink/salesforce/bulk"
	"github.com/orglink/orglink/salesforce/salesforcetest"
	"github.com/orglink/orglink/salesforce/sobject"
)

var quick = bulk.PollConfig{PollMin: time.Millisecond}

func upsert(columns ...string) bulk.LoadConfig {
	return bulk.LoadConfig{Object: "Account", Operation: bulk.Upsert, ExternalID: "Ext__c", Columns: columns, PollConfig: quick}
}

// uploads returns the paths of the uploads that a fake org answered with 201.
func count(s *salesforcetest.Server, method, part string, status int) int {
	n := 0
	for _, r := range s.Requests() {
		if r.Method == method && strings.Contains(r.Path, part) && r.Status == status {
			n++
		}
	}
	return n
}

func TestLoadIsCutByBytesIntoJobs(t *testing.T) {
	s, c := orgWith(t, salesforcetest.Config{})
	extField(t, s)
	var handles []string
	cfg := upsert("Ext__c", "Name")
	cfg.MaxBytes = 20_000
	cfg.Saved = func(h string) error { handles = append(handles, h); return nil }
	const n = 3000
	l, err := bulk.StartLoad(t.Context(), c, cfg, accounts(n, "Ext__c"))
	if err != nil {
		t.Fatal(err)
	}
	jobs := len(l.Jobs())
	if jobs < 5 || jobs > 10 || len(handles) != 2*jobs || count(s, "PUT", "/batches", 201) != jobs {
		t.Errorf("%d jobs, %d handles", jobs, len(handles))
	}
	infos, err := l.Wait(t.Context())
	if err != nil || len(infos) != jobs {
		t.Fatal(infos, err)
	}
	counts, byKey, err := tally(t, l)
	if err != nil || counts[bulk.RowSucceeded] != n || len(byKey) != n {
		t.Fatal(counts, len(byKey), err)
	}
	row := byKey["key 000007"]
	if name, _ := row.Record.Text("Name"); name != "Account 7, \"Ltd\"\nNext" || row.ID == "" || !row.Created || row.Job == "" {
		t.Errorf("%+v", row)
	}
	stored, err := s.Org().Query("SELECT Name, Ext__c FROM Account WHERE Ext__c = 'key 002999'")
	if err != nil || len(stored) != 1 {
		t.Fatal(stored, err)
	}
	if name, _ := stored[0].Text("Name"); name != "Account 2999, \"Ltd\"\nNext" {
		t.Error(name)
	}
	// Another process knows the ids only.
	again, err := bulk.OpenLoad(c, l.Handle(), quick)
	if err != nil {
		t.Fatal(err)
	}
	if counts, _, err := tally(t, again); err != nil || counts[bulk.RowSucceeded] != n {
		t.Error(counts, err)
	}
	if err := again.Expect(t.Context(), accounts(n+2, "Ext__c"), "Ext__c", "Name"); err != nil {
		t.Fatal(err)
	}
	counts, byKey, err = tally(t, again)
	if err != nil || counts[bulk.RowSucceeded] != n || counts[bulk.RowUnknown] != 2 || byKey["key 003001"].Status != bulk.RowUnknown {
		t.Error("rows that were never sent:", counts, err)
	}
	if err := again.Delete(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestLoadSurvivesFaults(t *testing.T) {
	upload := salesforcetest.Match{Method: "PUT", Path: "jobs/ingest/*/batches", Nth: 2}
	closing := salesforcetest.Match{Method: "PATCH", Path: "jobs/ingest/*", Nth: 2}
	for name, f := range map[string]salesforcetest.Fault{
		"upload cut before":       {Match: upload, Action: salesforcetest.DropBefore()},
		"upload cut after":        {Match: upload, Action: salesforcetest.DropAfter()},
		"upload refused for now":  {Match: upload, Action: salesforcetest.Refuse(503, "SERVER_UNAVAILABLE", "try later")},
		"session ends at upload":  {Match: upload, Action: salesforcetest.ExpireSession()},
		"close cut before":        {Match: closing, Action: salesforcetest.DropBefore()},
		"close cut after":         {Match: closing, Action: salesforcetest.DropAfter()},
		"results cut":             {Match: salesforcetest.Match{Path: "jobs/ingest/*/successfulResults", Nth: 1}, Action: salesforcetest.Truncate(3000)},
		"create cut after":        {Match: salesforcetest.Match{Method: "POST", Path: "jobs/ingest", Nth: 2}, Action: salesforcetest.DropAfter()},
		"look refused for a time": {Match: salesforcetest.Match{Method: "GET", Path: "jobs/ingest/*", Nth: 2, Times: 3}, Action: salesforcetest.Refuse(503, "SERVER_UNAVAILABLE", "try later")},
	} {
		t.Run(name, func(t *testing.T) {
			s := salesforcetest.NewServer(t, salesforcetest.Config{})
			extField(t, s)
			_, host, _ := strings.Cut(s.URL, "://")
			c, err := salesforce.New(salesforce.Config{Tokens: renewing{s}, HTTPClient: s.Client(), TrustedHosts: []string{host}, RetryWaitMin: 1, RetryWaitMax: 1000})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Fault(f)()
			cfg := upsert("Ext__c", "Name")
			cfg.MaxBytes = 10_000
			l, err := bulk.StartLoad(t.Context(), c, cfg, accounts(500, "Ext__c"))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := l.Wait(t.Context()); err != nil {
				t.Fatal(err)
			}
			counts, _, err := tally(t, l)
			if err != nil || counts[bulk.RowSucceeded] != 500 || len(counts) != 1 {
				t.Error(counts, err)
			}
			if n, err := s.Org().Count("SELECT COUNT() FROM Account"); err != nil || n != 500 {
				t.Error(n, err)
			}
			for info, err := range bulk.Jobs(t.Context(), c, false) {
				if err != nil || info.State == bulk.Open && name != "create cut after" {
					t.Errorf("left over: %+v, %v", info, err)
				}
			}
		})
	}
}

// renewing gives a new token whenever one was rejected.
type renewing struct{ s *salesforcetest.Server }

func (r renewing) Token(context.Context) (salesforce.Token, error) {
	return salesforce.StaticToken(r.s.URL, r.s.Ready().AccessToken).Token(context.Background())
}

func (r renewing) Refresh(context.Context, salesforce.Token) (salesforce.Token, error) {
	return salesforce.StaticToken(r.s.URL, r.s.Token("admin@orglink.example")).Token(context.Background())
}

func TestEveryRowHasOneOutcome(t *testing.T) {
	s, c := orgWith(t, salesforcetest.Config{})
	extField(t, s)
	source := rows(
		rec("Ext__c", "1", "Name", "Good"),
		rec("Ext__c", "2", "Name", ""),       // #N/A for a required field: the org refuses it
		rec("Ext__c", "3", "Name", "#N/A"),   // would be cleared: never sent
		rec("Ext__c", "", "Name", "No key"),  // never sent
		rec("Ext__c", "5", "Name", "\xff"),   // never sent
		rec("Ext__c", "6", "Nickname", "X"),  // no such column: never sent
		rec("Ext__c", "7", "Name", "Good 2"), //
		sobject.NewRecord("Contact", sobject.F("Ext__c", sobject.TextValue("8"))),
	)
	l, err := bulk.StartLoad(t.Context(), c, upsert("Ext__c", "Name"), source)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	for range 2 { // results can be read again
		counts, byKey, err := tally(t, l)
		if err != nil || counts[bulk.RowSucceeded] != 2 || counts[bulk.RowFailed] != 6 || len(counts) != 2 {
			t.Fatal(counts, err)
		}
		if !errors.Is(byKey["2"].Err(), salesforce.ErrRequired) || byKey["2"].Job == "" {
			t.Errorf("%+v", byKey["2"])
		}
		for key, says := range map[string]string{"3": "#N/A", "5": "not UTF-8", "6": "Nickname", "8": "Contact", "": "Ext__c is empty"} {
			if row := byKey[key]; row.Error == nil || !strings.Contains(row.Error.Message, says) || row.Job != "" {
				t.Errorf("%q: %+v", key, row)
			}
		}
	}
	// Beyond the bound the whole load ends, and says why.
	cfg := upsert("Ext__c", "Name")
	cfg.MaxRefused = 2
	if l, err := bulk.StartLoad(t.Context(), c, cfg, source); err == nil || !strings.Contains(err.Error(), "cannot be sent") || l == nil {
		t.Error(err)
	}
	// A job that someone aborts leaves rows unprocessed.
	slow, sc := orgWith(t, salesforcetest.Config{BulkDelay: time.Hour})
	extField(t, slow)
	l, err = bulk.StartLoad(t.Context(), sc, upsert("Ext__c", "Name"), accounts(50, "Ext__c"))
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range l.Results(t.Context()) {
		if err == nil || !strings.Contains(err.Error(), "Wait") {
			t.Error("results of a running job:", err)
		}
	}
	if err := l.Abort(t.Context()); err != nil {
		t.Fatal(err)
	}
	infos, err := l.Wait(t.Context())
	if err != nil || infos[0].State != bulk.Aborted {
		t.Fatal(infos, err)
	}
	if counts, _, err := tally(t, l); err != nil || counts[bulk.RowUnprocessed] != 50 || len(counts) != 1 {
		t.Error(counts, err)
	}
}

func TestRowsThatDifferInTheirColumns(t *testing.T) {
	s, c := orgWith(t, salesforcetest.Config{})
	extField(t, s)
	if err := s.Org().AddField("Account", salesforcetest.Field{Name: "Tier__c", Label: "Tier", Type: "string", Length: 10, Default: "bronze"}); err != nil {
		t.Fatal(err)
	}
	source := rows(
		rec("Ext__c", "1", "Name", "A"),
		rec("Name", "B", "Ext__c", "2", "Tier__c", "gold"),
		rec("ext__c", "3", "Name", "C", "Phone", "1"),
		rec("Ext__c", "4", "Name", "D"),
		sobject.NewRecord("Account"),
	)
	load := func(cfg bulk.LoadConfig, source bulk.Rows) *bulk.Load {
		t.Helper()
		cfg.PollConfig = quick
		l, err := bulk.StartLoad(t.Context(), c, cfg, source)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := l.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		return l
	}
	l := load(bulk.LoadConfig{Object: "Account", Operation: bulk.Insert, Key: "Ext__c"}, source)
	counts, _, err := tally(t, l)
	if err != nil || counts[bulk.RowSucceeded] != 4 || counts[bulk.RowFailed] != 1 || len(l.Jobs()) != 3 {
		t.Error(counts, l.Jobs(), err)
	}
	want := map[string]string{"1": "bronze", "2": "gold", "3": "bronze", "4": "bronze"}
	check := func() {
		t.Helper()
		recs, err := s.Org().Query("SELECT Ext__c, Tier__c, Phone FROM Account")
		if err != nil || len(recs) != 4 {
			t.Fatal(len(recs), err)
		}
		for _, r := range recs {
			key, _ := r.Text("Ext__c")
			if tier, _ := r.Value("Tier__c"); tier.Raw() != want[key] {
				t.Errorf("%s: %q", key, tier.Raw())
			}
			if phone, _ := r.Value("Phone"); (phone.Raw() == "1") != (key == "3") {
				t.Errorf("%s: phone %q", key, phone.Raw())
			}
		}
	}
	check()
	// An upsert sends all columns in one job and leaves alone what a row lacks.
	l = load(bulk.LoadConfig{Object: "Account", Operation: bulk.Upsert, ExternalID: "Ext__c"}, rows(
		rec("Ext__c", "1", "Tier__c", "iron"), rec("Ext__c", "2", "Name", "B2"),
		rec("Ext__c", "4").With(sobject.F("Tier__c", sobject.NullValue()))))
	want["1"], want["4"] = "iron", ""
	if counts, _, err := tally(t, l); err != nil || counts[bulk.RowSucceeded] != 3 || len(l.Jobs()) != 1 {
		t.Error(counts, err)
	}
	check()
}

func TestLoadThatEndsEarlyLeavesNothingOpen(t *testing.T) {
	boom := errors.New("boom")
	failing := func(yield func(sobject.Record, error) bool) {
		for r := range accounts(300, "Ext__c") {
			if !yield(r, nil) {
				return
			}
		}
		yield(sobject.Record{}, boom)
	}
	calls := 0
	other := func(yield func(sobject.Record, error) bool) { // other rows each time
		calls++
		for i := range 300 {
			if !yield(rec("Ext__c", fmt.Sprint(calls, " ", i), "Name", "N"), nil) {
				return
			}
		}
	}
	for name, tc := range map[string]struct {
		source bulk.Rows
		is     error
		fault  bool
	}{"source fails": {failing, boom, false}, "source not restartable": {other, bulk.ErrNotRestartable, true}} {
		t.Run(name, func(t *testing.T) {
			s, c := orgWith(t, salesforcetest.Config{})
			extField(t, s)
			if tc.fault {
				defer s.Fault(salesforcetest.Fault{Match: salesforcetest.Match{Method: "PUT", Nth: 2}, Action: salesforcetest.DropAfter()})()
			}
			cfg := upsert("Ext__c", "Name")
			cfg.MaxBytes = 1_000
			l, err := bulk.StartLoad(t.Context(), c, cfg, tc.source)
			if !errors.Is(err, tc.is) || l == nil {
				t.Fatal(l, err)
			}
			for info, err := range bulk.Jobs(t.Context(), c, false) {
				if err != nil || info.State == bulk.Open {
					t.Errorf("left open: %+v, %v", info, err)
				}
			}
			if _, err := l.Wait(t.Context()); err != nil {
				t.Fatal(err)
			}
			counts, _, err := tally(t, l)
			stored, countErr := s.Org().Count("SELECT COUNT() FROM Account")
			if err != nil || countErr != nil || counts[bulk.RowSucceeded] != stored || counts[bulk.RowSucceeded] == 0 || counts[bulk.RowUnknown] != 0 {
				t.Error(counts, stored, err)
			}
			if name == "source fails" && counts[bulk.RowSucceeded]+counts[bulk.RowUnprocessed] != 300 {
				t.Error(counts)
			}
		})
	}
}

func TestAbortStale(t *testing.T) {
	s, c := orgWith(t, salesforcetest.Config{})
	start := func() *bulk.IngestJob {
		j, err := bulk.StartIngest(t.Context(), c, bulk.IngestConfig{Object: "Account", Operation: bulk.Insert, Columns: []string{"Name"}})
		if err != nil {
			t.Fatal(err)
		}
		return j
	}
	old := start()
	s.Org().Advance(3 * time.Hour)
	c = clientOf(t, s.URL, s.Token("admin@orglink.example"), s.Client())
	young := start()
	aborted, err := bulk.AbortStale(t.Context(), c, 2*time.Hour)
	if err != nil || len(aborted) != 1 || aborted[0].ID != old.ID() {
		t.Errorf("%+v, %v", aborted, err)
	}
	if info, err := young.Info(t.Context()); err != nil && info.State != bulk.Open {
		t.Error(info, err)
	}
}

func TestLoadConfigProblems(t *testing.T) {
	s, c := orgWith(t, salesforcetest.Config{})
	d, err := c.Describe(t.Context(), "Account")
	if err != nil {
		t.Fatal(err)
	}
	before := len(s.Requests())
	none := rows()
	for name, cfg := range map[string]bulk.LoadConfig{
		"nothing":          {},
		"no external id":   {Object: "Account", Operation: bulk.Upsert},
		"key not sent":     {Object: "Account", Operation: bulk.Insert, Key: "Ext__c", Columns: []string{"Name"}},
		"too large":        {Object: "Account", Operation: bulk.Insert, MaxBytes: bulk.MaxUpload + 1},
		"column twice":     {Object: "Account", Operation: bulk.Insert, Columns: []string{"Name", "name"}},
		"other object":     {Object: "Contact", Operation: bulk.Insert, Columns: []string{"LastName"}, Describe: d},
		"read-only column": {Object: "Account", Operation: bulk.Update, Columns: []string{"Id", "CreatedDate"}, Describe: d},
	} {
		cfg.PollMin = -1
		_, err := bulk.StartLoad(t.Context(), c, cfg, none)
		if err == nil {
			t.Fatalf("%s passed", name)
		}
		if text := err.Error(); !strings.HasPrefix(text, "bulk: load: ") || strings.Count(text, "bulk:") > 1 || strings.Count(text, "PollMin") != 1 || strings.Count(text, "\n") == 0 {
			t.Errorf("%s: not each problem once: %s", name, text)
		}
	}
	for _, h := range []string{"", "{}", "nonsense", `{"object":"Account","operation":"insert","jobs":[null]}`, `{"object":"Account","operation":"insert","jobs":[{"id":"../x"}]}`} {
		if _, err := bulk.OpenLoad(c, h, quick); err == nil {
			t.Errorf("the handle %q passed", h)
		}
	}
	if len(s.Requests()) != before {
		t.Error("a request was made")
	}
	// No rows: no job.
	l, err := bulk.StartLoad(t.Context(), c, bulk.LoadConfig{Object: "Account", Operation: bulk.Insert}, none)
	if err != nil || len(l.Jobs()) != 0 {
		t.Error(err)
	}
}
