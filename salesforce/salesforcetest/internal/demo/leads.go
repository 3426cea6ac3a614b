package demo

import (
	"fmt"
	"strings"

	"github.com/orglink/orglink/salesforce/sobject"
)

// loadLeads makes one lead for four accounts: open, worked, closed, converted,
// merged and deleted ones.
func (l *loader) loadLeads() error {
	d := l.dice("Lead")
	columns := []string{"FirstName", "LastName", "Company", "Title", "Email", "Phone", "Website", "Street", "City", "State", "PostalCode", "Country", "LeadSource", "Status", "Industry", "Rating", "AnnualRevenue",
		"NumberOfEmployees", "Description", "OwnerId", "HasOptedOutOfEmail", "IsUnreadByOwner", "IsConverted", "ConvertedDate", "ConvertedAccountId", "ConvertedContactId", "IsDeleted", "MasterRecordId"}
	t := newTable("Lead", columns...)
	add := func(deleted bool, master sobject.ID) bool {
		kind, p, owner := one(d, industries), one(d, places), one(d, l.owners)
		first, last := personName(d, p)
		company := one(d, nameHeads) + " " + one(d, kind.nouns) + one(d, nameTails)
		domain := strings.ToLower(strings.ReplaceAll(one(d, nameHeads), " ", "-")) + fmt.Sprintf("-%d.example", d.IntN(500))
		size := companySize(d)
		s := d.stamp(l, owner.id)
		status := one(d, []string{"Open - Not Contacted", "Open - Not Contacted", "Working - Contacted", "Working - Contacted", "Closed - Not Converted"})
		converted, date, accountID, contactID := false, any(nil), sobject.ID(""), sobject.ID("")
		if !deleted && d.in(15) {
			c := one(d, l.contacts)
			if c.account >= 0 {
				converted, status, date = true, "Closed - Converted", sobject.DateOf(s.modified)
				accountID, contactID = l.accounts[c.account].id, c.id
			}
		}
		t.add(s, d.maybe(95, first), last, company, d.maybe(80, one(d, jobTitles)), d.maybe(92, mailbox(d, first, last)+"@"+domain), d.maybe(70, phone(d, p)), d.maybe(60, "https://"+domain),
			d.maybe(50, fmt.Sprintf("%d %s", d.between(1, 999), one(d, p.streets))), p.city, p.state, p.postal, p.country, one(d, []string{"Web", "Phone Inquiry", "Partner Referral", "Purchased List", "Other"}),
			status, d.maybe(80, kind.name), d.maybe(60, one(d, []string{"Hot", "Warm", "Cold"})), float64(size*100000), size, d.maybe(25, one(d, remarks)), owner.id, d.in(6), status == "Open - Not Contacted",
			converted, date, accountID, contactID, deleted, master)
		return converted
	}
	var open []int // converted leads stay out of campaigns and merges
	for i := range max(4, l.cfg.Accounts/4) {
		if !add(false, "") {
			open = append(open, i)
		}
	}
	ids, err := l.insert("Lead", t.rows)
	if err != nil {
		return err
	}
	for _, i := range open {
		l.leads = append(l.leads, ids[i])
	}
	t = newTable("Lead", columns...)
	for i := range max(2, len(ids)/40) {
		master := sobject.ID("")
		if i%2 == 0 && len(l.leads) > 0 {
			master = one(d, l.leads)
		}
		add(true, master)
	}
	_, err = l.insert("Lead", t.rows)
	return err
}

// loadMembers puts leads and contacts into campaigns, each at most once.
func (l *loader) loadMembers() error {
	d := l.dice("CampaignMember")
	t := newTable("CampaignMember", "CampaignId", "LeadId", "ContactId", "Status", "FirstRespondedDate")
	seen := map[[2]sobject.ID]bool{}
	for range max(6, l.cfg.Accounts/4) {
		campaign := one(d, l.campaigns)
		lead, contact := sobject.ID(""), sobject.ID("")
		if len(l.leads) > 0 && d.in(50) {
			lead = one(d, l.leads)
		} else {
			contact = one(d, l.contacts).id
		}
		key := [2]sobject.ID{campaign, lead + contact}
		if seen[key] {
			continue
		}
		seen[key] = true
		s := d.stamp(l, one(d, l.owners).id)
		status, responded := "Sent", any(nil)
		if d.in(30) {
			status, responded = "Responded", sobject.DateOf(s.modified)
		}
		t.add(s, campaign, lead, contact, status, responded)
	}
	_, err := l.insert("CampaignMember", t.rows)
	return err
}
