package standard

import (
	"strconv"
	"strings"

	"github.com/orglink/orglink/salesforce/salesforcetest/internal/engine"
	"github.com/orglink/orglink/salesforce/sobject"
)

var campaign = object{
	def: engine.Object{Name: "Campaign", KeyPrefix: "701", Owned: true, Searchable: true, DeepClone: true},
	fields: `
Name string:80 cu!ni Name
ParentId reference cu Parent Campaign ID -> Campaign Parent/ChildCampaigns
Type picklist:255 cu Type = Conference|Webinar|Trade Show|Public Relations|Partners|Referral Program|Advertisement|Banner Ads|Direct Mail|Email|Telemarketing|Other
Status picklist:255 cu Status = *Planned|In Progress|Completed|Aborted
StartDate date cu Start Date
EndDate date cu End Date
ExpectedRevenue currency:18,0 cu Expected Revenue in Campaign
BudgetedCost currency:18,0 cu Budgeted Cost in Campaign
ActualCost currency:18,0 cu Actual Cost in Campaign
ExpectedResponse percent:10,2 cu Expected Response (%)
NumberSent double:18,0 cu Num Sent in Campaign
IsActive boolean cu Active
Description textarea:32000 cu Description
NumberOfLeads int:9 r! Leads in Campaign
NumberOfConvertedLeads int:9 r! Converted Leads in Campaign
NumberOfContacts int:9 r! Contacts in Campaign
NumberOfResponses int:9 r! Responses in Campaign
NumberOfOpportunities int:9 r! Opportunities in Campaign
NumberOfWonOpportunities int:9 r! Won Opportunities in Campaign
AmountAllOpportunities currency:18,0 r! Value Opportunities in Campaign
AmountWonOpportunities currency:18,0 r! Value Won Opportunities in Campaign
HierarchyNumberOfLeads int:9 r! Leads in Hierarchy
HierarchyNumberOfConvertedLeads int:9 r! Converted Leads in Hierarchy
HierarchyNumberOfContacts int:9 r! Contacts in Hierarchy
HierarchyNumberOfResponses int:9 r! Responses in Hierarchy
HierarchyNumberOfOpportunities int:9 r! Opportunities in Hierarchy
HierarchyNumberOfWonOpportunities int:9 r! Won Opportunities in Hierarchy
HierarchyAmountAllOpportunities currency:18,0 r! Value Opportunities in Hierarchy
HierarchyAmountWonOpportunities currency:18,0 r! Value Won Opportunities in Hierarchy
HierarchyNumberSent double:18,0 r Num Sent in Hierarchy
HierarchyExpectedRevenue currency:18,0 r Expected Revenue in Hierarchy
HierarchyBudgetedCost currency:18,0 r Budgeted Cost in Hierarchy
HierarchyActualCost currency:18,0 r Actual Cost in Hierarchy
%system
LastActivityDate date ry Last Activity
%viewed
CampaignMemberRecordTypeId reference cuyv Record Type ID -> RecordType CampaignMemberRecordType/
`,
	after: afterCampaign,
	derive: func(at map[string]*engine.Field) {
		at["LastActivityDate"].Compute = lastActivity("WhatId")
		campaignRollups(at)
	},
}

// campaignRollups fills the counts of a campaign from its members and
// opportunities; those of the hierarchy add the campaigns below.
func campaignRollups(at map[string]*engine.Field) {
	count := func(field, child, fn, of string, where func(engine.Row) bool) {
		at[field].Rollup = &engine.Rollup{Child: child, Field: "CampaignId", Func: fn, Of: of, Where: where}
	}
	won := func(r engine.Row) bool { return r.Bool("IsWon") }
	count("NumberOfLeads", "CampaignMember", "COUNT", "", func(r engine.Row) bool { return !r.Null("LeadId") })
	count("NumberOfConvertedLeads", "CampaignMember", "COUNT", "", func(r engine.Row) bool { return r.Bool("Lead.IsConverted") })
	count("NumberOfContacts", "CampaignMember", "COUNT", "", func(r engine.Row) bool { return !r.Null("ContactId") })
	count("NumberOfResponses", "CampaignMember", "COUNT", "", func(r engine.Row) bool { return r.Bool("HasResponded") })
	count("NumberOfOpportunities", "Opportunity", "COUNT", "", nil)
	count("NumberOfWonOpportunities", "Opportunity", "COUNT", "", won)
	count("AmountAllOpportunities", "Opportunity", "SUM", "Amount", nil)
	count("AmountWonOpportunities", "Opportunity", "SUM", "Amount", won)
	for name, f := range at {
		part, ok := strings.CutPrefix(name, "Hierarchy")
		if !ok {
			continue
		}
		whole := f.Type == "int"
		f.Compute = func(r engine.Row) string {
			sum, known := hierarchy(r, part, 0)
			switch {
			case !known:
				return ""
			case whole:
				return strconv.Itoa(int(sum))
			}
			return moneyText(sum)
		}
	}
}

// hierarchy sums a field over a campaign and the campaigns below it, of which
// Salesforce allows five levels.
func hierarchy(r engine.Row, field string, depth int) (sum float64, known bool) {
	sum, known = r.Number(field)
	if depth == 5 {
		return sum, known
	}
	r.Children("Campaign", "ParentId", func(c engine.Row) bool {
		more, has := hierarchy(c, field, depth+1)
		sum, known = sum+more, known || has
		return true
	})
	return sum, known
}

// afterCampaign gives a new campaign the two statuses that its members may
// have.
func afterCampaign(c *engine.Change) []engine.RowError {
	if c.Op != engine.OpInsert {
		return nil
	}
	for i, label := range []string{"Sent", "Responded"} {
		if _, err := c.Insert("CampaignMemberStatus", sobject.F("CampaignId", sobject.IDValue(c.New.ID())), sobject.F("Label", sobject.TextValue(label)),
			sobject.F("SortOrder", sobject.IntValue(int64(i+1))), sobject.F("IsDefault", sobject.BoolValue(i == 0)), sobject.F("HasResponded", sobject.BoolValue(i == 1))); err != nil {
			return failed(err)
		}
	}
	return nil
}
