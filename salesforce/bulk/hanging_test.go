package bulk_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/orglink/orglink/salesforce"
	"github.com/orglink/orglink/salesforce/bulk"
)

// estuary/connectors PR2683, PR2756, PR2768, supaglue#429: large result pages
// hung without a word.
func TestIncident76PagesThatHang(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const total = 1500
		text := "\"Name\"\n" + strings.Repeat("\"x\"\n", total)
		var sizes []string
		next := roundTripper(func(r *http.Request) (*http.Response, error) {
			if !strings.HasSuffix(r.URL.Path, "/results") {
				return inMemory(r, nil, strings.NewReader(job("JobComplete", total))), nil
			}
			sizes = append(sizes, r.URL.Query().Get("maxRecords"))
			body := io.Reader(strings.NewReader(text))
			switch len(sizes) {
			case 1: // not even a header
				<-r.Context().Done()
				return nil, r.Context().Err()
			case 2: // half a page
				body = io.MultiReader(strings.NewReader(text[:3000]), silence{r.Context()})
			}
			return inMemory(r, http.Header{"Sforce-Numberofrecords": {strconv.Itoa(total)}, "Sforce-Locator": {"null"}}, body), nil
		})
		c := clientOf(t, "https://example.my.salesforce.com", "T", &http.Client{Transport: next})
		begun := time.Now()
		got, err := column(t, openWith(t, c, bulk.QueryConfig{MaxRecords: 20_000, PageStall: time.Minute}), "Name")
		if err != nil || len(got) != total {
			t.Error(len(got), err)
		}
		if took := time.Since(begun); took != 2*time.Minute || !slices.Equal(sizes[:2], []string{"20000", "5000"}) || len(sizes) != 3 {
			t.Error(took, sizes)
		}
	})
}

// inMemory is an answer that no network carries.
func inMemory(r *http.Request, header http.Header, body io.Reader) *http.Response {
	if header == nil {
		header = http.Header{}
	}
	return &http.Response{StatusCode: 200, Header: header, Body: io.NopCloser(body), Request: r}
}

// The same incident, as it was: the org falls silent in the middle of every page
// of more than 3,000 rows, always at the same one. Asking for the same page
// again gets no further.
func TestIncident76PagesThatHangAtTheSameRow(t *testing.T) {
	synctest.Test(t, hangsAtTheSameRow)
}

// hanging is an org whose result pages stand still behind a row of theirs. A
// page whose size is not asked for has wide rows.
type hanging struct {
	total, wide, bearable int

	mu    sync.Mutex
	sizes []int
}

func (h *hanging) client(t *testing.T) *salesforce.Client {
	return clientOf(t, "https://example.my.salesforce.com", "T", &http.Client{Transport: roundTripper(h.answer)})
}

func (h *hanging) answer(r *http.Request) (*http.Response, error) {
	from, _ := strconv.Atoi(r.URL.Query().Get("locator"))
	switch {
	case strings.HasSuffix(r.URL.Path, "/resultPages"):
		var urls []string
		for at := 0; at < h.total; at += h.wide {
			urls = append(urls, fmt.Sprintf(`{"resultUrl":"/services/data/v66.0/jobs/query/%s/results?locator=%d"}`, jobID, at))
		}
		return inMemory(r, nil, strings.NewReader(`{"resultPages":[`+strings.Join(urls, ",")+`],"done":true}`)), nil
	case !strings.HasSuffix(r.URL.Path, "/results"):
		return inMemory(r, nil, strings.NewReader(job("JobComplete", h.total))), nil
	}
	size, _ := strconv.Atoi(r.URL.Query().Get("maxRecords"))
	h.mu.Lock()
	h.sizes = append(h.sizes, size)
	h.mu.Unlock()
	if size == 0 {
		size = h.wide
	}
	size = min(size, h.total-from)
	text := "\"Name\"\n"
	for i := range size {
		row := fmt.Sprintf("\"%d\"\n", from+i)
		if i == h.bearable && size > h.bearable+1 { // in the middle of a row
			text += row[:2]
			break
		}
		text += row
	}
	body := io.Reader(strings.NewReader(text))
	if size > h.bearable+1 {
		body = io.MultiReader(body, silence{r.Context()})
	}
	header := http.Header{"Sforce-Numberofrecords": {strconv.Itoa(size)}, "Sforce-Locator": {strconv.Itoa(from + size)}}
	if from+size == h.total {
		header.Set("Sforce-Locator", "null")
	}
	return inMemory(r, header, body), nil
}

func hangsAtTheSameRow(t *testing.T) {
	const total, bearable = 20_000, 3000
	org := &hanging{total: total, bearable: bearable}
	c := org.client(t)
	got, err := column(t, openWith(t, c, bulk.QueryConfig{}), "Name")
	if err != nil || len(got) != total {
		t.Fatal(len(got), err)
	}
	for i, name := range got {
		if name != strconv.Itoa(i) {
			t.Fatalf("row %d is %s", i, name)
		}
	}
	if sizes := org.sizes; sizes[0] != bulk.DefaultMaxRecords || sizes[1] != bearable || slices.Max(sizes[2:]) > bearable {
		t.Error(sizes)
	}
	var raw bytes.Buffer
	if n, err := openWith(t, c, bulk.QueryConfig{}).WriteCSV(t.Context(), &raw); err != nil || n != total {
		t.Fatal(n, err)
	}
	rows, err := csv.NewReader(&raw).ReadAll()
	if err != nil || len(rows) != total+1 || rows[total][0] != strconv.Itoa(total-1) {
		t.Error(len(rows), err)
	}
}

// Pages read side by side are of a size that the org chose. One that hangs is
// read in parts, up to where the next page begins.
func TestIncident76ParallelPagesThatHang(t *testing.T) {
	for _, anyOrder := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			const total, wide, bearable = 44_000, 10_000, 3000
			org := &hanging{total: total, wide: wide, bearable: bearable}
			var done []bulk.PageInfo
			got, err := column(t, openWith(t, org.client(t), bulk.QueryConfig{Readers: 3, AnyOrder: anyOrder, PageDone: func(p bulk.PageInfo) { done = append(done, p) }}), "Name")
			if err != nil || len(got) != total || len(done) != 5 {
				t.Fatal(len(got), err, done)
			}
			if anyOrder {
				slices.SortFunc(got, func(a, b string) int { return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b)) })
				slices.SortFunc(done, func(a, b bulk.PageInfo) int { return strings.Compare(a.Locator, b.Locator) })
			}
			for i, name := range got {
				if name != strconv.Itoa(i) {
					t.Fatalf("row %d is %s", i, name)
				}
			}
			for i, p := range done {
				next := strconv.Itoa((i + 1) * wide)
				if i == len(done)-1 {
					next = ""
				}
				if p.Locator != strconv.Itoa(i*wide) || p.Next != next || p.Records != min(wide, total-i*wide) {
					t.Errorf("%+v", p)
				}
			}
		})
	}
}

// silence is a body that stands still.
type silence struct{ ctx context.Context }

func (s silence) Read([]byte) (int, error) {
	<-s.ctx.Done()
	return 0, s.ctx.Err()
}
