package conformance

import (
	"testing"

	"github.com/orglink/orglink/usersync"
	"github.com/orglink/orglink/usersync/usersynctest"
)

func TestUsersyncSQL(t *testing.T) {
	eachDatabase(t, func(t *testing.T, open func(t *testing.T) database) {
		store := func(t *testing.T) *usersync.SQLStore {
			db := open(t)
			s, err := usersync.NewSQLStore(db.DB, db.Config)
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Migrate(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := s.Check(t.Context()); err != nil {
				t.Fatal(err)
			}
			return s
		}
		usersynctest.TestPairStore(t, func(t *testing.T) usersync.PairStore { return store(t) })
		usersynctest.TestPositionStore(t, func(t *testing.T) usersync.PositionStore { return store(t) })
	})
}
