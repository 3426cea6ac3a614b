// Package mirror keeps imported records in the host's own SQL database: one
// table for each object of a connection, with columns of the right types. It
// is an importer.Sink, a reader that shows each viewer what an integration
// lets them see, and a durable log of what changed.
//
//	m, err := mirror.New(db, mirror.Config{SQL: orglink.SQLConfig{Dialect: orglink.SQLite}, Views: integrations})
//	err = m.Migrate(ctx)
//
//	page, err := m.List(ctx, actor, integration, mirror.Query{Object: "Account",
//		Where: []mirror.Filter{{Field: "Industry", Op: mirror.Eq, Values: []sobject.Value{sobject.TextValue("Energy")}}},
//		Sort:  []mirror.Sort{{Field: "Name"}}})
//	card, err := m.Card(ctx, actor, integration, "Account", id)
//	after, err := m.Acked(ctx, tenant, connection, "feed")
//	news, err := m.Changes(ctx, tenant, connection, after, 500)
//	err = m.Ack(ctx, tenant, connection, "feed", news[len(news)-1].Serial)
//
// Data, position, fence and log entries are written in one transaction. A
// deleted record stays as a tombstone, until Purge or Forget. Columns are only ever added; see
// docs/design/mirror.md for the layout.
package mirror
