package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"
)

// row is what a program without Orglink would decode into. Times stay texts,
// because encoding/json cannot read Salesforce's.
type row struct {
	ID                string  `json:"Id" csv:"Id" salesforce:"Id"`
	Name              string  `json:"Name" csv:"Name" salesforce:"Name"`
	Type              string  `json:"Type" csv:"Type" salesforce:"Type"`
	Industry          string  `json:"Industry" csv:"Industry" salesforce:"Industry"`
	AnnualRevenue     float64 `json:"AnnualRevenue" csv:"AnnualRevenue,omitempty" salesforce:"AnnualRevenue"`
	NumberOfEmployees int64   `json:"NumberOfEmployees" csv:"NumberOfEmployees,omitempty" salesforce:"NumberOfEmployees"`
	BillingStreet     string  `json:"BillingStreet" csv:"BillingStreet" salesforce:"BillingStreet"`
	BillingCity       string  `json:"BillingCity" csv:"BillingCity" salesforce:"BillingCity"`
	BillingState      string  `json:"BillingState" csv:"BillingState" salesforce:"BillingState"`
	BillingPostalCode string  `json:"BillingPostalCode" csv:"BillingPostalCode" salesforce:"BillingPostalCode"`
	BillingCountry    string  `json:"BillingCountry" csv:"BillingCountry" salesforce:"BillingCountry"`
	Phone             string  `json:"Phone" csv:"Phone" salesforce:"Phone"`
	Website           string  `json:"Website" csv:"Website" salesforce:"Website"`
	Description       string  `json:"Description" csv:"Description" salesforce:"Description"`
	OwnerID           string  `json:"OwnerId" csv:"OwnerId" salesforce:"OwnerId"`
	Rating            string  `json:"Rating" csv:"Rating" salesforce:"Rating"`
	AccountSource     string  `json:"AccountSource" csv:"AccountSource" salesforce:"AccountSource"`
	IsDeleted         bool    `json:"IsDeleted" csv:"IsDeleted" salesforce:"IsDeleted"`
	CreatedDate       string  `json:"CreatedDate" csv:"CreatedDate" salesforce:"CreatedDate"`
	SystemModstamp    string  `json:"SystemModstamp" csv:"SystemModstamp" salesforce:"SystemModstamp"`
}

// plainREST are the yardsticks of reading a query: encoding/json into structs,
// page by page, and reading and dropping the bytes.
func plainREST(url string) []reader {
	return []reader{
		{name: "stdlib", read: func(ctx context.Context) (int, error) {
			n := 0
			for path := apiBase + "/query?q=x"; path != ""; {
				var page struct {
					Next    string `json:"nextRecordsUrl"`
					Records []row  `json:"records"`
				}
				_, err := get(ctx, url+path, func(body io.Reader) error { return json.NewDecoder(body).Decode(&page) })
				if err != nil {
					return n, err
				}
				n, path = n+len(page.Records), page.Next
			}
			return n, nil
		}},
		{name: "bytes", read: func(ctx context.Context) (n int, err error) {
			for path := apiBase + "/query?q=x"; path != ""; {
				head := make([]byte, 256)
				_, err := get(ctx, url+path, func(body io.Reader) error { return dropAfter(body, head) })
				if err != nil {
					return n, err
				}
				n, path = pageHead(head) // after the last page, all rows went by
			}
			return n, nil
		}},
	}
}

// plainBulk are the yardsticks of reading a Bulk result.
func plainBulk(url string) []reader {
	pages := func(ctx context.Context, read func(io.Reader, int) (int, error)) (n int, err error) {
		locator := ""
		for more := true; more; {
			h, err := get(ctx, url+apiBase+"/jobs/query/"+jobID+"/results?maxRecords=50000&locator="+locator, nil)
			if err != nil {
				return n, err
			}
			said, err := strconv.Atoi(h.header.Get("Sforce-NumberOfRecords"))
			if err != nil {
				return n, errors.Join(err, h.body.Close())
			}
			got, err := read(h.body, said)
			if err = errors.Join(err, h.body.Close()); err != nil {
				return n, err
			}
			n += got
			locator = h.header.Get("Sforce-Locator")
			more = locator != "null"
		}
		return n, nil
	}
	return []reader{
		{name: "stdlib", read: func(ctx context.Context) (int, error) {
			return pages(ctx, func(body io.Reader, _ int) (int, error) { return readCSV(body) })
		}},
		{name: "bytes", read: func(ctx context.Context) (int, error) {
			return pages(ctx, func(body io.Reader, said int) (int, error) { return said, dropAfter(body, nil) })
		}},
	}
}

func readCSV(body io.Reader) (int, error) {
	r := csv.NewReader(body)
	r.ReuseRecord = true
	if _, err := r.Read(); err != nil {
		return 0, err
	}
	for n := 0; ; n++ {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			return n, nil
		}
		if err != nil {
			return n, err
		}
		var x typedRow
		if err := x.parse(cells); err != nil {
			return n, fmt.Errorf("row %d: %w", n+1, err)
		}
		if x.ID == "" || x.Modified.IsZero() {
			return n, fmt.Errorf("row %d is not what the server sent", n+1)
		}
	}
}

// typedRow is row with its times parsed too: whoever reads CSV parses each text
// anyway.
type typedRow struct {
	row
	Created, Modified time.Time // the texts of row stay empty
}

const timeLayout = "2006-01-02T15:04:05.000-0700"

func (x *typedRow) parse(c []string) (err error) {
	x.row = row{ID: c[0], Name: c[1], Type: c[2], Industry: c[3], BillingStreet: c[6], BillingCity: c[7], BillingState: c[8], BillingPostalCode: c[9], BillingCountry: c[10],
		Phone: c[11], Website: c[12], Description: c[13], OwnerID: c[14], Rating: c[15], AccountSource: c[16]}
	if c[4] != "" {
		if x.AnnualRevenue, err = strconv.ParseFloat(c[4], 64); err != nil {
			return err
		}
	}
	if c[5] != "" {
		if x.NumberOfEmployees, err = strconv.ParseInt(c[5], 10, 64); err != nil {
			return err
		}
	}
	if x.IsDeleted, err = strconv.ParseBool(c[17]); err != nil {
		return err
	}
	if x.Created, err = time.Parse(timeLayout, c[18]); err != nil {
		return err
	}
	x.Modified, err = time.Parse(timeLayout, c[19])
	return err
}

// dropAfter fills head and drops the rest.
func dropAfter(body io.Reader, head []byte) error {
	if _, err := io.ReadFull(body, head); err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return err
	}
	_, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, body, make([]byte, 128<<10))
	return err
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

// answer is an open answer.
type answer struct {
	header http.Header
	body   io.ReadCloser
}

// get asks for a page. With read, the body is read by it and closed.
func get(ctx context.Context, url string, read func(io.Reader) error) (answer, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return answer{}, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return answer{}, err
	}
	if resp.StatusCode != http.StatusOK {
		return answer{}, errors.Join(fmt.Errorf("%s: %s", url, resp.Status), resp.Body.Close())
	}
	if read != nil {
		err = errors.Join(read(resp.Body), resp.Body.Close())
	}
	return answer{resp.Header, resp.Body}, err
}
