package engine

import (
	"slices"
	"strings"

	"github.com/orglink/orglink/salesforce/sobject"
)

// DescribeOptions tell where the describe will be served.
type DescribeOptions struct {
	Base        string // "/services/data/v66.0"
	InstanceURL string // "https://acme.my.salesforce.com", for the UI templates
}

// ObjectDescribe is the answer to a describe, with all keys of API 57 to 60 in
// the order in which Salesforce writes them.
type ObjectDescribe struct {
	ActionOverrides       []string            `json:"actionOverrides"`
	Activateable          bool                `json:"activateable"`
	AssociateEntityType   *string             `json:"associateEntityType"`
	AssociateParentEntity *string             `json:"associateParentEntity"`
	ChildRelationships    []ChildRelationship `json:"childRelationships"`
	CompactLayoutable     bool                `json:"compactLayoutable"`
	Createable            bool                `json:"createable"`
	Custom                bool                `json:"custom"`
	CustomSetting         bool                `json:"customSetting"`
	DeepCloneable         bool                `json:"deepCloneable"`
	DefaultImplementation *string             `json:"defaultImplementation"`
	Deletable             bool                `json:"deletable"`
	DeprecatedAndHidden   bool                `json:"deprecatedAndHidden"`
	ExtendedBy            *string             `json:"extendedBy"`
	ExtendsInterfaces     *string             `json:"extendsInterfaces"`
	FeedEnabled           bool                `json:"feedEnabled"`
	Fields                []FieldDescribe     `json:"fields"`
	HasSubtypes           bool                `json:"hasSubtypes"`
	ImplementedBy         *string             `json:"implementedBy"`
	ImplementsInterfaces  *string             `json:"implementsInterfaces"`
	IsInterface           bool                `json:"isInterface"`
	IsSubtype             bool                `json:"isSubtype"`
	KeyPrefix             *string             `json:"keyPrefix"`
	Label                 string              `json:"label"`
	LabelPlural           string              `json:"labelPlural"`
	Layoutable            bool                `json:"layoutable"`
	Listviewable          *bool               `json:"listviewable"`
	LookupLayoutable      *bool               `json:"lookupLayoutable"`
	Mergeable             bool                `json:"mergeable"`
	MruEnabled            bool                `json:"mruEnabled"`
	Name                  string              `json:"name"`
	NamedLayoutInfos      []string            `json:"namedLayoutInfos"`
	NetworkScopeFieldName *string             `json:"networkScopeFieldName"`
	Queryable             bool                `json:"queryable"`
	RecordTypeInfos       []RecordTypeInfo    `json:"recordTypeInfos"`
	Replicateable         bool                `json:"replicateable"`
	Retrieveable          bool                `json:"retrieveable"`
	SearchLayoutable      bool                `json:"searchLayoutable"`
	Searchable            bool                `json:"searchable"`
	SObjectDescribeOption string              `json:"sobjectDescribeOption"`
	SupportedScopes       []Scope             `json:"supportedScopes"`
	Triggerable           bool                `json:"triggerable"`
	Undeletable           bool                `json:"undeletable"`
	Updateable            bool                `json:"updateable"`
	URLs                  map[string]string   `json:"urls"`
}

// ChildRelationship is one element of ObjectDescribe.ChildRelationships.
type ChildRelationship struct {
	CascadeDelete       bool     `json:"cascadeDelete"`
	ChildSObject        string   `json:"childSObject"`
	DeprecatedAndHidden bool     `json:"deprecatedAndHidden"`
	Field               string   `json:"field"`
	JunctionIDListNames []string `json:"junctionIdListNames"`
	JunctionReferenceTo []string `json:"junctionReferenceTo"`
	RelationshipName    *string  `json:"relationshipName"`
	RestrictedDelete    bool     `json:"restrictedDelete"`
}

// RecordTypeInfo is one element of ObjectDescribe.RecordTypeInfos.
type RecordTypeInfo struct {
	Active                   bool              `json:"active"`
	Available                bool              `json:"available"`
	DefaultRecordTypeMapping bool              `json:"defaultRecordTypeMapping"`
	DeveloperName            string            `json:"developerName"`
	Master                   bool              `json:"master"`
	Name                     string            `json:"name"`
	RecordTypeID             string            `json:"recordTypeId"`
	URLs                     map[string]string `json:"urls"`
}

// Scope is one element of ObjectDescribe.SupportedScopes.
type Scope struct {
	Label string `json:"label"`
	Name  string `json:"name"`
}

// Describe returns what a session is told about an object. Hidden fields are
// left out, and the flags are the session's own.
func (o *Org) Describe(s Session, name string, opt DescribeOptions) (*ObjectDescribe, error) {
	o.mu.RLock()
	defer o.mu.RUnlock()
	obj := o.object(name)
	if obj == nil {
		return nil, notFound()
	}
	g := o.grants(s)
	access := g.object(obj)
	if !access.Read {
		return nil, notFound()
	}
	sum := obj.summary(access, opt)
	d := &ObjectDescribe{
		ActionOverrides: []string{}, NamedLayoutInfos: []string{}, ChildRelationships: []ChildRelationship{},
		CompactLayoutable: sum.Layoutable, SearchLayoutable: sum.Layoutable && sum.Searchable, SObjectDescribeOption: "FULL",
		Createable: sum.Createable, Custom: sum.Custom, DeepCloneable: sum.DeepCloneable, Deletable: sum.Deletable, FeedEnabled: sum.FeedEnabled,
		KeyPrefix: sum.KeyPrefix, Label: sum.Label, LabelPlural: sum.LabelPlural, Layoutable: sum.Layoutable, Mergeable: sum.Mergeable,
		MruEnabled: sum.MruEnabled, Name: sum.Name, Queryable: sum.Queryable, Replicateable: sum.Replicateable, Retrieveable: sum.Retrieveable,
		Searchable: sum.Searchable, Triggerable: sum.Triggerable, Undeletable: sum.Undeletable, Updateable: sum.Updateable, URLs: sum.URLs,
		SupportedScopes: obj.scopes(),
	}
	if sum.Layoutable {
		d.URLs["uiDetailTemplate"] = opt.InstanceURL + "/{ID}"
		d.URLs["uiEditTemplate"] = opt.InstanceURL + "/{ID}/e"
		d.URLs["uiNewRecord"] = opt.InstanceURL + "/" + obj.def.KeyPrefix + "/e"
	}
	for _, f := range obj.fields {
		if g.read(f) {
			d.Fields = append(d.Fields, f.describe(access, g.field(f)))
		}
	}
	for _, f := range obj.links {
		if f == f.obj.master { // no captured describe names it
			continue
		}
		if ca := g.object(f.obj); !ca.Read || !g.read(f) {
			continue
		}
		c := ChildRelationship{CascadeDelete: f.CascadeDelete, ChildSObject: f.obj.def.Name, Field: f.Name,
			JunctionIDListNames: []string{}, JunctionReferenceTo: []string{}, RestrictedDelete: f.RestrictedDelete}
		if f.ChildRelationshipName != "" {
			c.RelationshipName = &f.ChildRelationshipName
		}
		d.ChildRelationships = append(d.ChildRelationships, c)
	}
	slices.SortStableFunc(d.ChildRelationships, func(a, b ChildRelationship) int { return strings.Compare(a.ChildSObject, b.ChildSObject) })
	d.RecordTypeInfos = obj.recordTypes(sum.URLs["layouts"])
	return d, nil
}

// scopes are what USING SCOPE takes, in the order of the captured describes.
func (o *object) scopes() []Scope {
	things := strings.ToLower(o.def.LabelPlural)
	out := []Scope{{"All " + things, "everything"}}
	if o.owner == nil {
		return out
	}
	out = append(out, Scope{"My " + things, "mine"})
	if o.def.OwnerQueue {
		out = append(out, Scope{"Queue owned " + things, "queue_owned"})
	}
	if o.def.NoRecent && o.def.NoLayout { // Document has no more
		return out
	}
	out = append(out, Scope{"Filter by scope", "scopingRule"}, Scope{"My team's " + things, "team"})
	switch {
	case o.def.Name == "Task":
		out = append([]Scope{{"My delegated " + things, "delegated"}}, out...)
	case o.def.OwnerQueue:
		out = append(out, Scope{"User owned " + things, "user_owned"})
	}
	return out
}

func (o *object) recordTypes(layouts string) []RecordTypeInfo {
	info := func(id sobject.ID, name, dev string) RecordTypeInfo {
		return RecordTypeInfo{Active: true, Available: true, Name: name, DeveloperName: dev, RecordTypeID: string(id),
			URLs: map[string]string{"layout": layouts + "/" + string(id)}}
	}
	out := []RecordTypeInfo{}
	master := info("012000000000000AAA", "Master", "Master")
	master.Master, master.DefaultRecordTypeMapping = true, true
	for _, t := range o.def.RecordTypes {
		i := info(t.ID, t.Name, t.DeveloperName)
		i.Active, i.Available, i.DefaultRecordTypeMapping = !t.Inactive, !t.Inactive, t.Default
		if t.Default {
			master.DefaultRecordTypeMapping = false
		}
		out = append(out, i)
	}
	return append(out, master)
}
