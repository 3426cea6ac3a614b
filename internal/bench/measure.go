package main

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"slices"
	"time"
)

// result is one line of the report; other suites have the same shape.
type result struct {
	Suite    string `json:"suite"`
	Workload string `json:"workload"`
	Decoder  string `json:"decoder"`
	// Rows is how many were read.
	Rows             int     `json:"rows"`
	RecordsPerSecond float64 `json:"records_per_second"`
	AllocsPerRecord  float64 `json:"allocs_per_record"`
	// PeakHeapBytes is the highest heap seen above that before the pass.
	PeakHeapBytes uint64 `json:"peak_heap_bytes"`
	// PeakResidentBytes is the most memory that the process had, where the
	// reading had a process of its own; of an import, above what it had before.
	PeakResidentBytes uint64 `json:"peak_resident_bytes,omitempty"`
	// Calls, Polls and Jobs are the requests of an import: all but the looks at
	// a running Bulk job, those, and the jobs.
	Calls int64 `json:"calls,omitempty"`
	Polls int64 `json:"polls,omitempty"`
	Jobs  int64 `json:"jobs,omitempty"`
	// CoreSecondsPerMinute is the processor time of what waits.
	CoreSecondsPerMinute float64 `json:"core_seconds_per_minute,omitempty"`
}

// reader is one way of reading all rows; it returns how many it got.
type reader struct {
	name    string
	prepare func(ctx context.Context) error // before the clock starts; may be nil
	read    func(ctx context.Context) (int, error)
}

// sample is one pass of one reader.
type sample struct {
	seconds float64
	allocs  uint64
	peak    uint64
}

// measure lets the readers take turns and returns the medians.
func measure(ctx context.Context, suite, workload string, s settings, readers []reader) ([]result, error) {
	samples := make([][]sample, len(readers))
	for round := range s.rounds + 1 {
		for i := range readers {
			r := readers[(i+round)%len(readers)] // nobody always runs after the same neighbour
			one, err := pass(ctx, r, s.rows)
			if err != nil {
				return nil, fmt.Errorf("%s %s: %w", workload, r.name, err)
			}
			if round > 0 { // the first round warms up
				samples[(i+round)%len(readers)] = append(samples[(i+round)%len(readers)], one)
			}
		}
	}
	out := make([]result, len(readers))
	for i, r := range readers {
		out[i] = result{
			Suite: suite, Workload: workload, Decoder: r.name, Rows: s.rows,
			RecordsPerSecond: float64(s.rows) / median(samples[i], func(x sample) float64 { return x.seconds }),
			AllocsPerRecord:  median(samples[i], func(x sample) float64 { return float64(x.allocs) }) / float64(s.rows),
			PeakHeapBytes:    uint64(median(samples[i], func(x sample) float64 { return float64(x.peak) })),
		}
	}
	return out, nil
}

func median(samples []sample, of func(sample) float64) float64 {
	values := make([]float64, len(samples))
	for i, s := range samples {
		values[i] = of(s)
	}
	slices.Sort(values)
	mid := len(values) / 2
	if len(values)%2 == 1 {
		return values[mid]
	}
	return (values[mid-1] + values[mid]) / 2
}

// pass reads once. A reader that lost rows has no speed.
func pass(ctx context.Context, r reader, rows int) (sample, error) {
	if r.prepare != nil {
		if err := r.prepare(ctx); err != nil {
			return sample{}, err
		}
	}
	debug.FreeOSMemory() // a collection, and what the neighbour needed goes back
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	stop := watchHeap()
	start := time.Now()
	n, err := r.read(ctx)
	seconds := time.Since(start).Seconds()
	peak := stop()
	runtime.ReadMemStats(&after)
	if err != nil {
		return sample{}, err
	}
	if n != rows {
		return sample{}, fmt.Errorf("got %d of %d rows", n, rows)
	}
	return sample{seconds, after.Mallocs - before.Mallocs, max(peak, before.HeapAlloc) - before.HeapAlloc}, nil
}

// watchHeap looks at the heap every few milliseconds until the returned
// function is called, which tells the highest value.
func watchHeap() (stop func() uint64) {
	quit, done := make(chan struct{}), make(chan uint64)
	go func() {
		read := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
		var peak uint64
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for {
			metrics.Read(read)
			peak = max(peak, read[0].Value.Uint64())
			select {
			case <-tick.C:
			case <-quit:
				done <- peak
				return
			}
		}
	}()
	return func() uint64 { close(quit); return <-done }
}
