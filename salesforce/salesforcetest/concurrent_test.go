package salesforcetest_test

import (
	"fmt"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/orglink/orglink/salesforce/salesforcetest"
	"github.com/orglink/orglink/salesforce/sobject"
)

// Many clients at once use everything while the test rearranges the org; each
// answer is one that Salesforce could give. Run with the race detector.
func TestEverythingAtOnce(t *testing.T) {
	c := start(t, salesforcetest.Config{DailyRequests: 1 << 20, BulkDelay: time.Millisecond})
	ids := c.accounts(50)
	c.s.OnRequest(func(salesforcetest.RequestRecord) {})
	stop := make(chan struct{})
	var clients, arranger sync.WaitGroup
	arranger.Go(func() {
		for n := 0; ; n++ {
			select {
			case <-stop:
				return
			default:
			}
			unlock := c.s.Org().LockRows(ids[n%50])
			remove := c.s.Fault(salesforcetest.Fault{Match: salesforcetest.Match{Path: "recent", Times: 1}, Action: salesforcetest.Together(salesforcetest.Exhaust("DailyBulkV2QueryJobs"), salesforcetest.ShuffleJob(1))})
			c.s.SetLimit("DailyBulkV2QueryJobs", 0, 10000)
			c.s.Org().Advance(time.Millisecond)
			c.s.Org().Query("SELECT COUNT(Id), MAX(Name) FROM Account GROUP BY Industry")
			_ = c.s.Requests()
			remove()
			unlock()
			if n%50 == 7 {
				c.s.Org().AddField("Account", salesforcetest.Field{Name: fmt.Sprintf("F%d__c", n), Type: sobject.TypeString, Length: 10})
			}
		}
	})
	for n := range 6 {
		clients.Go(func() {
			for i := range 12 {
				id := string(ids[(n*12+i)%50])
				for _, request := range []struct{ method, path, body string }{
					{"GET", "query?q=" + url.QueryEscape("SELECT Id, Name, (SELECT Id FROM Contacts) FROM Account"), ""},
					{"PATCH", "sobjects/Account/" + id, `{"Phone":"1"}`},
					{"POST", "composite/sobjects", `{"records":[{"attributes":{"type":"Contact"},"LastName":"C","AccountId":"` + id + `"}]}`},
					{"POST", "composite", `{"allOrNone":true,"compositeRequest":[{"method":"POST","url":"/services/data/v66.0/sobjects/Contact","referenceId":"a","body":{"LastName":"D"}},{"method":"GET","url":"/services/data/v66.0/sobjects/Contact/@{a.id}","referenceId":"b"}]}`},
					{"POST", "jobs/query", `{"operation":"query","query":"SELECT Id FROM Account"}`},
					{"GET", "sobjects/Account/describe", ""}, {"GET", "limits", ""}, {"GET", "recent", ""}, {"GET", "jobs/query", ""},
					{"POST", "/services/async/66.0/job", `{"operation":"query","object":"Account","contentType":"JSON"}`},
					{"GET", query("SELECT QualifiedApiName FROM EntityDefinition"), ""},
				} {
					r, err := c.try(request.method, request.path, request.body)
					switch {
					case err != nil:
						t.Error(err)
					case r.status >= 500, r.status >= 400 && !strings.Contains(r.body, "UNABLE_TO_LOCK_ROW") && !strings.Contains(r.body, "LIMIT_EXCEEDED"):
						t.Errorf("%s %s: %d %.300s", request.method, request.path, r.status, r.body)
					}
				}
			}
		})
	}
	clients.Wait()
	close(stop)
	arranger.Wait()
}
