package standard

import (
	"strconv"

	"github.com/orglink/orglink/salesforce/salesforcetest/internal/engine"
	"github.com/orglink/orglink/salesforce/sobject"
)

var opportunity = object{
	def:    engine.Object{Name: "Opportunity", LabelPlural: "Opportunities", KeyPrefix: "006", Owned: true, Searchable: true, Feed: true, DeepClone: true},
	before: beforeOpportunity,
	fields: `
AccountId reference cu Account ID -> Account Account/Opportunities!
IsPrivate boolean cu Private
Name string:120 cu!ni Name
Description textarea:32000 cu Description
StageName picklist:255 cu! Stage = Prospecting|Qualification|Needs Analysis|Value Proposition|Id. Decision Makers|Perception Analysis|Proposal/Price Quote|Negotiation/Review|Closed Won|Closed Lost
Amount currency:18,2 cu Amount
Probability percent:3,0 cude Probability (%)
ExpectedRevenue currency:18,2 r Expected Amount
TotalOpportunityQuantity double:18,2 cu Quantity
CloseDate date cu! Close Date
Type picklist:255 cu Opportunity Type = Existing Customer - Upgrade|Existing Customer - Replacement|Existing Customer - Downgrade|New Customer
NextStep string:255 cu Next Step
LeadSource picklist:255 cu Lead Source = ` + leadSources + `
IsClosed boolean ry Closed
IsWon boolean ry Won
ForecastCategory picklist:40 r!yR Forecast Category = ` + forecastCategories + `
ForecastCategoryName picklist:255 cueyR Forecast Category = Omitted|Pipeline|Best Case|Commit|Closed
CampaignId reference cu Campaign ID -> Campaign Campaign/Opportunities
HasOpportunityLineItem boolean ry Has Line Item
Pricebook2Id reference cueyv Price Book ID -> Pricebook2 Pricebook2/Opportunities
%system
LastActivityDate date ry Last Activity
LastStageChangeDate datetime ry Last Stage Change Date
FiscalQuarter int:8 ry Fiscal Quarter @Fiscal
FiscalYear int:8 ry Fiscal Year @Fiscal
Fiscal string:6 ry Fiscal Period
ContactId reference cy Contact ID -> Contact -/Opportunities
%viewed
HasOpenActivity boolean rfsy Has Open Activity
HasOverdueTask boolean rfsy Has Overdue Task
LastAmountChangedHistoryId reference ryv Opportunity History ID -> OpportunityHistory LastAmountChangedHistory/
LastCloseDateChangedHistoryId reference ryv Opportunity History ID -> OpportunityHistory LastCloseDateChangedHistory/
`,
	after: afterOpportunity,
	derive: func(at map[string]*engine.Field) {
		at["LastActivityDate"].Compute = lastActivity("WhatId")
		at["HasOpportunityLineItem"].Compute = func(r engine.Row) string {
			return boolText(anyChild(r, "OpportunityLineItem", "OpportunityId", func(engine.Row) bool { return true }))
		}
		at["HasOpenActivity"].Compute = func(r engine.Row) string {
			now := r.Now()
			return boolText(anyChild(r, "Task", "WhatId", func(t engine.Row) bool { return !t.Bool("IsClosed") }) ||
				anyChild(r, "Event", "WhatId", func(e engine.Row) bool { return e.Time("EndDateTime").After(now) }))
		}
		at["HasOverdueTask"].Compute = func(r engine.Row) string {
			today := r.Now().Format("2006-01-02")
			return boolText(anyChild(r, "Task", "WhatId", func(t engine.Row) bool {
				return !t.Bool("IsClosed") && !t.Null("ActivityDate") && t.Text("ActivityDate") < today
			}))
		}
	},
}

func beforeOpportunity(d *engine.Draft) []engine.RowError {
	stage := stageNamed(d.Text("StageName"))
	moved := !d.Update || d.Text("StageName") != d.Old.Text("StageName")
	if moved {
		d.Set("IsClosed", boolText(stage.isClosed))
		d.Set("IsWon", boolText(stage.isWon))
		if d.Null("Probability") || d.Update && d.Text("Probability") == d.Old.Text("Probability") {
			d.Set("Probability", decimalText(stage.probability))
		}
		if stage.forecast != "" {
			d.Set("ForecastCategory", stage.forecast)
			d.Set("ForecastCategoryName", stage.forecastName)
		}
		if d.Update {
			d.Set("LastStageChangeDate", dateTimeText(d.Now()))
		}
	}
	amount, hasAmount := d.Number("Amount")
	share, _ := d.Number("Probability")
	expected := ""
	if hasAmount {
		expected = moneyText(amount * share / 100)
	}
	d.Set("ExpectedRevenue", expected)
	if close := d.Time("CloseDate"); !close.IsZero() {
		quarter := (int(close.Month()) + 2) / 3
		d.Set("FiscalYear", strconv.Itoa(close.Year()))
		d.Set("FiscalQuarter", strconv.Itoa(quarter))
		d.Set("Fiscal", strconv.Itoa(close.Year())+" "+strconv.Itoa(quarter))
	}
	return nil
}

// anyChild reports whether a record has a child for which test is true.
func anyChild(r engine.Row, object, field string, test func(engine.Row) bool) bool {
	found := false
	r.Children(object, field, func(c engine.Row) bool {
		found = test(c)
		return !found
	})
	return found
}

// afterOpportunity writes a line of history when stage, amount, probability or
// close date change (Object Reference, "OpportunityHistory").
func afterOpportunity(c *engine.Change) []engine.RowError {
	switch c.Op {
	case engine.OpInsert:
	case engine.OpUpdate:
		same := true
		for _, name := range []string{"StageName", "Amount", "Probability", "CloseDate"} {
			same = same && c.New.Text(name) == c.Old.Text(name)
		}
		if same {
			return nil
		}
	default:
		return nil
	}
	var fields []sobject.Field
	add := func(name, value string) {
		if value != "" {
			fields = append(fields, sobject.F(name, sobject.TextValue(value)))
		}
	}
	add("OpportunityId", string(c.New.ID()))
	for _, name := range []string{"StageName", "Amount", "ExpectedRevenue", "CloseDate", "Probability", "ForecastCategory"} {
		add(name, c.New.Text(name))
	}
	if c.Op == engine.OpUpdate {
		add("PrevAmount", c.Old.Text("Amount"))
		add("PrevCloseDate", c.Old.Text("CloseDate"))
	}
	_, err := c.Insert("OpportunityHistory", fields...)
	return failed(err)
}
