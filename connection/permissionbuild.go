package connection

import (
	"encoding/xml"
	"maps"
	"slices"
	"strings"

	"github.com/orglink/orglink/salesforce/sobject"
)

// The elements of a permission set (Metadata API guide, "PermissionSet"), in
// the order in which Salesforce writes them.
type (
	permissionSetXML struct {
		XMLName     xml.Name            `xml:"http://soap.sforce.com/2006/04/metadata PermissionSet"`
		Description string              `xml:"description,omitempty"`
		Fields      []fieldPermissions  `xml:"fieldPermissions"`
		Activation  bool                `xml:"hasActivationRequired"`
		Label       string              `xml:"label"`
		Objects     []objectPermissions `xml:"objectPermissions"`
		System      []userPermission    `xml:"userPermissions"`
	}
	fieldPermissions struct {
		Editable bool   `xml:"editable"`
		Field    string `xml:"field"`
		Readable bool   `xml:"readable"`
	}
	objectPermissions struct {
		Create    bool   `xml:"allowCreate"`
		Delete    bool   `xml:"allowDelete"`
		Edit      bool   `xml:"allowEdit"`
		Read      bool   `xml:"allowRead"`
		ModifyAll bool   `xml:"modifyAllRecords"`
		Object    string `xml:"object"`
		ViewAll   bool   `xml:"viewAllRecords"`
	}
	userPermission struct {
		Enabled bool   `xml:"enabled"`
		Name    string `xml:"name"`
	}
)

// readsFirst are the objects whose Read a standard object's Read depends on.
var readsFirst = map[string][]string{
	"Contact": {"Account"}, "Opportunity": {"Account"}, "Contract": {"Account"}, "Case": {"Account", "Contact"},
	"Asset": {"Account", "Contact"}, "Order": {"Account"}, "Quote": {"Opportunity"}, "Entitlement": {"Account"},
}

// controlled are objects without rights of their own, and what they follow.
// Access to activities is a permission of the user.
var controlled = map[string]struct{ read, write []string }{
	"CampaignMember":         {[]string{"Campaign", "Lead", "Contact"}, []string{"Campaign"}},
	"CampaignMemberStatus":   {[]string{"Campaign"}, []string{"Campaign"}},
	"OpportunityLineItem":    {[]string{"Opportunity", "Product2", "Pricebook2"}, []string{"Opportunity"}},
	"OpportunityContactRole": {[]string{"Opportunity", "Contact"}, []string{"Opportunity"}},
	"AccountContactRole":     {[]string{"Account", "Contact"}, []string{"Account"}},
	"AccountContactRelation": {[]string{"Account", "Contact"}, []string{"Account", "Contact"}},
	"PricebookEntry":         {[]string{"Product2", "Pricebook2"}, []string{"Pricebook2"}},
	"OrderItem":              {[]string{"Order", "Product2", "Pricebook2"}, []string{"Order"}},
	"QuoteLineItem":          {[]string{"Quote", "Product2", "Pricebook2"}, []string{"Quote"}},
	"Task":                   {}, "Event": {}, "Attachment": {}, "Note": {}, "User": {}, "Organization": {}, "RecordType": {},
	"ContentVersion": {}, "ContentDocument": {}, "ContentDocumentLink": {}, "Profile": {}, "PermissionSet": {},
}

type permissionBuilder struct {
	opts      PermissionSetOptions
	described map[string]*sobject.Describe
	objects   map[string]*objectPermissions
	fields    map[string]fieldPermissions
	names     []string // of system permissions
	notes     []string
}

func (b *permissionBuilder) note(text string) { b.notes = append(b.notes, text) }

func (b *permissionBuilder) system(s SystemNeed) {
	if s.Permission == MarketingUser {
		b.note("Tick Marketing User on the page of each user in Salesforce Setup: it is no part of a permission set.")
		return
	}
	if !slices.Contains(b.names, s.Permission) {
		b.names = append(b.names, s.Permission)
	}
}

func (b *permissionBuilder) object(need ObjectNeed) {
	name := need.Object
	d := find(b.described, name)
	if d != nil {
		name = d.Name
	} else {
		b.note(name + ": the object is not visible to the connected user, so which of its fields take permissions is not known. Only its custom fields are listed; if the deployment refuses one because it is required or does not exist, remove it.")
	}
	switch name {
	case "Task":
		b.system(SystemNeed{Permission: "EditTask"})
		b.system(SystemNeed{Permission: "ActivitiesAccess"})
	case "Event":
		b.system(SystemNeed{Permission: "EditEvent"})
		b.system(SystemNeed{Permission: "ActivitiesAccess"})
	}
	if follows, ok := controlled[name]; ok {
		for _, parent := range follows.read {
			b.grant(parent, ObjectNeed{Read: true})
		}
		if need.Create || need.Edit || need.Delete {
			for _, parent := range follows.write {
				b.grant(parent, ObjectNeed{Read: true, Edit: true})
			}
		}
	} else {
		b.grant(name, need)
		b.masters(d)
	}
	for _, f := range need.Fields {
		b.field(name, d, f)
	}
}

// grant adds rights with all that they depend on.
func (b *permissionBuilder) grant(name string, need ObjectNeed) {
	p := b.objects[name]
	if p == nil {
		p = &objectPermissions{Object: name}
		b.objects[name] = p
		for _, parent := range readsFirst[name] {
			b.grant(parent, ObjectNeed{Read: true})
		}
	}
	p.Create = p.Create || need.Create
	p.Delete = p.Delete || need.Delete
	p.Edit = p.Edit || need.Edit || need.Delete
	p.Read = p.Read || need.Read || need.Create || p.Edit
	p.ViewAll = p.ViewAll || b.opts.ViewAllRecords && need.Read
}

// masters grants Read on the masters of a detail object, on which its own Read
// depends. A master-detail field is a required custom reference that takes no
// field permission; a required lookup looks the same, where Read does no harm.
func (b *permissionBuilder) masters(d *sobject.Describe) {
	if d == nil || !d.Custom {
		return
	}
	for _, f := range d.Fields {
		if f.Custom && f.Type == sobject.TypeReference && !f.Permissionable && !f.Nillable {
			for _, parent := range f.ReferenceTo {
				if _, follows := controlled[parent]; !follows {
					b.grant(parent, ObjectNeed{Read: true})
				}
			}
		}
	}
}

func (b *permissionBuilder) field(object string, d *sobject.Describe, need FieldNeed) {
	name, editable := need.Field, need.Create || need.Edit
	if d == nil && !strings.HasSuffix(strings.ToLower(name), "__c") {
		return
	}
	if d != nil {
		if f, ok := d.Field(name); ok {
			// The parts of an address take their permissions from the whole.
			if whole, part := d.Field(f.CompoundFieldName); part && f.CompoundFieldName != f.Name && whole.Type.Compound() && whole.Permissionable {
				f = whole
			}
			if !f.Permissionable {
				return
			}
			name, editable = f.Name, editable && !f.Calculated && !f.AutoNumber
		}
		// A field that is hidden from the user is neither required nor a
		// master: those cannot be hidden.
	}
	key := object + "." + name
	have := b.fields[key]
	b.fields[key] = fieldPermissions{Editable: have.Editable || editable, Field: key, Readable: true}
}

func (b *permissionBuilder) xml() ([]byte, error) {
	out := permissionSetXML{Description: b.opts.Description, Label: b.opts.Label}
	for _, key := range slices.Sorted(maps.Keys(b.fields)) {
		out.Fields = append(out.Fields, b.fields[key])
	}
	for _, key := range slices.Sorted(maps.Keys(b.objects)) {
		out.Objects = append(out.Objects, *b.objects[key])
	}
	slices.Sort(b.names)
	for _, name := range b.names {
		out.System = append(out.System, userPermission{true, name})
	}
	text, err := xml.MarshalIndent(out, "", "    ")
	if err != nil {
		return nil, err
	}
	return append(append([]byte(xml.Header), text...), '\n'), nil
}
