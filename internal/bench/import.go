package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/salesforce"
	"github.com/orglink/orglink/salesforce/bulk"
	"github.com/orglink/orglink/sync/importer"
)

// The import suite: whole imports from a fake org in a process of its own into
// SQLite and PostgreSQL, beside the mirror and the bare driver storing the
// same rows from memory into the same table, and what idle integrations cost.
var importWorkloads = []string{"sqlite", "postgresql", "idle"}

func importSuite(ctx context.Context, s settings) (out []result, err error) {
	rows := s.rows
	if s.workload == "idle" {
		rows = 1
	}
	org, stop, err := startAccounts(ctx, rows)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, stop()) }()
	for _, dialect := range []orglink.Dialect{orglink.SQLite, orglink.PostgreSQL} {
		if s.workload != "" && s.workload != string(dialect) {
			continue
		}
		to, err := newImportDB(ctx, dialect)
		if err != nil {
			fmt.Fprintf(os.Stderr, "bench: imports into %s are left out; name a database with ORGLINK_POSTGRES: %v\n", dialect, err)
			continue
		}
		to.drop()
		results, err := importInto(ctx, s, org, dialect)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", dialect, err)
		}
		out = append(out, results...)
	}
	if s.workload == "" || s.workload == "idle" {
		r, err := idleIntegrations(ctx, org)
		if err != nil {
			return nil, fmt.Errorf("idle: %w", err)
		}
		out = append(out, r)
	}
	return out, nil
}

// accountsOrg is the org's process as the suite sees it.
type accountsOrg struct{ url, token string }

func (o accountsOrg) Client(context.Context, orglink.TenantID, orglink.ConnectionID) (*salesforce.Client, error) {
	return salesforce.New(salesforce.Config{Tokens: salesforce.StaticToken(o.url, o.token), HTTPClient: &http.Client{Transport: transport},
		TrustedHosts: []string{strings.TrimPrefix(o.url, "http://")}})
}

// importInto lets the ways of storing take turns.
func importInto(ctx context.Context, s settings, org accountsOrg, dialect orglink.Dialect) ([]result, error) {
	ways := []string{"driver", "mirror", "import"}
	if dialect == orglink.PostgreSQL {
		ways = append(ways, "driver-copy", "mirror-copy", "import-copy")
	}
	ways = append(ways, "org")
	changes := make([][]importer.Change, 0, s.rows/importBatch+1)
	for i := 0; i < s.rows; i += importBatch {
		changes = append(changes, memoryChanges(i, min(importBatch, s.rows-i)))
	}
	all := make(map[string][]result)
	for round := range s.rounds {
		for i := range ways {
			way := ways[(i+round)%len(ways)]
			r, err := importPass(ctx, s, org, dialect, way, changes)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", way, err)
			}
			all[way] = append(all[way], r)
		}
	}
	out := make([]result, len(ways))
	for i, way := range ways {
		list := all[way]
		slices.SortFunc(list, func(a, b result) int { return int(a.RecordsPerSecond - b.RecordsPerSecond) })
		out[i] = list[len(list)/2]
	}
	return out, nil
}

func importPass(ctx context.Context, s settings, org accountsOrg, dialect orglink.Dialect, way string, changes [][]importer.Change) (result, error) {
	to, err := newImportDB(ctx, dialect)
	if err != nil {
		return result{}, err
	}
	defer to.drop()
	if strings.HasPrefix(way, "import") {
		return importApart(ctx, way, to, org, s.rows)
	}
	m, err := to.mirror(ctx, way)
	if err == nil {
		_, err = m.Open(ctx, importStream, 1) // makes the table
	}
	if err != nil {
		return result{}, err
	}
	r := reader{name: way}
	var prepared [][][]any
	if strings.HasPrefix(way, "driver") {
		for _, list := range changes {
			rows := make([][]any, len(list))
			for i, c := range list {
				if rows[i], err = to.driverRow(c); err != nil {
					return result{}, err
				}
			}
			prepared = append(prepared, rows)
		}
	}
	switch way {
	case "driver":
		r.read = func(ctx context.Context) (int, error) { return to.driverInsert(ctx, prepared) }
	case "driver-copy":
		r.read = func(ctx context.Context) (int, error) { return to.driverCopy(ctx, prepared) }
	case "mirror", "mirror-copy":
		r.read = func(ctx context.Context) (int, error) { return to.fromMemory(ctx, m, changes) }
	case "org":
		r.read = org.bytesOnly
	}
	one, err := pass(ctx, r, s.rows)
	return result{Suite: "import", Workload: string(dialect), Decoder: way, Rows: s.rows, RecordsPerSecond: float64(s.rows) / one.seconds,
		AllocsPerRecord: float64(one.allocs) / float64(s.rows), PeakHeapBytes: one.peak}, err
}

// bytesOnly reads what an import reads, and drops it: the org's own speed.
func (o accountsOrg) bytesOnly(ctx context.Context) (int, error) {
	client, err := o.Client(ctx, "", "")
	if err != nil {
		return 0, err
	}
	job, err := bulk.StartQuery(ctx, client, "SELECT "+strings.Join(importNames(), ", ")+" FROM Account ORDER BY Id", bulk.QueryConfig{})
	if err != nil {
		return 0, err
	}
	for {
		info, err := job.Info(ctx)
		if err == nil {
			err = info.Err()
		}
		if err != nil {
			return 0, err
		}
		if info.State == bulk.JobComplete {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	n, locator := 0, ""
	for {
		url := fmt.Sprintf("%s%s/jobs/query/%s/results?maxRecords=10000", o.url, apiBase, job.ID())
		if locator != "" {
			url += "&locator=" + locator
		}
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return n, err
		}
		req.Header.Set("Authorization", "Bearer "+o.token)
		resp, err := (&http.Client{Transport: transport}).Do(req)
		if err != nil {
			return n, err
		}
		var page int
		_, _ = fmt.Sscan(resp.Header.Get("Sforce-NumberOfRecords"), &page)
		n += page
		locator = resp.Header.Get("Sforce-Locator")
		if err := discard(resp, nil); err != nil {
			return n, err
		}
		if locator == "null" || locator == "" {
			return n, nil
		}
	}
}

func memoryChanges(first, n int) []importer.Change {
	rows := make([]importer.Change, n)
	for i := range rows {
		rows[i] = memoryChange(first + i)
	}
	return rows
}

// importReport prints the suite with its ratios.
func importReport(out io.Writer, s settings, results []result) error {
	fmt.Fprintf(out, "%d Accounts of %d fields, median of %d interleaved rounds\n\n", s.rows, len(importFields), s.rounds)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "into\tby\trows\trows/s\tx driver\tx driver-copy\tallocs/row\tresident MB above baseline\tcalls\tpolls\tjobs\tcalls per million\tcore-s/min\t")
	find := func(workload, decoder string) float64 {
		for _, r := range results {
			if r.Workload == workload && r.Decoder == decoder {
				return r.RecordsPerSecond
			}
		}
		return 0
	}
	dash := func(format string, show bool, v any) string {
		if !show {
			return "-"
		}
		return fmt.Sprintf(format, v)
	}
	for _, r := range results {
		driver, byCopy := find(r.Workload, "driver"), find(r.Workload, "driver-copy")
		whole := strings.HasPrefix(r.Decoder, "import")
		fmt.Fprintf(w, "%s\t%s\t%d\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t\n", r.Workload, r.Decoder, r.Rows, dash("%.0f", r.RecordsPerSecond > 0, r.RecordsPerSecond),
			dash("%.2f", driver > 0, r.RecordsPerSecond/max(driver, 1)), dash("%.2f", byCopy > 0, r.RecordsPerSecond/max(byCopy, 1)),
			dash("%.1f", r.AllocsPerRecord > 0, r.AllocsPerRecord), dash("%.1f", whole, float64(r.PeakResidentBytes)/1e6),
			dash("%d", whole, r.Calls), dash("%d", whole, r.Polls), dash("%d", whole, r.Jobs),
			dash("%.0f", whole, float64(r.Calls)*1e6/float64(r.Rows)), dash("%.3f", r.CoreSecondsPerMinute > 0, r.CoreSecondsPerMinute))
	}
	return w.Flush()
}
