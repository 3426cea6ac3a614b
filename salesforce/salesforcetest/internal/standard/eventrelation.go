package standard

import "github.com/orglink/orglink/salesforce/salesforcetest/internal/engine"

var eventRelation = object{
	def: engine.Object{Name: "EventRelation", Label: "Event Relation", LabelPlural: "Event Relations", KeyPrefix: "0RE", NoLayout: true, NoRecent: true},
	fields: `
RelationId reference c!y Relation ID -> Contact,Lead,User Relation/EventRelations!
EventId reference c!y Event ID -> Event Event/EventRelations!
Status picklist:40 cuyR Status = *New|Declined|Accepted|Uninvited|Maybe
RespondedDate datetime cuy Response Date
Response string:2000 cuy Response
%system
`,
}
