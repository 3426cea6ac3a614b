package main

import (
	"context"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/orglink/orglink/salesforce"
	"github.com/orglink/orglink/salesforce/bulk"
	"github.com/orglink/orglink/salesforce/sobject"
)

// account as Orglink decodes it: every value parsed into its type.
type typedAccount struct {
	ID                sobject.ID `salesforce:"Id"`
	Name              string     `salesforce:"Name"`
	Type              string     `salesforce:"Type"`
	Industry          string     `salesforce:"Industry"`
	AnnualRevenue     float64    `salesforce:"AnnualRevenue"`
	NumberOfEmployees int64      `salesforce:"NumberOfEmployees"`
	BillingStreet     string     `salesforce:"BillingStreet"`
	BillingCity       string     `salesforce:"BillingCity"`
	BillingState      string     `salesforce:"BillingState"`
	BillingPostalCode string     `salesforce:"BillingPostalCode"`
	BillingCountry    string     `salesforce:"BillingCountry"`
	Phone             string     `salesforce:"Phone"`
	Website           string     `salesforce:"Website"`
	Description       string     `salesforce:"Description"`
	OwnerID           sobject.ID `salesforce:"OwnerId"`
	Rating            string     `salesforce:"Rating"`
	AccountSource     string     `salesforce:"AccountSource"`
	IsDeleted         bool       `salesforce:"IsDeleted"`
	CreatedDate       time.Time  `salesforce:"CreatedDate"`
	SystemModstamp    time.Time  `salesforce:"SystemModstamp"`
}

func newClient(url string) (*salesforce.Client, error) {
	return salesforce.New(salesforce.Config{
		Tokens:       salesforce.StaticToken(url, "00Dak0000000001!AQ.bench"),
		TrustedHosts: []string{strings.TrimPrefix(url, "http://")},
	})
}

// orglinkREST are Orglink's ways of reading a query.
func orglinkREST(url string) ([]reader, error) {
	c, err := newClient(url)
	if err != nil {
		return nil, err
	}
	with := func(opts salesforce.QueryOptions) func(context.Context) iter.Seq2[sobject.Record, error] {
		return func(ctx context.Context) iter.Seq2[sobject.Record, error] { return c.QueryWith(ctx, query, opts) }
	}
	return orglinkReaders(with(salesforce.QueryOptions{}), with(salesforce.QueryOptions{ReuseRecords: true}),
		with(salesforce.QueryOptions{ReuseRecords: true, ReadAhead: true})), nil
}

// orglinkBulk are Orglink's ways of reading the result of a finished Bulk job.
func orglinkBulk(url string) ([]reader, error) {
	c, err := newClient(url)
	if err != nil {
		return nil, err
	}
	var ways []func(context.Context) iter.Seq2[sobject.Record, error]
	for _, cfg := range []bulk.QueryConfig{{}, {ReuseRecords: true}, {ReuseRecords: true, ReadAhead: true}} {
		job, err := bulk.OpenQueryWith(c, jobID, cfg)
		if err != nil {
			return nil, err
		}
		ways = append(ways, job.Records)
	}
	return orglinkReaders(ways[0], ways[1], ways[2]), nil
}

// orglinkReaders are the ways by who owns the memory: kept for as long as one
// likes, reused by the next record (a struct's texts too), and reused while the
// following ones are read ahead.
func orglinkReaders(kept, reused, ahead func(context.Context) iter.Seq2[sobject.Record, error]) []reader {
	return []reader{
		{name: "orglink-record", read: func(ctx context.Context) (int, error) { return count(kept(ctx), checkRecord) }},
		{name: "orglink-record-reused", read: func(ctx context.Context) (int, error) { return count(reused(ctx), checkRecord) }},
		{name: "orglink-record-ahead", read: func(ctx context.Context) (int, error) { return count(ahead(ctx), checkRecord) }},
		{name: "orglink-struct", read: func(ctx context.Context) (int, error) {
			return count(sobject.DecodeEach[typedAccount](kept(ctx)), checkAccount)
		}},
		{name: "orglink-struct-reused", read: func(ctx context.Context) (int, error) {
			return count(sobject.DecodeEach[typedAccount](reused(ctx)), checkAccount)
		}},
		{name: "orglink-struct-ahead", read: func(ctx context.Context) (int, error) {
			return count(sobject.DecodeEach[typedAccount](ahead(ctx)), checkAccount)
		}},
	}
}

// count ranges over rows and looks at each.
func count[T any](rows iter.Seq2[T, error], ok func(T) bool) (int, error) {
	n := 0
	for row, err := range rows {
		if err != nil {
			return n, err
		}
		if !ok(row) {
			return n, fmt.Errorf("row %d is not what the server sent", n+1)
		}
		n++
	}
	return n, nil
}

func checkRecord(r sobject.Record) bool { return r.Len() == len(accountFields) }

func checkAccount(a typedAccount) bool { return a.ID != "" && !a.SystemModstamp.IsZero() }
