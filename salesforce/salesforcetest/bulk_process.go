package salesforcetest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/orglink/orglink/salesforce/salesforcetest/internal/engine"
	"github.com/orglink/orglink/salesforce/sobject"
)

// column is where a CSV column goes.
type column struct {
	field  string // of the object; or of the parent, with a relationship
	parent string // relationship name, or ""
	object string // the parent's object when the header names it, as in Lead:Who.Email
	soap   string // the type that a malformed value is told to be none of
}

// process does the work of an ingest job: 200 rows at a time, each chunk a
// transaction of its own.
func (b *job) process(s *Server) {
	if err := b.run(s); err != "" {
		b.state, b.err, b.unprocessed = stateFailed, err, b.data
		b.processed, b.failed, b.successful, b.failures = 0, 0, nil, nil
	} else if b.plan.state != "" {
		b.state, b.err = b.plan.state, b.plan.message
	}
	b.data = nil
}

func (b *job) run(s *Server) string {
	r := csvReader{rest: b.data, sep: delimiters[b.delimiter], crlf: b.lineEnd == "CRLF"}
	header, rawHeader, err := r.next()
	switch {
	case err != nil:
		return b.csvProblem(err)
	case header == nil:
		return "InvalidBatch : The job has no data"
	}
	as := engine.Session{User: b.user}
	columns, problem := b.columns(s, as, header)
	if problem != "" {
		return problem
	}
	// The whole file is checked before the first row is written, so that a
	// malformed file changes nothing.
	var rows [][]string
	var raws [][]byte
	for {
		row, raw, err := r.next()
		if err != nil {
			return b.csvProblem(err)
		}
		if row == nil {
			break
		}
		rows, raws = append(rows, row), append(raws, raw)
	}
	sep := string(delimiters[b.delimiter])
	eol := lineEnds[b.lineEnd]
	b.successful = []byte(`"sf__Id"` + sep + `"sf__Created"` + sep + string(rawHeader) + eol)
	b.failures = []byte(`"sf__Id"` + sep + `"sf__Error"` + sep + string(rawHeader) + eol)
	b.unprocessed = []byte(string(rawHeader) + eol)
	if n := min(b.plan.rows, len(rows)); b.plan.state != "" {
		for _, raw := range raws[n:] {
			b.unprocessed = append(append(b.unprocessed, raw...), eol...)
		}
		rows = rows[:n]
	}
	type settled struct {
		out engine.Outcome
		row []string
	}
	var done []settled
	for from := 0; from < len(rows); from += 200 {
		chunk := rows[from:min(from+200, len(rows))]
		outs, err := b.write(s, as, columns, chunk)
		if err != nil {
			var e *engine.Error
			if errors.As(err, &e) {
				return "InvalidBatch : " + e.Message
			}
			return "InvalidBatch : the batch could not be processed"
		}
		for i, o := range outs {
			done = append(done, settled{misread(o, columns, chunk[i]), chunk[i]})
		}
	}
	if seed := b.plan.shuffle; seed != nil {
		rand.New(rand.NewPCG(*seed, *seed)).Shuffle(len(done), func(i, j int) { done[i], done[j] = done[j], done[i] })
	}
	for _, d := range done {
		b.settleRow(d.out, d.row, sep, eol)
	}
	return ""
}

func (b *job) csvProblem(err error) string {
	if errors.Is(err, errLineEnd) {
		return "ClientInputError : LineEnding is invalid on user data. Current LineEnding setting is " + b.lineEnd
	}
	return "InvalidBatch : The CSV data could not be parsed"
}

// columns maps the header.
func (b *job) columns(s *Server, as engine.Session, header []string) ([]column, string) {
	out := make([]column, len(header))
	for i, name := range header {
		path, object := name, ""
		if o, rest, ok := strings.Cut(name, ":"); ok {
			object, path = o, rest
		}
		parent, field, dotted := strings.Cut(path, ".")
		if dotted {
			if !s.hasRelationship(as, b.object, parent) {
				return nil, "InvalidBatch : Field name not found : " + name
			}
			out[i] = column{field: field, parent: parent, object: object}
			continue
		}
		canonical, ok := s.org.CanonicalField(as, b.object, path)
		if !ok {
			return nil, "InvalidBatch : Field name not found : " + name
		}
		out[i] = column{field: canonical, soap: s.soapType(b.object, canonical)}
	}
	if (b.operation == "delete" || b.operation == "hardDelete") && (len(out) != 1 || out[0].field != "Id") {
		return nil, "InvalidBatch : The '" + b.operation + "' batch must contain only the Id column"
	}
	return out, ""
}

func (s *Server) hasRelationship(as engine.Session, object, name string) bool {
	o, _ := s.org.Object(object)
	for _, f := range o.Fields {
		rel := f.RelationshipName
		if rel == "" && len(f.ReferenceTo) > 0 {
			if base, custom := strings.CutSuffix(f.Name, "__c"); custom {
				rel = base + "__r"
			} else {
				rel = strings.TrimSuffix(f.Name, "Id")
			}
		}
		if rel != "" && strings.EqualFold(rel, name) {
			_, visible := s.org.CanonicalField(as, object, f.Name)
			return visible
		}
	}
	return false
}

// write stores one chunk. Rows that have too many columns fail by themselves.
func (b *job) write(s *Server, as engine.Session, columns []column, rows [][]string) ([]engine.Outcome, error) {
	outs := make([]engine.Outcome, len(rows))
	var recs []sobject.Record
	var at []int
	for i, row := range rows {
		if len(row) > len(columns) {
			outs[i] = engine.Outcome{Errors: []engine.RowError{{Code: "INVALIDBATCH",
				Message: fmt.Sprintf("The row has %d columns, the header has %d", len(row), len(columns))}}}
			continue
		}
		recs, at = append(recs, rowRecord(b.object, columns, row)), append(at, i)
	}
	done, err := b.apply(s, as, recs, true)
	if err != nil {
		return nil, err
	}
	for n, i := range at {
		outs[i] = done[n]
	}
	return outs, nil
}

func (b *job) apply(s *Server, as engine.Session, recs []sobject.Record, text bool) ([]engine.Outcome, error) {
	opt := engine.WriteOptions{Text: text}
	switch b.operation {
	case "insert":
		return s.org.Insert(as, b.object, recs, opt)
	case "update":
		return s.org.Update(as, b.object, recs, opt)
	case "upsert":
		return s.org.Upsert(as, b.object, b.extField, recs, opt)
	}
	outs := make([]engine.Outcome, len(recs))
	var ids []sobject.ID
	var at []int
	o, _ := s.org.Object(b.object)
	for i, rec := range recs {
		v, _ := rec.Value("Id")
		id, err := sobject.ParseID(v.Raw())
		if err != nil || id.Prefix() != o.KeyPrefix {
			outs[i] = engine.Outcome{Errors: []engine.RowError{{Code: "MALFORMED_ID", Message: "malformed id " + v.Raw(), Fields: []string{"Id"}}}}
			continue
		}
		ids, at = append(ids, id), append(at, i)
	}
	del := s.org.Delete
	if b.operation == "hardDelete" {
		del = s.org.HardDelete
	}
	done, err := del(as, ids, engine.WriteOptions{})
	if err != nil {
		return nil, err
	}
	for n, i := range at {
		outs[i] = done[n]
	}
	return outs, nil
}

// rowRecord turns a row into a record: empty cells are left out, #N/A is null,
// relationship columns become parent records.
func rowRecord(object string, columns []column, row []string) sobject.Record {
	var fields []sobject.Field
	for i, text := range row {
		col := columns[i]
		if text == "" {
			continue
		}
		v := sobject.TextValue(text)
		if text == "#N/A" {
			v = sobject.NullValue()
		}
		name := col.field
		if col.parent != "" {
			name = col.parent
			if !v.IsNull() {
				v = sobject.RecordValue(sobject.NewRecord(col.object, sobject.F(col.field, v)))
			}
		}
		fields = append(fields, sobject.F(name, v))
	}
	return sobject.NewRecord(object, fields...)
}

// soapType names the type of a field whose text can be malformed.
func (s *Server) soapType(object, field string) string {
	o, _ := s.org.Object(object)
	for _, f := range o.Fields {
		if f.Name != field {
			continue
		}
		switch f.Type {
		case sobject.TypeDate:
			return "xsd:date"
		case sobject.TypeDateTime:
			return "xsd:dateTime"
		case sobject.TypeTime:
			return "xsd:time"
		case sobject.TypeBoolean:
			return "xsd:boolean"
		case sobject.TypeInt:
			return "xsd:int"
		case sobject.TypeDouble, sobject.TypeCurrency, sobject.TypePercent:
			return "xsd:double"
		}
	}
	return ""
}

// misread words a value of the wrong type as the bulk reader does, which fails
// before the record is looked at.
func misread(o engine.Outcome, columns []column, row []string) engine.Outcome {
	for _, e := range o.Errors {
		for i, col := range columns {
			if e.Code != "INVALID_TYPE_ON_FIELD_IN_RECORD" || len(e.Fields) != 1 || e.Fields[0] != col.field || col.soap == "" || i >= len(row) {
				continue
			}
			return engine.Outcome{Errors: []engine.RowError{{Code: "INVALID_FIELD", Fields: e.Fields,
				Message: fmt.Sprintf("Failed to deserialize field at col %d. Due to, '%s' is not a valid value for the type %s", i, row[i], col.soap)}}}
		}
	}
	return o
}

// settleRow writes a row to the results it belongs to.
func (b *job) settleRow(o engine.Outcome, row []string, sep, eol string) {
	b.processed++
	out := &b.successful
	second := fmt.Sprint(o.Created)
	if !o.Success {
		b.failed++
		out = &b.failures
		var parts []string
		for _, e := range o.Errors {
			parts = append(parts, e.Code+":"+e.Message+":"+strings.Join(append(e.Fields, "--"), " "))
		}
		second = strings.Join(parts, ";")
	}
	*out = appendQuoted(*out, string(o.ID))
	*out = append(*out, sep...)
	*out = appendQuoted(*out, second)
	for _, value := range row {
		*out = append(*out, sep...)
		*out = appendQuoted(*out, value)
	}
	*out = append(*out, eol...)
}
