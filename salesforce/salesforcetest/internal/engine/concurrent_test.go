package engine_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/orglink/orglink/salesforce/salesforcetest/internal/engine"
	"github.com/orglink/orglink/salesforce/sobject"
)

// Writers, readers and schema changes at once: no race, no lost row, and no
// key given twice.
func TestConcurrentUse(t *testing.T) {
	fx := newOrg(t)
	var wg sync.WaitGroup
	const writers, rows = 4, 100
	wins := make([]int, writers)
	for w := range writers {
		wg.Go(func() {
			for i := range rows {
				out, err := fx.Insert(fx.s, "Account", []sobject.Record{rec("Account", "Name", fmt.Sprint(w, i)), rec("Account", "Name", "key", "Code__c", fmt.Sprint(i))}, csv)
				if err != nil || !out[0].Success {
					t.Errorf("%v %+v", err, out)
				}
				if out[1].Success {
					wins[w]++
				}
			}
		})
		wg.Go(func() {
			for range rows / 2 {
				r, err := fx.QueryText(fx.s, "SELECT Id, Name, Owner.Name, Total__c, (SELECT Id FROM Contacts) FROM Account ORDER BY Name", engine.QueryOptions{})
				if err != nil {
					t.Error(err)
					return
				}
				for i := range min(r.Len(), 20) {
					r.AppendJSON(nil, i, jsonBase)
				}
				if _, err := fx.Describe(fx.s, "Account", engine.DescribeOptions{}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Go(func() {
		for i := range 20 {
			if err := fx.AddField("Account", textField(fmt.Sprintf("Extra%d__c", i))); err != nil {
				t.Error(err)
			}
		}
	})
	wg.Wait()
	total := 0
	for _, n := range wins {
		total += n
	}
	if n := fx.query("SELECT COUNT() FROM Account").TotalSize(); total != rows || n != writers*rows+rows {
		t.Errorf("%d rows, %d keys won", n, total)
	}
}
