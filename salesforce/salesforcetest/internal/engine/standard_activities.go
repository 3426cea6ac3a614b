package engine

// Tasks and events. Who is a person, What is anything else.

const activityTargets = "Account,Campaign,Case,Contract,Opportunity,Product2"

const tableTask = `
WhoId reference cu Name ID -> Contact,Lead Who/Tasks!
WhatId reference cu Related To ID -> ` + activityTargets + ` What/Tasks!
Subject combobox:255 cuyn Subject = Call|Email|Send Letter|Send Quote|Other
ActivityDate date cu Due Date Only
Status picklist:255 cu!d Status = *Not Started|In Progress|Completed|Waiting on someone else|Deferred
Priority picklist:20 cu!d Priority = High|*Normal|Low
IsHighPriority boolean ry High Priority
OwnerId reference cud!y Assigned To ID -> Group,User Owner/
Description textarea:32000 cu Description
AccountId reference ry Account ID -> Account Account/
IsClosed boolean ry Closed
IsArchived boolean ry Archived
CallDurationInSeconds int:8 cuy Call Duration
CallType picklist:40 cuyR Call Type = Internal|Inbound|Outbound
CallDisposition string:255 cuy Call Result
CallObject string:255 cuy Call Object Identifier
ReminderDateTime datetime cuy Reminder Date/Time
IsReminderSet boolean cuy Reminder Set
RecurrenceActivityId reference ry Recurrence Activity ID -> Task /RecurringTasks
IsRecurrence boolean cy Create Recurring Series of Tasks
RecurrenceStartDateOnly date cuy Recurrence Start
RecurrenceEndDateOnly date cuy Recurrence End
RecurrenceInterval int:9 cuy Recurrence Interval
TaskSubtype picklist:40 cyR Task Subtype = *Task|Email|ListEmail|Cadence|Call|LinkedIn
CompletedDateTime datetime ry Completed Date/Time
`

const tableEvent = `
WhoId reference cu Name ID -> Contact,Lead Who/Events!
WhatId reference cu Related To ID -> ` + activityTargets + ` What/Events!
Subject combobox:255 cuyn Subject = Call|Email|Meeting|Send Letter/Quote|Other
Location string:255 cu Location
IsAllDayEvent boolean cuy All-Day Event
ActivityDateTime datetime cuy Due Date Time
ActivityDate date cuy Due Date Only
DurationInMinutes int:8 cuy Duration
StartDateTime datetime cuy Start Date Time
EndDateTime datetime cuy End Date Time
EndDate date ry End Date
Description textarea:32000 cu Description
AccountId reference ry Account ID -> Account Account/
OwnerId reference cud!y Assigned To ID -> User Owner/
Type picklist:255 cu Type = Call|Email|Meeting|Other
IsPrivate boolean cu Private
ShowAs picklist:40 cuR Show Time As = *Busy|OutOfOffice|Free
IsChild boolean ry Is Child
IsGroupEvent boolean ry Is Group Event
GroupEventType picklist:40 ryR Group Event Type = *0|1|2|3
IsArchived boolean ry Archived
RecurrenceActivityId reference ry Recurrence Activity ID -> Event /RecurringEvents
IsRecurrence boolean cy Create Recurring Series of Events
ReminderDateTime datetime cuy Reminder Date/Time
IsReminderSet boolean cuy Reminder Set
EventSubtype picklist:40 cyR Event Subtype = *Event
`
