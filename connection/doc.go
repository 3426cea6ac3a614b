// Package connection links the tenants of a host product to Salesforce orgs.
//
// A [Manager] runs the web-server OAuth flow with PKCE, stores the tokens
// sealed, keeps them alive across goroutines and processes, tells whether and
// why a connection does not work, compares permissions with what a sync needs,
// and hands out clients:
//
//	m, err := connection.New(connection.Config{
//		Apps:        []connection.App{{ClientID: id, ClientSecret: orglink.NewSecret(secret)}},
//		Store:       store,
//		Tokens:      store.Tokens(),
//		Sealer:      ring, // orglink.NewKeyRing
//		Environment: "production",
//		RedirectURL: "https://product.example/salesforce/callback",
//	})
//
//	auth, err := m.Start(ctx, actor, connection.StartRequest{}) // send the browser to auth.URL
//	conn, err := m.Finish(ctx, actor, request.URL.Query())      // at the callback
//	client, err := m.Client(ctx, conn.Tenant, conn.ID)          // a *salesforce.Client
//
// [Manager.Handler] is both steps as an http.Handler. [Manager.Connect] is for
// the flows in which nobody signs in: JWT bearer and client credentials.
// [Manager.Invite] asks somebody outside the product, such as the customer's
// Salesforce admin, who sees on a page to whom which org would be connected
// before anything is.
//
// # What is stored where
//
// A [Store] keeps connections, which hold no secrets, and the states of
// authorisations under way. A [TokenStore] keeps grants: tokens sealed with
// the host's keys and bound to environment, tenant, connection, grant and field.
// [NewSQLStore] gives both in one database, [NewMemoryStore] and
// [NewMemoryTokenStore] are for tests; package connectiontest checks one's own.
//
// # How a token is kept alive
//
// Salesforce tells no expiry: a token is used until it is rejected. Then one
// refresh goes out for its grant, whoever asks and in whichever process; the
// others wait and read its result. An intent is stored before the request is
// sent, which is sent once, and a rotated refresh token is stored before the
// new access token is handed out. A refusal ends a grant only when Salesforce
// says that the refresh token itself is expired or revoked and it is still the
// stored one; everything else is a [State] with the grant kept.
//
// Run a [Manager.Keeper] for each tenant: it refreshes grants that nobody uses
// before Salesforce drops them, and repeats what failed. [Manager.TokenSource]
// gives the same tokens to other code.
//
// # What Salesforce counts
//
// Salesforce keeps five authorisations of one user and app and silently ends
// one for a sixth. [Manager.Approvals] counts those of a tenant,
// [Manager.OrgApprovals] those that the org lists, [Manager.Start] refuses one
// too many where it knows whom to expect, and a connection whose grant was ended
// for another's says so.
//
// # Keys, secrets, orgs
//
// To rotate the sealing key put the new one in front, run [Manager.Rewrap] for
// every tenant, then drop the old one. To rotate an app's secret give both for
// a while ([App].OtherSecret). A connection belongs to one org; it moves to
// another only when somebody asks for it and [Config].BeforeMove has dealt with
// what is kept by it.
//
// # Errors
//
// Errors are [*Error] values of a kind such as [ErrDenied]; [Explain] gives
// the sentence for the person concerned. None holds a token, and none repeats
// text of Salesforce that repeats one.
package connection
