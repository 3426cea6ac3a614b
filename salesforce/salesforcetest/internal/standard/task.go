package standard

import "github.com/orglink/orglink/salesforce/salesforcetest/internal/engine"

var task = object{
	def:    engine.Object{Name: "Task", IDLabel: "Activity ID", KeyPrefix: "00T", Owned: true, OwnerQueue: true, Searchable: true, Links: []string{"compactLayouts", "layouts", "quickActions"}},
	before: beforeTask,
	fields: `
WhoId reference cu Name ID -> Contact,Lead Who/Tasks!
WhatId reference cu Related To ID -> ` + activityTargets + ` What/Tasks!
Subject combobox:255 cuyn Subject = Call|Email|Send Letter|Send Quote|Other
ActivityDate date cut Due Date Only
Status picklist:255 cu!dy Status = *Not Started|In Progress|Completed|Waiting on someone else|Deferred
Priority picklist:20 cu!dy Priority = High|*Normal|Low
IsHighPriority boolean ry High Priority
OwnerId reference cud!y Assigned To ID -> Group,User Owner/
Description textarea:32000 cu Description
IsDeleted boolean r Deleted
AccountId reference ryvx Account ID -> Account Account/
IsClosed boolean ry Closed
%system
IsArchived boolean ry Archived
CallDurationInSeconds int:8 cuy Call Duration
CallType picklist:40 cuyR Call Type = Internal|Inbound|Outbound
CallDisposition string:255 cuy Call Result
CallObject string:255 cuy Call Object Identifier
ReminderDateTime datetime cuy Reminder Date/Time
IsReminderSet boolean cuy Reminder Set
RecurrenceActivityId reference ry Recurrence Activity ID -> Task -/RecurringTasks
IsRecurrence boolean cy Create Recurring Series of Tasks
RecurrenceStartDateOnly date cuy Recurrence Start
RecurrenceEndDateOnly date cuy Recurrence End
RecurrenceTimeZoneSidKey picklist:40 cuyR Recurrence Time Zone = ` + timeZones + `
RecurrenceType picklist:40 cuyR Recurrence Type = ` + recurrenceTypes + `
RecurrenceInterval int:9 cuy Recurrence Interval
RecurrenceDayOfWeekMask int:9 cuy Recurrence Day of Week Mask
RecurrenceDayOfMonth int:9 cuy Recurrence Day of Month
RecurrenceInstance picklist:40 cuyR Recurrence Instance = ` + recurrenceInstances + `
RecurrenceMonthOfYear picklist:40 cuyR Recurrence Month of Year = ` + months + `
RecurrenceRegeneratedType picklist:40 cuyR Repeat This Task = RecurrenceRegenerateAfterDueDate=After due date|RecurrenceRegenerateAfterToday=After date completed|RecurrenceRegenerated=(Task Closed)
TaskSubtype picklist:40 cyR Task Subtype = +Task|Email|ListEmail=List Email|Cadence|Call|LinkedIn
CompletedDateTime datetime ry Completed Date/Time
`,
}

func beforeTask(d *engine.Draft) []engine.RowError {
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
	return leadAlone(d)
}
