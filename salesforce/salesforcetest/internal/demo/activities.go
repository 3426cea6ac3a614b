package demo

import (
	"time"

	"github.com/orglink/orglink/salesforce/sobject"
)

// loadActivities makes tasks and events for contacts, leads and accounts.
func (l *loader) loadActivities() error {
	if err := l.loadTasks(); err != nil {
		return err
	}
	return l.loadEvents()
}

// target picks whom and what an activity is about: a lead alone, or a contact
// with or without the account.
func (l *loader) target(d dice) (who, what sobject.ID, owner owner) {
	if len(l.leads) > 0 && d.in(20) {
		return one(d, l.leads), "", one(d, l.owners)
	}
	c := one(d, l.contacts)
	if c.account >= 0 && d.in(70) {
		what = l.accounts[c.account].id
	}
	if what != "" && d.in(20) {
		return "", what, c.owner
	}
	return c.id, what, c.owner
}

func (l *loader) loadTasks() error {
	d := l.dice("Task")
	t := newTable("Task", "WhoId", "WhatId", "Subject", "Status", "Priority", "ActivityDate", "Description", "OwnerId", "TaskSubtype", "CallDurationInSeconds", "CallType", "CompletedDateTime", "IsDeleted")
	for i := range max(10, l.cfg.Accounts*6/10) {
		who, what, owner := l.target(d)
		s := d.stamp(l, owner.id)
		status := one(d, []string{"Not Started", "In Progress", "Completed", "Completed", "Completed", "Waiting on someone else", "Deferred"})
		completed := any(nil)
		if status == "Completed" {
			completed = s.modified
		}
		subject := one(d, []string{"Call", "Email", "Send Quote", "Send Letter", "Follow up: \"pricing\"", "Check in after onboarding", "Angebot nachfassen", "資料送付"})
		kind, seconds, direction := "Task", any(nil), ""
		switch subject {
		case "Call":
			kind, seconds, direction = "Call", d.between(20, 3600), one(d, []string{"Inbound", "Outbound", "Outbound"})
		case "Email":
			kind = "Email"
		}
		due := any(nil)
		if d.in(85) {
			due = sobject.DateOf(s.created.AddDate(0, 0, d.between(0, 30)))
		}
		t.add(s, who, what, subject, status, one(d, []string{"High", "Normal", "Normal", "Normal", "Low"}), due, d.maybe(35, one(d, remarks)), owner.id, kind, seconds, direction, completed, i%61 == 60)
	}
	_, err := l.insert("Task", t.rows)
	return err
}

func (l *loader) loadEvents() error {
	d := l.dice("Event")
	t := newTable("Event", "WhoId", "WhatId", "Subject", "Location", "StartDateTime", "DurationInMinutes", "EndDateTime", "IsAllDayEvent", "Description", "OwnerId", "ShowAs")
	for range max(5, l.cfg.Accounts*3/10) {
		who, what, owner := l.target(d)
		s := d.stamp(l, owner.id)
		start := s.created.Truncate(24*time.Hour).AddDate(0, 0, d.between(0, 40)).Add(time.Duration(d.between(16, 36)) * 30 * time.Minute)
		minutes := one(d, []int{30, 30, 45, 60, 60, 90, 120})
		t.add(s, who, what, one(d, []string{"Meeting", "Call", "Demo", "Kick-off 🎉", "Quarterly review", "Vor-Ort-Termin"}), d.maybe(40, one(d, []string{"Zoom", "HQ, room \"Ada\"", "Customer site", "https://meet.example/x?y=1&z=2"})),
			start, minutes, start.Add(time.Duration(minutes)*time.Minute), false, d.maybe(30, one(d, remarks)), owner.id, "Busy")
	}
	_, err := l.insert("Event", t.rows)
	return err
}
