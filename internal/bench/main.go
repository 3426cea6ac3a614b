// Command bench measures Orglink's Salesforce client against plain decoding and
// against other clients, and imports against the bare database driver, in one
// run:
//
//	go run -C internal/bench . [-suite client|connection|import] [-workload bulk] [-rows 100000] [-rounds 5] [-json]
//
// A server in a process of its own answers with bytes prepared beforehand. The
// ways of reading take turns, round after round, and each one's median counts,
// so that a machine's bad moments hit all of them alike. Absolute numbers
// belong to one machine; the ratios travel.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"text/tabwriter"
)

func main() {
	if done, err := playPart(); done {
		if err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
			os.Exit(1)
		}
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	err := run(ctx, os.Args[1:], os.Stdout)
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// settings are the flags.
type settings struct {
	suite    string
	workload string // "" for all
	rows     int
	rounds   int
	json     bool
}

// suites are what can be measured.
var suites = map[string]struct {
	run       func(context.Context, settings) ([]result, error)
	workloads []string // those that can be measured alone
	print     func(io.Writer, settings, []result) error
}{
	"client":     {clientSuite, workloads, clientTable},
	"connection": {connectionSuite, nil, connectionTable},
	"import":     {importSuite, importWorkloads, importReport},
	"users":      {usersSuite, nil, usersTable},
}

func parse(args []string) (settings, error) {
	var s settings
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.StringVar(&s.suite, "suite", "client", "what to measure: client, connection, import, users")
	flags.StringVar(&s.workload, "workload", "", "measure this one only: "+strings.Join(workloads, ", ")+"; of the import suite: "+strings.Join(importWorkloads, ", "))
	flags.IntVar(&s.rows, "rows", 100_000, "records to read in one pass")
	flags.IntVar(&s.rounds, "rounds", 5, "passes of each way of reading; the median counts")
	flags.BoolVar(&s.json, "json", false, "print JSON instead of a table")
	if err := flags.Parse(args); err != nil {
		return s, err
	}
	switch {
	case flags.NArg() > 0:
		return s, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	case suites[s.suite].run == nil:
		return s, fmt.Errorf("-suite %q: it is client, connection, import or users", s.suite)
	case s.workload != "" && suites[s.suite].workloads == nil:
		return s, fmt.Errorf("-workload goes with -suite client and import")
	case s.workload != "" && !slices.Contains(suites[s.suite].workloads, s.workload):
		return s, fmt.Errorf("-workload %q: it is one of %s", s.workload, strings.Join(suites[s.suite].workloads, ", "))
	case s.rows < 1 || s.rounds < 1:
		return s, fmt.Errorf("-rows %d, -rounds %d: both must be 1 or more", s.rows, s.rounds)
	}
	return s, nil
}

func run(ctx context.Context, args []string, out io.Writer) error {
	s, err := parse(args)
	if err != nil {
		return err
	}
	results, err := suites[s.suite].run(ctx, s)
	if err != nil {
		return err
	}
	if s.json {
		enc := json.NewEncoder(out)
		enc.SetIndent("", "  ")
		return enc.Encode(struct {
			Results []result `json:"results"`
		}{results})
	}
	return suites[s.suite].print(out, s, results)
}

// clientTable prints the results with their ratios to others of the same workload:
// decoding with the standard library, only reading the bytes, and the peers.
func clientTable(out io.Writer, s settings, results []result) error {
	find := func(workload, decoder string) float64 {
		for _, r := range results {
			if r.Workload == workload && r.Decoder == decoder {
				return r.RecordsPerSecond
			}
		}
		return 0
	}
	ratio := func(a, b float64) string {
		if a == 0 || b == 0 {
			return "-"
		}
		return fmt.Sprintf("%.2f", a/b)
	}
	fmt.Fprintf(out, "%d Accounts of %d fields, pages of %d (REST) and %d (Bulk), median of %d interleaved rounds\n\n", s.rows, len(accountFields), pageRows, bulkRows, s.rounds)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "workload\tdecoder\trows\trecords/s\tx stdlib\ttime / bytes\tx k-capehart\tx simpleforce\tallocs/record\tpeak heap MB\tpeak resident MB\t")
	for _, r := range results {
		speed, resident := r.RecordsPerSecond, "-"
		if r.PeakResidentBytes > 0 {
			resident = fmt.Sprintf("%.1f", float64(r.PeakResidentBytes)/1e6)
		}
		fmt.Fprintf(w, "%s\t%s\t%d\t%.0f\t%s\t%s\t%s\t%s\t%.3f\t%.1f\t%s\t\n", r.Workload, r.Decoder, r.Rows, speed,
			ratio(speed, find(r.Workload, "stdlib")), ratio(find(r.Workload, "bytes"), speed),
			ratio(speed, find(r.Workload, "k-capehart")), ratio(speed, find(r.Workload, "simpleforce")),
			r.AllocsPerRecord, float64(r.PeakHeapBytes)/1e6, resident)
	}
	return w.Flush()
}
