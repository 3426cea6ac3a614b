package salesforcetest

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/orglink/orglink/salesforce/salesforcetest/internal/engine"
	"github.com/orglink/orglink/salesforce/sobject"
)

// result is one element of a collection's answer.
type result struct {
	ID      string    `json:"id,omitempty"`
	Success bool      `json:"success"`
	Errors  []rowFail `json:"errors"`
	Created *bool     `json:"created,omitempty"`
}

func resultOf(o engine.Outcome, tellCreated bool) result {
	r := result{ID: string(o.ID), Success: o.Success, Errors: []rowFail{}}
	for _, e := range o.Errors {
		r.Errors = append(r.Errors, failOf(e))
	}
	if tellCreated {
		r.Created = &o.Created
	}
	return r
}

func failOf(e engine.RowError) rowFail {
	f := rowFail{Code: e.Code, Message: e.Message, Fields: e.Fields}
	if f.Fields == nil {
		f.Fields = []string{}
	}
	return f
}

// batchOf is the body of a collections request: records, some of which cannot
// be read and fail by themselves.
type batchOf struct {
	allOrNone bool
	recs      []sobject.Record
	bad       []*engine.RowError // nil for the good ones
}

// collection reads and checks the body of a collections request.
func (c *call) collection(object string) (b batchOf, refused *answer) {
	var req struct {
		AllOrNone bool              `json:"allOrNone"`
		Records   []json.RawMessage `json:"records"`
	}
	if refused := c.decode(&req); refused != nil {
		return b, refused
	}
	b.allOrNone = req.AllOrNone
	fail := func(code, message string) (batchOf, *answer) {
		a := failure(http.StatusBadRequest, code, message)
		return b, &a
	}
	switch {
	case len(req.Records) == 0:
		return fail("REQUIRED_FIELD_MISSING", "At least 1 record is required")
	case len(req.Records) > 200:
		return fail("LIMIT_EXCEEDED", "record limit reached. cannot submit more than 200 records into this call")
	}
	for _, raw := range req.Records {
		rec, err := engine.ParseRecord(object, raw)
		var shape struct {
			Attributes struct{ Type string }
		}
		_ = json.Unmarshal(raw, &shape)
		switch {
		case err != nil:
			a := c.refusal(err)
			return b, &a
		case shape.Attributes.Type == "":
			b.bad = append(b.bad, &engine.RowError{Code: "JSON_PARSER_ERROR",
				Message: "Nested object for polymorphic foreign key must have an attributes field before any other fields."})
		default:
			b.bad = append(b.bad, nil)
		}
		b.recs = append(b.recs, rec)
	}
	return b, nil
}

// runs splits records into runs of the same object.
func runs(recs []sobject.Record) [][]sobject.Record {
	var out [][]sobject.Record
	for i, r := range recs {
		if i > 0 && strings.EqualFold(r.Object(), recs[i-1].Object()) {
			out[len(out)-1] = append(out[len(out)-1], r)
			continue
		}
		out = append(out, []sobject.Record{r})
	}
	return out
}

// many writes the records of a collection, all or none if asked.
func (c *call) many(b batchOf, tellCreated bool, write func(store, []sobject.Record, engine.WriteOptions) ([]engine.Outcome, error)) answer {
	var good []sobject.Record
	for i, rec := range b.recs {
		if b.bad[i] == nil {
			good = append(good, rec)
		}
	}
	chunks := runs(good)
	if len(chunks) > 10 {
		return failure(http.StatusBadRequest, "LIMIT_EXCEEDED", "The request holds more than 10 chunks of records of the same type.")
	}
	var done []engine.Outcome
	each := func(s store) error {
		for _, chunk := range chunks {
			out, err := write(s, chunk, c.writeOptions(b.allOrNone))
			if err != nil {
				return err
			}
			done = append(done, out...)
		}
		return nil
	}
	var err error
	switch {
	case b.allOrNone && len(good) < len(b.recs):
		for range good {
			done = append(done, engine.Outcome{Success: true})
		}
		undone(done)
	case b.allOrNone && len(chunks) > 1 && c.tx == nil:
		err = c.together(each, &done)
	default:
		err = each(c.data())
	}
	if err != nil {
		return c.refusal(err)
	}
	outs := make([]engine.Outcome, len(b.recs))
	for i := range outs {
		if b.bad[i] != nil {
			outs[i] = engine.Outcome{Errors: []engine.RowError{*b.bad[i]}}
			continue
		}
		outs[i], done = done[0], done[1:]
	}
	return resultsAnswer(outs, tellCreated)
}

// together runs several chunks in one transaction, which one bad record
// undoes.
func (c *call) together(each func(store) error, done *[]engine.Outcome) error {
	err := c.s.org.Transact(c.user, func(tx *engine.Tx) error {
		if err := each(transaction{tx, c.s.org}); err != nil {
			return err
		}
		for _, o := range *done {
			if !o.Success {
				return errRollback
			}
		}
		return nil
	})
	if errors.Is(err, errRollback) {
		undone(*done)
		return nil
	}
	return err
}

// undone marks the records that were good as rolled back.
func undone(outs []engine.Outcome) {
	for i, o := range outs {
		if o.Success {
			outs[i] = engine.Outcome{Errors: []engine.RowError{{Code: "ALL_OR_NONE_OPERATION_ROLLED_BACK",
				Message: "Record rolled back because not all records were valid and the request was using AllOrNone header"}}}
		}
	}
}

func resultsAnswer(outs []engine.Outcome, tellCreated bool) answer {
	list := make([]result, len(outs))
	for i, o := range outs {
		list[i] = resultOf(o, tellCreated)
	}
	return jsonAnswer(http.StatusOK, list)
}

func (c *call) createMany() answer {
	b, refused := c.collection("")
	if refused != nil {
		return *refused
	}
	return c.many(b, false, func(s store, recs []sobject.Record, opt engine.WriteOptions) ([]engine.Outcome, error) {
		outs, err := s.Insert(recs[0].Object(), recs, opt)
		for i := range outs {
			if !outs[i].Success {
				outs[i].ID = "" // what was rolled back never had an id
			}
		}
		return outs, err
	})
}

func (c *call) updateMany() answer {
	b, refused := c.collection("")
	if refused != nil {
		return *refused
	}
	return c.many(b, false, func(s store, recs []sobject.Record, opt engine.WriteOptions) ([]engine.Outcome, error) {
		return s.Update(recs[0].Object(), recs, opt)
	})
}

func (c *call) upsertMany() answer {
	o, refused := c.object()
	if refused != nil {
		return *refused
	}
	b, refused := c.collection(o.Name)
	if refused != nil {
		return *refused
	}
	field := c.params["field"]
	return c.many(b, true, func(s store, recs []sobject.Record, opt engine.WriteOptions) ([]engine.Outcome, error) {
		return s.Upsert(recs[0].Object(), field, recs, opt)
	})
}

// removeMany deletes by the ids parameter.
func (c *call) removeMany() answer {
	list := c.query.Get("ids")
	if list == "" {
		return failure(http.StatusBadRequest, "REQUIRED_FIELD_MISSING", "At least 1 record is required")
	}
	texts := strings.Split(list, ",")
	if len(texts) > 200 {
		return failure(http.StatusBadRequest, "LIMIT_EXCEEDED", "record limit reached. cannot submit more than 200 records into this call")
	}
	outs := make([]engine.Outcome, len(texts))
	var ids []sobject.ID
	var at []int
	for i, text := range texts {
		id, err := sobject.ParseID(strings.TrimSpace(text))
		if err != nil {
			outs[i] = engine.Outcome{Errors: []engine.RowError{{Code: "MALFORMED_ID", Message: "malformed id " + text}}}
			continue
		}
		ids, at = append(ids, id), append(at, i)
	}
	allOrNone := c.query.Get("allOrNone") == "true"
	if allOrNone && len(ids) < len(texts) {
		for _, i := range at {
			outs[i] = engine.Outcome{ID: ids[0], Success: true}
		}
		undone(outs)
		return resultsAnswer(outs, false)
	}
	done, err := c.data().Delete(ids, engine.WriteOptions{AllOrNone: allOrNone})
	if err != nil {
		return c.refusal(err)
	}
	for n, i := range at {
		outs[i] = done[n]
	}
	return resultsAnswer(outs, false)
}

func (c *call) getMany() answer {
	ids, fields := c.query.Get("ids"), c.selected()
	if ids == "" || fields == nil {
		return failure(http.StatusBadRequest, "REQUIRED_FIELD_MISSING", "The ids and fields parameters are required.")
	}
	return c.retrieve(strings.Split(ids, ","), fields)
}

func (c *call) getManyByBody() answer {
	var req struct {
		IDs    []string `json:"ids"`
		Fields []string `json:"fields"`
	}
	if refused := c.decode(&req); refused != nil {
		return *refused
	}
	if len(req.IDs) == 0 || len(req.Fields) == 0 {
		return failure(http.StatusBadRequest, "REQUIRED_FIELD_MISSING", "The ids and fields parameters are required.")
	}
	return c.retrieve(req.IDs, req.Fields)
}

// retrieve answers records by id; null for those that are not there.
func (c *call) retrieve(ids, fields []string) answer {
	o, refused := c.object()
	if refused != nil {
		return *refused
	}
	if len(ids) > 2000 {
		return failure(http.StatusBadRequest, "EXCEEDED_ID_LIMIT", "The request holds more than 2000 ids.")
	}
	body := []byte{'['}
	for i, text := range ids {
		if i > 0 {
			body = append(body, ',')
		}
		id, err := sobject.ParseID(strings.TrimSpace(text))
		if err != nil || id.Prefix() != o.KeyPrefix {
			body = append(body, "null"...)
			continue
		}
		res, err := c.data().Get(o.Name, id, fields)
		var e *engine.Error
		switch {
		case err == nil:
			body = res.AppendJSON(body, 0, engine.JSONOptions{Base: c.base()})
		case errors.As(err, &e) && e.Status == http.StatusNotFound:
			body = append(body, "null"...)
		default:
			return c.refusal(err)
		}
	}
	return rawJSON(http.StatusOK, append(body, ']'))
}
