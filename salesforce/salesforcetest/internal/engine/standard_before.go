package engine

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// What Salesforce itself derives when a standard record is saved.

// stages are a new org's opportunity stages.
var stages = map[string]struct {
	probability      string
	forecast         string // ForecastCategory
	forecastName     string
	isClosed, hasWon bool
}{
	"Prospecting":          {"10", "Pipeline", "Pipeline", false, false},
	"Qualification":        {"10", "Pipeline", "Pipeline", false, false},
	"Needs Analysis":       {"20", "Pipeline", "Pipeline", false, false},
	"Value Proposition":    {"50", "Pipeline", "Pipeline", false, false},
	"Id. Decision Makers":  {"60", "Pipeline", "Pipeline", false, false},
	"Perception Analysis":  {"70", "Pipeline", "Pipeline", false, false},
	"Proposal/Price Quote": {"75", "Pipeline", "Pipeline", false, false},
	"Negotiation/Review":   {"90", "Pipeline", "Pipeline", false, false},
	"Closed Won":           {"100", "Closed", "Closed", true, true},
	"Closed Lost":          {"0", "Omitted", "Omitted", true, false},
}

func beforeOpportunity(d *Draft) []RowError {
	stage := stages[d.Text("StageName")]
	moved := !d.Update || d.Text("StageName") != d.Old.Text("StageName")
	if moved {
		d.Set("IsClosed", boolText(stage.isClosed))
		d.Set("IsWon", boolText(stage.hasWon))
		if d.Null("Probability") || d.Update && d.Text("Probability") == d.Old.Text("Probability") {
			d.Set("Probability", decimalText(stage.probability))
		}
		if stage.forecast != "" {
			d.Set("ForecastCategory", stage.forecast)
			d.Set("ForecastCategoryName", stage.forecastName)
		}
		if d.Update {
			d.Set("LastStageChangeDate", dateTimeText(d.Now()))
		}
	}
	amount, hasAmount := d.Number("Amount")
	share, _ := d.Number("Probability")
	expected := ""
	if hasAmount {
		expected = moneyText(amount * share / 100)
	}
	d.Set("ExpectedRevenue", expected)
	if close := d.Time("CloseDate"); !close.IsZero() {
		quarter := (int(close.Month()) + 2) / 3
		d.Set("FiscalYear", strconv.Itoa(close.Year()))
		d.Set("FiscalQuarter", strconv.Itoa(quarter))
		d.Set("Fiscal", strconv.Itoa(close.Year())+" "+strconv.Itoa(quarter))
	}
	return nil
}

func beforeLineItem(d *Draft) []RowError {
	if d.Null("Product2Id") {
		d.Set("Product2Id", d.Text("PricebookEntry.Product2Id"))
	}
	if d.Null("UnitPrice") && d.Null("TotalPrice") {
		d.Set("UnitPrice", d.Text("PricebookEntry.UnitPrice"))
	}
	quantity, _ := d.Number("Quantity")
	unit, priced := d.Number("UnitPrice")
	total, summed := d.Number("TotalPrice")
	repriced := !d.Update || d.Text("UnitPrice") != d.Old.Text("UnitPrice") || d.Text("Quantity") != d.Old.Text("Quantity")
	switch {
	case priced && repriced:
		d.Set("TotalPrice", moneyText(unit*quantity))
	case summed && quantity != 0:
		d.Set("UnitPrice", moneyText(total/quantity))
	}
	d.Set("Name", strings.TrimSpace(d.Text("Opportunity.Name")+" "+d.Text("Product2.Name")))
	return nil
}

func beforeCase(d *Draft) []RowError {
	closed := d.Text("Status") == "Closed"
	d.Set("IsClosed", boolText(closed))
	switch {
	case !closed:
		d.Set("ClosedDate", "")
	case d.Null("ClosedDate"):
		d.Set("ClosedDate", dateTimeText(d.Now()))
	}
	if d.Null("AccountId") {
		d.Set("AccountId", d.Text("Contact.AccountId"))
	}
	return nil
}

func beforeContract(d *Draft) []RowError {
	end := ""
	if months, ok := d.Number("ContractTerm"); ok && !d.Null("StartDate") {
		end = d.Time("StartDate").AddDate(0, int(months), -1).Format(time.DateOnly)
	}
	d.Set("EndDate", end)
	d.Set("StatusCode", d.Text("Status"))
	return nil
}

func beforeCampaignMember(d *Draft) []RowError {
	kind := "Lead"
	if !d.Null("ContactId") {
		kind = "Contact"
		d.Set("LeadId", "") // with both given, only the contact is kept
	}
	d.Set("Type", kind)
	responded := d.Text("Status") == "Responded"
	d.Set("HasResponded", boolText(responded))
	if responded && d.Null("FirstRespondedDate") {
		d.Set("FirstRespondedDate", d.Now().Format(time.DateOnly))
	}
	return nil
}

func beforeTask(d *Draft) []RowError {
	closed := d.Text("Status") == "Completed"
	d.Set("IsClosed", boolText(closed))
	d.Set("IsHighPriority", boolText(d.Text("Priority") == "High"))
	switch {
	case !closed:
		d.Set("CompletedDateTime", "")
	case d.Null("CompletedDateTime"):
		d.Set("CompletedDateTime", dateTimeText(d.Now()))
	}
	setActivityAccount(d)
	return nil
}

func beforeEvent(d *Draft) []RowError {
	if d.Null("StartDateTime") {
		d.Set("StartDateTime", d.Text("ActivityDateTime"))
	}
	start := d.Time("StartDateTime")
	minutes, timed := d.Number("DurationInMinutes")
	fresh := !d.Update || d.Text("EndDateTime") == d.Old.Text("EndDateTime")
	switch {
	case start.IsZero() && d.Null("ActivityDate"):
		return []RowError{{Code: "REQUIRED_FIELD_MISSING", Message: "Required fields are missing: [ActivityDateTime]", Fields: []string{"ActivityDateTime"}}}
	case start.IsZero():
	case timed && (d.Null("EndDateTime") || d.Update && fresh):
		d.Set("EndDateTime", dateTimeText(start.Add(time.Duration(minutes)*time.Minute)))
	case !d.Null("EndDateTime"):
		d.Set("DurationInMinutes", strconv.Itoa(int(d.Time("EndDateTime").Sub(start).Minutes())))
	case !d.Bool("IsAllDayEvent"):
		return []RowError{{Code: "REQUIRED_FIELD_MISSING", Message: "Required fields are missing: [DurationInMinutes]", Fields: []string{"DurationInMinutes"}}}
	}
	if !start.IsZero() {
		d.Set("ActivityDateTime", dateTimeText(start))
		d.Set("ActivityDate", start.Format(time.DateOnly))
	}
	if end := d.Time("EndDateTime"); !end.IsZero() {
		d.Set("EndDate", end.Format(time.DateOnly))
	}
	setActivityAccount(d)
	return nil
}

// setActivityAccount names the account that an activity shows up at: the one
// it is about, or that of the record or contact it is about.
func setActivityAccount(d *Draft) {
	account := d.Text("WhatId")
	if !strings.HasPrefix(account, "001") {
		account = ""
		switch what := d.Text("WhatId"); {
		case strings.HasPrefix(what, "006"), strings.HasPrefix(what, "500"), strings.HasPrefix(what, "800"):
			account = d.Text("What.AccountId")
		}
	}
	if account == "" && strings.HasPrefix(d.Text("WhoId"), "003") {
		account = d.Text("Who.AccountId")
	}
	d.Set("AccountId", account)
}

func beforeUser(d *Draft) []RowError {
	if kind := d.Text("Profile.UserType"); kind != "" {
		d.Set("UserType", kind)
	}
	return nil
}

func boolText(b bool) string { return strconv.FormatBool(b) }

func dateTimeText(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000-0700") }

func moneyText(f float64) string {
	return decimalText(strconv.FormatFloat(math.Round(f*100)/100, 'f', -1, 64))
}

// decimalText writes a number as the API prints doubles: 10 is 10.0.
func decimalText(s string) string {
	if !strings.Contains(s, ".") {
		return s + ".0"
	}
	return s
}
