package bulk

import (
	"context"
	"iter"
	"strings"

	"github.com/orglink/orglink/salesforce"
	"github.com/orglink/orglink/salesforce/sobject"
)

// Result is what became of one uploaded row.
type Result struct {
	// ID is the record's id, or "".
	ID sobject.ID
	// Created tells an insert from an update, for successful rows.
	Created bool
	// Error is why a row failed; nil for the others.
	Error *salesforce.ErrorDetail
	// Record holds the columns as they were uploaded. Results come in no
	// particular order: match them by a key of your own among the columns.
	Record sobject.Record
}

// Err returns why a row failed as an error that the Err variables of package
// salesforce can be compared with, such as ErrLock, or nil.
func (r Result) Err() error {
	if r.Error == nil {
		return nil
	}
	return &salesforce.Error{StatusCode: 200, Code: r.Error.Code, Message: r.Error.Message, Fields: r.Error.Fields,
		Details: []salesforce.ErrorDetail{*r.Error}, Operation: "bulk", Object: r.Record.Object()}
}

// Successful streams the rows that were written.
func (j *IngestJob) Successful(ctx context.Context) iter.Seq2[Result, error] {
	return j.results(ctx, "/successfulResults", "successful")
}

// Failed streams the rows that were refused.
func (j *IngestJob) Failed(ctx context.Context) iter.Seq2[Result, error] {
	return j.results(ctx, "/failedResults", "failed")
}

// Unprocessed streams the rows that a failed or aborted job never reached.
func (j *IngestJob) Unprocessed(ctx context.Context) iter.Seq2[Result, error] {
	return j.results(ctx, "/unprocessedrecords", "unprocessed")
}

func (j *IngestJob) results(ctx context.Context, part, operation string) iter.Seq2[Result, error] {
	return func(yield func(Result, error) bool) {
		t := &table{job: &j.job, parts: part, op: operation, what: operation + " rows", limits: limits{pageStall: defaultPageStall, lax: true}}
		var p resultParser
		_, _, err := t.each(ctx, func(rows sobject.Rows) bool {
			for rec := range rows.All() {
				if !yield(p.parse(rec), nil) {
					return false
				}
			}
			return true
		})
		if err != nil {
			yield(Result{}, err)
		}
	}
}

// resultParser takes Salesforce's own columns out of the rows of one answer.
type resultParser struct {
	shape                 *sobject.Shape
	columns               int
	id, created, errorsAt int
}

func (p *resultParser) learn(rec sobject.Record) {
	p.id, p.created, p.errorsAt, p.columns = -1, -1, -1, rec.Len()
	var names []string
	i := 0
	for name := range rec.Fields() {
		switch strings.ToLower(name) {
		case "sf__id":
			p.id = i
		case "sf__created":
			p.created = i
		case "sf__error":
			p.errorsAt = i
		default:
			names = append(names, name)
		}
		i++
	}
	p.shape = sobject.NewShape(rec.Object(), names...)
}

// parse reads a row. All rows of an answer have the same columns.
func (p *resultParser) parse(rec sobject.Record) Result {
	if p.shape == nil {
		p.learn(rec)
	}
	var out Result
	values := make([]sobject.Value, 0, p.columns)
	i := 0
	for _, v := range rec.Fields() {
		switch i {
		case p.id:
			out.ID, _ = sobject.ParseID(v.Raw())
		case p.created:
			out.Created = strings.EqualFold(v.Raw(), "true")
		case p.errorsAt:
			d := parseRowError(v.Raw())
			out.Error = &d
		default:
			values = append(values, v)
		}
		i++
	}
	out.Record = sobject.RecordOf(p.shape, values)
	return out
}

// parseRowError reads CODE:message:FieldA FieldB --. The message may hold
// colons of its own.
func parseRowError(text string) salesforce.ErrorDetail {
	code, rest, ok := strings.Cut(text, ":")
	if !ok || strings.ContainsAny(code, " \t") {
		return salesforce.ErrorDetail{Message: text}
	}
	d := salesforce.ErrorDetail{Code: code, Message: rest}
	if i := strings.LastIndexByte(rest, ':'); i >= 0 {
		if fields, ended := strings.CutSuffix(strings.TrimSpace(rest[i+1:]), "--"); ended {
			d.Message, d.Fields = rest[:i], strings.FieldsFunc(fields, func(r rune) bool { return r == ' ' || r == ',' })
		}
	}
	return d
}
