package standard

import "github.com/orglink/orglink/salesforce/salesforcetest/internal/engine"

var campaignMemberStatus = object{
	def: engine.Object{Together: []engine.Together{{Fields: []string{"Label", "CampaignId"}}}, Name: "CampaignMemberStatus", Label: "Campaign Member Status", LabelPlural: "Campaign Member Status", KeyPrefix: "01Y", NoUndelete: true, NoLayout: true, NoTriggers: true, NoRecent: true},
	fields: `
CampaignId reference c!y Campaign ID -> Campaign Campaign/CampaignMemberStatuses!
Label string:765 cu!yni Label
SortOrder int:9 cuye Sort Order
IsDefault boolean cuy Is Default
HasResponded boolean cuy Responded
%system
`,
}
