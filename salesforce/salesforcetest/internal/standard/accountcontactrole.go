package standard

import "github.com/orglink/orglink/salesforce/salesforcetest/internal/engine"

var accountContactRole = object{
	def: engine.Object{Name: "AccountContactRole", Label: "Account Contact Role", LabelPlural: "Account Contact Role", KeyPrefix: "02Z", NoUndelete: true, NoLayout: true, NoTriggers: true, NoRecent: true},
	fields: `
%system
AccountId reference c!y Account ID -> Account Account/AccountContactRoles!
ContactId reference cu!y Contact ID -> Contact Contact/AccountContactRoles!
Role picklist:40 cuy Role = ` + contactRoles + `
IsPrimary boolean cuy Primary
`,
}
