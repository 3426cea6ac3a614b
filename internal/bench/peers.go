package main

import (
	"context"
	"time"

	kcapehart "github.com/k-capehart/go-salesforce/v3"
	"github.com/simpleforce/simpleforce"
)

// The peers, used as their own documentation says.

func newKCapehart(url string) (*kcapehart.Salesforce, error) {
	// Its own API version: with another one it asks for the second page at an
	// address that does not exist.
	return kcapehart.Init(kcapehart.Creds{Domain: url, AccessToken: "00Dak0000000001!AQ.bench"},
		kcapehart.WithValidateAuthentication(false), kcapehart.WithHTTPTimeout(10*time.Minute))
}

func peersREST(url string) ([]reader, error) {
	k, err := newKCapehart(url)
	if err != nil {
		return nil, err
	}
	simple := simpleforce.NewClient(url, "bench", "66.0")
	simple.SetSidLoc("00Dak0000000001!AQ.bench", url)
	return []reader{
		{name: "k-capehart", read: func(context.Context) (int, error) {
			var rows []row
			err := k.Query(query, &rows)
			return len(rows), err
		}},
		{name: "simpleforce", read: func(context.Context) (int, error) {
			n := 0
			for q := query; q != ""; {
				page, err := simple.Query(q)
				if err != nil {
					return n, err
				}
				n += len(page.Records)
				q = page.NextRecordsURL
			}
			return n, nil
		}},
	}, nil
}

// peersBulk reads Bulk results with the peer that can. Its call makes a job and
// looks at it for the first time after half a second, although it is complete
// at once; k-capehart-reading is the same without that half second.
func peersBulk(url string) ([]reader, error) {
	k, err := newKCapehart(url)
	if err != nil {
		return nil, err
	}
	rest := func(job kcapehart.IteratorJob) (int, error) {
		n := 0
		for job.Next() {
			var rows []row
			if err := job.Decode(&rows); err != nil {
				return n, err
			}
			n += len(rows)
		}
		return n, job.Error()
	}
	var job kcapehart.IteratorJob
	start := func(context.Context) (err error) {
		job, err = k.QueryBulkIterator(query)
		return err
	}
	return []reader{
		{name: "k-capehart", read: func(ctx context.Context) (int, error) {
			if err := start(ctx); err != nil {
				return 0, err
			}
			return rest(job)
		}},
		{name: "k-capehart-reading", prepare: start, read: func(context.Context) (int, error) { return rest(job) }},
	}, nil
}
