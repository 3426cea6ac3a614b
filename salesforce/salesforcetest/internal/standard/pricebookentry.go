package standard

import "github.com/orglink/orglink/salesforce/salesforcetest/internal/engine"

var pricebookEntry = object{
	def: engine.Object{Together: []engine.Together{{Fields: []string{"Pricebook2Id", "Product2Id"}, Message: "This price definition already exists in this price book"}}, Name: "PricebookEntry", Label: "Price Book Entry", LabelPlural: "Price Book Entry", NoLayout: true, NoTriggers: true, KeyPrefix: "01u", NoRecent: true, NoUndelete: true},
	fields: `
Name string:255 rny Product Name ~ Product2.Name
Pricebook2Id reference c!y Price Book ID -> Pricebook2 Pricebook2/PricebookEntries!
Product2Id reference c!y Product ID -> Product2 Product2/PricebookEntries!
UnitPrice currency:18,2 cu!y List Price
IsActive boolean cuy Active
UseStandardPrice boolean cuy Use Standard Price
ProductCode string:255 ry Product Code ~ Product2.ProductCode
IsArchived boolean ry Archived
`,
}
