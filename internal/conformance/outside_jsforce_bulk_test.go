package conformance

import (
	"strings"
	"testing"

	"github.com/orglink/orglink/salesforce/salesforcetest"
)

// jsLoaded is the three result files of a job, as records.
type jsLoaded struct {
	SuccessfulResults, FailedResults, UnprocessedRecords []map[string]string
}

func jsBulk2Ingest(t *testing.T, j jsforce) {
	o := newOutsideOrg(t)
	var got struct {
		Inserted, CSV, Updated, Upserted, Deleted jsLoaded
		Info, Aborted                             struct {
			ID, State, Object, Operation, ContentURL string
			APIVersion                               float64
		}
		Gone, Unknown jsError
		ID            string
	}
	j.run(t, "bulk2Ingest", o, &got)
	if len(got.Inserted.SuccessfulResults) != 2 || len(got.Inserted.FailedResults) != 1 || len(got.Inserted.UnprocessedRecords) != 0 {
		t.Fatalf("inserted %+v", got.Inserted)
	}
	if f := got.Inserted.FailedResults[0]; f["ERP__c"] != "3" || f["sf__Error"] != "FIELD_CUSTOM_VALIDATION_EXCEPTION:Employees cannot be negative.:NumberOfEmployees --" {
		t.Errorf("failed %v", f)
	}
	for _, r := range got.Upserted.SuccessfulResults {
		if (r["sf__Created"] == "true") != (r["ERP__c"] == "9") {
			t.Errorf("upserted %v", r)
		}
	}
	o.count(1, "SELECT Id FROM Account WHERE Id = '"+got.ID+"' AND Name = 'One again' AND Site = null AND NumberOfEmployees = 11")
	o.count(1, "SELECT Id FROM Account WHERE ERP__c = '9'")
	o.count(3, "SELECT Id FROM Account") // One, Two, Nine; those from text are deleted again
	if len(got.Deleted.SuccessfulResults) != 2 {
		t.Errorf("deleted %+v", got.Deleted)
	}
	if got.Info.State != "Open" || got.Info.APIVersion != 60 || got.Info.ContentURL != "services/data/v60.0/jobs/ingest/"+got.Info.ID+"/batches" {
		t.Errorf("a new job: %+v", got.Info)
	}
	if got.Aborted.State != "Aborted" || got.Gone.Name != "NOT_FOUND" {
		t.Errorf("aborted %+v, deleted %+v", got.Aborted, got.Gone)
	}
	if !strings.Contains(got.Unknown.Message, "InvalidBatch") {
		t.Errorf("an unknown column: %+v", got.Unknown)
	}
}

func jsBulk2Query(t *testing.T, j jsforce) {
	o := newOutsideOrg(t)
	o.load(2500)
	_ = o.Org().Delete(must(o.Org().Create("Account", salesforcetest.Fields{"Name": "Gone"})))
	var got struct {
		Rows, All, Deleted int
		Row                map[string]string
		Refused            jsError
	}
	j.run(t, "bulk2Query", o, &got)
	if got.Rows != 2500 || got.All != 2501 || got.Deleted != 1 {
		t.Errorf("%+v", got)
	}
	if got.Row["NumberOfEmployees"] != "7" || len(got.Row["Id"]) != 18 {
		t.Errorf("a row: %v", got.Row)
	}
	if got.Refused.Name != "API_ERROR" && got.Refused.Name != "INVALID_TYPE" && got.Refused.Name != "INVALIDENTITY" {
		t.Errorf("a query of nothing: %+v", got.Refused)
	}
}

func jsBulk1(t *testing.T, j jsforce) {
	o := newOutsideOrg(t)
	type result struct {
		ID               string
		Success, Created bool
		Errors           []string
	}
	var got struct {
		Inserted, Upserted, Cleared, Deleted []result
		Rows                                 []map[string]string
		Info, Closed                         struct{ ID, State, Object, Operation, APIVersion string }
		Batches                              []struct{ State, NumberRecordsProcessed string }
		Malformed, Expired, Unknown          jsError
	}
	j.run(t, "bulk1", o, &got)
	if len(got.Inserted) != 3 || !got.Inserted[0].Success || !got.Inserted[2].Created || got.Inserted[1].Success ||
		!strings.HasPrefix(got.Inserted[1].Errors[0], "FIELD_CUSTOM_VALIDATION_EXCEPTION:Employees cannot be negative.:NumberOfEmployees --") {
		t.Errorf("inserted %+v", got.Inserted)
	}
	if len(got.Upserted) != 2 || got.Upserted[0].Created || !got.Upserted[1].Created || got.Upserted[0].ID != got.Inserted[0].ID {
		t.Errorf("upserted %+v", got.Upserted)
	}
	o.count(1, "SELECT Id FROM Account WHERE Id = '"+got.Inserted[0].ID+"' AND Name = 'One again' AND Site = null")
	if len(got.Rows) != 3 || got.Rows[0]["Name"] != "Nine" || got.Rows[0]["ERP__c"] != "9" {
		t.Errorf("rows %v", got.Rows)
	}
	o.count(0, "SELECT Id FROM Account WHERE Id = '"+got.Inserted[2].ID+"'")
	if got.Info.State != "Open" || got.Info.APIVersion != "60.0" || got.Closed.State != "Closed" || len(got.Batches) != 1 || got.Batches[0].State != "Completed" || got.Batches[0].NumberRecordsProcessed != "1" {
		t.Errorf("job %+v, closed %+v, batches %+v", got.Info, got.Closed, got.Batches)
	}
	o.count(1, "SELECT Id FROM Account WHERE Name = 'By hand'")
	if !strings.Contains(got.Malformed.Message, "No such column 'Nope'") || got.Expired.Name != "InvalidSessionId" || got.Unknown.Name != "InvalidJob" && got.Unknown.Name != "InvalidEntity" {
		t.Errorf("malformed %+v, expired %+v, unknown %+v", got.Malformed, got.Expired, got.Unknown)
	}
}
