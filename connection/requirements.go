package connection

import (
	"slices"
	"strings"

	"github.com/orglink/orglink/mapping"
)

// Requirements are what a sync needs of the connected user. They are plain
// data: build them with [DefaultRequirements], [ForSelections] and [ForMaps],
// or by hand, and join them with And.
type Requirements struct {
	Objects []ObjectNeed `json:"objects,omitempty"`
	System  []SystemNeed `json:"system,omitempty"`
}

// ObjectNeed is what is needed of one object.
type ObjectNeed struct {
	Object string `json:"object"`
	Read   bool   `json:"read,omitempty"`
	Create bool   `json:"create,omitempty"`
	Edit   bool   `json:"edit,omitempty"`
	Delete bool   `json:"delete,omitempty"`
	// Fields are needed beyond those that come with the object.
	Fields []FieldNeed `json:"fields,omitempty"`
	// Warn makes what is missing a warning.
	Warn bool `json:"warn,omitempty"`
}

// FieldNeed is what is needed of one field.
type FieldNeed struct {
	Field string `json:"field"`
	// Create and Edit beyond reading.
	Create bool `json:"create,omitempty"`
	Edit   bool `json:"edit,omitempty"`
}

// SystemNeed is a permission of a user that belongs to no object.
type SystemNeed struct {
	// Permission is its API name without the leading "Permissions", such as
	// "ApiEnabled", or MarketingUser.
	Permission string `json:"permission"`
	// Label is what Salesforce's setup pages call it.
	Label string `json:"label"`
	// Warn makes its absence a warning.
	Warn bool `json:"warn,omitempty"`
	// Why says what does not work without it.
	Why string `json:"why,omitempty"`
}

// MarketingUser is the check box "Marketing User" of a user; it is no
// permission in Salesforce's sense but is needed like one.
const MarketingUser = "MarketingUser"

// DefaultRequirements is what a sync of leads, contacts, campaigns and
// activities needs.
func DefaultRequirements() Requirements {
	return Requirements{
		Objects: []ObjectNeed{
			{Object: "Lead", Read: true, Create: true, Edit: true},
			{Object: "Contact", Read: true, Edit: true},
			{Object: "Campaign", Read: true, Edit: true},
			{Object: "CampaignMember", Read: true, Edit: true},
			{Object: "Account", Read: true},
			{Object: "Opportunity", Read: true},
			{Object: "Event", Create: true},
			{Object: "Task", Create: true},
		},
		System: []SystemNeed{
			{Permission: "ApiEnabled", Label: "API Enabled"},
			{Permission: MarketingUser, Label: "Marketing User", Why: "campaigns cannot be created or changed"},
			{Permission: "AllowViewEditConvertedLeads", Label: "View and Edit Converted Leads", Warn: true, Why: "leads that were converted are not updated"},
		},
	}
}

// ForSelections is what reading selected objects and fields needs.
func ForSelections(selections ...mapping.Selection) Requirements {
	out := apiOnly()
	for _, s := range selections {
		need := ObjectNeed{Object: s.Object, Read: true}
		for _, f := range s.Fields {
			need.Fields = append(need.Fields, FieldNeed{Field: f})
		}
		out.Objects = append(out.Objects, need)
	}
	return out
}

func apiOnly() Requirements {
	return Requirements{System: []SystemNeed{{Permission: "ApiEnabled", Label: "API Enabled"}}}
}

// And joins requirements: each object, field and permission once, needing what
// any of them needs. A need that is only a warning on one side is an error if
// it is one on the other.
func (r Requirements) And(others ...Requirements) Requirements {
	var out Requirements
	for _, part := range append([]Requirements{r}, others...) {
		for _, o := range part.Objects {
			out.addObject(o)
		}
		for _, s := range part.System {
			i := slices.IndexFunc(out.System, func(have SystemNeed) bool { return have.Permission == s.Permission })
			if i < 0 {
				out.System = append(out.System, s)
				continue
			}
			out.System[i].Warn = out.System[i].Warn && s.Warn
		}
	}
	return out
}

func (r *Requirements) addObject(o ObjectNeed) {
	i := slices.IndexFunc(r.Objects, func(have ObjectNeed) bool { return strings.EqualFold(have.Object, o.Object) })
	if i < 0 {
		r.Objects = append(r.Objects, ObjectNeed{Object: o.Object, Warn: o.Warn})
		i = len(r.Objects) - 1
	}
	have := &r.Objects[i]
	have.Read = have.Read || o.Read
	have.Create = have.Create || o.Create
	have.Edit = have.Edit || o.Edit
	have.Delete = have.Delete || o.Delete
	have.Warn = have.Warn && o.Warn
	for _, f := range o.Fields {
		j := slices.IndexFunc(have.Fields, func(g FieldNeed) bool { return strings.EqualFold(g.Field, f.Field) })
		if j < 0 {
			have.Fields = append(have.Fields, f)
			continue
		}
		have.Fields[j].Create = have.Fields[j].Create || f.Create
		have.Fields[j].Edit = have.Fields[j].Edit || f.Edit
	}
}
