package demo

import (
	"time"

	"github.com/orglink/orglink/salesforce/sobject"
)

var caseSubjects = []string{"Cannot log in after password reset", "Export stops at 2,000 rows", "Invoice shows wrong VAT", "How do I add a user?", "API returns 500 on upsert", "Crash when name contains \"quotes\" or \\ backslash",
	"Feature request: dark mode 🌙", "Sync is slow since Monday", "Rechnung fehlt", "データがインポートできません", "Password reset e-mail never arrives", "Duplicate contacts after import", "SSO: invalid audience", "Please close our account"}

// loadCases makes about one case an account: most with a contact, some from
// nobody known, some deleted.
func (l *loader) loadCases() error {
	d := l.dice("Case")
	t := newTable("Case", "AccountId", "ContactId", "Subject", "Description", "Status", "Priority", "Origin", "Type", "Reason", "IsEscalated", "ClosedDate", "SuppliedName", "SuppliedEmail", "OwnerId", "IsDeleted")
	byAccount := map[int][]sobject.ID{}
	for _, c := range l.contacts {
		byAccount[c.account] = append(byAccount[c.account], c.id)
	}
	add := func(accountID, contactID sobject.ID, domain string, deleted bool) {
		agent := one(d, l.owners).id
		s := d.stamp(l, agent)
		status := one(d, []string{"New", "New", "Working", "Working", "Escalated", "Closed", "Closed", "Closed", "Closed"})
		closed := any(nil)
		if status == "Closed" {
			closed = s.modified
		}
		supplied, email := "", ""
		if contactID == "" {
			first, last := personName(d, one(d, places))
			supplied, email = first+" "+last, mailbox(d, first, last)+"@"+domain
		}
		t.add(s, accountID, contactID, one(d, caseSubjects), d.maybe(80, one(d, remarks)), status, one(d, []string{"High", "Medium", "Medium", "Medium", "Low"}), one(d, []string{"Phone", "Email", "Email", "Web", "Web"}),
			d.maybe(70, one(d, []string{"Mechanical", "Electrical", "Electronic", "Structural", "Other"})), d.maybe(50, one(d, []string{"Installation", "Equipment Complexity", "Performance", "Breakdown", "Feedback", "Other"})),
			status == "Escalated", closed, supplied, email, agent, deleted)
	}
	for i, a := range l.accounts {
		for range d.between(0, 2) {
			people := byAccount[i]
			if len(people) == 0 || d.in(10) {
				add(a.id, "", a.domain, false)
				continue
			}
			add(a.id, one(d, people), a.domain, false)
		}
	}
	for range max(1, len(l.accounts)/100) {
		add("", "", "mail.example", false)
	}
	for range max(2, len(l.accounts)/80) {
		a := one(d, l.accounts)
		add(a.id, "", a.domain, true)
	}
	_, err := l.insert("Case", t.rows)
	return err
}

// loadContracts makes a contract for two in five accounts, customers mostly.
func (l *loader) loadContracts() error {
	d := l.dice("Contract")
	t := newTable("Contract", "AccountId", "Status", "StartDate", "ContractTerm", "OwnerId", "CustomerSignedId", "CustomerSignedDate", "CustomerSignedTitle", "CompanySignedId", "CompanySignedDate", "ActivatedById", "ActivatedDate",
		"SpecialTerms", "Description", "OwnerExpirationNotice", "BillingStreet", "BillingCity", "BillingState", "BillingPostalCode", "BillingCountry", "IsDeleted")
	signers := map[int]sobject.ID{}
	for _, c := range l.contacts {
		if _, ok := signers[c.account]; !ok {
			signers[c.account] = c.id
		}
	}
	add := func(i int, deleted bool) {
		a := l.accounts[i]
		status := one(d, []string{"Draft", "InApproval", "Activated", "Activated", "Activated"})
		start := -d.between(10, 690)
		signed, signer, activatedBy, activated := any(nil), sobject.ID(""), sobject.ID(""), any(nil)
		if status == "Activated" {
			signed, signer = l.date(start-d.between(1, 9)), signers[i]
			activatedBy, activated = a.owner.id, l.base.AddDate(0, 0, start-1).Add(9*time.Hour)
		} else {
			start = d.between(-5, 60)
		}
		title, notice := "", ""
		if signer != "" {
			title = one(d, jobTitles)
		}
		if d.in(30) {
			notice = one(d, []string{"15", "30", "60", "90"})
		}
		t.add(d.stamp(l, a.owner.id), a.id, status, l.date(start), one(d, []int{12, 12, 12, 24, 36}), a.owner.id, signer, signed, clip(title, 40), activatedBy, signed, activatedBy, activated,
			d.maybe(30, "Net 60.\nPrice lock for 24 months; \"best efforts\" SLA."), d.maybe(20, one(d, remarks)), notice,
			a.place.streets[0], a.place.city, a.place.state, a.place.postal, a.place.country, deleted)
	}
	for i, a := range l.accounts {
		if a.customer && d.in(62) || !a.customer && d.in(12) {
			add(i, false)
		}
	}
	for range max(1, len(l.accounts)/150) {
		add(d.IntN(len(l.accounts)), true)
	}
	_, err := l.insert("Contract", t.rows)
	return err
}
