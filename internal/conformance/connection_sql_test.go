package conformance

import (
	"testing"

	"github.com/orglink/orglink/connection"
	"github.com/orglink/orglink/connection/connectiontest"
)

func TestConnectionSQLStores(t *testing.T) {
	eachDatabase(t, func(t *testing.T, open func(t *testing.T) database) {
		fresh := func(t *testing.T) *connection.SQLStore {
			d := open(t)
			s, err := connection.NewSQLStore(d.DB, d.Config)
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Check(t.Context()); err == nil {
				t.Fatal("Check is content with an empty database")
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
		}
		connectiontest.TestStore(t, func(t *testing.T) connection.Store { return fresh(t) })
		connectiontest.TestTokenStore(t, func(t *testing.T) connection.TokenStore { return fresh(t).Tokens() })
	})
}
