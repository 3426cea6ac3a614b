package salesforcetest

import (
	"sync"
	"time"
)

// longRequest is when a request begins to count as concurrent ("API Request
// Limits and Allocations": those that run for 20 seconds or longer).
const longRequest = 20 * time.Second

// running are the requests that are being answered, on Go's clock.
type running struct {
	mu    sync.Mutex
	seq   int
	since map[int]time.Time
}

// enter notes a request and returns how to note its end.
func (r *running) enter() (leave func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.since == nil {
		r.since = map[int]time.Time{}
	}
	r.seq++
	n := r.seq
	r.since[n] = time.Now()
	return func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(r.since, n)
	}
}

// long counts the requests that have been running for long.
func (r *running) long() (n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, at := range r.since {
		if time.Since(at) >= longRequest {
			n++
		}
	}
	return n
}
