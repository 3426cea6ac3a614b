package salesforcetest

import (
	"encoding/base64"
	"net/http"
	"strings"

	"github.com/orglink/orglink/salesforce/salesforcetest/internal/engine"
	"github.com/orglink/orglink/salesforce/sobject"
)

// related answers {object}/{id}/{name}: the content of a base64 field, or what
// a relationship leads to (REST guide, "sObject Blob Get", "sObject
// Relationships"). Names joined by slashes are followed one after the other.
func (c *call) related(o engine.Object, id sobject.ID, names []string) answer {
	for i, name := range names {
		last := i == len(names)-1
		d, err := c.s.org.Describe(c.user, o.Name, c.describeOptions())
		if err != nil {
			return c.refusal(err)
		}
		if last {
			for _, f := range d.Fields {
				if strings.EqualFold(f.Name, name) && f.Type == string(sobject.TypeBase64) {
					return c.blob(o, id, f.Name)
				}
			}
			for _, child := range d.ChildRelationships {
				if child.RelationshipName != nil && strings.EqualFold(*child.RelationshipName, name) {
					return c.children(o, id, child)
				}
			}
		}
		parent, refused := c.parentOf(d, id, name)
		if refused != nil {
			return *refused
		}
		object, _ := c.s.org.ObjectByPrefix(parent.Prefix())
		next, ok := c.visible(object)
		if !ok {
			return notFound()
		}
		o, id = next, parent
	}
	return c.record1(o, id)
}

// parentOf follows one relationship upwards; an empty one is not found.
func (c *call) parentOf(d *engine.ObjectDescribe, id sobject.ID, name string) (sobject.ID, *answer) {
	gone := notFound()
	for _, f := range d.Fields {
		if f.RelationshipName == nil || !strings.EqualFold(*f.RelationshipName, name) {
			continue
		}
		res, err := c.data().Get(d.Name, id, []string{f.Name})
		if err != nil {
			a := c.refusal(err)
			return "", &a
		}
		parent, err := res.Record(0).Text(f.Name)
		if err != nil || parent == "" {
			return "", &gone
		}
		return sobject.ID(parent), nil
	}
	return "", &gone
}

// record1 answers one record, the fields asked for or all.
func (c *call) record1(o engine.Object, id sobject.ID) answer {
	res, err := c.data().Get(o.Name, id, c.selected())
	if err != nil {
		return c.refusal(err)
	}
	c.remember(o.Name, id)
	return rawJSON(http.StatusOK, res.AppendJSON(nil, 0, engine.JSONOptions{Base: c.base()}))
}

// children answers the records of a child relationship, in pages as a query's.
// None is an empty set and not an error.
func (c *call) children(o engine.Object, id sobject.ID, rel engine.ChildRelationship) answer {
	if _, err := c.data().Get(o.Name, id, []string{"Id"}); err != nil {
		return c.refusal(err)
	}
	fields := c.selected()
	if fields == nil {
		d, err := c.s.org.Describe(c.user, rel.ChildSObject, c.describeOptions())
		if err != nil {
			return c.refusal(err)
		}
		for _, f := range d.Fields {
			fields = append(fields, f.Name)
		}
	}
	res, err := c.data().QueryText("SELECT "+strings.Join(fields, ",")+" FROM "+rel.ChildSObject+" WHERE "+rel.Field+" = "+quote(string(id)), engine.QueryOptions{})
	if err != nil {
		return c.refusal(err)
	}
	return c.queryPage(&cursor{res: res, user: c.user.User, token: c.cursorToken(), batch: c.batchSize(res)}, "", 0)
}

// blob answers the bytes of a base64 field.
func (c *call) blob(o engine.Object, id sobject.ID, field string) answer {
	res, err := c.data().Get(o.Name, id, []string{field})
	if err != nil {
		return c.refusal(err)
	}
	text, err := res.Record(0).Text(field)
	if err != nil || text == "" {
		return answer{status: http.StatusOK}
	}
	content, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return failure(http.StatusInternalServerError, "UNKNOWN_EXCEPTION",
			"An unexpected error occurred. Please include this ErrorId if you contact support: 1-3 (1)")
	}
	kind := "application/octet-stream"
	if _, has := c.s.org.CanonicalField(c.user, o.Name, "ContentType"); has {
		if res, err := c.data().Get(o.Name, id, []string{"ContentType"}); err == nil {
			if told, err := res.Record(0).Text("ContentType"); err == nil && told != "" {
				kind = told
			}
		}
	}
	return answer{status: http.StatusOK, contentType: kind, body: content}
}

// farRelated answers relationships over several records.
func (c *call) farRelated() answer {
	o, refused := c.object()
	if refused != nil {
		return *refused
	}
	id, refused := c.recordID(o, c.params["id"])
	if refused != nil {
		return *refused
	}
	var names []string
	for _, p := range []string{"r1", "r2", "r3", "r4", "r5"} {
		if c.params[p] != "" {
			names = append(names, c.params[p])
		}
	}
	return c.related(o, id, names)
}
