//go:build !race

// The race detector makes sync.Pool forget at random and keeps memory of its
// own: what the heap holds is measured without it.

package bulk_test

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"

	"github.com/orglink/orglink/salesforce"
	"github.com/orglink/orglink/salesforce/bulk"
	"github.com/orglink/orglink/salesforce/sobject"
)

// generated serves a million rows that are made as they are sent.
func generated(t *testing.T, pages, rows int) (*csvServer, *salesforce.Client) {
	t.Helper()
	return manyPages(t, pages, rows, func(n, _ int, w http.ResponseWriter) {
		w.Header().Set("Sforce-NumberOfRecords", fmt.Sprint(rows))
		w.Header().Set("Sforce-Locator", nextLocator(n, pages))
		b := bufio.NewWriterSize(w, 64<<10)
		defer b.Flush()
		b.WriteString("\"Id\",\"Name\",\"Industry\",\"CreatedDate\"\n")
		for i := range rows {
			if _, err := fmt.Fprintf(b, "\"001%015d\",\"Account %d of page %d\",\"\",\"2026-01-02T03:04:05.000Z\"\n", n*rows+i, i, n); err != nil {
				return
			}
		}
	})
}

// heap returns the live heap in bytes.
func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// simple-salesforce#572, #738, airbytehq/airbyte#11695, PR11692 (out of memory
// after 13.2 million rows); forcedotcom/cli#1995: results were held in memory.
func TestIncident75AMillionRowsInFlatMemory(t *testing.T) {
	const pages, rows = 20, 50_000
	_, c := generated(t, pages, rows)
	for name, cfg := range map[string]bulk.QueryConfig{"one by one": {}, "in parallel": {Readers: 3, Buffer: 4 << 20}} {
		base, peak, n := heap(), uint64(0), 0
		for _, err := range openWith(t, c, cfg).Records(t.Context()) {
			if err != nil {
				t.Fatal(name, err)
			}
			if n++; n%100_000 == 50_000 {
				peak = max(peak, heap())
			}
		}
		if n != pages*rows || peak > base+16<<20 {
			t.Errorf("%s: %d rows, %d kB of heap at first, %d kB at most", name, n, base>>10, peak>>10)
		}
	}
	// The naive way: the tenth part of it, read whole.
	base := heap()
	var held [][]byte
	for n := range pages / 10 {
		held = append(held, read(t, c, fmt.Sprintf("%s?locator=L%d", resultsPath, n)))
	}
	grown := heap() - base
	if grown < 7<<20 {
		t.Errorf("the naive way takes no more: %d kB for a tenth", grown>>10)
	}
	runtime.KeepAlive(held)
}

// A load holds one row at a time, and the keys.
func TestLoadKeepsMemoryFlat(t *testing.T) {
	const n = 300_000
	var sent int64
	o := roundTripper(func(r *http.Request) (*http.Response, error) {
		status, text := 200, job("Open", 0)
		switch r.Method {
		case http.MethodPut:
			m, err := io.Copy(io.Discard, r.Body)
			if err != nil {
				return nil, err
			}
			sent, status, text = sent+m, 201, ""
		case http.MethodPatch:
			text = job("UploadComplete", 0)
		}
		return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(text)), Request: r}, nil
	})
	c := clientOf(t, "https://example.my.salesforce.com", "T", &http.Client{Transport: o})
	base, peak, seen := heap(), uint64(0), 0
	source := bulk.Rows(func(yield func(sobject.Record, error) bool) {
		for r, err := range accounts(n, "Ext__c") {
			if seen++; seen%100_000 == 0 {
				peak = max(peak, heap())
			}
			if !yield(r, err) {
				return
			}
		}
	})
	l, err := bulk.StartLoad(t.Context(), c, upsert("Ext__c", "Name"), source)
	if err != nil || len(l.Jobs()) != 1 || sent < n*30 {
		t.Fatal(sent, err)
	}
	// Keys of 10 bytes, and about as many again to find them.
	if peak > base+n*60 {
		t.Errorf("%d MB sent, %d kB of heap at first, %d kB at most", sent>>20, base>>10, peak>>10)
	}
}
