package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/connection"
	"github.com/orglink/orglink/mapping"
	"github.com/orglink/orglink/salesforce"
	"github.com/orglink/orglink/sync/integration"
)

// usageObject is the custom object that the product writes to.
const usageObject = "Product_Usage__c"

// selected are the standard objects that are imported; one custom object is
// added from the org.
var selected = []string{"Account", "Contact", "Opportunity", "Contract", "Case", usageObject}

// usageMap says how the product's rows become records.
var usageMap = mapping.Map{Object: usageObject, ExternalID: "Usage_Key__c", Fields: []mapping.FieldMap{
	{Host: "account_id", Salesforce: "Account__c"},
	{Host: "plan", Salesforce: "Plan__c", Picklist: map[string]string{"free": "Free", "team": "Team", "business": "Business"}},
	{Host: "seats", Salesforce: "Seats__c"},
	{Host: "monthly_fee", Salesforce: "Monthly_Fee__c"},
	{Host: "last_active", Salesforce: "Last_Active__c"},
	{Host: "notes", Salesforce: "Notes__c", Long: mapping.LongTruncate},
}}

// chooseCustomObject finds a custom object in the org: the product's own, or
// else the first that can be read.
func (j *job) chooseCustomObject(ctx context.Context, client *salesforce.Client) error {
	all, err := client.DescribeGlobal(ctx)
	if err != nil {
		return err
	}
	j.objects = append([]string{}, selected[:len(selected)-1]...)
	custom := ""
	for _, o := range all {
		if o.Name == usageObject {
			custom = usageObject
			j.hasUsage = true
			break
		}
		if custom == "" && o.Custom && o.Queryable && strings.HasSuffix(o.Name, "__c") {
			custom = o.Name
		}
	}
	if custom == "" {
		return errors.New("the org has no custom object that this user can read")
	}
	j.objects = append(j.objects, custom)
	return nil
}

// preflight checks that the connected user may do what is planned.
func (j *job) preflight(ctx context.Context) error {
	client, err := j.Connections.Client(ctx, tenant, j.connection.ID)
	if err != nil {
		return err
	}
	if err := j.chooseCustomObject(ctx, client); err != nil {
		return err
	}
	described, err := client.DescribeMany(ctx, j.objects)
	if err != nil {
		return err
	}
	chosen, _ := mapping.ResolveAll(j.draft().Objects, described) // the review tells what is wrong with it
	need := connection.ForSelections(chosen...)
	if j.write && j.hasUsage {
		need = need.And(connection.ForMaps(usageMap))
	}
	report, err := j.Connections.Preflight(ctx, tenant, j.connection.ID, need)
	if err != nil {
		return err
	}
	j.p.Done("\n%s", strings.TrimSpace(report.String()))
	if !report.OK() {
		return errors.New("the connected user may not do what is needed; the report above says how to fix it")
	}
	return nil
}

// draft is the integration as an admin of the product would put it together.
func (j *job) draft() integration.Draft {
	d := integration.Draft{Name: "Customers", Connection: j.connection.ID, Owner: owners, Groups: []orglink.GroupID{others}}
	for _, object := range j.objects {
		fields := mapping.FieldSelector(mapping.Combined(mapping.Standard(), mapping.Custom()))
		if chosen := j.c.fields[object]; chosen != nil {
			if object == "Account" { // what the later stages show
				chosen = append([]string{"Name", "Description", "OwnerId"}, chosen...)
			}
			fields = mapping.Listed(chosen...)
		} else if object == "Case" {
			fields = mapping.Listed("CaseNumber", "Subject", "Status", "Priority", "Origin", "AccountId", "ContactId", "OwnerId", "IsClosed", "CreatedDate", "ClosedDate")
		}
		d.Objects = append(d.Objects, mapping.ObjectSelection{Object: object, Fields: fields})
	}
	return d
}

// review shows what saving the integration would mean, and saves it once.
func (j *job) review(ctx context.Context) error {
	saved, err := j.Integrations.List(ctx, admin)
	if err != nil {
		return err
	}
	for _, i := range saved {
		if i.Connection == j.connection.ID {
			j.integration = i
		}
	}
	draft := j.draft()
	review, err := j.Integrations.Review(ctx, admin, draft)
	if err != nil {
		return err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "\nIntegration %q, owned by the group %s\n", review.Name, review.Owner)
	for _, o := range review.Objects {
		fmt.Fprintf(&b, "  %-18s %3d fields\n", o.Object, o.Fields)
	}
	fmt.Fprintf(&b, "  %d companies; also for the groups: %s\n", review.Companies, joinGroups(review.Groups))
	fmt.Fprintf(&b, "  the first import is estimated at %d rows, %d API calls and %d Bulk jobs", review.Estimate.Rows, review.Estimate.Calls, review.Estimate.Jobs)
	j.p.Done("%s", b.String())
	if !review.Ready() {
		var lines []string
		for _, m := range review.Missing {
			lines = append(lines, m.Sentence())
		}
		for _, p := range mapping.Blocking(review.Problems) {
			lines = append(lines, strings.TrimPrefix(p.Object+"."+p.Field, ".")+": "+p.Reason+" ("+p.Remedy+")")
		}
		return fmt.Errorf("the integration cannot be saved: %s", strings.Join(lines, "; "))
	}
	switch {
	case j.integration.ID == "":
		j.integration, err = j.Integrations.Save(ctx, admin, draft)
	case len(j.c.fields) > 0:
		j.integration, err = j.Integrations.Edit(ctx, admin, j.integration.ID, draft)
	}
	if err != nil {
		return err
	}
	for _, o := range review.Objects {
		j.result.Objects = append(j.result.Objects, objectResult{Object: o.Object, Fields: o.Fields})
	}
	return nil
}

func joinGroups(groups []orglink.GroupID) string {
	names := make([]string, len(groups))
	for i, g := range groups {
		names[i] = string(g)
	}
	return strings.Join(names, ", ")
}
