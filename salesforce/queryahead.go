package salesforce

import (
	"context"
	"sync"

	"github.com/orglink/orglink/salesforce/sobject"
)

// aheadPage is a page that a goroutine of its own receives, decompresses and
// decodes while the page before is consumed. What one core has read it decodes
// too, as long as it is at hand there; several cores work on several pages.
type aheadPage struct {
	url    string
	cancel context.CancelFunc
	spare  *spareBatches
	full   chan decodedBatch   // in order; closed after the last
	quit   chan struct{}       // closed by Close
	reader *sobject.PageReader // for the consumer once full is closed
	err    error               // why there are no more batches, likewise
	batch  *sobject.Batch      // being consumed
	close  sync.Once
}

// decodedBatch is a batch, and where the next page is as far as it is known by then.
type decodedBatch struct {
	batch *sobject.Batch
	next  string
}

// aheadBatches is how many batches of a page wait at most. With one in either
// hand that is about 2 MB: a whole page of usual size.
const aheadBatches = 10

// expect begins to read a page ahead, unless that was done already.
func (f *fetcher) expect(ctx context.Context, next string) {
	if next == "" || f.ahead != nil && f.ahead.url == next {
		return
	}
	f.stop()
	f.ahead = f.begin(ctx, next, func(ctx context.Context) (page, error) { return f.openNext(ctx, next) })
}

// begin reads ahead the page that open opens.
func (f *fetcher) begin(ctx context.Context, url string, open func(context.Context) (page, error)) *aheadPage {
	ctx, cancel := context.WithCancel(ctx)
	a := &aheadPage{url: url, cancel: cancel, spare: &f.spare, full: make(chan decodedBatch, aheadBatches), quit: make(chan struct{})}
	prev := f.last
	f.last = nil
	go func() {
		defer close(a.full)
		p, err := open(ctx)
		if a.err = err; err != nil {
			return
		}
		defer p.body.Close()
		if a.reader = p.reader; prev != nil {
			a.reader.Continue(prev)
		}
		a.run()
	}()
	return a
}

func (a *aheadPage) run() {
	for {
		b := a.spare.get()
		if a.err = a.reader.ReadBatch(b); a.err != nil {
			a.spare.put(b)
			return
		}
		select {
		case a.full <- decodedBatch{b, a.reader.NextURL()}:
		case <-a.quit:
			return
		}
	}
}

// next returns the records that were decoded next, and where the next page is
// as far as it is known. What it returned before is given back.
func (a *aheadPage) next() (records []sobject.Record, following string, err error) {
	a.release()
	got, ok := <-a.full
	if !ok {
		return nil, "", a.err
	}
	a.batch = got.batch
	return got.batch.Records, got.next, nil
}

func (a *aheadPage) release() {
	if a.batch != nil {
		a.spare.put(a.batch)
		a.batch = nil
	}
}

// Close ends reading and waits until the goroutine is gone.
func (a *aheadPage) Close() error {
	a.close.Do(func() {
		close(a.quit)
		a.cancel()
		for range a.full { // until the goroutine has closed it
		}
	})
	return nil
}

// stop lets go of the page that is read ahead.
func (f *fetcher) stop() {
	if f.ahead != nil {
		f.ahead.Close()
		f.ahead = nil
	}
}

// spareBatches keeps batches to be filled again.
type spareBatches struct {
	mu   sync.Mutex
	free []*sobject.Batch
}

func (s *spareBatches) get() *sobject.Batch {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := len(s.free)
	if n == 0 {
		return &sobject.Batch{}
	}
	b := s.free[n-1]
	s.free = s.free[:n-1]
	return b
}

func (s *spareBatches) put(b *sobject.Batch) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.free = append(s.free, b)
}
