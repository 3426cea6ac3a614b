package standard

import "github.com/orglink/orglink/salesforce/salesforcetest/internal/engine"

var opportunityContactRole = object{
	def: engine.Object{Name: "OpportunityContactRole", Label: "Opportunity Contact Role", LabelPlural: "Opportunity Contact Role", IDLabel: "Contact Role ID", KeyPrefix: "00K", NoUndelete: true, NoRecent: true, Links: []string{"compactLayouts", "layouts", "quickActions"}},
	fields: `
OpportunityId reference c!y Opportunity ID -> Opportunity Opportunity/OpportunityContactRoles!
ContactId reference cu!y Contact ID -> Contact Contact/OpportunityContactRoles!
Role picklist:40 cuy Role = ` + contactRoles + `
IsPrimary boolean cuy Primary
%system
IsDeleted boolean r Deleted
`,
}
