package main

import (
	"context"
	"fmt"

	"github.com/orglink/orglink/salesforce/embed"
	"github.com/orglink/orglink/salesforce/sobject"
	"github.com/orglink/orglink/sync/importer"
	"github.com/orglink/orglink/sync/mirror"
)

// openCompany is what happens when somebody opens a company's page: that
// record and what belongs to it are read again, and shown from the mirror.
func (j *job) openCompany(ctx context.Context) error {
	id, err := j.chooseCompany(ctx)
	if err != nil || id == "" {
		return err
	}
	description := fmt.Sprintf("Changed a second ago, in round %d: “déjà vu”", j.plan.Round)
	if j.people != nil {
		err := j.people.change(ctx, sobject.NewRecord("Account", sobject.F("Description", text("%s", description))), id)
		if err != nil {
			return fmt.Errorf("people in the org: %w", err)
		}
	}
	fresh, err := j.Importer.Refresh(ctx, tenant, j.connection.ID, importer.RefreshRequest{Object: "Account", ID: id})
	if err != nil {
		return err
	}
	card, err := j.Mirror.Card(ctx, admin, j.integration.ID, "Account", id)
	if err != nil {
		return err
	}
	company := companyResult{Related: map[string]int{}}
	if company.Name, err = card.Record.Text("Name"); err != nil {
		return err
	}
	site, err := embed.SiteOf(j.connection.InstanceURL, trusted(j.c, j.o)...)
	if err != nil {
		return err
	}
	company.Link = site.Record("Account", id)
	for _, r := range card.Related {
		company.Related[r.Object] += int(r.Total)
	}
	j.result.Company = company
	if j.people != nil {
		got, err := card.Record.Text("Description")
		if err != nil {
			return err
		}
		j.result.expect("the opened company's description", got, description)
	}
	j.p.Done("opened      %s, refreshed with %d related records in %d calls", company.Name, relatedRows(fresh), fresh.Calls)
	return nil
}

func relatedRows(r importer.RefreshResult) (n int) {
	for object, rows := range r.Rows {
		if object != "Account" {
			n += rows
		}
	}
	return n
}

// chooseCompany takes the one that the round's plan names, or the first.
func (j *job) chooseCompany(ctx context.Context) (sobject.ID, error) {
	if j.plan.Company != "" {
		return j.plan.Company, nil
	}
	page, err := j.Mirror.List(ctx, admin, j.integration.ID, mirror.Query{Object: "Account", Fields: []string{"Id"}, Limit: 1})
	if err != nil || len(page.Rows) == 0 {
		return "", err
	}
	return page.Rows[0].ID, nil
}
