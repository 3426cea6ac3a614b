package demo

import (
	"fmt"
	"strings"

	"github.com/orglink/orglink/salesforce/sobject"
)

// contact is what related records need to know of a contact.
type contact struct {
	id      sobject.ID
	account int // index into accounts
	owner   owner
}

var contactColumns = []string{"AccountId", "FirstName", "LastName", "Salutation", "Title", "Department", "Email", "Phone", "MobilePhone", "MailingStreet", "MailingCity", "MailingState", "MailingPostalCode",
	"MailingCountry", "ReportsToId", "LeadSource", "Birthdate", "Description", "OwnerId", "HasOptedOutOfEmail", "DoNotCall", "EmailBouncedReason", "EmailBouncedDate", "IsDeleted", "MasterRecordId"}

// loadContacts makes about three contacts an account, some without an account,
// some deleted, some merged.
func (l *loader) loadContacts() error {
	d := l.dice("Contact")
	t := newTable("Contact", contactColumns...)
	var made []contact
	for i, a := range l.accounts {
		for range d.between(1, 5) {
			made = append(made, contact{account: i, owner: a.owner})
			l.addContact(d, t, a, false, "", "")
		}
	}
	for range max(1, len(l.accounts)/100) { // a private contact has no account
		made = append(made, contact{account: -1, owner: one(d, l.owners)})
		l.addContact(d, t, account{place: one(d, places), owner: made[len(made)-1].owner, domain: "mail.example"}, false, "", "")
	}
	ids, err := l.insert("Contact", t.rows)
	if err != nil {
		return err
	}
	for i := range made {
		made[i].id = ids[i]
	}
	l.contacts = made
	// Later rows may point at earlier ones: whom one reports to, and into
	// whom one was merged.
	t = newTable("Contact", contactColumns...)
	for range max(2, len(made)/60) {
		boss := one(d, made)
		if boss.account < 0 {
			continue
		}
		l.addContact(d, t, l.accounts[boss.account], false, "", boss.id)
		l.contacts = append(l.contacts, contact{account: boss.account, owner: l.accounts[boss.account].owner})
	}
	live := len(t.rows)
	for i := range max(2, len(made)/80) {
		kept := one(d, made)
		if kept.account < 0 {
			continue
		}
		master := sobject.ID("")
		if i%2 == 0 {
			master = kept.id
		}
		l.addContact(d, t, l.accounts[kept.account], true, master, "")
	}
	if ids, err = l.insert("Contact", t.rows); err != nil {
		return err
	}
	for i := range live {
		l.contacts[len(made)+i].id = ids[i]
	}
	return nil
}

func (l *loader) addContact(d dice, t *table, a account, deleted bool, master, boss sobject.ID) {
	first, last := personName(d, a.place)
	email := ""
	if d.in(90) {
		email = mailbox(d, first, last) + "@" + a.domain
	}
	bounced, reason := any(nil), ""
	s := d.stamp(l, a.owner.id)
	if email != "" && d.in(3) {
		bounced, reason = s.modified, "550 5.1.1 The email account does not exist"
	}
	birth := any(nil)
	if d.in(25) {
		birth = l.date(-d.between(22*365, 68*365))
	}
	street := fmt.Sprintf("%d %s", d.between(1, 1999), one(d, a.place.streets))
	mailing := d.in(70)
	address := func(s string) string {
		if mailing {
			return s
		}
		return ""
	}
	t.add(s, a.id, d.maybe(96, first), last, d.maybe(40, one(d, []string{"Mr.", "Ms.", "Mrs.", "Dr.", "Prof.", "Mx."})), d.maybe(85, one(d, jobTitles)), d.maybe(60, one(d, departments)), email,
		d.maybe(80, phone(d, a.place)), d.maybe(45, phone(d, a.place)), address(street), address(a.place.city), address(a.place.state), address(a.place.postal), address(a.place.country),
		boss, d.maybe(60, one(d, []string{"Web", "Phone Inquiry", "Partner Referral", "Purchased List", "Other"})), birth, d.maybe(20, one(d, remarks)), a.owner.id, d.in(8), d.in(5), reason, bounced, deleted, master)
}

func personName(d dice, p place) (first, last string) {
	zone := p.zone
	if d.in(15) { // people move
		zone = one(d, places).zone
	}
	return one(d, givenNames[zone]), one(d, familyNames[zone])
}

// mailbox is the part before the @: names in ASCII, otherwise a number.
func mailbox(d dice, first, last string) string {
	ascii := func(s string) string {
		s = strings.NewReplacer("ä", "ae", "ö", "oe", "ü", "ue", "ß", "ss", "é", "e", "è", "e", "ê", "e", "å", "a", "Å", "a", "Ö", "oe", "ã", "a", "ç", "c", "í", "i", "ú", "u", "â", "a", "ô", "o", "ï", "i", "É", "e").Replace(s)
		return strings.Map(func(r rune) rune {
			switch {
			case r >= 'A' && r <= 'Z':
				return r + 32
			case r >= 'a' && r <= 'z':
				return r
			}
			return -1
		}, s)
	}
	f, l := ascii(first), ascii(last)
	if f == "" || l == "" {
		return fmt.Sprintf("contact%05d", d.IntN(100000))
	}
	if d.in(50) {
		return fmt.Sprintf("%s.%s%d", f, l, d.IntN(100))
	}
	return fmt.Sprintf("%c%s%d", f[0], l, d.IntN(1000))
}
