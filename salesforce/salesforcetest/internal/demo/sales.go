package demo

import (
	"fmt"

	"github.com/orglink/orglink/salesforce/sobject"
)

// stage is an opportunity stage and how likely a deal in it closes.
type stage struct {
	name        string
	probability int
	closed      bool
}

var stages = []stage{
	{"Prospecting", 10, false}, {"Qualification", 10, false}, {"Needs Analysis", 20, false}, {"Value Proposition", 50, false}, {"Id. Decision Makers", 60, false},
	{"Perception Analysis", 70, false}, {"Proposal/Price Quote", 75, false}, {"Negotiation/Review", 90, false},
	{"Closed Won", 100, true}, {"Closed Won", 100, true}, {"Closed Won", 100, true}, {"Closed Lost", 0, true}, {"Closed Lost", 0, true},
}

var dealKinds = []string{"New Business", "Renewal", "Expansion", "Pilot", "Platform Upgrade", "Seats +50", "\"Big Bang\" Rollout", "2-Year Deal", "Rollout – Phase 2"}

// loadOpportunities makes one or two deals an account, a few without an
// account, and some deleted ones.
func (l *loader) loadOpportunities() error {
	d := l.dice("Opportunity")
	t := newTable("Opportunity", "AccountId", "Name", "StageName", "Amount", "Probability", "CloseDate", "Type", "NextStep", "LeadSource", "CampaignId", "Description", "OwnerId", "IsPrivate", "Pricebook2Id", "IsDeleted")
	var items []item
	deal := func(a account, deleted bool) {
		s := one(d, stages)
		days := d.between(3, 240)
		if s.closed {
			days = -d.between(2, 700)
		} else if d.in(10) {
			days = -d.between(1, 60) // overdue
		}
		amount := any(nil)
		if d.in(92) {
			amount = float64(d.between(5, 4000)) * 250
			if d.in(10) {
				amount = amount.(float64) + 0.45
			}
		}
		book := sobject.ID("")
		if !deleted && d.in(15) { // sold by the line: the amount is their sum
			book = l.book
			sum := 0.0
			for i := range d.between(1, 3) {
				it := item{deal: len(t.rows), product: (d.IntN(3) + i*2) % (len(l.prices) - 1), quantity: d.between(1, 60), sort: i + 1}
				sum += l.prices[it.product].price * float64(it.quantity)
				items = append(items, it)
			}
			amount = sum
		}
		probability := s.probability
		if !s.closed && d.in(15) {
			probability = d.between(5, 95)
		}
		kind := "New Customer"
		if a.customer {
			kind = one(d, []string{"Existing Customer - Upgrade", "Existing Customer - Replacement", "Existing Customer - Downgrade", "New Customer"})
		}
		campaign := sobject.ID("")
		if len(l.campaigns) > 0 && d.in(12) {
			campaign = one(d, l.campaigns)
		}
		seller := a.owner.id
		if d.in(15) {
			seller = one(d, l.owners).id
		}
		name := a.name
		if name == "" {
			name = "Unassigned"
		}
		t.add(d.stamp(l, seller), a.id, clip(name, 90)+" - "+one(d, dealKinds), s.name, amount, probability, l.date(days), d.maybe(85, kind),
			d.maybe(40, one(d, []string{"Send proposal", "Call CFO", "Legal review", "Demo on Tuesday", "Waiting for PO ⏳"})), d.maybe(60, one(d, []string{"Web", "Phone Inquiry", "Partner Referral", "Purchased List", "Other"})),
			campaign, d.maybe(30, one(d, remarks)), seller, false, book, deleted)
	}
	for _, a := range l.accounts {
		for range d.count(1.5) {
			deal(a, false)
		}
	}
	for range max(1, len(l.accounts)/200) {
		deal(account{owner: one(d, l.owners)}, false)
	}
	for range max(2, len(l.accounts)/70) {
		deal(one(d, l.accounts), true)
	}
	ids, err := l.insert("Opportunity", t.rows)
	if err != nil {
		return err
	}
	lines := newTable("OpportunityLineItem", "OpportunityId", "PricebookEntryId", "Quantity", "UnitPrice", "SortOrder")
	for _, it := range items {
		p := l.prices[it.product]
		lines.add(d.stamp(l, l.admin), ids[it.deal], p.entry, it.quantity, p.price, it.sort)
	}
	_, err = l.insert("OpportunityLineItem", lines.rows)
	return err
}

// item is a line of an opportunity that is not there yet.
type item struct{ deal, product, quantity, sort int }

// price is what a product costs in the standard price book.
type price struct {
	entry sobject.ID
	price float64
}

// loadProducts makes a standard price book with a few products.
func (l *loader) loadProducts() error {
	d := l.dice("Product2")
	products := []struct {
		name, code, family, unit string
		price                    float64
	}{
		{"Team Plan (seat, month)", "TEAM-M", "Platform", "Seat", 12}, {"Business Plan (seat, month)", "BUS-M", "Platform", "Seat", 24}, {"Enterprise Plan (seat, month)", "ENT-M", "Platform", "Seat", 45.5},
		{"Onboarding Workshop", "SVC-ONB", "Services", "Each", 2500}, {"Premium Support", "SUP-PREM", "Support", "Month", 990}, {"Admin Training", "TRN-ADM", "Training", "Each", 1200},
		{"Legacy Connector \"v1\"", "LEG-1", "Platform", "Each", 499.99},
	}
	t := newTable("Product2", "Name", "ProductCode", "Family", "QuantityUnitOfMeasure", "IsActive", "Description")
	for i, p := range products {
		t.add(d.stamp(l, l.admin), p.name, p.code, p.family, p.unit, i != len(products)-1, d.maybe(50, "List price; discounts need approval."))
	}
	ids, err := l.insert("Product2", t.rows)
	if err != nil {
		return err
	}
	book := newTable("Pricebook2", "Name", "IsActive", "IsStandard", "Description")
	book.add(d.stamp(l, l.admin), "Standard Price Book", true, true, "")
	books, err := l.insert("Pricebook2", book.rows)
	if err != nil {
		return err
	}
	entries := newTable("PricebookEntry", "Pricebook2Id", "Product2Id", "UnitPrice", "IsActive")
	for i, p := range products {
		entries.add(d.stamp(l, l.admin), books[0], ids[i], p.price, true)
	}
	entryIDs, err := l.insert("PricebookEntry", entries.rows)
	if err != nil {
		return err
	}
	l.book = books[0]
	for i, p := range products {
		l.prices = append(l.prices, price{entryIDs[i], p.price})
	}
	return nil
}

// loadCampaigns makes a few campaigns, one of them a child.
func (l *loader) loadCampaigns() error {
	d := l.dice("Campaign")
	kinds := []string{"Webinar", "Conference", "Email", "Trade Show", "Partners", "Advertisement"}
	for i := range max(2, min(12, l.cfg.Accounts/100)) {
		t := newTable("Campaign", "Name", "ParentId", "Type", "Status", "StartDate", "EndDate", "IsActive", "BudgetedCost", "ActualCost", "ExpectedRevenue", "NumberSent", "Description", "OwnerId")
		kind := kinds[i%len(kinds)]
		start := -600 + i*55
		parent := sobject.ID("")
		if i == 1 {
			parent = l.campaigns[0]
		}
		status := "Completed"
		if start > -90 {
			status = "In Progress"
		}
		owner := l.owners[12+i%2].id
		t.add(d.stamp(l, owner), fmt.Sprintf("%s %d: %s", kind, i+1, one(d, []string{"Spring Launch 🌱", "Customer Day", "\"State of the Industry\"", "Roadshow – Köln/Paris", "Year-End Push"})), parent, kind, status,
			l.date(start), l.date(start+d.between(1, 45)), status == "In Progress", float64(d.between(5, 80)*1000), float64(d.between(5, 80)*900), float64(d.between(50, 500)*1000), d.between(200, 9000), d.maybe(40, one(d, remarks)), owner)
		ids, err := l.insert("Campaign", t.rows)
		if err != nil {
			return err
		}
		l.campaigns = append(l.campaigns, ids[0])
	}
	return nil
}
