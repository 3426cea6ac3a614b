package importer_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/orglink/orglink/salesforce/salesforcetest"
	"github.com/orglink/orglink/sync/importer"
)

// endless answers for Bulk jobs as if the org had rows of that width, made
// while they are read; the fake org answers everything else.
type endless struct {
	rows, width int
}

func (e endless) RoundTrip(r *http.Request) (*http.Response, error) {
	answer := func(header http.Header, body io.Reader) (*http.Response, error) {
		return &http.Response{StatusCode: 200, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: header, Body: io.NopCloser(body), ContentLength: -1, Request: r}, nil
	}
	if r.Method != http.MethodGet || !strings.Contains(r.URL.Path, "/jobs/query/") {
		return http.DefaultTransport.RoundTrip(r)
	}
	if !strings.HasSuffix(r.URL.Path, "/results") {
		id := r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]
		return answer(http.Header{"Content-Type": {"application/json"}},
			strings.NewReader(fmt.Sprintf(`{"id":%q,"operation":"query","object":"Account","state":"JobComplete","numberRecordsProcessed":%d}`, id, e.rows)))
	}
	first, _ := strconv.Atoi(r.URL.Query().Get("locator"))
	most, _ := strconv.Atoi(r.URL.Query().Get("maxRecords"))
	n := min(most, e.rows-first)
	next := "null"
	if first+n < e.rows {
		next = strconv.Itoa(first + n)
	}
	return answer(http.Header{"Content-Type": {"text/csv"}, "Sforce-Locator": {next}, "Sforce-Numberofrecords": {strconv.Itoa(n)}},
		&rowsReader{at: first, end: first + n, text: strings.Repeat("w", e.width)})
}

type rowsReader struct {
	at, end int
	text    string
	buf     bytes.Buffer
	begun   bool
}

func (r *rowsReader) Read(p []byte) (int, error) {
	if !r.begun {
		r.begun = true
		r.buf.WriteString("\"Id\",\"Name\",\"Industry\",\"AnnualRevenue\",\"OwnerId\",\"SystemModstamp\"\n")
	}
	for r.buf.Len() < len(p) && r.at < r.end {
		fmt.Fprintf(&r.buf, "\"001%012d\",\"%s %d\",\"Energy\",\"%d.5\",\"005000000000001AAA\",\"2026-01-01T00:00:00.000Z\"\n", r.at, r.text, r.at, r.at)
		r.at++
	}
	return r.buf.Read(p)
}

// weighing measures the memory in use while a batch is stored.
type weighing struct {
	importer.Sink
	rows int
	most uint64
}

func (w *weighing) Apply(ctx context.Context, b importer.Batch) error {
	if len(b.Changes) > 0 {
		w.rows += len(b.Changes)
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		w.most = max(w.most, m.HeapAlloc)
	}
	b.Changes = nil
	return w.Sink.Apply(ctx, b)
}

// How much memory an import takes depends neither on the number of rows nor
// on their width. Not parallel: it measures the whole process.
func TestMemoryIsFlat(t *testing.T) {
	peak := func(rows, width int) uint64 {
		w := open(t, salesforcetest.Config{}, accounts())
		w.http = &http.Client{Transport: endless{rows, width}}
		w.cfg.ChunkRows, w.cfg.PageRows = 1_000_000, 0
		weigh := &weighing{Sink: w.sink}
		w.into = weigh
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		if _, err := w.importer().Sync(t.Context(), "tenant", "conn", importer.SyncOptions{}); err != nil {
			t.Fatal(err)
		}
		if weigh.rows != rows {
			t.Fatalf("%d rows of %d", weigh.rows, rows)
		}
		return weigh.most - min(m.HeapAlloc, weigh.most)
	}
	small, large, wide := peak(20_000, 10), peak(150_000, 10), peak(12_000, 20_000)
	const mb = 1 << 20
	if large > small+2*mb || large > 16*mb {
		t.Errorf("%d MB for 20,000 rows, %d MB for 150,000", small/mb, large/mb)
	}
	if wide > 24*mb {
		t.Errorf("%d MB for pages of 200 MB", wide/mb)
	}
	t.Logf("%.1f MB for 20,000 rows, %.1f MB for 150,000; %.1f MB for pages of 200 MB", float64(small)/mb, float64(large)/mb, float64(wide)/mb)
}
