package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
)

// The test's program plays the parts of other processes too.
func TestMain(m *testing.M) {
	if done, err := playPart(); done {
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// Rows that do not fill the last page, so that paging and the end are seen.
func TestClientSuite(t *testing.T) {
	for _, rows := range []string{"1", "4100"} {
		var out bytes.Buffer
		if err := run(t.Context(), []string{"-rows", rows, "-rounds", "1", "-json"}, &out); err != nil {
			t.Fatalf("%s rows: %v", rows, err)
		}
		var report struct {
			Results []result `json:"results"`
		}
		if err := json.Unmarshal(out.Bytes(), &report); err != nil {
			t.Fatal(err)
		}
		got := map[string][]string{}
		for _, r := range report.Results {
			got[r.Workload] = append(got[r.Workload], r.Decoder)
			if r.Suite != "client" || r.RecordsPerSecond <= 0 || r.AllocsPerRecord <= 0 {
				t.Errorf("%s: %+v", rows, r)
			}
		}
		ours := "orglink-record orglink-record-reused orglink-record-ahead orglink-struct orglink-struct-reused orglink-struct-ahead stdlib bytes k-capehart "
		for workload, want := range map[string]string{
			"rest": ours + "simpleforce", "rest-gzip": ours + "simpleforce", "rest-50ms": ours + "simpleforce",
			"bulk": ours + "k-capehart-reading", "bulk-gzip": ours + "k-capehart-reading",
			"bulk-resident": "orglink-record orglink-record-ahead orglink-struct",
		} {
			if strings.Join(got[workload], " ") != want {
				t.Errorf("%s rows, %s: %v", rows, workload, got[workload])
			}
		}
	}
}

func TestTable(t *testing.T) {
	var out bytes.Buffer
	if err := run(t.Context(), []string{"-rows", "50", "-rounds", "1", "-workload", "bulk"}, &out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"records/s", "orglink-record", "stdlib", "bytes"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, out.String())
		}
	}
}

// A reader that loses rows must not get a result.
func TestLostRows(t *testing.T) {
	_, err := pass(t.Context(), reader{name: "lossy", read: func(context.Context) (int, error) { return 9, nil }}, 10)
	if err == nil || !strings.Contains(err.Error(), "9 of 10") {
		t.Errorf("error %v", err)
	}
}

// The prepared bytes are what they claim to be.
func TestPreparedAccounts(t *testing.T) {
	size, csv := 0, 0
	for i := range 700 {
		raw := account(i)
		size, csv = size+len(raw), csv+len(accountCSV(i))
		var fields map[string]json.RawMessage
		if err := json.Unmarshal(raw, &fields); err != nil {
			t.Fatalf("account %d: %v", i, err)
		}
		for _, name := range accountFields {
			if _, ok := fields[name]; !ok {
				t.Fatalf("account %d has no %s", i, name)
			}
		}
		if len(fields) != len(accountFields)+1 {
			t.Fatalf("account %d has %d keys", i, len(fields))
		}
	}
	if mean := size / 700; mean < 700 || mean > 1100 {
		t.Errorf("an account has %d bytes on average", mean)
	}
	if mean := csv / 700; mean < 440 || mean > 480 {
		t.Errorf("a row has %d bytes on average", mean)
	}
}

func TestBadFlags(t *testing.T) {
	for _, args := range [][]string{{"-suite", "sync"}, {"-workload", "soap"}, {"-rows", "0"}, {"-rounds", "0"}, {"extra"}} {
		if err := run(t.Context(), args, &bytes.Buffer{}); err == nil {
			t.Errorf("%v was taken", args)
		}
	}
}

// Without a database the rows of PostgreSQL are missing, the others are there.
func TestConnectionSuite(t *testing.T) {
	var out bytes.Buffer
	if err := run(t.Context(), []string{"-suite", "connection", "-rows", "100", "-rounds", "1", "-json"}, &out); err != nil {
		t.Fatal(err)
	}
	var report struct {
		Results []result `json:"results"`
	}
	if err := json.Unmarshal(out.Bytes(), &report); err != nil {
		t.Fatal(err)
	}
	got := map[string]bool{}
	for _, r := range report.Results {
		got[r.Workload+" "+r.Decoder] = true
		if r.Suite != "connection" || r.RecordsPerSecond <= 0 {
			t.Errorf("%+v", r)
		}
	}
	for _, want := range []string{"client orglink", "client stdlib", "idle orglink", "refresh orglink-memory", "refresh token-requests"} {
		if !got[want] {
			t.Errorf("no row %q in %v", want, got)
		}
	}
	out.Reset()
	if err := connectionTable(&out, settings{rounds: 1}, report.Results); err != nil || !strings.Contains(out.String(), "heap bytes/piece") {
		t.Errorf("%v: %s", err, out.String())
	}
}

func TestUsersSuite(t *testing.T) {
	var out bytes.Buffer
	if err := run(t.Context(), []string{"-suite", "users", "-rows", "4100", "-rounds", "1"}, &out); err != nil {
		t.Fatal(err)
	}
	for _, row := range []string{"orglink-create", "orglink-pair", "orglink-paired"} {
		if !strings.Contains(out.String(), row) {
			t.Errorf("no row %s in\n%s", row, out.String())
		}
	}
}
