// Package salesforce talks to one Salesforce org as one user. It knows no
// tenants and stores nothing.
//
//	client, err := salesforce.New(salesforce.Config{
//		Tokens: salesforce.StaticToken("https://example.my.salesforce.com", accessToken),
//	})
//	for rec, err := range client.Query(ctx, "SELECT Id, Name FROM Account") {
//		if err != nil {
//			return err
//		}
//		name, err := rec.Text("Name")
//		...
//	}
//
// All calls take one path, which [Client.Do] opens to any other endpoint: the
// token comes from a [TokenSource] for each request and is refreshed once,
// for all who share it, when Salesforce rejects it; what is safe to repeat is
// repeated with backoff; an answer that is not a success is an [*Error] that
// errors.Is compares with the Err variables; and a [Config.Observer] sees each
// attempt.
//
// Queries are sequences that stream: a page is never held whole, leaving a loop
// early frees its connection, and a result that ends short of the org's own
// count is an error ([ErrIncomplete]), not a success. Writes of many rows
// ([Client.CreateAll] and its kin) return one [Outcome] a row; only Salesforce's
// own word about a row makes it a success.
//
// What is too long for an address - a query, a tooling query, the fields of a
// record - travels inside a composite request, and nobody notices.
//
// Describes are kept and revalidated ([DescribeCache]). Background calls can be
// held below a share of the org's daily requests ([Config.QuotaFloor],
// [Interactive]). Files stream both ways ([Client.Blob], [Client.Upload],
// [Client.UpdateBlob]).
//
// Several requests travel in one call as a [Composite], whose steps may use what
// earlier ones answered, as graphs ([Graph]), each done as a whole or not at all, as a
// [Batch] or as a tree of records ([Client.CreateTree]). An update can be made
// to depend on what was read ([SaveOptions]); what became of a record that is
// gone, or of a lead that was converted, tell [Client.Fates] and
// [Client.Conversions]. No write is repeated when its answer is lost.
//
// Bulk API 2.0 is in the package bulk beside this one.
package salesforce
