// Package salesforcetest is a Salesforce org that fits in a test: what
// net/http/httptest is to net/http. It serves real HTTP on a loopback port (or
// in memory, for testing/synctest), keeps data with Salesforce's rules, and
// can be told to fail in Salesforce's ways.
//
//	org := salesforcetest.NewServer(t, salesforcetest.Config{Seed: salesforcetest.Demo(salesforcetest.DemoConfig{})})
//	ready := org.Ready() // URL, client id and secret, username, password, a token
//
// Point any Salesforce client at ready.URL. What a real person would click is
// there too: the login and consent pages of the OAuth web-server flow are
// plain forms.
//
// # Looking and arranging
//
// [Server.Org] reads and changes data and schema without HTTP and without
// counting API calls: create records as some user, merge them, add or hide a
// field, deactivate a user, move the clock. [Server.Requests] lists what was
// asked, [Server.APICalls] what it cost, [Server.Tokens] which tokens are alive.
// Apps and their policies are an [App], changed while running by [Org.SetApp].
//
// Many orgs and sandboxes stand behind Salesforce's own host names, login hosts
// included, with [Domains].
//
// # Making it fail
//
// A [Fault] is a [Match] (method, path, object, user, nth request) and an
// [Action] (answer, delay, drop before or after the work, truncate, corrupt,
// stall, rewrite, lock rows, expire the session, exhaust a limit, make a bulk job
// fail, hang or come back out of order); actions are combined with [Together]:
//
//	org.Fault(salesforcetest.Fault{
//		Match:  salesforcetest.Match{Method: "POST", Path: "composite/sobjects", Nth: 2},
//		Action: salesforcetest.DropAfter(), // the write happened, the answer is lost
//	})
//
// # What it is held to
//
// Salesforce's documents and recorded answers, never a client's expectations.
// It is honest about its limits: a resource that it does not have is answered
// as Salesforce answers an unknown one (404 NOT_FOUND) and listed by
// [Server.Unsupported]. It has: the web-server flow with PKCE, refresh with
// and without rotation, JWT bearer, client credentials, the device flow, OpenID
// Connect, the username-password flow and SOAP login (both off, as in new orgs),
// revocation, introspection, identity, signed canvas requests; REST records, queries,
// describes, relationships, blobs (of Attachment) and multipart uploads,
// collections, composite, batch, graph and tree, getUpdated and getDeleted, limits,
// recent items, tabs, a little search, installed packages by the tooling query;
// Bulk API 2.0 both ways, and the first Bulk API; and SOAP merge, which has no
// REST form.
//
// The package never imports Orglink's client, so that it cannot agree with its
// mistakes.
package salesforcetest
