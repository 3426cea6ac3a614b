package conformance

import (
	"testing"

	"github.com/orglink/orglink/sync/link"
	"github.com/orglink/orglink/sync/link/linktest"
)

func TestLinkSQL(t *testing.T) {
	eachDatabase(t, func(t *testing.T, open func(t *testing.T) database) {
		prepared := func(t *testing.T) *link.SQLStore {
			db := open(t)
			s, err := link.NewSQLStore(db.DB, db.Config)
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Migrate(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := s.Migrate(t.Context()); err != nil {
				t.Fatalf("migrate again: %v", err)
			}
			if err := s.Check(t.Context()); err != nil {
				t.Fatal(err)
			}
			return s
		}
		linktest.TestStore(t, func(t *testing.T) link.Store { return prepared(t) })
		linktest.TestRefusals(t, func(t *testing.T) linktest.RefusalStore { return prepared(t) })
	})
}
