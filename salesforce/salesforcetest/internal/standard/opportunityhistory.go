package standard

import "github.com/orglink/orglink/salesforce/salesforcetest/internal/engine"

var opportunityHistory = object{
	def: engine.Object{NoAudit: true, Name: "OpportunityHistory", Label: "Opportunity History", LabelPlural: "Opportunity History", KeyPrefix: "008", NoCreate: true, NoUpdate: true, NoDelete: true, NoUndelete: true, NoLayout: true, NoTriggers: true, NoRecent: true},
	fields: `
OpportunityId reference r!yx Opportunity ID -> Opportunity Opportunity/OpportunityHistories!
CreatedById reference r!y Created By ID -> User CreatedBy/
CreatedDate datetime r!y Created Date
StageName picklist:255 r!y Stage Name
Amount currency:18,2 ry Amount
ExpectedRevenue currency:18,2 ry Expected Revenue
CloseDate date ry Close Date
Probability percent:3,0 ry Probability (%)
ForecastCategory picklist:40 ryR To ForecastCategory = ` + forecastCategories + `
SystemModstamp datetime r!y System Modstamp
PrevAmount currency:18,2 ry Previous Amount
PrevCloseDate date ry Previous Close Date
IsDeleted boolean r Deleted
`,
}
