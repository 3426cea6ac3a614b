package standard

import "github.com/orglink/orglink/salesforce/salesforcetest/internal/engine"

var oauthToken = object{
	def: engine.Object{NoAudit: true, NoID: true, Page: 500, Name: "OauthToken", Label: "OAuth Token", LabelPlural: "OAuth Token", KeyPrefix: "0cT", HidePrefix: true, OwnRows: "UserId", SeeAll: []string{"CustomizeApplication"},
		NoTrash: true, NoCreate: true, NoUpdate: true, NoDelete: true, NoUndelete: true, NoLayout: true, NoTriggers: true, NoRecent: true, NoReplicate: true, NoRetrieve: true},
	fields: `
AccessToken string:255 ry Access Token
UserId reference ryx User ID -> User User/
RequestToken string:255 ry Request Token
DeleteToken string:255 ry Delete Token
LastUsedDate datetime ry Last Used
UseCount int:9 ry Use Count
AppName string:255 ry App Name
AppMenuItemId reference ry AppMenuItem ID -> AppMenuItem AppMenuItem/
`,
}
