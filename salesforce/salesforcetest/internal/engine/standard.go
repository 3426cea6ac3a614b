package engine

import (
	"fmt"
	"strings"
)

// DefineStandard defines the standard objects of a new org: no rows, no
// custom fields. Objects that point at each other are defined in any order, so
// the engine must not look up targets before all of them are there.
func DefineStandard(o *Org) error {
	for _, s := range standardObjects() {
		fields, err := parseTable(s.table)
		if err != nil {
			return fmt.Errorf("engine: standard object %s: %w", s.object.Name, err)
		}
		s.object.Fields = fields
		deriveFields(&s.object)
		if err := o.DefineObject(s.object); err != nil {
			return fmt.Errorf("engine: standard object %s: %w", s.object.Name, err)
		}
	}
	return nil
}

type standard struct {
	object Object
	table  string
}

func standardObjects() []standard {
	return []standard{
		{Object{Name: "Organization", KeyPrefix: "00D", NoTrash: true, NoCreate: true, NoDelete: true, NoUndelete: true, NoRecent: true, NoTriggers: true}, tableOrganization},
		{Object{Name: "User", KeyPrefix: "005", NoTrash: true, NoDelete: true, NoUndelete: true, Searchable: true, Feed: true, Before: beforeUser}, tableUser},
		{Object{Name: "UserRole", Label: "Role", KeyPrefix: "00E", NoTrash: true, NoUndelete: true, NoLayout: true, NoTriggers: true, NoRecent: true}, tableUserRole},
		{Object{Name: "Profile", KeyPrefix: "00e", NoTrash: true, NoUndelete: true, NoLayout: true, NoTriggers: true, NoRecent: true}, tableProfile},
		{Object{Name: "UserLicense", Label: "User License", KeyPrefix: "100", NoTrash: true, NoCreate: true, NoUpdate: true, NoDelete: true, NoUndelete: true, NoLayout: true, NoTriggers: true, NoRecent: true, Setup: true}, tableUserLicense},
		{Object{Name: "PermissionSet", Label: "Permission Set", KeyPrefix: "0PS", NoTrash: true, NoUndelete: true, NoLayout: true, NoTriggers: true, NoRecent: true, Setup: true}, tablePermissionSet},
		{Object{Name: "PermissionSetAssignment", Label: "Permission Set Assignment", KeyPrefix: "0Pa", NoTrash: true, NoUndelete: true, NoLayout: true, NoTriggers: true, NoRecent: true, Setup: true}, tablePermissionSetAssignment},
		{Object{Name: "UserPermissionAccess", Label: "User Permission Access", LabelPlural: "User Permission Access", KeyPrefix: "0UP", NoAudit: true, NoTrash: true, NoCreate: true, NoUpdate: true, NoDelete: true, NoUndelete: true, NoLayout: true, NoTriggers: true, NoRecent: true, NoReplicate: true, NoRetrieve: true}, tableUserPermissionAccess},
		{Object{Name: "Group", KeyPrefix: "00G", NoTrash: true, NoUndelete: true, NoLayout: true, NoTriggers: true, NoRecent: true}, tableGroup},
		{Object{Name: "RecordType", Label: "Record Type", KeyPrefix: "012", NoTrash: true, NoDelete: true, NoUndelete: true, NoLayout: true, NoTriggers: true, NoRecent: true}, tableRecordType},

		{Object{Name: "Account", KeyPrefix: "001", Mergeable: true, Owned: true, Searchable: true, Feed: true}, tableAccount},
		{Object{Name: "Contact", KeyPrefix: "003", Mergeable: true, Owned: true, Searchable: true, Feed: true}, tableContact},
		{Object{Name: "Lead", KeyPrefix: "00Q", Mergeable: true, Owned: true, OwnerQueue: true, Searchable: true, Feed: true}, tableLead},
		{Object{Name: "Opportunity", LabelPlural: "Opportunities", KeyPrefix: "006", Owned: true, Searchable: true, Feed: true, DeepClone: true, Before: beforeOpportunity}, tableOpportunity},
		{Object{Name: "Case", KeyPrefix: "500", Owned: true, OwnerQueue: true, Searchable: true, Feed: true, Before: beforeCase}, tableCase},
		{Object{Name: "Contract", KeyPrefix: "800", Owned: true, Searchable: true, Feed: true, Before: beforeContract}, tableContract},
		{Object{Name: "Campaign", KeyPrefix: "701", Owned: true, Searchable: true, Feed: true}, tableCampaign},
		{Object{Name: "CampaignMember", Label: "Campaign Member", KeyPrefix: "00v", NoUndelete: true, NoRecent: true, Before: beforeCampaignMember}, tableCampaignMember},
		{Object{Name: "Task", KeyPrefix: "00T", Owned: true, OwnerQueue: true, Searchable: true, Feed: true, Before: beforeTask}, tableTask},
		{Object{Name: "Event", KeyPrefix: "00U", Owned: true, Searchable: true, Feed: true, Before: beforeEvent}, tableEvent},
		{Object{Name: "Attachment", KeyPrefix: "00P", Owned: true, NoRecent: true, NoLayout: true}, tableAttachment},
		{Object{Name: "Product2", Label: "Product", KeyPrefix: "01t", Searchable: true, Feed: true}, tableProduct2},
		{Object{Name: "Pricebook2", Label: "Price Book", KeyPrefix: "01s", Searchable: true}, tablePricebook2},
		{Object{Name: "PricebookEntry", Label: "Price Book Entry", LabelPlural: "Price Book Entries", KeyPrefix: "01u", NoRecent: true, NoUndelete: true}, tablePricebookEntry},
		{Object{Name: "OpportunityLineItem", Label: "Opportunity Product", KeyPrefix: "00k", NoUndelete: true, Before: beforeLineItem}, tableOpportunityLineItem},
	}
}

// deriveFields attaches what a table cannot say.
func deriveFields(def *Object) {
	at := make(map[string]*Field, len(def.Fields))
	for i := range def.Fields {
		f := &def.Fields[i]
		at[f.Name] = f
		if f.Length > 255 && f.ExtraType == "" && f.Type == "textarea" || f.CompoundName != "" && f.Type == "textarea" {
			f.ExtraType = "plaintextarea"
		}
	}
	if at["LastName"] != nil && at["Name"] != nil && at["Name"].Compute == nil {
		at["Name"].Compute = personName
		for _, part := range []string{"Name", "FirstName", "LastName", "Salutation"} {
			if f := at[part]; f != nil && def.Name != "User" {
				f.ExtraType = "personname"
			}
		}
	}
	if f := at["PhotoUrl"]; f != nil {
		f.ExtraType = "imageurl"
		f.Compute = func(r Row) string { return "/services/images/photo/" + r.ID().String() }
	}
	if f := at["BodyLength"]; f != nil {
		f.Compute = func(r Row) string { return bodyLength(r.Text("Body")) }
	}
	if f := at["IsEmailBounced"]; f != nil {
		f.Compute = func(r Row) string { return boolText(!r.Null("EmailBouncedDate")) }
	}
	if def.Name == "Account" {
		at["Name"].ExtraType = "switchablepersonname"
	}
	if def.Name == "User" {
		at["Username"].Unique = true
		at["FederationIdentifier"].Unique = true
		at["IsActive"].Default = "true"
	}
	if def.Name == "UserPermissionAccess" {
		for name, f := range at {
			if p, ok := strings.CutPrefix(name, "Permissions"); ok {
				f.Compute = func(r Row) string { return boolText(r.Permission(p)) }
			}
		}
	}
	if f := at["HasOpportunityLineItem"]; f != nil {
		f.Compute = func(r Row) string {
			has := false
			r.Children("OpportunityLineItem", "OpportunityId", func(Row) bool { has = true; return false })
			return boolText(has)
		}
	}
	if def.Name == "Contract" {
		at["AccountId"].RestrictIf = func(contract Row) bool { return contract.Text("Status") == "Activated" }
	}
	if def.Name == "Campaign" {
		campaignRollups(at)
	}
}

// campaignRollups fills the counts of a campaign from its members and
// opportunities.
func campaignRollups(at map[string]*Field) {
	count := func(field, child, fn, of string, where func(Row) bool) {
		at[field].Rollup = &Rollup{Child: child, Field: "CampaignId", Func: fn, Of: of, Where: where}
	}
	won := func(r Row) bool { return r.Bool("IsWon") }
	count("NumberOfLeads", "CampaignMember", "COUNT", "", func(r Row) bool { return !r.Null("LeadId") })
	count("NumberOfConvertedLeads", "CampaignMember", "COUNT", "", func(r Row) bool { return r.Bool("Lead.IsConverted") })
	count("NumberOfContacts", "CampaignMember", "COUNT", "", func(r Row) bool { return !r.Null("ContactId") })
	count("NumberOfResponses", "CampaignMember", "COUNT", "", func(r Row) bool { return r.Bool("HasResponded") })
	count("NumberOfOpportunities", "Opportunity", "COUNT", "", nil)
	count("NumberOfWonOpportunities", "Opportunity", "COUNT", "", won)
	count("AmountAllOpportunities", "Opportunity", "SUM", "Amount", nil)
	count("AmountWonOpportunities", "Opportunity", "SUM", "Amount", won)
}

func personName(r Row) string {
	first, last := r.Text("FirstName"), r.Text("LastName")
	if first == "" {
		return last
	}
	return first + " " + last
}
