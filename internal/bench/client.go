package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/orglink/orglink/salesforce"
)

// clientSuite measures reading query results by REST.
func clientSuite(ctx context.Context, s settings) (results []result, err error) {
	srv, err := startServer(s.rows)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, srv.close()) }()
	client, err := salesforce.New(salesforce.Config{
		Tokens:       salesforce.StaticToken(srv.url, "00Dak0000000001!AQ.bench"),
		TrustedHosts: []string{strings.TrimPrefix(srv.url, "http://")},
	})
	if err != nil {
		return nil, err
	}
	return measure(ctx, "client", "rest", s, []reader{
		{"orglink-record", func(ctx context.Context) (int, error) { return readRecords(ctx, client) }},
		{"stdlib", func(ctx context.Context) (int, error) { return readStructs(ctx, srv.url) }},
		{"bytes", func(ctx context.Context) (int, error) { return readBytes(ctx, srv.url) }},
	})
}

// readRecords reads with Orglink's client, each record safe to keep.
func readRecords(ctx context.Context, c *salesforce.Client) (int, error) {
	n := 0
	for rec, err := range c.Query(ctx, query) {
		if err != nil {
			return n, err
		}
		if rec.Len() < len(accountFields) {
			return n, fmt.Errorf("record %d has %d fields", n+1, rec.Len())
		}
		n++
	}
	return n, nil
}

// row is what a program without a library would decode into.
type row struct {
	ID                string   `json:"Id"`
	Name              string   `json:"Name"`
	Type              *string  `json:"Type"`
	Industry          *string  `json:"Industry"`
	AnnualRevenue     *float64 `json:"AnnualRevenue"`
	NumberOfEmployees *int64   `json:"NumberOfEmployees"`
	BillingStreet     *string  `json:"BillingStreet"`
	BillingCity       *string  `json:"BillingCity"`
	BillingState      *string  `json:"BillingState"`
	BillingPostalCode *string  `json:"BillingPostalCode"`
	BillingCountry    *string  `json:"BillingCountry"`
	Phone             *string  `json:"Phone"`
	Website           *string  `json:"Website"`
	Description       *string  `json:"Description"`
	OwnerID           string   `json:"OwnerId"`
	Rating            *string  `json:"Rating"`
	AccountSource     *string  `json:"AccountSource"`
	IsDeleted         bool     `json:"IsDeleted"`
	CreatedDate       string   `json:"CreatedDate"`
	SystemModstamp    string   `json:"SystemModstamp"`
}

// readStructs reads with net/http and encoding/json into structs.
func readStructs(ctx context.Context, base string) (int, error) {
	n := 0
	for path := apiBase + "/query?q=x"; path != ""; {
		body, err := open(ctx, base+path)
		if err != nil {
			return n, err
		}
		var page struct {
			Next    string `json:"nextRecordsUrl"`
			Records []row  `json:"records"`
		}
		err = json.NewDecoder(body).Decode(&page)
		if err = errors.Join(err, body.Close()); err != nil {
			return n, err
		}
		n += len(page.Records)
		path = page.Next
	}
	return n, nil
}

// readBytes reads and drops the bodies: what the network and the server cost.
// The rows are not looked at; only the head of a page is, for the next one.
func readBytes(ctx context.Context, base string) (int, error) {
	n := 0
	head := make([]byte, 256)
	for path := apiBase + "/query?q=x"; path != ""; {
		body, err := open(ctx, base+path)
		if err != nil {
			return n, err
		}
		got, err := io.ReadFull(body, head)
		if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
			return n, errors.Join(err, body.Close())
		}
		_, err = io.Copy(io.Discard, body)
		if err = errors.Join(err, body.Close()); err != nil {
			return n, err
		}
		total, next := pageHead(head[:got])
		path, n = next, total // after the last page, all rows went by
	}
	return n, nil
}

// pageHead reads totalSize and nextRecordsUrl, which stand before the records.
func pageHead(b []byte) (total int, next string) {
	if _, err := fmt.Sscanf(string(b), `{"totalSize":%d`, &total); err != nil {
		return 0, ""
	}
	_, rest, ok := bytes.Cut(b, []byte(`"nextRecordsUrl":"`))
	if !ok {
		return total, ""
	}
	url, _, _ := bytes.Cut(rest, []byte(`"`))
	return total, string(url)
}

func open(ctx context.Context, url string) (io.ReadCloser, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept-Encoding", "identity")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		return nil, errors.Join(fmt.Errorf("%s: %s", url, resp.Status), resp.Body.Close())
	}
	return resp.Body, nil
}
