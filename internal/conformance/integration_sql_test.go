package conformance

import (
	"testing"

	"github.com/orglink/orglink/sync/integration"
	"github.com/orglink/orglink/sync/integration/integrationtest"
)

func TestIntegrationSQL(t *testing.T) {
	eachDatabase(t, func(t *testing.T, open func(t *testing.T) database) {
		integrationtest.TestStore(t, func(t *testing.T) integration.Store {
			db := open(t)
			s, err := integration.NewSQLStore(db.DB, db.Config)
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Check(t.Context()); err == nil {
				t.Fatal("a database without tables passed the check")
			}
			for range 2 { // the second finds nothing to do
				if err := s.Migrate(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			if err := s.Check(t.Context()); err != nil {
				t.Fatal(err)
			}
			return s
		})
	})
}
