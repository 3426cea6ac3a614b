package standard

import (
	"time"

	"github.com/orglink/orglink/salesforce/salesforcetest/internal/engine"
)

var contract = object{
	def:    engine.Object{Name: "Contract", KeyPrefix: "800", Owned: true, Searchable: true, Activatable: true},
	before: beforeContract,
	fields: `
AccountId reference cu! Account ID -> Account Account/Contracts!^
Pricebook2Id reference cu Price Book ID -> Pricebook2 Pricebook2/Contracts
OwnerExpirationNotice picklist:40 cuR Owner Expiration Notice = 15|30|45|60|90|120
StartDate date cu Contract Start Date
EndDate date r Contract End Date
%address Billing
%address Shipping
ContractTerm int:8 cu Contract Term
Status picklist:40 cu!dR Status = ` + contractStatuses + `
CompanySignedId reference cu Company Signed By ID -> User CompanySigned/ContractsSigned
CompanySignedDate date cu Company Signed Date
CustomerSignedId reference cu Customer Signed By ID -> Contact CustomerSigned/ContractsSigned^
CustomerSignedTitle string:40 cu Customer Signed Title
CustomerSignedDate date cu Customer Signed Date
SpecialTerms textarea:4000 cug Special Terms
ActivatedById reference uy Activated By ID -> User ActivatedBy/
ActivatedDate datetime uy Activated Date
StatusCode picklist:40 r!yR Status Category = Draft|InApproval=In Approval Process|Activated
Description textarea:32000 cu Description
ContractNumber string:30 r!nia Contract Number # {00000000}
%system
LastApprovedDate datetime ry Last Approved Date
LastActivityDate date ry Last Activity
%viewed
`,
	derive: func(at map[string]*engine.Field) {
		at["LastActivityDate"].Compute = lastActivity("WhatId")
		at["AccountId"].RestrictIf = func(contract engine.Row) bool { return contract.Text("Status") == "Activated" }
	},
}

func beforeContract(d *engine.Draft) []engine.RowError {
	end := ""
	if months, ok := d.Number("ContractTerm"); ok && !d.Null("StartDate") {
		end = d.Time("StartDate").AddDate(0, int(months), -1).Format(time.DateOnly)
	}
	d.Set("EndDate", end)
	d.Set("StatusCode", d.Text("Status"))
	return nil
}
