package exporter_test

import (
	"context"
	"fmt"

	"github.com/orglink/orglink/mapping"
	"github.com/orglink/orglink/sync/exporter"
)

// Changes of one row that wait together become one write.
func ExampleMemory() {
	ctx := context.Background()
	outbox := exporter.NewMemory()
	change := exporter.Change{Tenant: "acme", Connection: "c1", Object: "companies", Key: "c-42", Row: mapping.Row{"name": "Acme", "phone": "1"}}
	_ = outbox.Add(ctx, change)
	change.Row = mapping.Row{"phone": "2"}
	_ = outbox.Add(ctx, change)

	waiting, _ := outbox.List(ctx, "acme", "c1", exporter.Filter{State: exporter.Pending})
	for _, e := range waiting {
		fmt.Println(e.Key, e.Row["name"], e.Row["phone"])
	}
	// Output: c-42 Acme 2
}

func ExampleFold() {
	earlier := exporter.Change{Op: exporter.Upsert, Row: mapping.Row{"name": "Acme"}}
	later := exporter.Change{Op: exporter.Update, Row: mapping.Row{"phone": "2"}}
	joined, ok := exporter.Fold(earlier, later)
	fmt.Println(joined.Op, joined.Row, ok)
	// Output: upsert map[name:Acme phone:2] true
}
