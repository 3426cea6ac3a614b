package demo

import (
	"fmt"
	"time"

	"github.com/orglink/orglink/salesforce/salesforcetest/internal/engine"
	"github.com/orglink/orglink/salesforce/salesforcetest/internal/standard"
	"github.com/orglink/orglink/salesforce/sobject"
)

// Password is the password of every user.
const Password = "orglink-Passw0rd"

// AdminUsername is the username of the administrator.
const AdminUsername = "admin@orglink.example"

// Config says how much data Load makes.
type Config struct {
	// Accounts is how many accounts are live in the end; default 2,000, which
	// brings about 15,000 related records. Deleted and merged accounts come on
	// top.
	Accounts int
	// Rand is the seed; 0 is a seed like any other.
	Rand uint64
	// Options are the features of the org.
	Options standard.Options
}

// loader holds what is made so far.
type loader struct {
	org  *engine.Org
	cfg  Config
	base time.Time // the day of the load; no row is younger than a day before it

	profiles  map[string]sobject.ID     // by name
	sets      map[sobject.ID]sobject.ID // the permission set that a profile owns
	roles     map[string]sobject.ID     // by name
	admin     sobject.ID
	book      sobject.ID // the standard price book
	prices    []price    // of the products, the last one retired
	owners    []owner
	accounts  []account
	contacts  []contact
	campaigns []sobject.ID
	leads     []sobject.ID
}

// Load fills an org: everything that Empty does, users, custom fields, the
// custom object Product_Usage__c, and records.
func Load(o *engine.Org, cfg Config) error {
	if cfg.Accounts == 0 {
		cfg.Accounts = 2000
	}
	if cfg.Accounts < 0 {
		return fmt.Errorf("demo: %d accounts: give a number above 0", cfg.Accounts)
	}
	l := &loader{org: o, cfg: cfg, base: o.Now().UTC().Truncate(24 * time.Hour)}
	steps := []struct {
		what string
		run  func() error
	}{
		{"the org", l.empty},
		{"custom fields", l.customize},
		{"users", l.loadUsers},
		{"products", l.loadProducts},
		{"campaigns", l.loadCampaigns},
		{"accounts", l.loadAccounts},
		{"contacts", l.loadContacts},
		{"opportunities", l.loadOpportunities},
		{"cases", l.loadCases},
		{"contracts", l.loadContracts},
		{"leads", l.loadLeads},
		{"campaign members", l.loadMembers},
		{"activities", l.loadActivities},
		{"product usage", l.loadUsage},
	}
	for _, s := range steps {
		if err := s.run(); err != nil {
			return fmt.Errorf("demo: load %s: %w", s.what, err)
		}
	}
	return nil
}

// insert stores records with the times that they carry.
func (l *loader) insert(object string, recs []sobject.Record) ([]sobject.ID, error) {
	return l.org.Load(object, l.fitting(object, recs))
}
