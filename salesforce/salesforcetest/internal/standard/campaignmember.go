package standard

import (
	"strings"
	"time"

	"github.com/orglink/orglink/salesforce/salesforcetest/internal/engine"
)

var campaignMember = object{
	def:    engine.Object{Together: []engine.Together{{Fields: []string{"CampaignId", "LeadId"}, Message: "Already a campaign member."}, {Fields: []string{"CampaignId", "ContactId"}, Message: "Already a campaign member."}}, Name: "CampaignMember", Label: "Campaign Member", KeyPrefix: "00v", NoUndelete: true, NoRecent: true, Links: []string{"compactLayouts", "layouts"}},
	before: beforeCampaignMember,
	fields: `
CampaignId reference c!y Campaign ID -> Campaign Campaign/CampaignMembers!
LeadId reference cy Lead ID -> Lead Lead/CampaignMembers!
ContactId reference cy Contact ID -> Contact Contact/CampaignMembers!
Status picklist:40 cue Status = Sent|Responded
HasResponded boolean ry Responded
%system
FirstRespondedDate date ry First Responded Date
Salutation picklist:40 ry Salutation ~ Contact.Salutation|Lead.Salutation = ` + salutations + `
Name string:203 rny Name ~ Contact.Name|Lead.Name
FirstName string:40 ry First Name ~ Contact.FirstName|Lead.FirstName
LastName string:80 ry Last Name ~ Contact.LastName|Lead.LastName
Title string:128 ry Title ~ Contact.Title|Lead.Title
Street textarea:255 ry Street ~ Contact.MailingStreet|Lead.Street
City string:40 ry City ~ Contact.MailingCity|Lead.City
State string:80 ry State/Province ~ Contact.MailingState|Lead.State
PostalCode string:20 ry Zip/Postal Code ~ Contact.MailingPostalCode|Lead.PostalCode
Country string:80 ry Country ~ Contact.MailingCountry|Lead.Country
Email email:80 ry Email ~ Contact.Email|Lead.Email
Phone phone:40 ry Phone ~ Contact.Phone|Lead.Phone
Fax phone:40 ry Fax ~ Contact.Fax|Lead.Fax
MobilePhone phone:40 ry Mobile ~ Contact.MobilePhone|Lead.MobilePhone
Description textarea:32000 ry Description ~ Contact.Description|Lead.Description
DoNotCall boolean ry Do Not Call ~ Contact.DoNotCall|Lead.DoNotCall
HasOptedOutOfEmail boolean ry Email Opt Out ~ Contact.HasOptedOutOfEmail|Lead.HasOptedOutOfEmail
HasOptedOutOfFax boolean ry Fax Opt Out ~ Contact.HasOptedOutOfFax|Lead.HasOptedOutOfFax
LeadSource picklist:255 ry Lead Source ~ Contact.LeadSource|Lead.LeadSource = ` + leadSources + `
CompanyOrAccount string:255 ry Company (Account) ~ Contact.Account.Name|Lead.Company
Type string:40 ry Type
LeadOrContactId reference ry Related Record ID ~ ContactId|LeadId -> Contact,Lead LeadOrContact/
LeadOrContactOwnerId reference ry Related Record Owner ID ~ Contact.OwnerId|Lead.OwnerId -> Group,User LeadOrContactOwner/
`,
}

func beforeCampaignMember(d *engine.Draft) []engine.RowError {
	kind := "Lead"
	if !d.Null("ContactId") {
		kind = "Contact"
		d.Set("LeadId", "") // with both given, only the contact is kept
	}
	d.Set("Type", kind)
	responded := memberStatus(d)
	d.Set("HasResponded", boolText(responded))
	if responded && d.Null("FirstRespondedDate") {
		d.Set("FirstRespondedDate", d.Now().Format(time.DateOnly))
	}
	return nil
}

// memberStatus gives a member a status that its campaign has: an unknown one
// becomes the default (Object Reference, "CampaignMember"). It reports
// whether the status means that the person responded.
func memberStatus(d *engine.Draft) (responded bool) {
	given, fallback, fallbackResponded := d.Text("Status"), "", false
	found := false
	if campaign, ok := d.Parent("Campaign"); ok {
		campaign.Children("CampaignMemberStatus", "CampaignId", func(s engine.Row) bool {
			if strings.EqualFold(s.Text("Label"), given) {
				found, responded = true, s.Bool("HasResponded")
				d.Set("Status", s.Text("Label"))
				return false
			}
			if s.Bool("IsDefault") {
				fallback, fallbackResponded = s.Text("Label"), s.Bool("HasResponded")
			}
			return true
		})
	}
	if found || fallback == "" {
		return responded
	}
	d.Set("Status", fallback)
	return fallbackResponded
}
