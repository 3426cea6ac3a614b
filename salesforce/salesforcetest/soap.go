package salesforcetest

import (
	"encoding/xml"
	"errors"
	"net/http"
	"strings"

	"github.com/orglink/orglink/salesforce/salesforcetest/internal/engine"
	"github.com/orglink/orglink/salesforce/sobject"
)

// element is any XML element.
type element struct {
	XMLName  xml.Name
	Attrs    []xml.Attr `xml:",any,attr"`
	Text     string     `xml:",chardata"`
	Children []element  `xml:",any"`
}

// child returns the first child of a name, in any namespace.
func (e *element) child(name string) *element {
	for i := range e.Children {
		if e.Children[i].XMLName.Local == name {
			return &e.Children[i]
		}
	}
	return &element{}
}

func (e *element) text(name string) string { return strings.TrimSpace(e.child(name).Text) }

// soapFault answers a fault of any call but login.
func (c *call) soapFault(code, message string) answer {
	return c.soapFaultOf("UnexpectedErrorFault", code, message)
}

func escapeXML(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s))
	return b.String()
}

// soap is the endpoint of the partner and the enterprise WSDL. It has login,
// logout, getUserInfo, and of the partner WSDL merge, because REST has none;
// any other call is answered as an operation that does not exist.
func (c *call) soap() answer {
	if c.method != http.MethodPost {
		return c.methodNotAllowed(map[string]handler{"POST": nil})
	}
	version, _, _ := strings.Cut(c.path[len("/services/Soap/u/"):], "/")
	if !c.s.serves(version) {
		return c.soapFault("UNSUPPORTED_API_VERSION", "Invalid Api version specified on URL")
	}
	var envelope element
	if err := xml.Unmarshal(c.body, &envelope); err != nil || envelope.XMLName.Local != "Envelope" {
		return c.soapFault("UNKNOWN_EXCEPTION", "The request is not a SOAP envelope")
	}
	body := envelope.child("Body")
	if len(body.Children) == 0 {
		return c.soapFault("UNKNOWN_EXCEPTION", "No operation available for request")
	}
	op := &body.Children[0]
	name := op.XMLName.Local
	switch {
	case name == "login" && version <= lastLoginVersion:
		return c.soapLogin(op, version)
	case name == "logout", name == "getUserInfo", name == "merge" && soapFlavour(c.path) == "partner":
	default:
		c.unsupported()
		return c.soapFault("UNKNOWN_EXCEPTION", "No operation available for request {"+op.XMLName.Space+"}"+name)
	}
	ses, ok := c.s.id.find(envelope.child("Header").child("SessionHeader").text("sessionId"))
	var u user
	if ok {
		var err error
		u, err = c.s.userByID(ses.user)
		ok = err == nil && u.active && ses.allows("api", "full")
	}
	if !ok {
		return c.soapFault("INVALID_SESSION_ID", "Invalid Session ID found in SessionHeader: Illegal Session")
	}
	c.user = engine.Session{User: ses.user}
	if _, ok := c.s.usage.count(c.s.org.Now()); !ok {
		return c.soapFault("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
	}
	c.counted()
	switch name {
	case "logout":
		c.s.id.expire(ses.token)
		return c.soapEnvelope(name, "")
	case "getUserInfo":
		return c.soapEnvelope(name, "<result>"+c.soapUserInfo(u, version)+"</result>")
	default:
		return c.merge(op)
	}
}

// merge answers mergeRequests: the master survives with the fields given, the
// others are deleted and their children move.
func (c *call) merge(op *element) answer {
	var out strings.Builder
	n := 0
	for i := range op.Children {
		req := &op.Children[i]
		if req.XMLName.Local != "request" {
			continue
		}
		n++
		c.mergeOne(req, &out)
	}
	if n == 0 {
		return c.soapFault("MISSING_ARGUMENT", "A merge call needs at least one request")
	}
	return c.soapEnvelope("merge", out.String())
}

func (c *call) mergeOne(req *element, out *strings.Builder) {
	fail := func(errs ...engine.RowError) {
		out.WriteString("<result>")
		for _, e := range errs {
			out.WriteString("<errors>")
			for _, f := range e.Fields {
				out.WriteString("<fields>" + escapeXML(f) + "</fields>")
			}
			out.WriteString("<message>" + escapeXML(e.Message) + "</message><statusCode>" + e.Code + "</statusCode></errors>")
		}
		out.WriteString(`<id xsi:nil="true"/><success>false</success></result>`)
	}
	master := req.child("masterRecord")
	object := master.text("type")
	masterID, err := sobject.ParseID(master.text("Id"))
	if err != nil {
		fail(engine.RowError{Code: "MALFORMED_ID", Message: "malformed id " + master.text("Id"), Fields: []string{"Id"}})
		return
	}
	var losers []sobject.ID
	for i := range req.Children {
		if req.Children[i].XMLName.Local != "recordToMergeIds" {
			continue
		}
		id, err := sobject.ParseID(strings.TrimSpace(req.Children[i].Text))
		if err != nil {
			fail(engine.RowError{Code: "MALFORMED_ID", Message: "malformed id " + req.Children[i].Text, Fields: []string{"Id"}})
			return
		}
		losers = append(losers, id)
	}
	var fields []sobject.Field
	for _, f := range master.Children {
		switch name := f.XMLName.Local; name {
		case "type", "Id":
		case "fieldsToNull":
			fields = append(fields, sobject.F(strings.TrimSpace(f.Text), sobject.NullValue()))
		default:
			fields = append(fields, sobject.F(name, sobject.TextValue(f.Text)))
		}
	}
	done, err := c.s.org.Merge(c.user, object, masterID, losers, sobject.NewRecord(object, fields...))
	var e *engine.Error
	switch {
	case errors.As(err, &e):
		fail(engine.RowError{Code: e.Code, Message: e.Message, Fields: e.Fields})
		return
	case !done.Success:
		fail(done.Errors...)
		return
	}
	out.WriteString("<result><id>" + string(done.ID) + "</id>")
	for _, id := range losers {
		out.WriteString("<mergedRecordIds>" + string(id) + "</mergedRecordIds>")
	}
	out.WriteString("<success>true</success></result>")
}
