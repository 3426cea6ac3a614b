package importer_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/orglink/orglink/mapping"
	"github.com/orglink/orglink/salesforce/salesforcetest"
	"github.com/orglink/orglink/salesforce/sobject"
	"github.com/orglink/orglink/sync/importer"
)

// naive is the importer of a few lines that the incidents were found in: what
// is newer than the newest seen, by query, in one page after another.
type naive struct {
	p     *oneProcess
	names []string
	last  string
	clock bool // what was seen is everything before the end of the run
	rows  map[sobject.ID]sobject.Record
}

func (n *naive) sync() {
	for {
		q := "SELECT " + strings.Join(n.names, ", ") + " FROM Account"
		if n.last != "" {
			q += " WHERE SystemModstamp > " + n.last
		}
		got := 0
		for rec, err := range n.p.client.Query(n.p.t.Context(), q+" ORDER BY SystemModstamp LIMIT 20") {
			if err != nil {
				return // "logged"
			}
			n.rows[rec.ID()] = rec.Clone()
			n.last, _ = rec.Text("SystemModstamp")
			n.last = strings.Replace(n.last, "+0000", "Z", 1)
			got++
		}
		if got == 0 {
			if n.clock {
				n.last = n.p.org.Org().Now().UTC().Format("2006-01-02T15:04:05.000Z")
			}
			return
		}
	}
}

// same compares what it has with the org.
func (n *naive) same() error {
	rows, err := n.p.org.Org().Query("SELECT " + strings.Join(n.p.selected[0].Fields, ", ") + " FROM Account")
	if err != nil {
		return err
	}
	if len(rows) != len(n.rows) {
		return fmt.Errorf("%d of %d", len(n.rows), len(rows))
	}
	for _, want := range rows {
		for _, f := range n.p.selected[0].Fields {
			a, _ := want.Value(f)
			b, _ := n.rows[want.ID()].Value(f)
			if a.IsNull() != b.IsNull() || a.Raw() != b.Raw() {
				return fmt.Errorf("%s of %s", f, want.ID())
			}
		}
	}
	return nil
}

// incident is a history, with a sync wherever the story has one.
type incident struct {
	name  string
	cfg   salesforcetest.Config
	story func(p *oneProcess, sync func())
}

// Silent losses elsewhere: the same history is lived through by a naive
// importer, which must come to harm, and by ours, which must not.
func TestIncidentsImport(t *testing.T) {
	t.Parallel()
	advance := func(p *oneProcess, d time.Duration) { p.org.Org().Advance(d) }
	for _, c := range []incident{
		{"nothing happens", salesforcetest.Config{}, func(p *oneProcess, sync func()) { // which the naive one survives
			p.create(5)
			sync()
		}},
		{"MinnPost/object-sync-for-salesforce#137", salesforcetest.Config{VisibilityDelay: 20 * time.Second}, func(p *oneProcess, sync func()) {
			p.create(3) // visible in 20 s
			advance(p, 10*time.Second)
			sync()
		}},
		{"airbytehq/airbyte#9883", salesforcetest.Config{}, func(p *oneProcess, sync func()) {
			p.create(50) // all with one stamp
			sync()
		}},
		{"airbytehq/airbyte#34082", salesforcetest.Config{}, func(p *oneProcess, sync func()) {
			ids := p.create(5)
			advance(p, time.Minute)
			sync()
			_ = p.org.Org().System().HardDelete(ids[1])
		}},
		{"airbytehq/airbyte#10155", salesforcetest.Config{}, func(p *oneProcess, sync func()) {
			ids := p.create(5)
			advance(p, time.Minute)
			sync()
			_ = p.org.Org().Delete(ids[2])
		}},
		{"tablexi/restforce-db PR29", salesforcetest.Config{}, func(p *oneProcess, sync func()) {
			ids := p.create(5)
			advance(p, time.Minute)
			sync()
			_ = p.org.Org().System().HardDelete(ids[2]) // longer ago than the log reaches
			advance(p, 20*24*time.Hour)
		}},
		{"MinnPost/object-sync-for-salesforce#197", salesforcetest.Config{}, func(p *oneProcess, sync func()) {
			ids := p.create(5)
			advance(p, time.Minute)
			sync()
			_ = p.org.Org().Merge(ids[0], ids[1])
		}},
		{"undelete", salesforcetest.Config{}, func(p *oneProcess, sync func()) {
			ids := p.create(5)
			_ = p.org.Org().Delete(ids[1], ids[2])
			advance(p, time.Minute)
			sync()
			_ = p.org.Org().Undelete(ids[1])
			_ = p.org.Org().Delete(ids[3])
		}},
		{"estuary/connectors PR3493", salesforcetest.Config{}, func(p *oneProcess, sync func()) {
			ids := p.create(5)
			advance(p, time.Minute)
			sync()
			_ = p.org.Org().AddField("Account", salesforcetest.Field{Name: "Tier__c", Type: sobject.TypeString, Length: 20})
			_ = p.org.Org().Update(ids[2], salesforcetest.Fields{"Tier__c": "gold"})
			p.selected = []mapping.Selection{accounts("Tier__c")}
		}},
		{"Databricks newly selected column", salesforcetest.Config{}, func(p *oneProcess, sync func()) {
			ids := p.create(5)
			_ = p.org.Org().Update(ids[2], salesforcetest.Fields{"Phone": "1"})
			advance(p, time.Minute)
			sync()
			p.selected = []mapping.Selection{accounts("Phone")}
		}},
		{"heroku/roadmap#319", salesforcetest.Config{}, func(p *oneProcess, sync func()) {
			_ = p.org.Org().AddField("Account", salesforcetest.Field{Name: "People__c", Type: sobject.TypeDouble, Precision: 18,
				Rollup: &salesforcetest.Rollup{Child: "Contact", Lookup: "AccountId", Func: "COUNT"}})
			p.selected = []mapping.Selection{accounts("People__c")}
			ids := p.create(5)
			advance(p, time.Minute)
			sync()
			advance(p, time.Hour)
			sync()
			_, _ = p.org.Org().Create("Contact", salesforcetest.Fields{"LastName": "x", "AccountId": ids[1]})
			advance(p, 25*time.Hour)
		}},
		{"airbytehq/airbyte#8690", salesforcetest.Config{}, func(p *oneProcess, sync func()) {
			p.create(45)
			p.org.SetAPIUsage(1000, 1000)
			sync()
			p.org.SetAPIUsage(0, 1000)
			_ = p.org.Org().Delete(p.create(1)...)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			fixed := time.Date(2026, 6, 1, 9, 0, 0, 0, time.UTC)
			c.cfg.Clock, c.cfg.SessionTimeout = func() time.Time { return fixed }, 1e4*time.Hour
			live := func() *oneProcess {
				w := open(t, c.cfg, accounts())
				w.cfg.Overlap, w.cfg.QueryRows, w.cfg.UsageAge = 3*time.Minute, 20, time.Nanosecond
				w.cfg.DescribeEvery = time.Nanosecond
				return restart(w)
			}
			p := live()
			n := &naive{p: p, clock: strings.HasPrefix(c.name, "MinnPost/object-sync-for-salesforce#137"), names: accounts().Fields, rows: map[sobject.ID]sobject.Record{}}
			c.story(p, func() { n.names = p.selected[0].Fields; n.sync() })
			p.org.Org().Advance(10 * time.Minute)
			n.sync()
			switch err := n.same(); {
			case c.name == "nothing happens" && err != nil:
				t.Errorf("the naive importer does not work at all: %v", err)
			case c.name != "nothing happens" && c.name != "airbytehq/airbyte#8690" && err == nil:
				t.Error("the naive importer came to no harm: this shows nothing")
			}
			p = live()
			failed := 0
			c.story(p, func() { failed += p.try() })
			p.org.Org().Advance(10 * time.Minute)
			for range 3 { // chores after increments
				_ = p.try()
			}
			p.mustBeSame()
			if c.name == "airbytehq/airbyte#8690" && failed == 0 {
				t.Error("a sync without quota went well")
			}
		})
	}
}

// try runs what is due, and counts failures.
func (p *oneProcess) try() int {
	p.t.Helper()
	jobs, err := p.im.Jobs(p.t.Context(), "tenant", "conn")
	if err != nil {
		p.t.Fatal(err)
	}
	if err := p.run.RunDue(p.t.Context(), jobs[0]); err != nil {
		return 1
	}
	return 0
}

// A status that follows the calendar is compared like a formula.
func TestTimedFieldsAreCompared(t *testing.T) {
	t.Parallel()
	p := process(t, mapping.Selection{Object: "Contract", Fields: []string{"Id", "Status", "SystemModstamp"}})
	id := p.create(1)[0]
	contract, err := p.org.Org().Create("Contract", salesforcetest.Fields{"AccountId": id, "Status": "Draft"})
	if err != nil {
		t.Fatal(err)
	}
	p.org.Org().Advance(time.Minute)
	p.cycle()
	p.org.Org().Advance(time.Hour)
	p.cycle()
	// The sink has what the status was before.
	stored := p.sink.Record(p.stream("Contract"), contract)
	old := importer.Batch{Stream: p.stream("Contract"), Changes: []importer.Change{{Kind: importer.Partial, Object: "Contract", ID: contract, Fields: []string{"Status"},
		Record: sobject.NewRecord("Contract", sobject.F("Status", sobject.TextValue("Expired"))), SystemModstamp: stored.SystemModstamp}}}
	if err := p.sink.Apply(t.Context(), old); err != nil || p.same() == nil {
		t.Fatal("the sink took no old status: ", err)
	}
	p.org.Org().Advance(25 * time.Hour)
	p.cycle()
	p.mustBeSame()
}
