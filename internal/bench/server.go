package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// pageRows is how many rows Salesforce puts on a page.
const pageRows = 2000

// accountFields are the columns of the query, in order.
var accountFields = []string{"Id", "Name", "Type", "Industry", "AnnualRevenue", "NumberOfEmployees", "BillingStreet", "BillingCity", "BillingState", "BillingPostalCode", "BillingCountry", "Phone", "Website",
	"Description", "OwnerId", "Rating", "AccountSource", "IsDeleted", "CreatedDate", "SystemModstamp"}

// query is what clients ask for; the server answers anything with accounts.
var query = "SELECT " + strings.Join(accountFields, ", ") + " FROM Account"

const (
	apiBase = "/services/data/v66.0"
	locator = apiBase + "/query/0r8xx5R2yF2gs3VASQ-"
)

// account is record number i as JSON, about 900 bytes as real ones have.
func account(i int) []byte {
	id := fmt.Sprintf("001ak0000%06dAAA", i%1_000_000)
	text := func(s string) string {
		var b bytes.Buffer
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(false)
		_ = enc.Encode(s) // a string always encodes
		return strings.TrimSpace(b.String())
	}
	names := []string{"Harbor Logistics %d", "O'Neil & Sons \"Hardware\" %d", "Müller Maschinenbau GmbH %d", "さくら商事 %d", "Bright Analytics, Inc. %d", "Rocket 🚀 %d"}
	notes := []string{"Long-standing customer; renewal comes up every spring. Prefers a call before any e-mail.", "Met at the trade show.\nWants a demo of the \"enterprise\" plan.", "Runs on premises: C:\\Clients\\New."}
	revenue, employees, rating := fmt.Sprintf("%d.0", i*1000%90_000_000), strconv.Itoa(i%5000), `"Warm"`
	if i%7 == 0 {
		revenue, rating = "null", "null"
	}
	return fmt.Appendf(nil, `{"attributes":{"type":"Account","url":"%s/sobjects/Account/%s"},"Id":"%s","Name":%s,"Type":"Customer - Direct","Industry":"Technology","AnnualRevenue":%s,"NumberOfEmployees":%s,`+
		`"BillingStreet":"%d Mission St","BillingCity":"San Francisco","BillingState":"CA","BillingPostalCode":"94105","BillingCountry":"United States","Phone":"+1 415 555 %04d","Website":"https://www.company-%d.example",`+
		`"Description":%s,"OwnerId":"005ak0000000001AAA","Rating":%s,"AccountSource":"Web","IsDeleted":false,"CreatedDate":"2024-01-02T03:04:05.000+0000","SystemModstamp":"2025-06-07T08:09:10.000+0000"}`,
		apiBase, id, id, text(fmt.Sprintf(names[i%len(names)], i)), revenue, employees, i%2000, i%10000, i, text(notes[i%len(notes)]), rating)
}

// server answers queries with bytes that were made before the measurement.
type server struct {
	url  string
	http *http.Server
	body []byte // pageRows records, comma separated
	ends []int  // where each record of body ends
	rows int
}

func startServer(rows int) (*server, error) {
	s := &server{rows: rows}
	for i := range min(rows, pageRows) {
		if i > 0 {
			s.body = append(s.body, ',')
		}
		s.body = append(s.body, account(i)...)
		s.ends = append(s.ends, len(s.body))
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	s.url = "http://" + l.Addr().String()
	s.http = &http.Server{Handler: s, ReadHeaderTimeout: 10 * time.Second}
	go func() {
		if err := s.http.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			panic(err) // the listener of a benchmark broke: there is nothing to measure
		}
	}()
	return s, nil
}

// ServeHTTP answers with the page that begins at the offset in the locator.
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	from := 0
	if at, ok := strings.CutPrefix(r.URL.Path, locator); ok {
		n, err := strconv.Atoi(at)
		if err != nil || n < 0 || n >= s.rows {
			http.Error(w, `[{"message":"invalid query locator","errorCode":"INVALID_QUERY_LOCATOR"}]`, http.StatusBadRequest)
			return
		}
		from = n
	}
	n := min(s.rows-from, pageRows)
	head := fmt.Appendf(nil, `{"totalSize":%d,"done":%t,`, s.rows, from+n == s.rows)
	if from+n < s.rows {
		head = fmt.Appendf(head, `"nextRecordsUrl":"%s%d",`, locator, from+n)
	}
	head = append(head, `"records":[`...)
	records, tail := s.body[:s.ends[n-1]], []byte("]}")
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	w.Header().Set("Content-Length", strconv.Itoa(len(head)+len(records)+len(tail)))
	w.Header().Set("Sforce-Limit-Info", "api-usage=1/100000")
	for _, part := range [][]byte{head, records, tail} {
		if _, err := w.Write(part); err != nil {
			return // the client left early
		}
	}
}

func (s *server) close() error { return s.http.Close() }
