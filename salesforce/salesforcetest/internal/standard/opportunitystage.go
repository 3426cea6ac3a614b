package standard

import "github.com/orglink/orglink/salesforce/salesforcetest/internal/engine"

var opportunityStage = object{
	def: engine.Object{Name: "OpportunityStage", Label: "Opportunity Stage", LabelPlural: "Opportunity Stage", KeyPrefix: "01J", NoTrash: true, NoCreate: true, NoUpdate: true, NoDelete: true, NoReplicate: true, HidePrefix: true, NoUndelete: true, NoLayout: true, NoTriggers: true, NoRecent: true},
	fields: `
MasterLabel string:255 ryn Master Label
ApiName string:255 r!yi API Name
IsActive boolean ry Is Active
SortOrder int:9 ry Sort Order
IsClosed boolean ry Closed
IsWon boolean ry Won
ForecastCategory picklist:40 r!yR Forecast Category = ` + forecastCategories + `
ForecastCategoryName picklist:255 r!yR Forecast Category Name = Omitted|Pipeline|Best Case|Commit|Closed
DefaultProbability percent:3,0 ry Probability (%)
Description string:255 ry Description
`,
}
