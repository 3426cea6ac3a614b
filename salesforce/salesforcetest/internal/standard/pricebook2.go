package standard

import "github.com/orglink/orglink/salesforce/salesforcetest/internal/engine"

var pricebook2 = object{
	def: engine.Object{Name: "Pricebook2", Label: "Price Book", KeyPrefix: "01s", NoLayout: true, NoTriggers: true},
	fields: `
Name string:255 cu!ni Price Book Name
%viewed
IsActive boolean cuy Active
IsArchived boolean ry Archived
Description string:255 cuy Description
IsStandard boolean ry Is Standard Price Book
ValidFrom datetime cuy Valid From
ValidTo datetime cuy Valid To
`,
}
