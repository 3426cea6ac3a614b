package demo

import (
	"fmt"
	"strings"

	"github.com/orglink/orglink/salesforce/sobject"
)

// account is what related records need to know of an account.
type account struct {
	id       sobject.ID
	name     string
	domain   string
	owner    owner
	place    place
	size     int // employees
	customer bool
}

var accountColumns = []string{"Name", "Type", "ParentId", "BillingStreet", "BillingCity", "BillingState", "BillingPostalCode", "BillingCountry", "BillingLatitude", "BillingLongitude",
	"ShippingStreet", "ShippingCity", "ShippingState", "ShippingPostalCode", "ShippingCountry", "Phone", "Fax", "AccountNumber", "Website", "Sic", "Industry", "AnnualRevenue", "NumberOfEmployees", "Ownership",
	"TickerSymbol", "Description", "Rating", "Site", "OwnerId", "AccountSource", "YearStarted", "Domain__c", "IsDeleted", "MasterRecordId"}

// loadAccounts makes the live accounts (first those without a parent), then
// deleted and merged ones.
func (l *loader) loadAccounts() error {
	d := l.dice("Account")
	n := l.cfg.Accounts
	tops := max(1, n*85/100)
	used := make(map[string]int, n)
	if err := l.addAccounts(d, used, tops, func(int) (sobject.ID, bool, sobject.ID) { return "", false, "" }); err != nil {
		return err
	}
	parents := len(l.accounts)
	if err := l.addAccounts(d, used, n-tops, func(int) (sobject.ID, bool, sobject.ID) {
		return l.accounts[d.IntN(parents)].id, false, ""
	}); err != nil {
		return err
	}
	live := len(l.accounts)
	gone := max(2, n/80)
	if err := l.addAccounts(d, used, gone, func(i int) (sobject.ID, bool, sobject.ID) {
		if i%3 == 1 { // merged into a live one
			return "", true, l.accounts[d.IntN(live)].id
		}
		return "", true, ""
	}); err != nil {
		return err
	}
	l.accounts = l.accounts[:live]
	return nil
}

func (l *loader) addAccounts(d dice, used map[string]int, n int, fate func(i int) (parent sobject.ID, deleted bool, master sobject.ID)) error {
	t := newTable("Account", accountColumns...)
	made := make([]account, n)
	for i := range n {
		kind := one(d, industries)
		a := account{place: one(d, places), owner: one(d, l.owners), size: companySize(d), customer: d.in(55)}
		a.name, a.domain = companyName(d, kind, len(l.accounts)+i, used)
		parent, deleted, master := fate(i)
		street := fmt.Sprintf("%d %s", d.between(1, 1999), one(d, a.place.streets))
		if d.in(15) {
			street += fmt.Sprintf("\nSuite %d", d.between(100, 980))
		}
		lat, lon := nearby(d, a.place)
		ship := d.in(40)
		shipping := func(s string) string {
			if ship {
				return s
			}
			return ""
		}
		revenue := any(nil)
		if d.in(80) {
			revenue = float64(a.size * d.between(60, 320) * 1000)
		}
		employees := any(nil)
		if d.in(90) {
			employees = a.size
		}
		class := "Prospect"
		if a.customer {
			class = one(d, []string{"Customer - Direct", "Customer - Direct", "Customer - Channel", "Technology Partner"})
		}
		ownership := one(d, []string{"Public", "Private", "Private", "Private", "Subsidiary", "Other"})
		ticker := ""
		if ownership == "Public" {
			ticker = strings.ToUpper(clip(strings.ReplaceAll(a.domain, "-", ""), 4))
		}
		t.add(d.stamp(l, a.owner.id), a.name, d.maybe(93, class), parent, street, a.place.city, a.place.state, a.place.postal, a.place.country, lat, lon,
			shipping(street), shipping(a.place.city), shipping(a.place.state), shipping(a.place.postal), shipping(a.place.country), phone(d, a.place), d.maybe(20, phone(d, a.place)),
			d.maybe(60, fmt.Sprintf("CD%06d", d.IntN(1_000_000))), d.maybe(88, "https://www."+a.domain), kind.sic, d.maybe(92, kind.name), revenue, employees, ownership,
			ticker, describe(d, a.name, kind), d.maybe(70, one(d, []string{"Hot", "Warm", "Warm", "Cold"})), d.maybe(10, "Headquarters"), a.owner.id,
			d.maybe(65, one(d, []string{"Web", "Phone Inquiry", "Partner Referral", "Purchased List", "Other"})), fmt.Sprint(d.between(1890, 2022)), a.domain, deleted, master)
		made[i] = a
	}
	ids, err := l.insert("Account", t.rows)
	if err != nil {
		return err
	}
	for i := range made {
		made[i].id = ids[i]
	}
	l.accounts = append(l.accounts, made...)
	return nil
}

// companyName returns a name and a domain; both repeat now and then, as in
// real orgs, but a domain is nearly always a company's own.
func companyName(d dice, kind industry, i int, used map[string]int) (name, domain string) {
	if i%19 == 3 {
		k := i / 19
		name = oddNames[k%len(oddNames)]
		if k >= len(oddNames) {
			name += fmt.Sprintf(" %d", k/len(oddNames)+1)
		}
		return name, fmt.Sprintf("odd-%03d.example", k)
	}
	base := one(d, nameHeads) + " " + one(d, kind.nouns)
	used[base]++
	slug := strings.ToLower(strings.ReplaceAll(base, " ", "-"))
	if n := used[base]; n > 1 {
		city := one(d, places).city
		return fmt.Sprintf("%s %s", base, city) + one(d, nameTails), fmt.Sprintf("%s-%d.example", slug, n)
	}
	return base + one(d, nameTails), slug + ".example"
}

func companySize(d dice) int {
	sizes := [][2]int{{3, 49}, {3, 49}, {50, 249}, {50, 249}, {250, 999}, {1000, 4999}, {5000, 40000}}
	s := one(d, sizes)
	return d.between(s[0], s[1])
}

func describe(d dice, name string, kind industry) string {
	if d.in(35) {
		return ""
	}
	text := fmt.Sprintf("%s sells %s. %s", name, kind.products, one(d, remarks))
	if d.in(2) { // now and then somebody pastes a whole document
		text += "\n\n" + strings.Repeat(one(d, remarks)+" ", d.between(20, 120))
	}
	return strings.TrimSpace(text)
}

func phone(d dice, p place) string { return fmt.Sprintf("%s 555 %04d", p.dial, d.IntN(10000)) }

// nearby returns a point in a place's city; one address in ten is not
// geocoded.
func nearby(d dice, p place) (lat, lon any) {
	if d.in(10) {
		return nil, nil
	}
	round := func(f float64) float64 { return float64(int(f*1e6)) / 1e6 }
	return round(p.lat + d.Float64()/20), round(p.lon + d.Float64()/20)
}
