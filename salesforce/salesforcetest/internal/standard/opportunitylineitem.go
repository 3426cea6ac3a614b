package standard

import (
	"strings"

	"github.com/orglink/orglink/salesforce/salesforcetest/internal/engine"
)

var opportunityLineItem = object{
	def:    engine.Object{Name: "OpportunityLineItem", Label: "Opportunity Product", LabelPlural: "Opportunity Product", KeyPrefix: "00k", NoUndelete: true},
	before: beforeLineItem,
	fields: `
OpportunityId reference c!y Opportunity ID -> Opportunity Opportunity/OpportunityLineItems!
SortOrder int:9 cuy Sort Order
PricebookEntryId reference cy Price Book Entry ID -> PricebookEntry PricebookEntry/OpportunityLineItems
Product2Id reference cy Product ID -> Product2 Product2/OpportunityLineItems
ProductCode string:255 ry Product Code ~ Product2.ProductCode
Name string:376 rny Opportunity Product Name
Quantity double:12,2 cu! Quantity
TotalPrice currency:18,2 cuey Total Price
Subtotal currency:18,2 ry Subtotal
UnitPrice currency:18,2 cuey Sales Price
Discount percent:5,2 cu Discount
ListPrice currency:18,2 ry List Price ~ PricebookEntry.UnitPrice
ServiceDate date cu Date
Description string:255 cu Line Description
%system
%viewed
`,
}

func beforeLineItem(d *engine.Draft) []engine.RowError {
	if d.Null("Product2Id") {
		d.Set("Product2Id", d.Text("PricebookEntry.Product2Id"))
	}
	if d.Null("UnitPrice") && d.Null("TotalPrice") {
		d.Set("UnitPrice", d.Text("PricebookEntry.UnitPrice"))
	}
	quantity, _ := d.Number("Quantity")
	unit, priced := d.Number("UnitPrice")
	total, summed := d.Number("TotalPrice")
	repriced := !d.Update || d.Text("UnitPrice") != d.Old.Text("UnitPrice") || d.Text("Quantity") != d.Old.Text("Quantity")
	switch {
	case priced && repriced:
		d.Set("TotalPrice", moneyText(unit*quantity))
	case summed && quantity != 0:
		d.Set("UnitPrice", moneyText(total/quantity))
	}
	d.Set("Name", strings.TrimSpace(d.Text("Opportunity.Name")+" "+d.Text("Product2.Name")))
	return nil
}
