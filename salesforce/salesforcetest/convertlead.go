package salesforcetest

import (
	"errors"
	"fmt"

	"github.com/orglink/orglink/salesforce/salesforcetest/internal/engine"
	"github.com/orglink/orglink/salesforce/sobject"
)

// Converted is what Org.ConvertLead made of a lead.
type Converted struct{ Account, Contact, Opportunity sobject.ID }

// Where the fields of a lead go when it is converted (Salesforce Help, "Lead
// Conversion Field Mapping"), by the field of the lead.
var convertedFields = map[string]map[string]string{
	"Account": {"Company": "Name", "Phone": "Phone", "Fax": "Fax", "Website": "Website", "Industry": "Industry", "AnnualRevenue": "AnnualRevenue",
		"NumberOfEmployees": "NumberOfEmployees", "Rating": "Rating", "LeadSource": "AccountSource", "Street": "BillingStreet", "City": "BillingCity",
		"State": "BillingState", "PostalCode": "BillingPostalCode", "Country": "BillingCountry"},
	"Contact": {"Salutation": "Salutation", "FirstName": "FirstName", "LastName": "LastName", "Title": "Title", "Email": "Email", "Phone": "Phone",
		"MobilePhone": "MobilePhone", "Fax": "Fax", "LeadSource": "LeadSource", "Description": "Description", "DoNotCall": "DoNotCall",
		"HasOptedOutOfEmail": "HasOptedOutOfEmail", "HasOptedOutOfFax": "HasOptedOutOfFax", "Street": "MailingStreet", "City": "MailingCity",
		"State": "MailingState", "PostalCode": "MailingPostalCode", "Country": "MailingCountry"},
	"Opportunity": {"LeadSource": "LeadSource"},
}

// ConvertLead converts a lead, as a person does on its page: into a new
// account and contact, and an opportunity with the contact's role when it is
// given a name. Activities and campaign memberships follow to the contact. From
// then on the lead can be changed by users with View and Edit Converted Leads
// only.
func (o *Org) ConvertLead(lead sobject.ID, opportunity string) (Converted, error) {
	o.tb().Helper()
	var out Converted
	err := o.s.org.Transact(engine.Session{User: o.as.User, System: true}, func(tx *engine.Tx) (err error) {
		out, err = convertLead(tx, lead, opportunity, sobject.DateValue(sobject.DateOf(o.Now())))
		return err
	})
	return out, o.check("ConvertLead", err)
}

func convertLead(tx *engine.Tx, lead sobject.ID, opportunity string, today sobject.Value) (out Converted, err error) {
	res, err := tx.Get("Lead", lead, nil)
	if err != nil {
		return out, err
	}
	from := res.Record(0)
	if done, _ := from.Bool("IsConverted"); done {
		return out, errors.New("the lead is converted already")
	}
	insert := func(object string, fields ...sobject.Field) (id sobject.ID, err error) {
		for source, target := range convertedFields[object] {
			if v, ok := from.Value(source); ok && !v.IsNull() {
				fields = append(fields, sobject.F(target, v))
			}
		}
		if owner, ok := from.Value("OwnerId"); ok && object != "OpportunityContactRole" {
			fields = append(fields, sobject.F("OwnerId", owner))
		}
		made, err := tx.Insert(object, []sobject.Record{sobject.NewRecord(object, fields...)}, engine.WriteOptions{AllowDuplicates: true})
		if err == nil {
			err = outcomeErrors(made)
		}
		if err != nil {
			return "", fmt.Errorf("%s: %w", object, err)
		}
		return made[0].ID, nil
	}
	update := func(object string, id sobject.ID, fields ...sobject.Field) error {
		made, err := tx.Update(object, []sobject.Record{sobject.NewRecord(object, append(fields, sobject.F("Id", sobject.IDValue(id)))...)}, engine.WriteOptions{})
		if err == nil {
			err = outcomeErrors(made)
		}
		return err
	}
	// Without a company a lead becomes a person account (Object Reference,
	// "Lead", Company).
	company, _ := from.Value("Company")
	person := company.IsNull()
	if person {
		if out.Account, err = insert("Account", personFields(from)...); err != nil {
			return out, err
		}
		account, err := tx.Get("Account", out.Account, []string{"PersonContactId"})
		if err != nil {
			return out, err
		}
		if out.Contact, err = account.Record(0).Ref("PersonContactId"); err != nil {
			return out, err
		}
	} else {
		if out.Account, err = insert("Account"); err != nil {
			return out, err
		}
		if out.Contact, err = insert("Contact", sobject.F("AccountId", sobject.IDValue(out.Account))); err != nil {
			return out, err
		}
	}
	fields := []sobject.Field{sobject.F("IsConverted", sobject.BoolValue(true)), sobject.F("Status", sobject.TextValue("Closed - Converted")),
		sobject.F("ConvertedDate", today), sobject.F("ConvertedAccountId", sobject.IDValue(out.Account)), sobject.F("ConvertedContactId", sobject.IDValue(out.Contact))}
	if opportunity != "" {
		out.Opportunity, err = insert("Opportunity", sobject.F("Name", sobject.TextValue(opportunity)), sobject.F("AccountId", sobject.IDValue(out.Account)),
			sobject.F("StageName", sobject.TextValue("Prospecting")), sobject.F("CloseDate", today))
		if err != nil {
			return out, err
		}
		if _, err := insert("OpportunityContactRole", sobject.F("OpportunityId", sobject.IDValue(out.Opportunity)), sobject.F("ContactId", sobject.IDValue(out.Contact)),
			sobject.F("IsPrimary", sobject.BoolValue(true))); err != nil {
			return out, err
		}
		fields = append(fields, sobject.F("ConvertedOpportunityId", sobject.IDValue(out.Opportunity)))
	}
	for object, field := range map[string]string{"Task": "WhoId", "Event": "WhoId", "CampaignMember": "LeadId"} {
		rows, err := tx.Find(object, field, lead)
		if err != nil {
			return out, err
		}
		for _, id := range rows {
			to := sobject.F(field, sobject.IDValue(out.Contact))
			if object == "CampaignMember" {
				to = sobject.F("ContactId", sobject.IDValue(out.Contact))
			}
			if err := update(object, id, to); err != nil {
				return out, fmt.Errorf("%s %s: %w", object, id, err)
			}
		}
	}
	return out, update("Lead", lead, fields...)
}

// personFields are the fields of a lead that a person account takes over for
// its contact.
func personFields(from sobject.Record) []sobject.Field {
	var out []sobject.Field
	for source, target := range convertedFields["Contact"] {
		switch target {
		case "Phone", "Fax", "Description": // the account's own
			continue
		case "FirstName", "LastName", "Salutation":
		default:
			target = "Person" + target
		}
		if v, ok := from.Value(source); ok && !v.IsNull() {
			out = append(out, sobject.F(target, v))
		}
	}
	return out
}
