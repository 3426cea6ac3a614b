package sobject_test

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"testing"
	"testing/iotest"

	"github.com/orglink/orglink/salesforce/sobject"
)

// Two pages are decoded in turns into batches that each takes where the other
// has left it, as those do that are read ahead: what stands in a batch is good
// until that batch is filled again, by whichever page, and a page needs nothing
// of a batch that it gave away.
func TestBatchesTakeTurns(t *testing.T) {
	raw := bigPage(1500)
	want, err := decodeSlowly(raw)
	if err != nil {
		t.Fatal(err)
	}
	for name, wrap := range map[string]func(io.Reader) io.Reader{
		"whole": func(r io.Reader) io.Reader { return r }, "halves": iotest.HalfReader, "end with data": iotest.DataErrReader,
	} {
		for batches := 1; batches <= 3; batches++ {
			for _, reuse := range []bool{true, false} {
				takeTurns(t, name, func() *sobject.PageReader {
					p := sobject.NewPageReader(wrap(bytes.NewReader(raw)))
					if reuse {
						p.Reuse()
					}
					return p
				}, make([]sobject.Batch, batches), want.records)
			}
		}
	}
}

func takeTurns(t *testing.T, name string, open func() *sobject.PageReader, batches []sobject.Batch, want []sobject.Record) {
	t.Helper()
	type page struct {
		*sobject.PageReader
		seen int
	}
	pages := []*page{{open(), 0}, {open(), 0}}
	first := make([]int, len(batches)) // the number of a batch's first record
	for turn := 0; len(pages) > 0; turn++ {
		p, n := pages[turn%len(pages)], turn%len(batches)
		err := p.ReadBatch(&batches[n])
		if errors.Is(err, io.EOF) {
			if p.seen != len(want) || !p.Done() {
				t.Fatalf("%s: %d records", name, p.seen)
			}
			pages = slices.DeleteFunc(pages, func(q *page) bool { return q == p })
			continue
		}
		if err != nil || len(batches[n].Records) == 0 {
			t.Fatalf("%s: %d records, %v", name, len(batches[n].Records), err)
		}
		first[n] = p.seen
		p.seen += len(batches[n].Records)
		for i := range batches { // those before are not filled again yet
			for j, r := range batches[i].Records {
				if err := same(r, want[first[i]+j]); err != nil {
					t.Fatalf("%s: record %d: %v", name, first[i]+j, err)
				}
			}
		}
	}
}

// A page that is cut off gives what came whole before it says so, and says it
// again.
func TestBatchesOfABrokenPage(t *testing.T) {
	raw := bigPage(400)
	p := sobject.NewPageReader(bytes.NewReader(raw[:len(raw)-500])).Reuse()
	var a, b sobject.Batch
	n := 0
	for turn := 0; ; turn++ {
		into := &a
		if turn%2 == 1 {
			into = &b
		}
		err := p.ReadBatch(into)
		if err == nil {
			n += len(into.Records)
			continue
		}
		if !errors.Is(err, io.ErrUnexpectedEOF) || n != 399 || len(into.Records) != 0 {
			t.Errorf("%d records, %v", n, err)
		}
		if again := p.ReadBatch(into); !errors.Is(again, io.ErrUnexpectedEOF) {
			t.Error(again)
		}
		return
	}
}
