// Package structgen writes Go structs for the objects of an org, from what the
// org tells about them:
//
//	d, err := client.Describe(ctx, "Opportunity")
//	src, err := structgen.Generate(d, structgen.Options{Package: "crm"})
//	err = os.WriteFile("crm/opportunity.go", src, 0o644)
//
// The struct carries the tags that salesforce.QueryAs and bulk.RecordsAs read,
// and a constant with the field list to select.
package structgen
