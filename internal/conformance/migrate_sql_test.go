package conformance

import (
	"io/fs"
	"strings"
	"testing"

	"github.com/orglink/orglink/sync/mirror"
)

// A process that dies in the middle of a migration, where DDL commits by
// itself, leaves a part of it behind; the next one goes on.
func TestMigrateAfterADeath(t *testing.T) {
	eachDatabase(t, func(t *testing.T, open func(t *testing.T) database) {
		probe := open(t)
		m, err := mirror.New(probe.DB, mirror.Config{SQL: probe.Config})
		if err != nil {
			t.Fatal(err)
		}
		names, err := fs.Glob(m.Migrations(), "*.sql")
		if err != nil || len(names) < 2 {
			t.Fatalf("%v %v", names, err)
		}
		var statements []string
		for _, name := range names {
			text, err := fs.ReadFile(m.Migrations(), name)
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range strings.Split(string(text), ";\n") {
				if s = strings.TrimSpace(s); s != "" && !strings.HasPrefix(s, "--") {
					statements = append(statements, s)
				}
			}
		}
		for died := range statements {
			d := probe
			if died > 0 {
				d = open(t)
			}
			// Where DDL is part of the transaction, the records of the
			// versions are all that a death may cut off from.
			if d.Config.Dialect != "mariadb" && !strings.HasPrefix(statements[died], "INSERT INTO") {
				continue
			}
			for _, s := range statements[:died+1] {
				run(t, d.DB, s)
			}
			m, err := mirror.New(d.DB, mirror.Config{SQL: d.Config})
			if err != nil {
				t.Fatal(err)
			}
			if err := m.Migrate(t.Context()); err != nil {
				t.Fatalf("after statement %d, %s: %v", died, statements[died], err)
			}
			if _, err := m.Open(t.Context(), benchStream(), 1); err != nil {
				t.Fatal(err)
			}
		}
	})
}
