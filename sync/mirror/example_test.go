package mirror_test

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/salesforce/sobject"
	"github.com/orglink/orglink/sync/mirror"
)

// A page of a company list, filtered and sorted, as one viewer may see it.
func ExampleMirror_List() {
	var (
		db    *sql.DB      // the host's
		views mirror.Views // an integration.Service
		ctx   = context.Background()
	)
	list := func(viewer orglink.Actor, integration orglink.IntegrationID, after string) error {
		m, err := mirror.New(db, mirror.Config{SQL: orglink.SQLConfig{Dialect: orglink.PostgreSQL}, Views: views})
		if err != nil {
			return err
		}
		page, err := m.List(ctx, viewer, integration, mirror.Query{
			Object: "Account",
			Fields: []string{"Name", "AnnualRevenue"},
			Where: []mirror.Filter{
				{Field: "Industry", Op: mirror.Eq, Values: []sobject.Value{sobject.TextValue("Energy")}},
				{Field: "AnnualRevenue", Op: mirror.Ge, Values: []sobject.Value{sobject.IntValue(1_000_000)}},
			},
			Sort:  []mirror.Sort{{Field: "AnnualRevenue", Desc: true}},
			Limit: 50,
			After: after, // the page before's Next
		})
		if err != nil {
			return err
		}
		for _, row := range page.Rows {
			name, _ := row.Record.Text("Name")
			fmt.Println(name, row.Owner)
		}
		return nil
	}
	fmt.Println(list(orglink.Actor{}, "", ""))
	// Output: mirror: configuration: the *sql.DB is nil
}
