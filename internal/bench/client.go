package main

import (
	"context"
	"errors"
)

// slowRows bounds how much is read from the server that takes its time.
const slowRows = 20_000

// clientSuite measures reading by REST and by Bulk API 2.0.
func clientSuite(ctx context.Context, s settings) (results []result, err error) {
	at, stop, err := startServer(ctx, s.rows)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, stop()) }()
	for _, w := range []struct {
		name    string
		url     string
		readers func(url string) ([]reader, error)
	}{
		{"rest", at.Plain, restReaders},
		{"rest-gzip", at.Gzip, restReaders},
		{"bulk", at.Plain, bulkReaders},
		{"bulk-gzip", at.Gzip, bulkReaders},
	} {
		readers, err := w.readers(w.url)
		if err != nil {
			return nil, err
		}
		some, err := measure(ctx, "client", w.name, s, readers)
		if err != nil {
			return nil, err
		}
		results = append(results, some...)
	}
	slow, err := slowSuite(ctx, s)
	if err != nil {
		return nil, err
	}
	million, err := residentSuite(ctx, s)
	return append(append(results, slow...), million...), err
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
	readers, err := restReaders(at.Slow)
	if err != nil {
		return nil, err
	}
	return measure(ctx, "client", "rest-50ms", s, readers)
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
