package demo

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/orglink/orglink/salesforce/salesforcetest/internal/engine"
	"github.com/orglink/orglink/salesforce/sobject"
)

// UsageObject is the custom object that a host's product writes to.
const UsageObject = "Product_Usage__c"

// customize adds the custom fields and the custom object.
func (l *loader) customize() error {
	return errors.Join(
		l.org.AddField("Account", engine.Field{Name: "Domain__c", Label: "Domain", Type: sobject.TypeString, Length: 255}),
		l.org.AddField("Contact", engine.Field{Name: "Product_User__c", Label: "Product User", Type: sobject.TypeString, Length: 64, ExternalID: true, Unique: true, IDLookup: true}),
		l.org.DefineObject(usageObject()),
	)
}

func usageObject() engine.Object {
	return engine.Object{
		Name: UsageObject, Label: "Product Usage", LabelPlural: "Product Usage", KeyPrefix: "a00", Custom: true, Owned: true, Searchable: true,
		Fields: []engine.Field{
			{Name: "Name", Label: "Product Usage Name", Type: sobject.TypeString, Length: 80, NameField: true, AutoNumber: "PU-{00000}", IDLookup: true},
			{Name: "Account__c", Label: "Account", Type: sobject.TypeReference, ReferenceTo: []string{"Account"}, RelationshipName: "Account__r", ChildRelationshipName: "Product_Usages__r"},
			{Name: "Usage_Key__c", Label: "Usage Key", Type: sobject.TypeString, Length: 64, ExternalID: true, Unique: true, CaseSensitive: true, IDLookup: true},
			{Name: "Plan__c", Label: "Plan", Type: sobject.TypePicklist, Length: 255, Restricted: true, Picklist: choices("Free", "Team", "Business", "Enterprise")},
			{Name: "Seats__c", Label: "Seats", Type: sobject.TypeDouble, Precision: 8},
			{Name: "Monthly_Fee__c", Label: "Monthly Fee", Type: sobject.TypeCurrency, Precision: 18, Scale: 2},
			{Name: "Last_Active__c", Label: "Last Active", Type: sobject.TypeDateTime},
			{Name: "Trial_Ends__c", Label: "Trial Ends", Type: sobject.TypeDate},
			{Name: "Active__c", Label: "Active", Type: sobject.TypeBoolean, Default: "true"},
			{Name: "Notes__c", Label: "Notes", Type: sobject.TypeTextArea, Length: 32000},
			{Name: "Seat_Value__c", Label: "Seat Value", Type: sobject.TypeCurrency, Precision: 18, Scale: 2, Formula: seatValue, FormulaText: "IF(Seats__c > 0, Monthly_Fee__c / Seats__c, NULL)"},
		},
		Rules: []engine.ValidationRule{{
			Name: "Seats_Not_Negative", Message: "Seats must not be negative.", Field: "Seats__c",
			Fails: func(r engine.Row) bool {
				seats, ok := r.Number("Seats__c")
				return ok && seats < 0
			},
		}},
	}
}

func choices(values ...string) []sobject.PicklistValue {
	out := make([]sobject.PicklistValue, len(values))
	for i, v := range values {
		out[i] = sobject.PicklistValue{Value: v, Label: v, Active: true}
	}
	return out
}

func seatValue(r engine.Row) string {
	seats, ok := r.Number("Seats__c")
	fee, paid := r.Number("Monthly_Fee__c")
	if !ok || !paid || seats <= 0 {
		return ""
	}
	text := strconv.FormatFloat(fee/seats, 'f', 2, 64)
	if text[len(text)-1] == '0' {
		text = text[:len(text)-1]
	}
	return text
}

// loadUsage makes rows keyed U-0001, U-0002 ... for three accounts in ten, 40
// at least where there are as many accounts, and 5 in any case.
func (l *loader) loadUsage() error {
	d := l.dice(UsageObject)
	n := max(5, min(40, len(l.accounts)), len(l.accounts)*3/10)
	t := newTable(UsageObject, "Account__c", "Usage_Key__c", "Plan__c", "Seats__c", "Monthly_Fee__c", "Last_Active__c", "Trial_Ends__c", "Active__c", "Notes__c", "OwnerId")
	order := d.Perm(len(l.accounts))
	prices := map[string]float64{"Team": 12, "Business": 24, "Enterprise": 45.5}
	for i := range n {
		a := l.accounts[order[i%len(order)]]
		plan := one(d, []string{"Free", "Team", "Team", "Business", "Business", "Enterprise"})
		seats := d.between(1, min(a.size, 500))
		fee := float64(seats) * prices[plan]
		if d.in(10) {
			fee -= 0.01
		}
		s := d.stamp(l, l.admin)
		active, trial := any(nil), any(nil)
		if d.in(85) {
			active = s.modified.Add(-time.Duration(d.IntN(72)) * time.Hour)
		}
		if plan == "Free" {
			trial = l.date(d.between(-60, 30))
		}
		t.add(s, a.id, fmt.Sprintf("U-%04d", i+1), plan, seats, max(fee, 0), active, trial, d.in(85), d.maybe(25, one(d, remarks)), l.admin)
	}
	_, err := l.insert(UsageObject, t.rows)
	return err
}
