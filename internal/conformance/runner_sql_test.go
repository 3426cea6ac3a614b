package conformance

import (
	"testing"

	"github.com/orglink/orglink/sync/runner"
	"github.com/orglink/orglink/sync/runner/runnertest"
)

func TestRunnerSQLStore(t *testing.T) {
	eachDatabase(t, func(t *testing.T, open func(t *testing.T) database) {
		migrated := func(t *testing.T) *runner.SQLStore {
			d := open(t)
			s, err := runner.NewSQLStore(d.DB, d.Config)
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Migrate(t.Context()); err != nil {
				t.Fatal(err)
			}
			return s
		}
		runnertest.TestStore(t, func(t *testing.T) runner.LeaseStore { return migrated(t) })
		runnertest.TestDemands(t, func(t *testing.T) runner.DemandStore { return migrated(t) })
	})
}
