package standard

import "github.com/orglink/orglink/salesforce/salesforcetest/internal/engine"

var group = object{
	def: engine.Object{Name: "Group", LabelPlural: "Group", KeyPrefix: "00G", NoTrash: true, NoUndelete: true, NoLayout: true, NoTriggers: true, NoRecent: true},
	fields: `
Name string:40 cu!yni Name
DeveloperName string:80 cuy Developer Name
RelatedId reference ry Related ID -> User,UserRole Related/
Type picklist:40 c!yR Type = Regular|Role|RoleAndSubordinates|Organization|AllCustomerPortal|Queue|Territory|Manager
Email email:255 cuy Email
Description textarea:1000 cuy Description
OwnerId reference r!yx Owner ID -> Organization,User Owner/
DoesSendEmailToMembers boolean cuy Send Email to Members
DoesIncludeBosses boolean cuy Include Bosses
`,
}
