package standard

import (
	"fmt"
	"strings"

	"github.com/orglink/orglink/salesforce/salesforcetest/internal/engine"
)

// object is the declaration of one standard object.
type object struct {
	def    engine.Object
	fields string // see parseTable
	before func(*engine.Draft) []engine.RowError
	after  func(*engine.Change) []engine.RowError
	// derive attaches what a table cannot say; fields are by name.
	derive func(fields map[string]*engine.Field)
}

// Options switch features that an org may have.
type Options struct {
	// StateCodes turns state and country picklists on: addresses have
	// StateCode and CountryCode.
	StateCodes bool
	// MultiCurrency gives records a CurrencyIsoCode.
	MultiCurrency bool
	// ArchiveActivities archives activities of more than a year ago.
	ArchiveActivities bool
	// PersonAccounts gives accounts the fields of persons.
	PersonAccounts bool
}

// objects are declared in the order of what a new org's setup is, what is
// sold, and what is done.
func objects() []object {
	return []object{
		organization, user, userRole, userLogin, profile, userLicense, permissionSet, permissionSetAssignment, userPermissionAccess,
		objectPermissions, fieldPermissions, group, groupMember, queueSobject, recordType, oauthToken, loginHistory,
		account, contact, accountContactRole, lead, opportunity, opportunityContactRole, opportunityLineItem, opportunityHistory,
		contract, campaign, campaignMember, campaignMemberStatus, cases, caseComment, product2, pricebook2, pricebookEntry,
		task, event, eventRelation, note, attachment, document, contentDocument, contentVersion, contentDocumentLink,
		opportunityStage, leadStatus, caseStatus, contractStatus, taskStatus, taskPriority,
	}
}

// Define defines the standard objects of a new org: no rows, no custom
// fields. Objects that point at each other are defined in any order, so the
// engine must not look up targets before all of them are there.
func Define(o *engine.Org, opt Options) error {
	for _, s := range objects() {
		fields, err := parseTable(s.fields, opt)
		if err != nil {
			return fmt.Errorf("standard object %s: %w", s.def.Name, err)
		}
		if opt.MultiCurrency && hasMoney(fields) {
			fields = append(fields, currencyCode())
		}
		if opt.PersonAccounts {
			if fields, err = personFields(s.def.Name, fields, opt); err != nil {
				return fmt.Errorf("standard object %s: %w", s.def.Name, err)
			}
		}
		if opt.ArchiveActivities && (s.def.Name == "Task" || s.def.Name == "Event") {
			s.def.Archive = true
			archiveActivities(fields)
		}
		s.def.Fields, s.def.Before, s.def.After = fields, s.before, s.after
		deriveFields(&s)
		if err := o.DefineObject(s.def); err != nil {
			return fmt.Errorf("standard object %s: %w", s.def.Name, err)
		}
	}
	return nil
}

// deriveFields attaches what tables cannot say.
func deriveFields(o *object) {
	at := make(map[string]*engine.Field, len(o.def.Fields))
	for i := range o.def.Fields {
		f := &o.def.Fields[i]
		at[f.Name] = f
		if f.ExtraType == "" && f.Type == "textarea" {
			f.ExtraType = "plaintextarea"
		}
	}
	if at["LastName"] != nil && at["Name"] != nil && at["Name"].Compute == nil && at["IsPersonAccount"] == nil || o.def.Name == "Contact" {
		at["Name"].Compute = personName
		for _, part := range []string{"Name", "FirstName", "LastName", "Salutation"} {
			if f := at[part]; f != nil && o.def.Name != "User" {
				f.ExtraType = "personname"
			}
		}
	}
	if f := at["PhotoUrl"]; f != nil {
		f.ExtraType = "imageurl"
		f.Compute = func(r engine.Row) string { return "/services/images/photo/" + r.ID().String() }
	}
	if f := at["IsEmailBounced"]; f != nil {
		f.Compute = func(r engine.Row) string { return boolText(!r.Null("EmailBouncedDate")) }
	}
	if o.derive != nil {
		o.derive(at)
	}
}

func personName(r engine.Row) string {
	return strings.TrimSpace(r.Text("FirstName") + " " + r.Text("LastName"))
}

func hasMoney(fields []engine.Field) bool {
	for _, f := range fields {
		if f.Type == "currency" || f.Name == engine.SystemFields {
			return true
		}
	}
	return false
}
