package main

import (
	"context"
	"database/sql"
	"errors"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/connection"
	"github.com/orglink/orglink/mapping"
	"github.com/orglink/orglink/sync/exporter"
	"github.com/orglink/orglink/sync/importer"
	"github.com/orglink/orglink/sync/integration"
	"github.com/orglink/orglink/sync/link"
	"github.com/orglink/orglink/sync/mirror"
	"github.com/orglink/orglink/sync/runner"
	"github.com/orglink/orglink/usersync"
)

// wire is where the pieces meet: seven stores in the host's database, and the
// services on top of them.
func wire(ctx context.Context, db *sql.DB, s settings) (*host, error) {
	at := orglink.SQLConfig{Dialect: orglink.SQLite}
	connections, e1 := connection.NewSQLStore(db, at)
	integrations, e2 := integration.NewSQLStore(db, at)
	leases, e3 := runner.NewSQLStore(db, at)
	links, e4 := link.NewSQLStore(db, at)
	outbox, e5 := exporter.NewSQLOutbox(db, at)
	pairs, e6 := usersync.NewSQLStore(db, at)
	if err := errors.Join(e1, e2, e3, e4, e5, e6); err != nil {
		return nil, err
	}
	var h host
	var err [7]error
	h.Outbox = outbox
	h.Connections, err[0] = connection.New(connection.Config{
		Apps: s.apps(), Store: connections, Tokens: connections.Tokens(), Sealer: s.sealer, Environment: "quickstart",
		RedirectURL: s.callback, LoginHost: s.org.URL, TrustedHosts: trusted(s.config, s.org), Observer: s.meter.observe,
	})
	h.Integrations, err[1] = integration.New(integration.Config{
		Store: integrations, Connections: h.Connections, Groups: integration.StaticGroups{owners: {others}, others: nil}, Estimator: estimator(&h),
	})
	h.Mirror, err[2] = mirror.New(db, mirror.Config{SQL: at, Views: h.Integrations})
	h.Runner, err[3] = runner.New(runner.Config{Leases: leases, Owner: "quickstart"})
	h.Users, err[4] = usersync.New(usersync.Config{Clients: h.Connections, Directory: directory{db}, Pairs: pairs, Strategy: usersync.Automatic()})
	h.Importer, err[5] = importer.New(importer.Config{
		Clients: h.Connections, Selections: h.Integrations, Sink: h.Mirror, Leases: h.Runner, Owners: h.Users,
		Lag: s.config.lag, PollMin: s.config.poll, SyncPoll: s.config.poll, Progress: s.progress.imported,
	})
	h.Exporter, err[6] = exporter.New(exporter.Config{
		Clients: h.Connections, Outbox: outbox, Links: links, Maps: map[string]mapping.Map{usageObject: usageMap},
	})
	if err := errors.Join(err[:]...); err != nil {
		return nil, err
	}
	return &h, migrate(ctx, connections, integrations, leases, links, outbox, pairs, h.Mirror)
}
