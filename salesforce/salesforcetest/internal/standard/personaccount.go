package standard

import (
	"slices"
	"strings"

	"github.com/orglink/orglink/salesforce/salesforcetest/internal/engine"
)

// personFields adds to an object's fields what an org with person accounts has
// (Object Reference, "Account", "IsPersonAccount Fields").
func personFields(object string, fields []engine.Field, opt Options) ([]engine.Field, error) {
	at := func(name string) int {
		return slices.IndexFunc(fields, func(f engine.Field) bool { return f.Name == name })
	}
	switch object {
	case "Account":
		names, err := parseTable(personNames, opt)
		if err != nil {
			return nil, err
		}
		others, err := parseTable(personTable, opt)
		if err != nil {
			return nil, err
		}
		for i := range names {
			names[i].Mirrors = names[i].Name
		}
		for i, f := range others {
			if mirrored, ok := strings.CutPrefix(f.Name, "Person"); ok && f.Name != "PersonContactId" {
				others[i].Mirrors = mirrored
			}
			others[i].Label = strings.TrimPrefix(strings.Replace(f.Label, "PersonMailing", "Mailing", 1), "Person")
		}
		return append(slices.Insert(fields, at("Name")+1, names...), others...), nil
	case "Contact", "RecordType":
		flag, err := parseTable(map[string]string{"Contact": "IsPersonAccount boolean ry Is Person Account", "RecordType": "IsPersonType boolean ry Is Person Type"}[object], opt)
		return append(fields, flag...), err
	case "Lead": // without a company it becomes a person account
		company := &fields[at("Company")]
		company.Required, company.NotNillable = false, false
	}
	return fields, nil
}

const personNames = `
LastName string:80 cu Last Name @Name
FirstName string:40 cu First Name @Name
Salutation picklist:40 cu Salutation @Name = ` + salutations + `
`

const personTable = `
PersonContactId reference ryx Contact ID -> Contact PersonContact/
IsPersonAccount boolean ry Is Person Account
%address PersonMailing
%address PersonOther
PersonMobilePhone phone:40 cu Mobile
PersonHomePhone phone:40 cu Home Phone
PersonOtherPhone phone:40 cu Other Phone
PersonAssistantPhone phone:40 cu Asst. Phone
PersonEmail email:80 cui Email
PersonTitle string:80 cu Title
PersonDepartment string:80 cu Department
PersonAssistantName string:40 cu Assistant
PersonLeadSource picklist:255 cu Lead Source = ` + leadSources + `
PersonBirthdate date cu Birthdate
PersonHasOptedOutOfEmail boolean cu Email Opt Out
PersonHasOptedOutOfFax boolean cu Fax Opt Out
PersonDoNotCall boolean cu Do Not Call
PersonEmailBouncedReason string:255 cu Email Bounced Reason
PersonEmailBouncedDate datetime cu Email Bounced Date
`
