// Package integration keeps what customers have chosen to connect: a named
// selection of objects and fields on top of a connection, owned by one group
// of the tenant and shared, in whole or in part, with others.
//
// An admin of the owning group fills in a [Draft], which knows what it still
// misses, looks at its [Review] and saves it:
//
//	review, err := integrations.Review(ctx, actor, draft)
//	if err == nil && review.Ready() {
//		in, err = integrations.Save(ctx, actor, draft)
//	}
//
// Only admins of the owning group may change an integration; what else they
// ask for is refused with [ErrForbidden]. Groups with which it is shared are
// connected at once, see it with [Service.Get] and [Service.List], and turn
// fields active or passive for themselves. To everybody else it does not
// exist.
//
// The rest of the library asks two questions: [Service.Selections], what is to
// be read through a connection, and [Service.View], what of it a group may see.
//
// Integrations live in a [Store]: [NewMemory], [NewSQLStore], or one of the
// host's own that passes the suite in integrationtest. Who may share with whom
// is the host's to say, through [Groups].
//
// Every change is in the integration's trail (Service.Trail), stored with it:
// who, when, what. Delete keeps or purges what was imported, and SyncNow makes
// its import due.
package integration
