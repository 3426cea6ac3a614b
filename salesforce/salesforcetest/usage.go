package salesforcetest

import (
	"fmt"
	"sync"
	"time"
)

// usage counts API calls over the last 24 hours, in buckets of an hour.
type usage struct {
	mu      sync.Mutex
	limit   int
	all     int
	buckets [24]bucket
}

type bucket struct {
	hour int64
	n    int
}

// count adds one call, unless the limit is reached.
func (u *usage) count(now time.Time) (used int, ok bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	used = u.used(now)
	if used >= u.limit {
		return used, false
	}
	hour := now.Unix() / 3600
	b := &u.buckets[hour%24]
	if b.hour != hour {
		*b = bucket{hour: hour}
	}
	b.n++
	u.all++
	return used + 1, true
}

func (u *usage) used(now time.Time) int {
	hour, n := now.Unix()/3600, 0
	for _, b := range u.buckets {
		if hour-b.hour < 24 {
			n += b.n
		}
	}
	return n
}

func (u *usage) header(now time.Time) string {
	u.mu.Lock()
	defer u.mu.Unlock()
	return fmt.Sprintf("api-usage=%d/%d", u.used(now), u.limit)
}

func (u *usage) snapshot(now time.Time) (used, limit int) {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.used(now), u.limit
}

func (u *usage) total() int {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.all
}

func (u *usage) set(used, limit int, now time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.limit = limit
	hour := now.Unix() / 3600
	u.buckets = [24]bucket{}
	u.buckets[hour%24] = bucket{hour: hour, n: used}
}

// SetAPIUsage sets how many API calls the last 24 hours have seen, as if other
// programs had made them, and the limit. APICalls is not changed.
func (s *Server) SetAPIUsage(used, limit int) { s.usage.set(used, limit, s.org.Now()) }
