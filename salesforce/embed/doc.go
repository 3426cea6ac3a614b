// Package embed is for products that live inside Salesforce: it builds and
// reads the addresses of pages in an org, verifies the signed request that
// opens a canvas app, and makes install links for a managed package.
//
//	site, err := embed.SiteOf(conn.InstanceURL)
//	site.Record("Account", id)   // https://acme.lightning.force.com/lightning/r/Account/001.../view
//	link, err := embed.Parse(pasted) // what an admin copied from the browser
//	req, err := embed.CanvasFrom(r, secret) // who opened the tab
//
// Everything here is pure: no request leaves the process.
package embed
