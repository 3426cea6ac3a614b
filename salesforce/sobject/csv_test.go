package sobject_test

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"

	"github.com/orglink/orglink/salesforce/sobject"
)

func readCSV(r io.Reader) (header []string, rows [][]string, err error) {
	return readAll(sobject.NewCSVReader(r, "Account"))
}

func readAll(c *sobject.CSVReader) (header []string, rows [][]string, err error) {
	for rec, err := range c.Records() {
		if err != nil {
			return nil, nil, err
		}
		var row []string
		for _, v := range rec.Fields() {
			if v.IsNull() != (v.Raw() == "") {
				return nil, nil, errors.New("an empty value must be null, and only that")
			}
			row = append(row, v.Raw())
		}
		rows = append(rows, row)
	}
	header, err = c.Header()
	return header, rows, err
}

// readCSVSlowly is the oracle: encoding/csv with the reader's extra rules.
func readCSVSlowly(raw []byte) (header []string, rows [][]string, err error) {
	raw = bytes.TrimPrefix(raw, []byte("\xef\xbb\xbf"))
	raw = bytes.ReplaceAll(raw, []byte{0}, nil)
	all, err := csv.NewReader(bytes.NewReader(raw)).ReadAll()
	if err != nil || len(all) == 0 {
		return nil, nil, err
	}
	for _, row := range all {
		for i := range row {
			row[i] = valid(row[i])
		}
	}
	for i, name := range all[0] {
		if name == "" || slices.Contains(all[0][:i], name) {
			return nil, nil, errors.New("header")
		}
	}
	return all[0], all[1:], nil
}

// valid replaces each byte that is no UTF-8.
func valid(s string) string {
	var b strings.Builder
	for _, r := range s {
		b.WriteRune(r)
	}
	return b.String()
}

func checkCSV(t *testing.T, raw []byte) {
	t.Helper()
	header, want, slowErr := readCSVSlowly(raw)
	for _, r := range []io.Reader{bytes.NewReader(raw), iotest.OneByteReader(bytes.NewReader(raw)), iotest.DataErrReader(bytes.NewReader(raw))} {
		gotHeader, got, err := readCSV(r)
		if (err != nil) != (slowErr != nil) {
			t.Fatalf("%q: error %v, encoding/csv says %v", raw, err, slowErr)
		}
		if err != nil {
			continue
		}
		for _, row := range got { // encoding/csv changes line ends inside quotes
			for i := range row {
				row[i] = strings.ReplaceAll(row[i], "\r\n", "\n")
			}
		}
		if !slices.EqualFunc(got, want, slices.Equal) {
			t.Fatalf("%q: %q, want %q", raw, got, want)
		}
		strictly := sobject.NewCSVReader(bytes.NewReader(raw), "Account").Strict()
		_, _, strictErr := readAll(strictly)
		if text := bytes.ReplaceAll(raw, []byte{0}, nil); errors.Is(strictErr, sobject.ErrEncoding) == utf8.Valid(text) || strictErr != nil && utf8.Valid(text) {
			t.Fatalf("%q: strict: %v", raw, strictErr)
		}
		if n := bytes.Count(raw, []byte{0}); strictErr == nil && strictly.NULs() != int64(n) {
			t.Fatalf("%q: %d NULs, want %d", raw, strictly.NULs(), n)
		}
		reused := 0
		for r, err := range sobject.NewCSVReader(bytes.NewReader(raw), "Account").Reuse().Records() {
			if err != nil {
				t.Fatalf("%q: reused: %v", raw, err)
			}
			i := 0
			for _, v := range r.Fields() {
				if text := strings.ReplaceAll(v.Raw(), "\r\n", "\n"); text != want[reused][i] {
					t.Fatalf("%q: reused row %d: %q, want %q", raw, reused, text, want[reused][i])
				}
				i++
			}
			reused++
		}
		if reused != len(want) {
			t.Fatalf("%q: reused: %d rows, want %d", raw, reused, len(want))
		}
		for i := range gotHeader {
			if valid(strings.ReplaceAll(gotHeader[i], "\r\n", "\n")) != header[i] {
				t.Fatalf("%q: header %q, want %q", raw, gotHeader, header)
			}
		}
	}
}

var csvs = []string{
	"", "\n", "\r\n", "Id,Name\n", "\"Id\",\"Name\"\n\"1\",\"Acme, \"\"Inc\"\"\"\n\"2\",\"\"\n", "Id,Name\r\n1,\"two\nlines\"\r\n2,\r\n", "\xef\xbb\xbf\"Id\"\n\"1\"\n",
	"\"Id\",\"Owner.Name\"\n\"1\",\"Zoë \x00 😀\"\n", "Id\n1", "Id,Name\n1\n", "Id\n1,2\n", "Id\n\"1", "Id\n\"1\"x\n", "Id\na\"b\n", "Id,Id\n1,2\n", "Id,\n1,2\n", "Id\n\n1\n\n",
	"Id,Name\n1,\xff\xfe\n2,\"a\"\"\xff\"\n", "Id\n1\r", "Id\n1\r2\n", "Id,B\n,\n", "\"a\"\"b\",c\n1,2\n", "Id\n\"\r\n\"\n",
}

func TestCSVAgainstEncodingCSV(t *testing.T) {
	for _, raw := range csvs {
		checkCSV(t, []byte(raw))
	}
	rng := rand.New(rand.NewPCG(1, 2))
	spice := []byte("\",\n\r\x00\xef\xbb\xbf a")
	for range 4000 {
		raw := []byte(csvs[rng.IntN(len(csvs))])
		for range 1 + rng.IntN(4) {
			at := rng.IntN(len(raw) + 1)
			if rng.IntN(2) == 0 && at < len(raw) {
				raw = slices.Delete(raw, at, at+1)
				continue
			}
			raw = slices.Insert(raw, at, spice[rng.IntN(len(spice))])
		}
		checkCSV(t, raw)
	}
}

func FuzzCSV(f *testing.F) {
	for _, c := range csvs {
		f.Add([]byte(c))
	}
	f.Fuzz(checkCSV)
}

// bigCSV is a result like those of real orgs: 20 columns, about 460 bytes a row,
// all values quoted.
func bigCSV(n int) []byte {
	var b bytes.Buffer
	b.WriteString(`"Id","Name","Type","Industry","AnnualRevenue","NumberOfEmployees","BillingStreet","BillingCity","BillingState","BillingPostalCode","BillingCountry",` +
		`"Phone","Website","Description","OwnerId","Rating","IsDeleted","CreatedDate","SystemModstamp","ParentId"` + "\n")
	names := []string{"Account \"\"%d\"\"", "Account %d", "Müller %d", "さくら商事 %d"}
	for i := range n {
		fmt.Fprintf(&b, "\"001%015d\",\""+names[i%len(names)]+"\",\"Customer - Direct\",\"Energy\",\"%d.5\",\"%d\",\"Main Street %d\nSecond floor\",\"Springfield\",\"CA\",\"94105\",\"United States\","+
			"\"+1 555 0100\",\"https://www.example.com/%d\",\"Long-standing customer; renewal comes up every spring. Prefers a call before any e-mail, and wants the same person each time.\","+
			"\"005000000000001AAA\",\"Warm\",\"false\",\"2024-01-02T03:04:05.000Z\",\"2024-02-03T04:05:06.000Z\",\"\"\n",
			i, i, i*1000, i%5000, i, i)
	}
	return b.Bytes()
}

func TestCSVRowsMayBeKept(t *testing.T) {
	var kept []sobject.Record
	for rec, err := range sobject.NewCSVReader(bytes.NewReader(bigCSV(3000)), "Account").Records() {
		if err != nil {
			t.Fatal(err)
		}
		kept = append(kept, rec)
	}
	if len(kept) != 3000 {
		t.Fatal(len(kept))
	}
	for i, r := range kept {
		if name, err := r.Text("Name"); err != nil || !strings.HasSuffix(strings.Trim(name, `"`), fmt.Sprint(i)) || strings.Contains(name, `"`) != (i%4 == 0) {
			t.Fatal(i, name, err)
		}
		if v, ok := r.Value("ParentId"); !ok || !v.IsNull() {
			t.Fatal(i, v)
		}
	}
}

// Rows of a block are the records that Read returns, from where Read left off.
func TestCSVReadRows(t *testing.T) {
	data := bigCSV(3000)
	id := func(r sobject.Record) string { v, _ := r.Value("Id"); return v.Raw() }
	for _, reuse := range []bool{false, true} {
		single, blocks := sobject.NewCSVReader(bytes.NewReader(data), "Account"), sobject.NewCSVReader(bytes.NewReader(data), "Account")
		if reuse {
			blocks.Reuse()
		}
		n := 0
		for {
			if n == 0 { // mixed
				rec, err := blocks.Read()
				first, _ := single.Read()
				if n++; err != nil || id(rec) != id(first) {
					t.Fatal(rec, err)
				}
			}
			rows, err := blocks.ReadRows()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil || rows.Len() == 0 || rows.Size() < 100*rows.Len() {
				t.Fatal(rows.Len(), rows.Size(), err)
			}
			seen, last := 0, ""
			for r := range rows.All() {
				want, err := single.Read()
				if last = id(r); err != nil || last != id(want) {
					t.Fatalf("row %d: %s, want %s, %v", n+seen, last, id(want), err)
				}
				seen++
			}
			for r := range rows.Skip(rows.Len() - 1).All() {
				if id(r) != last {
					t.Fatal(id(r), last)
				}
			}
			if n += seen; seen != rows.Len() || rows.Skip(seen+1).Len() != 0 {
				t.Fatal(seen, rows.Len())
			}
		}
		if n != 3000 {
			t.Fatal(n)
		}
	}
}

// Wherever the edge of a buffer falls in a result with CRLF, it stays the same.
func TestCSVLineEndOnTheBuffersEdge(t *testing.T) {
	row := "\"1\",\"" + strings.Repeat("x", 90) + "\"\r\n"
	want := 3000
	for shift := range len(row) {
		raw := "\"Id\",\"" + strings.Repeat("n", 1+shift) + "\"\r\n" + strings.Repeat(row, want)
		_, rows, err := readCSV(strings.NewReader(raw))
		if err != nil || len(rows) != want {
			t.Fatalf("shifted by %d: %d rows, %v", shift, len(rows), err)
		}
	}
}

// A row that is cut off inside must never pass for a shorter one.
func TestCSVCutInsideARow(t *testing.T) {
	whole := bigCSV(40)
	want, err := csv.NewReader(bytes.NewReader(whole)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for n := range len(whole) {
		_, rows, err := readCSV(bytes.NewReader(whole[:n]))
		if err != nil {
			continue
		}
		for i, row := range rows {
			if !slices.Equal(row, want[i+1]) {
				t.Fatalf("cut after %d bytes: row %d is %q", n, i, row)
			}
		}
	}
	broken := errors.New("broken")
	if _, _, err := readCSV(io.MultiReader(bytes.NewReader(whole), iotest.ErrReader(broken))); !errors.Is(err, broken) {
		t.Fatal(err)
	}
	if _, _, err := readCSV(io.MultiReader(bytes.NewReader(whole), iotest.ErrReader(io.ErrUnexpectedEOF))); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Fatal(err)
	}
}

func TestCSVWriter(t *testing.T) {
	var b bytes.Buffer
	w := sobject.NewCSVWriter(&b, "Id", "Name", "Amount", "Account.Ext__c")
	parent := sobject.NewRecord("Account", sobject.F("Ext__c", sobject.TextValue("a,1")))
	for _, r := range []sobject.Record{
		sobject.NewRecord("Opportunity", sobject.F("Id", sobject.TextValue("006")), sobject.F("Name", sobject.TextValue("two\nlines \"q\""))),
		sobject.NewRecord("Opportunity", sobject.F("Amount", sobject.IntValue(12345678)), sobject.F("Name", sobject.NullValue()), sobject.F("Account", sobject.RecordValue(parent))),
		sobject.NewRecord("Opportunity", sobject.F("Account", sobject.NullValue()), sobject.F("Name", sobject.TextValue(""))),
		sobject.NewRecord("Opportunity", sobject.F("Account.Ext__c", sobject.TextValue(" x "))),
	} {
		if err := w.Write(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	want := "Id,Name,Amount,Account.Ext__c\n006,\"two\nlines \"\"q\"\"\",,\n,#N/A,12345678,\"a,1\"\n,#N/A,,#N/A\n,,,\" x \"\n"
	if b.String() != want {
		t.Errorf("got\n%s\nwant\n%s", b.String(), want)
	}
	for name, bad := range map[string]sobject.Record{
		// k-capehart/go-salesforce mapsToCSV dropped columns silently.
		"no column":    sobject.NewRecord("Opportunity", sobject.F("StageName", sobject.TextValue("x"))),
		"clears":       sobject.NewRecord("Opportunity", sobject.F("Name", sobject.TextValue("#N/A"))),
		"nested":       sobject.NewRecord("Opportunity", sobject.F("Account", sobject.RecordValue(sobject.NewRecord("", sobject.F("Name", sobject.TextValue("x")))))),
		"not writable": sobject.NewRecord("Opportunity", sobject.F("Name", sobject.JSONValue("{}"))),
	} {
		if err := sobject.NewCSVWriter(io.Discard, "Id", "Name").Write(bad); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestCSVRoundTrip(t *testing.T) {
	texts := []string{"x", " x", "a,b", "\"", "\r\n", "\n", "😀", "#N/A ", "0"}
	var b bytes.Buffer
	w := sobject.NewCSVWriter(&b, "K", "V")
	for _, s := range texts {
		if err := w.Write(sobject.NewRecord("", sobject.F("K", sobject.TextValue("k")), sobject.F("V", sobject.TextValue(s)))); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	_, rows, err := readCSV(&b)
	if err != nil || len(rows) != len(texts) {
		t.Fatal(len(rows), err)
	}
	for i, row := range rows {
		if row[1] != texts[i] {
			t.Errorf("%q came back as %q", texts[i], row[1])
		}
	}
}

func BenchmarkCSV(b *testing.B) {
	data := bigCSV(5000)
	b.SetBytes(int64(len(data)))
	for name, reuse := range map[string]bool{"kept": false, "reused": true} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r := sobject.NewCSVReader(bytes.NewReader(data), "Account")
				if reuse {
					r.Reuse()
				}
				for _, err := range r.Records() {
					if err != nil {
						b.Fatal(err)
					}
				}
			}
			b.ReportMetric(float64(5000*b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
	b.Run("encoding-csv", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			r := csv.NewReader(bytes.NewReader(data))
			r.ReuseRecord = true
			for {
				if _, err := r.Read(); err != nil {
					break
				}
			}
		}
		b.ReportMetric(float64(5000*b.N)/b.Elapsed().Seconds(), "rows/s")
	})
}
