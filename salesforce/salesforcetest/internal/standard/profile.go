package standard

import "github.com/orglink/orglink/salesforce/salesforcetest/internal/engine"

var profile = object{
	def: engine.Object{Name: "Profile", LabelPlural: "Profile", KeyPrefix: "00e", NoTrash: true, NoUndelete: true, NoLayout: true, NoTriggers: true, NoCreate: true, NoRecent: true},
	fields: `
Name string:255 cu!yni Name
%permissions
UserLicenseId reference c!y User License ID -> UserLicense UserLicense/
UserType picklist:40 ryR User Type = ` + userTypes + `
Description string:255 cuy Description
%viewed
`,
	after: (*engine.Change).Grant,
}
