package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// accountFields are the columns of the query, in order.
var accountFields = []string{"Id", "Name", "Type", "Industry", "AnnualRevenue", "NumberOfEmployees", "BillingStreet", "BillingCity", "BillingState", "BillingPostalCode", "BillingCountry", "Phone", "Website",
	"Description", "OwnerId", "Rating", "AccountSource", "IsDeleted", "CreatedDate", "SystemModstamp"}

// query is what clients ask for; the server answers anything with accounts.
var query = "SELECT " + strings.Join(accountFields, ", ") + " FROM Account"

const apiBase = "/services/data/v66.0"

// accountValues are the fields of record number i: texts, or nil, a number or
// a boolean as JSON has them.
func accountValues(i int) []any {
	names := []string{"Harbor Logistics %d", "O'Neil & Sons \"Hardware\" %d", "Müller Maschinenbau GmbH %d", "さくら商事 %d", "Bright Analytics, Inc. %d", "Rocket 🚀 %d"}
	notes := []string{
		"Long-standing customer; renewal comes up every spring. Prefers a call before any e-mail, and wants the same person each time: Dana of the Denver office.",
		"Met at the trade show.\nWants a demo of the \"enterprise\" plan, with at least two of their administrators, before the quarter ends.",
		"Runs on premises: C:\\Clients\\New. Moves to the cloud next year, one plant after the other; until then, updates go out by hand."}
	revenue, rating := any(json.RawMessage(fmt.Sprintf("%d.0", i*1000%90_000_000))), any("Warm")
	if i%7 == 0 {
		revenue, rating = nil, nil
	}
	return []any{accountID(i), fmt.Sprintf(names[i%len(names)], i), "Customer - Direct", "Technology", revenue, json.RawMessage(strconv.Itoa(i % 5000)),
		fmt.Sprintf("%d Mission St", i%2000), "San Francisco", "CA", "94105", "United States", fmt.Sprintf("+1 415 555 %04d", i%10000), fmt.Sprintf("https://www.company-%d.example", i),
		notes[i%len(notes)], "005ak0000000001AAA", rating, "Web", json.RawMessage("false"), "2024-01-02T03:04:05.000+0000", "2025-06-07T08:09:10.000+0000"}
}

func accountID(i int) string { return fmt.Sprintf("001ak0000%06dAAA", i%1_000_000) }

// account is record number i as JSON, about 900 bytes as real ones have.
func account(i int) []byte {
	id := accountID(i)
	b := bytes.NewBufferString(`{"attributes":{"type":"Account","url":"` + apiBase + `/sobjects/Account/` + id + `"}`)
	enc := json.NewEncoder(b)
	enc.SetEscapeHTML(false)
	for n, v := range accountValues(i) {
		fmt.Fprintf(b, `,"%s":`, accountFields[n])
		_ = enc.Encode(v)       // such values always encode
		b.Truncate(b.Len() - 1) // the line end
	}
	b.WriteByte('}')
	return b.Bytes()
}

// accountCSV is record number i as a row of a Bulk result.
func accountCSV(i int) []byte {
	var cells []string
	for _, v := range accountValues(i) {
		switch v := v.(type) {
		case string:
			cells = append(cells, v)
		case json.RawMessage:
			cells = append(cells, string(v))
		default:
			cells = append(cells, "")
		}
	}
	return csvRow(cells)
}

func csvHeader() []byte { return csvRow(accountFields) }

// csvRow quotes all values, as Salesforce does.
func csvRow(cells []string) []byte {
	var b []byte
	for i, c := range cells {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, '"')
		b = append(b, strings.ReplaceAll(c, `"`, `""`)...)
		b = append(b, '"')
	}
	return append(b, '\n')
}
