package standard

import (
	"slices"
	"strings"
	"time"

	"github.com/orglink/orglink/salesforce/salesforcetest/internal/engine"
)

// setActivityAccount names the account that an activity shows up at: the one
// it is about, or that of the record or contact it is about.
func setActivityAccount(d *engine.Draft) {
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

// leadAlone refuses an activity of a lead that is about something else too
// (Object Reference, "Task": WhatId must be null when WhoId is a lead).
func leadAlone(d *engine.Draft) []engine.RowError {
	if strings.HasPrefix(d.Text("WhoId"), "00Q") && !d.Null("WhatId") {
		return []engine.RowError{{Code: "FIELD_INTEGRITY_EXCEPTION", Message: "Related To ID: You can't relate this activity to a record other than the lead.", Fields: []string{"WhatId"}}}
	}
	return nil
}

// lastActivity is the latest due date of a closed task, or date of a past
// event, that points to a record by one of the fields (Object Reference,
// "LastActivityDate").
func lastActivity(fields ...string) func(engine.Row) string {
	return func(r engine.Row) string {
		last, today := "", r.Now().Format("2006-01-02")
		for _, field := range fields {
			r.Children("Task", field, func(t engine.Row) bool {
				if date := t.Text("ActivityDate"); t.Bool("IsClosed") && date > last {
					last = date
				}
				return true
			})
			r.Children("Event", field, func(e engine.Row) bool {
				if date := e.Text("ActivityDate"); date <= today && date > last {
					last = date
				}
				return true
			})
		}
		return last
	}
}

// archiveActivities makes IsArchived true for events that ended, and closed
// tasks that were due, or made if they were not, over a year ago (Salesforce
// Help, "Archived Activities").
func archiveActivities(fields []engine.Field) {
	at := slices.IndexFunc(fields, func(f engine.Field) bool { return f.Name == "IsArchived" })
	fields[at].Compute = func(r engine.Row) string {
		date := r.Text("ActivityDate")
		if end := r.Text("EndDate"); end != "" {
			date = end
		}
		if date == "" {
			date = r.Text("CreatedDate")
		}
		open := r.Text("Status") != "" && !r.Bool("IsClosed")
		return boolText(!open && date != "" && date[:10] < r.Now().AddDate(0, 0, -365).Format(time.DateOnly))
	}
}
