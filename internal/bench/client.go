package main

import (
	"context"
	"errors"
)

// slowRows bounds how much is read from the server that takes its time.
const slowRows = 20_000

// workloads are what the suite measures, in order.
var workloads = []string{"rest", "rest-gzip", "bulk", "bulk-gzip", "rest-50ms", "bulk-resident"}

// clientSuite measures reading by REST and by Bulk API 2.0.
func clientSuite(ctx context.Context, s settings) (results []result, err error) {
	at, stop, err := startServer(ctx, s.rows)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, stop()) }()
	for _, w := range workloads {
		if s.workload != "" && w != s.workload {
			continue
		}
		var some []result
		switch w {
		case "rest":
			some, err = suite(ctx, s, w, at.Plain, restReaders)
		case "rest-gzip":
			some, err = suite(ctx, s, w, at.Gzip, restReaders)
		case "bulk":
			some, err = suite(ctx, s, w, at.Plain, bulkReaders)
		case "bulk-gzip":
			some, err = suite(ctx, s, w, at.Gzip, bulkReaders)
		case "rest-50ms":
			some, err = slowSuite(ctx, s)
		case "bulk-resident":
			some, err = residentSuite(ctx, s)
		}
		if err != nil {
			return nil, err
		}
		results = append(results, some...)
	}
	return results, nil
}

// suite lets the readers of a workload take turns.
func suite(ctx context.Context, s settings, workload, url string, readers func(url string) ([]reader, error)) ([]result, error) {
	all, err := readers(url)
	if err != nil {
		return nil, err
	}
	return measure(ctx, "client", workload, s, all)
}

func restReaders(url string) ([]reader, error) {
	ours, err := orglinkREST(url)
	if err != nil {
		return nil, err
	}
	peers, err := peersREST(url)
	return append(append(ours, plainREST(url)...), peers...), err
}

func bulkReaders(url string) ([]reader, error) {
	ours, err := orglinkBulk(url)
	if err != nil {
		return nil, err
	}
	peers, err := peersBulk(url)
	return append(append(ours, plainBulk(url)...), peers...), err
}

// slowSuite reads a query from a server that answers after 50 ms, as orgs do.
func slowSuite(ctx context.Context, s settings) (results []result, err error) {
	s.rows = min(s.rows, slowRows)
	at, stop, err := startServer(ctx, s.rows)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, stop()) }()
	return suite(ctx, s, "rest-50ms", at.Slow, restReaders)
}

// residentSuite reads ten times the rows of the other workloads from a Bulk
// result, each time in a process of its own.
func residentSuite(ctx context.Context, s settings) (results []result, err error) {
	rows := 10 * s.rows
	at, stop, err := startServer(ctx, rows)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, stop()) }()
	for _, decoder := range []string{"orglink-record", "orglink-record-ahead", "orglink-struct"} {
		one, err := resident(ctx, decoder, at.Plain, rows)
		if err != nil {
			return nil, err
		}
		results = append(results, one)
	}
	return results, nil
}
