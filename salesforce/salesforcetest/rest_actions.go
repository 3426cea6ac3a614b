package salesforcetest

import (
	"bytes"
	"net/http"
	"strconv"
	"strings"
)

// quickAction is a global quick action as a new org has it.
type quickAction struct{ label, name, kind string }

var quickActionList = []quickAction{
	{"Log a Call", "LogACall", "LogACall"}, {"New Account", "NewAccount", "Create"}, {"New Case", "NewCase", "Create"}, {"New Contact", "NewContact", "Create"},
	{"New Event", "NewEvent", "Create"}, {"New Group", "NewGroup", "Create"}, {"New Lead", "NewLead", "Create"}, {"New Note", "NewNote", "Create"},
	{"New Opportunity", "NewOpportunity", "Create"}, {"New Task", "NewTask", "Create"}, {"Email", "SendEmail", "SendEmail"},
	{"Post", "FeedItem.TextPost", "Post"}, {"File", "FeedItem.ContentPost", "Post"}, {"Mobile Smart Actions", "FeedItem.MobileSmartActions", "Post"},
	{"Link", "FeedItem.LinkPost", "Post"}, {"Poll", "FeedItem.PollPost", "Post"}, {"Question", "FeedItem.QuestionPost", "Post"},
}

// quickActions lists the global quick actions, as recorded from a new org;
// their own resources are not there.
func (c *call) quickActions() answer {
	type entry struct {
		ID    string            `json:"actionEnumOrId"`
		Label string            `json:"label"`
		Name  string            `json:"name"`
		Type  string            `json:"type"`
		URLs  map[string]string `json:"urls"`
	}
	out := make([]entry, len(quickActionList))
	for i, a := range quickActionList {
		out[i] = entry{ID: a.name, Label: a.label, Name: a.name, Type: a.kind, URLs: map[string]string{}}
		if a.kind == "Post" {
			continue // known by name alone
		}
		base := c.base() + "/quickActions/" + a.name
		out[i].ID = numbered("09D", i+1).Short()
		out[i].URLs = map[string]string{"quickAction": base, "describe": base + "/describe", "defaultValues": base + "/defaultValues", "defaultValuesTemplate": base + "/defaultValues/{ID}"}
	}
	return c.conditional(jsonAnswer(http.StatusOK, out))
}

// searchByAddress is parameterizedSearch with its parameters in the address
// (REST guide, "Search with Parameters"): sobject and its options, such as
// Account.fields and Account.limit.
func (c *call) searchByAddress() answer {
	q := c.query
	number := func(name string) (int, bool) {
		if q.Get(name) == "" {
			return 0, true
		}
		n, err := strconv.Atoi(q.Get(name))
		return n, err == nil && n >= 0
	}
	body := map[string]any{"q": q.Get("q")}
	for _, name := range []string{"overallLimit", "defaultLimit", "offset"} {
		n, ok := number(name)
		if !ok {
			return failure(http.StatusBadRequest, "INVALID_SEARCH", "The value of "+name+" is not a number: "+q.Get(name))
		}
		body[name] = n
	}
	if in := q.Get("in"); in != "" {
		body["in"] = in
	}
	list := func(text string) []string {
		return strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' })
	}
	if f := q.Get("fields"); f != "" {
		body["fields"] = list(f)
	}
	var objects []map[string]any
	for _, names := range q["sobject"] {
		for _, name := range list(names) {
			o := map[string]any{"name": name}
			if f := q.Get(name + ".fields"); f != "" {
				o["fields"] = list(f)
			}
			for _, key := range []string{"where", "orderBy"} {
				if v := q.Get(name + "." + key); v != "" {
					o[key] = v
				}
			}
			n, ok := number(name + ".limit")
			if !ok {
				return failure(http.StatusBadRequest, "INVALID_SEARCH", "The value of "+name+".limit is not a number: "+q.Get(name+".limit"))
			}
			o["limit"] = n
			objects = append(objects, o)
		}
	}
	if objects != nil {
		body["sobjects"] = objects
	}
	in := *c
	in.body = encode(body)
	return in.searchByParameters()
}

// relatedWrite changes or deletes the parent behind a relationship of a record
// (REST guide, "sObject Relationships"); false: the address is none of these.
func (c *call) relatedWrite() (answer, bool) {
	o, refused := c.object()
	if refused != nil {
		return *refused, true
	}
	id, refused := c.recordID(o, c.params["field"])
	if refused != nil || c.tx != nil {
		return answer{}, false
	}
	d, err := c.s.org.Describe(c.user, o.Name, c.describeOptions())
	if err != nil {
		return c.refusal(err), true
	}
	parent, refused := c.parentOf(d, id, c.params["value"])
	if refused != nil {
		return *refused, true
	}
	name, _ := c.s.org.ObjectByPrefix(parent.Prefix())
	in := *c
	in.params = map[string]string{"object": name, "id": string(parent)}
	if c.method == http.MethodDelete {
		return in.remove(), true
	}
	return in.update(), true
}

// mediaType refuses a body in a form that no resource reads.
func (c *call) mediaType() *answer {
	kind, _, _ := strings.Cut(strings.ToLower(c.header.Get("Content-Type")), ";")
	if len(bytes.TrimSpace(c.body)) == 0 {
		return nil
	}
	switch strings.TrimSpace(kind) {
	case "", "application/json", "multipart/form-data", "text/csv":
		return nil
	}
	a := failure(http.StatusUnsupportedMediaType, "UNSUPPORTED_MEDIA_TYPE", "Content-Type '"+strings.TrimSpace(kind)+"' is not supported by this resource.")
	return &a
}
