package bulk

import (
	"context"
	"sync"

	"github.com/orglink/orglink/salesforce/sobject"
)

// lane is one page on its way from its reader to the consumer.
type lane struct {
	batches []sobject.Rows
	done    bool
	info    PageInfo
	err     error
}

// flow takes batches from the readers of many pages to one consumer, within a
// budget of bytes. The reader whose turn it is may always have one batch
// waiting, whatever the others hold, so that the budget cannot block it.
type flow struct {
	mu       sync.Mutex
	changed  *sync.Cond
	budget   int64
	anyOrder bool

	lanes []*lane
	head  int   // the first lane that is not used up
	bytes int64 // of all batches that wait
	last  bool  // no more lanes will come
	err   error // of listing the pages
	over  bool
}

// newFlow returns a flow that ends with ctx; stop frees what it holds.
func newFlow(ctx context.Context, budget int64, anyOrder bool) (f *flow, stop func() bool) {
	f = &flow{budget: budget, anyOrder: anyOrder}
	f.changed = sync.NewCond(&f.mu)
	return f, context.AfterFunc(ctx, f.stop)
}

// stop lets nobody wait any longer.
func (f *flow) stop() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.over = true
	f.changed.Broadcast()
}

// add makes a lane for the next page.
func (f *flow) add() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.lanes = append(f.lanes, &lane{})
	return len(f.lanes) - 1
}

// close says that no more pages will come, and why if that is a failure.
func (f *flow) close(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.last, f.err = true, err
	f.changed.Broadcast()
}

// put hands a batch of a page over, after waiting for room. It is false when
// nobody wants more.
func (f *flow) put(page int, b sobject.Rows) bool {
	size := int64(b.Size())
	f.mu.Lock()
	defer f.mu.Unlock()
	for !f.over && f.bytes > 0 && f.bytes+size > f.budget && !f.isNext(page) {
		f.changed.Wait()
	}
	if f.over {
		return false
	}
	f.bytes += size
	f.lanes[page].batches = append(f.lanes[page].batches, b)
	f.changed.Broadcast()
	return true
}

// isNext reports whether the consumer waits for this very page.
func (f *flow) isNext(page int) bool {
	return !f.anyOrder && page == f.head && len(f.lanes[page].batches) == 0
}

// end says that a page has no more batches.
func (f *flow) end(page int, info PageInfo, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.lanes[page].done, f.lanes[page].info, f.lanes[page].err = true, info, err
	f.changed.Broadcast()
}

// event is what the consumer gets: a batch, or the end of a page, or the end
// of all.
type event struct {
	rows sobject.Rows
	page *PageInfo
	end  bool
	err  error
}

// next waits for what comes next.
func (f *flow) next() event {
	f.mu.Lock()
	defer f.mu.Unlock()
	for {
		if e, ok := f.ready(); ok {
			f.changed.Broadcast()
			return e
		}
		if f.over {
			return event{end: true}
		}
		f.changed.Wait()
	}
}

func (f *flow) ready() (event, bool) {
	// Lanes that are used up are let go of, and nil.
	for f.head < len(f.lanes) && f.lanes[f.head] == nil {
		f.head++
	}
	for i := f.head; i < len(f.lanes); i++ {
		l := f.lanes[i]
		switch {
		case l == nil:
			continue
		case len(l.batches) > 0:
			b := l.batches[0]
			l.batches[0] = sobject.Rows{}
			l.batches = l.batches[1:]
			f.bytes -= int64(b.Size())
			return event{rows: b}, true
		case l.done && l.err != nil:
			return event{end: true, err: l.err}, true
		case l.done:
			f.lanes[i] = nil
			return event{page: &l.info}, true
		}
		if !f.anyOrder {
			return event{}, false
		}
	}
	if f.last && f.head >= len(f.lanes) {
		return event{end: true, err: f.err}, true
	}
	return event{}, false
}
