package standard

import "github.com/orglink/orglink/salesforce/salesforcetest/internal/engine"

var product2 = object{
	def: engine.Object{Name: "Product2", Label: "Product", KeyPrefix: "01t", Searchable: true},
	fields: `
Name string:255 cu!ni Product Name
ProductCode string:255 cu Product Code
Description textarea:4000 cu Product Description
IsActive boolean cuy Active
Family picklist:255 cu Product Family = None|Platform|Services|Training|Support
DisplayUrl url:1000 cu Display URL
QuantityUnitOfMeasure picklist:255 cu Quantity Unit Of Measure = Each|Seat|Hour|Month
%system
IsArchived boolean ry Archived
%viewed
StockKeepingUnit string:180 cu Product SKU
`,
}
