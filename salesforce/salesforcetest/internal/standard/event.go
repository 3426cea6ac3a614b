package standard

import (
	"strconv"
	"time"

	"github.com/orglink/orglink/salesforce/salesforcetest/internal/engine"
)

var event = object{
	def:    engine.Object{Name: "Event", IDLabel: "Activity ID", KeyPrefix: "00U", Owned: true, Searchable: true},
	before: beforeEvent,
	fields: `
WhoId reference cu Name ID -> Contact,Lead Who/Events!
WhatId reference cu Related To ID -> ` + activityTargets + ` What/Events!
Subject combobox:255 cuyn Subject = Call|Email|Meeting|Send Letter/Quote|Other
Location string:255 cu Location
IsAllDayEvent boolean cuy All-Day Event
ActivityDateTime datetime cuy Due Date Time
ActivityDate date cuty Due Date Only
DurationInMinutes int:8 cuy Duration
StartDateTime datetime cuy Start Date Time
EndDateTime datetime cuy End Date Time
EndDate date ryt End Date
Description textarea:32000 cu Description
AccountId reference ryvx Account ID -> Account Account/
OwnerId reference cud!y Assigned To ID -> User Owner/
Type picklist:255 cu Type = Call|Email|Meeting|Other
IsPrivate boolean cu Private
ShowAs picklist:40 cuR Show Time As = *Busy|OutOfOffice|Free
%system
IsChild boolean ry Is Child
IsGroupEvent boolean ry Is Group Event
GroupEventType picklist:40 ryR Group Event Type = +0=Non-group Event|1=Group Event|2=Proposed Event|3=IsRecurrence2 Series Pattern
IsArchived boolean ry Archived
RecurrenceActivityId reference ry Recurrence Activity ID -> Event -/RecurringEvents
IsRecurrence boolean cy Create Recurring Series of Events
RecurrenceStartDateTime datetime cuy Recurrence Start
RecurrenceEndDateOnly date cuy Recurrence End
RecurrenceTimeZoneSidKey picklist:40 cuyR Recurrence Time Zone = ` + timeZones + `
RecurrenceType picklist:40 cuyR Recurrence Type = ` + recurrenceTypes + `
RecurrenceInterval int:9 cuy Recurrence Interval
RecurrenceDayOfWeekMask int:9 cuy Recurrence Day of Week Mask
RecurrenceDayOfMonth int:9 cuy Recurrence Day of Month
RecurrenceInstance picklist:40 cuyR Recurrence Instance = ` + recurrenceInstances + `
RecurrenceMonthOfYear picklist:40 cuyR Recurrence Month of Year = ` + months + `
ReminderDateTime datetime cuy Reminder Date/Time
IsReminderSet boolean cuy Reminder Set
IsRecurrence2Exclusion boolean ry Is Recurrence 2 Exclusion
Recurrence2PatternText textarea:512 cygs Recurrence Pattern
Recurrence2PatternVersion picklist:40 ryR Pattern Version = 1=RFC 5545 v4 RRULE
IsRecurrence2 boolean ry Repeat
IsRecurrence2Exception boolean ry Is Exception
Recurrence2PatternStartDate datetime ry Recurrence Pattern Start Date
Recurrence2PatternTimeZone string:255 ry Recurrence Pattern Time Zone Reference
EventSubtype picklist:40 cyR Event Subtype = +Event
`,
}

func beforeEvent(d *engine.Draft) []engine.RowError {
	if d.Null("StartDateTime") {
		d.Set("StartDateTime", d.Text("ActivityDateTime"))
	}
	start := d.Time("StartDateTime")
	minutes, timed := d.Number("DurationInMinutes")
	fresh := !d.Update || d.Text("EndDateTime") == d.Old.Text("EndDateTime")
	switch {
	case start.IsZero() && d.Null("ActivityDate"):
		return []engine.RowError{{Code: "REQUIRED_FIELD_MISSING", Message: "Required fields are missing: [ActivityDateTime]", Fields: []string{"ActivityDateTime"}}}
	case start.IsZero():
	case timed && (d.Null("EndDateTime") || d.Update && fresh):
		d.Set("EndDateTime", dateTimeText(start.Add(time.Duration(minutes)*time.Minute)))
	case !d.Null("EndDateTime"):
		d.Set("DurationInMinutes", strconv.Itoa(int(d.Time("EndDateTime").Sub(start).Minutes())))
	case !d.Bool("IsAllDayEvent"):
		return []engine.RowError{{Code: "REQUIRED_FIELD_MISSING", Message: "Required fields are missing: [DurationInMinutes]", Fields: []string{"DurationInMinutes"}}}
	}
	if !start.IsZero() {
		d.Set("ActivityDateTime", dateTimeText(start))
		d.Set("ActivityDate", start.Format(time.DateOnly))
	}
	if end := d.Time("EndDateTime"); !end.IsZero() {
		d.Set("EndDate", end.Format(time.DateOnly))
	}
	setActivityAccount(d)
	return leadAlone(d)
}
