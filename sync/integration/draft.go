package integration

import (
	"strings"
	"unicode/utf8"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/mapping"
)

// MaxName is how many characters a name may have.
const MaxName = 100

// Draft is an integration that is being put together, in any order. The host
// keeps it between the pages of its form; it travels as JSON.
type Draft struct {
	// Version is that of the integration being edited, so that an edit does
	// not undo somebody else's. 0: whatever is stored.
	Version    int64                `json:"version,omitempty"`
	Name       string               `json:"name"`
	Connection orglink.ConnectionID `json:"connection"`
	// Owner defaults to the actor's group.
	Owner   orglink.GroupID           `json:"owner,omitempty"`
	Objects []mapping.ObjectSelection `json:"objects"`
	// Groups get access to everything when it is saved. Service.Share shares
	// a part.
	Groups []orglink.GroupID `json:"groups,omitempty"`
}

// Missing names a part that a draft lacks.
type Missing string

// What a draft may lack.
const (
	MissingName       Missing = "name"
	MissingConnection Missing = "connection"
	MissingOwner      Missing = "owner"
	MissingObjects    Missing = "objects"
	MissingFields     Missing = "fields"
)

// Sentence says what is missing, for a person.
func (m Missing) Sentence() string {
	switch m {
	case MissingName:
		return "give it a name"
	case MissingConnection:
		return "choose the Salesforce account"
	case MissingOwner:
		return "choose the group that owns it"
	case MissingObjects:
		return "choose at least one object"
	case MissingFields:
		return "choose the fields of every object"
	}
	return "fill in " + string(m)
}

// Missing returns what the draft still misses, in the order of the form. It
// asks no org; Review does.
func (d Draft) Missing() []Missing {
	var out []Missing
	need := func(ok bool, m Missing) {
		if !ok {
			out = append(out, m)
		}
	}
	need(strings.TrimSpace(d.Name) != "", MissingName)
	need(d.Connection != "", MissingConnection)
	need(d.Owner != "", MissingOwner)
	need(len(d.Objects) > 0, MissingObjects)
	for _, o := range d.Objects {
		if o.Object == "" || o.Fields == nil {
			need(false, MissingFields)
			break
		}
	}
	return out
}

// tidy fills in what follows from the actor.
func (d Draft) tidy(actor orglink.Actor) Draft {
	d.Name = strings.TrimSpace(d.Name)
	if d.Owner == "" {
		d.Owner = actor.Group
	}
	return d
}

// problems are what is wrong with the draft's own words.
func (d Draft) problems() []mapping.Problem {
	var out []mapping.Problem
	if n := utf8.RuneCountInString(d.Name); n > MaxName || !utf8.ValidString(d.Name) {
		out = append(out, mapping.Problem{Object: "the name", Reason: "it is too long or not UTF-8", Remedy: "use at most 100 characters"})
	}
	return out
}
