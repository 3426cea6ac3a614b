package salesforcetest

import (
	"errors"
	"fmt"

	"github.com/orglink/orglink/salesforce/salesforcetest/internal/engine"
	"github.com/orglink/orglink/salesforce/sobject"
)

// Converted is what Org.ConvertLead made of a lead.
type Converted struct{ Account, Contact, Opportunity sobject.ID }

// ConvertLead converts a lead, as a person does on its page: into a new
// account and contact, and an opportunity when it is given a name. From then
// on the lead can be changed by users with View and Edit Converted Leads only.
func (o *Org) ConvertLead(lead sobject.ID, opportunity string) (Converted, error) {
	o.tb().Helper()
	out, err := o.convertLead(lead, opportunity)
	return out, o.check("ConvertLead", err)
}

func (o *Org) convertLead(lead sobject.ID, opportunity string) (out Converted, err error) {
	today := sobject.DateValue(sobject.DateOf(o.Now()))
	err = o.s.org.Transact(o.as, func(tx *engine.Tx) error {
		res, err := tx.Get("Lead", lead, []string{"FirstName", "LastName", "Company", "Email", "Phone", "OwnerId", "IsConverted"})
		if err != nil {
			return err
		}
		from := res.Record(0)
		if done, _ := from.Bool("IsConverted"); done {
			return errors.New("the lead is converted already")
		}
		field := func(name, source string) sobject.Field {
			v, _ := from.Value(source)
			return sobject.F(name, v)
		}
		insert := func(object string, fields ...sobject.Field) (sobject.ID, error) {
			done, err := tx.Insert(object, []sobject.Record{sobject.NewRecord(object, append(fields, field("OwnerId", "OwnerId"))...)},
				engine.WriteOptions{AllowDuplicates: true})
			if err == nil {
				err = outcomeErrors(done)
			}
			if err != nil {
				return "", fmt.Errorf("%s: %w", object, err)
			}
			return done[0].ID, nil
		}
		if out.Account, err = insert("Account", field("Name", "Company"), field("Phone", "Phone")); err != nil {
			return err
		}
		if out.Contact, err = insert("Contact", field("FirstName", "FirstName"), field("LastName", "LastName"), field("Email", "Email"),
			field("Phone", "Phone"), sobject.F("AccountId", sobject.IDValue(out.Account))); err != nil {
			return err
		}
		if opportunity == "" {
			return nil
		}
		out.Opportunity, err = insert("Opportunity", sobject.F("Name", sobject.TextValue(opportunity)), sobject.F("AccountId", sobject.IDValue(out.Account)),
			sobject.F("StageName", sobject.TextValue("Prospecting")), sobject.F("CloseDate", today))
		return err
	})
	if err != nil {
		return Converted{}, err
	}
	fields := []sobject.Field{sobject.F("Id", sobject.IDValue(lead)), sobject.F("IsConverted", sobject.BoolValue(true)),
		sobject.F("Status", sobject.TextValue("Closed - Converted")), sobject.F("ConvertedDate", today),
		sobject.F("ConvertedAccountId", sobject.IDValue(out.Account)), sobject.F("ConvertedContactId", sobject.IDValue(out.Contact))}
	if out.Opportunity != "" {
		fields = append(fields, sobject.F("ConvertedOpportunityId", sobject.IDValue(out.Opportunity)))
	}
	done, err := o.s.org.Update(engine.Session{User: o.as.User, System: true}, "Lead", []sobject.Record{sobject.NewRecord("Lead", fields...)}, engine.WriteOptions{})
	if err == nil {
		err = outcomeErrors(done)
	}
	return out, err
}
