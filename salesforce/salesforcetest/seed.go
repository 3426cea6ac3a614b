package salesforcetest

import (
	"github.com/orglink/orglink/salesforce/salesforcetest/internal/demo"
	"github.com/orglink/orglink/salesforce/salesforcetest/internal/standard"
)

// AdminUsername is the username of the administrator that Empty and Demo make.
const AdminUsername = demo.AdminUsername

// Seed fills a new org before it listens.
type Seed interface {
	// Load defines objects and writes records. The Org acts as the system: it
	// may write read-only and audit fields.
	Load(o *Org) error
}

// SeedFunc is a Seed made of a function.
type SeedFunc func(o *Org) error

// Load implements Seed.
func (f SeedFunc) Load(o *Org) error { return f(o) }

// Empty is what a new org has: the standard objects, the organization,
// profiles and one administrator (AdminUsername). There are no customers.
func Empty() Seed {
	return SeedFunc(func(o *Org) error { return demo.Empty(o.s.org, o.s.features()) })
}

// DemoConfig says how much demo data to make.
type DemoConfig struct {
	// Accounts is how many accounts are live in the end, with several times
	// as many related records; default 2,000. Deleted and merged ones come on
	// top.
	Accounts int
	// RandSeed makes other data; the same seed and clock make the same data.
	RandSeed uint64
}

// Demo is an org that looks like a real CRM: users, accounts, contacts,
// opportunities, cases, contracts, leads, campaigns, activities and a custom
// object, odd rows included.
func Demo(cfg DemoConfig) Seed {
	return SeedFunc(func(o *Org) error {
		return demo.Load(o.s.org, demo.Config{Accounts: cfg.Accounts, Rand: cfg.RandSeed, Options: o.s.features()})
	})
}

// Seeds loads several seeds one after the other.
func Seeds(seeds ...Seed) Seed {
	return SeedFunc(func(o *Org) error {
		for _, s := range seeds {
			if err := s.Load(o); err != nil {
				return err
			}
		}
		return nil
	})
}

// features are the features of an org that its standard objects show.
func (s *Server) features() standard.Options {
	return standard.Options{StateCodes: s.cfg.StateCodes, MultiCurrency: s.cfg.MultiCurrency, PersonAccounts: s.cfg.PersonAccounts, ArchiveActivities: s.cfg.ArchiveActivities}
}
