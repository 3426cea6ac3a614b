// Package embed is for products that live inside Salesforce: it builds and
// reads the addresses of pages in an org, verifies the signed request that
// opens a canvas app and keeps its user signed in inside the iframe, and looks
// after the product's managed package.
//
//	site, err := embed.SiteOf(conn.InstanceURL)
//	site.Record("Account", id)       // https://acme.lightning.force.com/lightning/r/Account/001.../view
//	link, err := embed.Parse(pasted) // what an admin copied from the browser
//	req, session, err := sessions.Open(w, r, secret) // who opened the tab
//	have, err := product.Installed(ctx, client)      // is the package there, is it old
//
// Only Installed talks to an org; everything else is pure.
package embed
