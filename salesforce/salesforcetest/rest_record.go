package salesforcetest

import (
	"net/http"
	"strings"

	"github.com/orglink/orglink/salesforce/salesforcetest/internal/engine"
	"github.com/orglink/orglink/salesforce/sobject"
)

// saved is the answer to one successful write.
type saved struct {
	ID      string    `json:"id"`
	Success bool      `json:"success"`
	Errors  []rowFail `json:"errors"`
	Created *bool     `json:"created,omitempty"`
}

// rowFail is an error inside of results: statusCode, not errorCode.
type rowFail struct {
	Code    string   `json:"statusCode"`
	Message string   `json:"message"`
	Fields  []string `json:"fields"`
}

// object returns the definition of the object in the path.
func (c *call) object() (engine.Object, *answer) {
	if o, ok := c.visible(c.params["object"]); ok {
		return o, nil
	}
	a := notFound()
	return engine.Object{}, &a
}

// recordID reads the id in the path.
func (c *call) recordID(o engine.Object, text string) (sobject.ID, *answer) {
	id, err := sobject.ParseID(text)
	if err != nil {
		a := failure(http.StatusNotFound, "NOT_FOUND", "Provided external ID field does not exist or is not accessible: "+text)
		return "", &a
	}
	if id.Prefix() != o.KeyPrefix {
		a := jsonAnswer(http.StatusBadRequest, []problem{{
			Message: o.Name + " ID: id value of incorrect type: " + text, Code: "MALFORMED_ID", Fields: &[]string{"Id"},
		}})
		return "", &a
	}
	return id, nil
}

// selected reads the fields parameter; nil: all.
func (c *call) selected() []string {
	list := c.query.Get("fields")
	if list == "" {
		return nil
	}
	fields := strings.Split(list, ",")
	for i := range fields {
		fields[i] = strings.TrimSpace(fields[i])
	}
	return fields
}

func (c *call) get() answer {
	o, refused := c.object()
	if refused != nil {
		return *refused
	}
	id, refused := c.recordID(o, c.params["id"])
	if refused != nil {
		return *refused
	}
	res, err := c.data().Get(o.Name, id, c.selected())
	if err != nil {
		return c.refusal(err)
	}
	c.remember(o.Name, id)
	a := rawJSON(http.StatusOK, res.AppendJSON(nil, 0, engine.JSONOptions{Base: c.base()}))
	return c.conditionalRow(o, id, a)
}

func (c *call) getByKey() answer {
	o, refused := c.object()
	if refused != nil {
		return *refused
	}
	if id, err := sobject.ParseID(c.params["field"]); err == nil && id.Prefix() == o.KeyPrefix && c.tx == nil {
		return c.related(o, id, []string{c.params["value"]})
	}
	if o, refused = c.keyed(); refused != nil {
		return *refused
	}
	res, err := c.data().GetByKey(o.Name, c.params["field"], c.params["value"], c.selected())
	if err != nil {
		return c.refusal(err)
	}
	return rawJSON(http.StatusOK, res.AppendJSON(nil, 0, engine.JSONOptions{Base: c.base()}))
}

// keyed refuses paths like {object}/{id}/{relationship}, over which the fake
// does not write.
func (c *call) keyed() (engine.Object, *answer) {
	o, refused := c.object()
	if refused != nil {
		return o, refused
	}
	if id, err := sobject.ParseID(c.params["field"]); err == nil && id.Prefix() == o.KeyPrefix {
		c.unsupported()
		a := notFound()
		return o, &a
	}
	return o, nil
}

// record reads one record; names in forbidden must not be among its fields.
func (c *call) record(object string, forbidden ...string) (sobject.Record, *answer) {
	rec, err := engine.ParseRecord(object, c.body)
	if err != nil {
		a := c.refusal(err)
		return sobject.Record{}, &a
	}
	for _, name := range forbidden {
		if _, has := rec.Value(name); has {
			a := failure(http.StatusBadRequest, "INVALID_FIELD", "The "+name+" field should not be specified in the sobject data.")
			return sobject.Record{}, &a
		}
	}
	return rec, nil
}

func (c *call) create() answer {
	o, refused := c.object()
	if refused != nil {
		return *refused
	}
	if refused := c.takeMultipart(); refused != nil {
		return *refused
	}
	rec, refused := c.record(o.Name, "Id")
	if refused != nil {
		return *refused
	}
	out, err := c.data().Insert(o.Name, []sobject.Record{rec}, c.writeOptions(false))
	if err != nil {
		return c.refusal(err)
	}
	if !out[0].Success {
		return c.rowRefusal(o.Name, out[0])
	}
	return c.created(o.Name, out[0].ID, saved{ID: string(out[0].ID), Success: true, Errors: []rowFail{}})
}

// createById is POST to {object}/Id, a create by upsert without a key.
func (c *call) createById() answer {
	if !strings.EqualFold(c.params["id"], "Id") {
		return c.methodNotAllowed(map[string]handler{"GET": nil, "PATCH": nil, "DELETE": nil})
	}
	return c.create()
}

func (c *call) created(object string, id sobject.ID, body saved) answer {
	c.remember(object, id)
	return jsonAnswer(http.StatusCreated, body).with("Location", c.base()+"/sobjects/"+object+"/"+string(id))
}

func (c *call) update() answer {
	o, refused := c.object()
	if refused != nil {
		return *refused
	}
	id, refused := c.recordID(o, c.params["id"])
	if refused != nil {
		return *refused
	}
	if refused := c.takeMultipart(); refused != nil {
		return *refused
	}
	rec, refused := c.record(o.Name, "Id")
	if refused != nil {
		return *refused
	}
	if refused := c.precondition(o, id); refused != nil {
		return *refused
	}
	out, err := c.data().Update(o.Name, []sobject.Record{rec.With(sobject.F("Id", sobject.IDValue(id)))}, c.writeOptions(false))
	if err != nil {
		return c.refusal(err)
	}
	if !out[0].Success {
		return c.rowRefusal(o.Name, out[0])
	}
	c.remember(o.Name, id)
	return empty(http.StatusNoContent)
}

func (c *call) remove() answer {
	o, refused := c.object()
	if refused != nil {
		return *refused
	}
	id, refused := c.recordID(o, c.params["id"])
	if refused != nil {
		return *refused
	}
	return c.removeID(o.Name, id)
}

func (c *call) removeID(object string, id sobject.ID) answer {
	out, err := c.data().Delete([]sobject.ID{id}, engine.WriteOptions{})
	if err != nil {
		return c.refusal(err)
	}
	if !out[0].Success {
		return c.rowRefusal(object, out[0])
	}
	return empty(http.StatusNoContent)
}

func (c *call) removeByKey() answer {
	if a, related := c.relatedWrite(); related {
		return a
	}
	o, refused := c.keyed()
	if refused != nil {
		return *refused
	}
	res, err := c.data().GetByKey(o.Name, c.params["field"], c.params["value"], []string{"Id"})
	if err != nil {
		return c.refusal(err)
	}
	return c.removeID(o.Name, res.Record(0).ID())
}

func (c *call) upsert() answer {
	if a, related := c.relatedWrite(); related {
		return a
	}
	o, refused := c.keyed()
	if refused != nil {
		return *refused
	}
	field := c.params["field"]
	rec, refused := c.record(o.Name, "Id", field)
	if refused != nil {
		return *refused
	}
	rec = rec.With(sobject.F(field, sobject.TextValue(c.params["value"])))
	opt := c.writeOptions(false)
	opt.UpdateOnly = c.query.Get("updateOnly") == "true"
	out, err := c.data().Upsert(o.Name, field, []sobject.Record{rec}, opt)
	if err != nil {
		return c.refusal(err)
	}
	first := out[0]
	body := saved{ID: string(first.ID), Success: true, Errors: []rowFail{}}
	tells := c.version >= "46.0" // before, nothing told an insert from an update but the status
	if tells {
		body.Created = &first.Created
	}
	switch {
	case !first.Success:
		return c.rowRefusal(o.Name, first)
	case first.Created:
		return c.created(o.Name, first.ID, body)
	case tells:
		c.remember(o.Name, first.ID)
		return jsonAnswer(http.StatusOK, body)
	default:
		return empty(http.StatusNoContent)
	}
}

// rowRefusal answers the failure of the one record of a request.
func (c *call) rowRefusal(object string, out engine.Outcome) answer {
	status := http.StatusBadRequest
	var list []problem
	for _, e := range out.Errors {
		if e.Status == http.StatusMultipleChoices {
			return c.choices(object, e.Matches)
		}
		if e.Status != 0 {
			status = e.Status
		}
		fields := e.Fields
		if fields == nil {
			fields = []string{}
		}
		p := problem{Message: e.Message, Code: e.Code, Fields: &fields}
		if e.Code == "NOT_FOUND" || e.Code == "JSON_PARSER_ERROR" || e.Code == "INVALID_FIELD" && len(fields) == 0 {
			p.Fields = nil
		}
		p.Duplicates = c.duplicateResult(e.Duplicates)
		list = append(list, p)
	}
	return jsonAnswer(status, list)
}
