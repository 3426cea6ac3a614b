package conformance

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/orglink/orglink/salesforce/salesforcetest"
)

func jsQueries(t *testing.T, j jsforce) {
	o := newOutsideOrg(t)
	o.load(4300)
	parent := must(o.Org().Query("SELECT Id FROM Account WHERE Name = 'Account 00001'"))[0].ID()
	for _, name := range []string{"Ada", "Babbage"} {
		_, _ = o.Org().Create("Contact", salesforcetest.Fields{"LastName": name, "AccountId": parent})
	}
	_ = o.Org().Delete(must(o.Org().Create("Account", salesforcetest.Fields{"Name": "Gone"})))
	var got struct {
		Names, Found                         []string
		Total, First, Second, Count, Deleted int
		Done, FirstDone                      bool
		Next                                 string
		Stars                                []map[string]any
		Children                             []struct {
			Name     string
			Contacts struct {
				TotalSize int
				Done      bool
				Records   []struct{ LastName string }
			}
		}
		Groups []struct {
			N          string
			C          int
			Attributes struct{ Type string }
		}
		Limits struct{ APIUsage struct{ Used, Limit int } }
	}
	j.run(t, "queries", o, &got)
	if got.Total != 4300 || len(got.Names) != 4300 || !got.Done || got.Names[4299] != "Account 04300" || !slices.IsSorted(got.Names) {
		t.Errorf("%d of %d names, done %v", len(got.Names), got.Total, got.Done)
	}
	if got.First != 2000 || got.FirstDone || got.Second != 2000 || !strings.HasSuffix(got.Next, "-2000") {
		t.Errorf("pages of %d and %d by %s", got.First, got.Second, got.Next)
	}
	if !slices.Equal(got.Found, []string{"Account 00012", "Account 00011"}) {
		t.Errorf("found %v", got.Found)
	}
	if got.Count != 4300 || got.Deleted != 1 {
		t.Errorf("count %d, deleted %d", got.Count, got.Deleted)
	}
	if len(got.Stars) != 1 || got.Stars[0]["AccountId"] != string(parent) || got.Stars[0]["LastName"] != "Ada" || len(got.Stars[0]) < 20 {
		t.Errorf("all fields: %v", got.Stars)
	}
	if len(got.Children) != 1 || got.Children[0].Contacts.TotalSize != 2 || len(got.Children[0].Contacts.Records) != 2 {
		t.Errorf("children: %+v", got.Children)
	}
	if len(got.Groups) != 2 || got.Groups[0].C != 1 || got.Groups[0].Attributes.Type != "AggregateResult" {
		t.Errorf("groups: %+v", got.Groups)
	}
	if u := got.Limits.APIUsage; u.Limit != 15000 || u.Used == 0 || u.Used != o.APICalls() {
		t.Errorf("usage %+v, the org counted %d", u, o.APICalls())
	}
}

// jsSaved is what jsforce makes of one written record.
type jsSaved struct {
	ID      string
	Success bool
	Created *bool
	Errors  []struct {
		StatusCode, Message string
		Fields              []string
	}
}

func jsRecords(t *testing.T, j jsforce) {
	o := newOutsideOrg(t)
	var got struct {
		Made, Updated, Again, Fresh, Gone jsSaved
		Read                              map[string]any
		Recent                            int
		Missing                           jsError
	}
	j.run(t, "records", o, &got)
	o.count(1, "SELECT Id FROM Account WHERE Id = '"+got.Made.ID+"' AND Name = 'Acme AG' AND Site = 'Bern' AND NumberOfEmployees = 3 AND ERP__c = 'E-1'")
	o.count(1, "SELECT Id FROM Account")
	if !got.Made.Success || !got.Updated.Success || !got.Gone.Success || got.Again.ID != got.Made.ID || got.Again.Created == nil || *got.Again.Created || !*got.Fresh.Created {
		t.Errorf("%+v", got)
	}
	if got.Read["Name"] != "Acme" || got.Read["NumberOfEmployees"] != 3.0 || got.Read["OwnerId"] != o.Ready.UserID {
		t.Errorf("read %v", got.Read)
	}
	if got.Missing.Name != "ENTITY_IS_DELETED" {
		t.Errorf("a deleted record: %+v", got.Missing)
	}
}

func jsCollections(t *testing.T, j jsforce) {
	o := newOutsideOrg(t)
	var got struct {
		TooMany                                      jsError
		Made, Updated, Together, Upserted, Destroyed []jsSaved
		Read                                         []map[string]any
	}
	j.run(t, "collections", o, &got)
	if got.TooMany.Name != "EXCEEDED_ID_LIMIT" && got.TooMany.Name != "LIMIT_EXCEEDED" {
		t.Errorf("250 records in one call: %+v", got.TooMany)
	}
	if len(got.Made) != 250 || got.Made[7].Success || got.Made[7].Errors[0].StatusCode != "FIELD_CUSTOM_VALIDATION_EXCEPTION" ||
		!slices.Equal(got.Made[7].Errors[0].Fields, []string{"NumberOfEmployees"}) || !got.Made[249].Success {
		t.Errorf("%d made, %+v", len(got.Made), got.Made[7])
	}
	if len(got.Read) != 2 || got.Read[0]["Name"] != "Row 0" || got.Read[0]["Owner"] == nil || got.Read[1] != nil {
		t.Errorf("read %v", got.Read)
	}
	if !got.Updated[0].Success || got.Updated[1].Success {
		t.Errorf("updated %+v", got.Updated)
	}
	if got.Together[0].Success || got.Together[0].Errors[0].StatusCode != "ALL_OR_NONE_OPERATION_ROLLED_BACK" {
		t.Errorf("all or none: %+v", got.Together)
	}
	if !*got.Upserted[0].Created || !got.Destroyed[1].Success {
		t.Errorf("upserted %+v, destroyed %+v", got.Upserted, got.Destroyed)
	}
	o.count(249, "SELECT Id FROM Account") // 249 made, 2 upserted, 2 destroyed
	o.count(1, "SELECT Id FROM Account WHERE Site = 'Bern'")
	o.count(0, "SELECT Id FROM Account WHERE Site = 'Basel'")
}

func jsComposites(t *testing.T, j jsforce) {
	o := newOutsideOrg(t)
	var got struct {
		Composite struct {
			CompositeResponse []struct {
				HTTPStatusCode int
				ReferenceID    string
				HTTPHeaders    map[string]string
				Body           map[string]any
			}
		}
		Batch struct {
			HasErrors bool
			Results   []struct {
				StatusCode int
				Result     any
			}
		}
		Tree struct {
			HasErrors bool
			Results   []struct{ ReferenceID, ID string }
		}
	}
	j.run(t, "composites", o, &got)
	parts := got.Composite.CompositeResponse
	if len(parts) != 3 || parts[0].HTTPStatusCode != 201 || parts[2].Body["LastName"] != "Child" || !strings.HasSuffix(parts[1].HTTPHeaders["Location"], fmt.Sprint(parts[1].Body["id"])) {
		t.Errorf("composite: %+v", parts)
	}
	o.count(1, "SELECT Id FROM Contact WHERE LastName = 'Child' AND Account.Name = 'Parent'")
	if !got.Batch.HasErrors || got.Batch.Results[0].StatusCode != 200 || got.Batch.Results[1].StatusCode != 404 {
		t.Errorf("batch: %+v", got.Batch)
	}
	if got.Tree.HasErrors || len(got.Tree.Results) != 2 || got.Tree.Results[0].ReferenceID != "a1" {
		t.Errorf("tree: %+v", got.Tree)
	}
	o.count(1, "SELECT Id FROM Contact WHERE LastName = 'Leaf' AND Account.Name = 'Tree'")
}

func jsDescribes(t *testing.T, j jsforce) {
	o := newOutsideOrg(t)
	var got struct {
		Names, GlobalKeys, Keys, FieldKeys, Industry, Children, Root []string
		ERP                                                          map[string]any
		Nothing                                                      jsError
		Layouts                                                      string
		Versions, Tabs                                               int
		Limits                                                       map[string]map[string]any
	}
	j.run(t, "describes", o, &got)
	for _, name := range []string{"Account", "Contact", "Lead", "Opportunity", "Task", "User"} {
		if !slices.Contains(got.Names, name) {
			t.Errorf("no %s in the global describe", name)
		}
	}
	if len(got.Keys) != 45 || len(got.FieldKeys) != 57 || len(got.GlobalKeys) != 28 {
		t.Errorf("%d keys of an object, %d of a field, %d of a global entry", len(got.Keys), len(got.FieldKeys), len(got.GlobalKeys))
	}
	if got.ERP["externalId"] != true || got.ERP["unique"] != true || got.ERP["soapType"] != "xsd:string" {
		t.Errorf("ERP__c: %v", got.ERP)
	}
	if !slices.Contains(got.Industry, "Banking") || !slices.Contains(got.Children, "Contacts") {
		t.Errorf("industries %v, children %v", got.Industry, got.Children)
	}
	if got.Nothing.Name != "NOT_FOUND" || !slices.Contains(got.Root, "sobjects") || got.Versions != 36 || got.Tabs == 0 {
		t.Errorf("%+v %v %d versions, %d tabs", got.Nothing, got.Root, got.Versions, got.Tabs)
	}
	if got.Limits["DailyApiRequests"]["Max"] != 15000.0 {
		t.Errorf("limits: %v", got.Limits)
	}
}

func jsSearches(t *testing.T, j jsforce) {
	o := newOutsideOrg(t)
	acme := must(o.Org().Create("Account", salesforcetest.Fields{"Name": "Zebra Works", "NumberOfEmployees": 9}))
	_, _ = o.Org().Create("Account", salesforcetest.Fields{"Name": "Works of Zebra", "NumberOfEmployees": 9})
	_, _ = o.Org().Create("Contact", salesforcetest.Fields{"LastName": "Zebra"})
	type found struct {
		SearchRecords []struct {
			ID, Name   string
			Attributes struct{ Type, URL string }
		}
	}
	var got struct{ Sosl, Quoted, None found }
	j.run(t, "searches", o, &got)
	types := map[string]int{}
	for _, r := range got.Sosl.SearchRecords {
		types[r.Attributes.Type]++
	}
	if types["Account"] != 2 || types["Contact"] != 1 {
		t.Errorf("found %v", types)
	}
	if q := got.Quoted.SearchRecords; len(q) != 1 || q[0].ID != string(acme) || q[0].Name != "Zebra Works" {
		t.Errorf("found %+v", q)
	}
	if len(got.None.SearchRecords) != 0 {
		t.Errorf("found %+v", got.None)
	}
}

func jsReplication(t *testing.T, j jsforce) {
	o := newOutsideOrg(t)
	kept := must(o.Org().Create("Account", salesforcetest.Fields{"Name": "Kept"}))
	gone := must(o.Org().Create("Account", salesforcetest.Fields{"Name": "Gone"}))
	_ = o.Org().Delete(gone)
	var got struct {
		Updated struct {
			IDs               []string
			LatestDateCovered string
		}
		Deleted struct {
			DeletedRecords                           []struct{ ID, DeletedDate string }
			EarliestDateAvailable, LatestDateCovered string
		}
	}
	j.run(t, "replication", o, &got)
	if !slices.Equal(got.Updated.IDs, []string{string(kept)}) || got.Updated.LatestDateCovered == "" {
		t.Errorf("updated %+v", got.Updated)
	}
	if d := got.Deleted.DeletedRecords; len(d) != 1 || d[0].ID != string(gone) || !strings.HasSuffix(d[0].DeletedDate, "+0000") || got.Deleted.EarliestDateAvailable == "" {
		t.Errorf("deleted %+v", got.Deleted)
	}
}

func jsErrors(t *testing.T, j jsforce) {
	o := newOutsideOrg(t)
	_ = o.Org().AddField("Account", salesforcetest.Field{Name: "Loose__c", Length: 20, Type: "string", ExternalID: true})
	_, _ = o.Org().Create("Account", salesforcetest.Fields{"Name": "A", "ERP__c": "1", "Loose__c": "x"})
	_, _ = o.Org().Create("Account", salesforcetest.Fields{"Name": "B", "Loose__c": "x"})
	var got map[string]jsError
	j.run(t, "errors", o, &got)
	for what, want := range map[string]jsError{
		"malformed": {"MALFORMED_QUERY", "unexpected token"},
		"field":     {"INVALID_FIELD", "No such column 'Nope' on entity 'Account'"},
		"object":    {"INVALID_TYPE", "sObject type 'Nope__c' is not supported"},
		"required":  {"REQUIRED_FIELD_MISSING", "Required fields are missing: [Name]"},
		"rule":      {"FIELD_CUSTOM_VALIDATION_EXCEPTION", "Employees cannot be negative."},
		"taken":     {"DUPLICATE_VALUE", "duplicate value found: ERP__c duplicates value on record with id: 001"},
		"choices":   {"MULTIPLE_CHOICES", "Multiple records found"},
		"nothing":   {"NOT_FOUND", "The requested resource does not exist"},
		"verb":      {"METHOD_NOT_ALLOWED", "HTTP Method 'PUT' not allowed. Allowed are HEAD,GET,POST"},
		"json":      {"JSON_PARSER_ERROR", ""},
		"search":    {"INVALID_TYPE", "Nope__c"},
		"locator":   {"INVALID_QUERY_LOCATOR", ""},
		"dead":      {"INVALID_SESSION_ID", "Session expired or invalid"},
	} {
		if e := got[what]; e.Name != want.Name || !strings.Contains(e.Message, want.Message) {
			t.Errorf("%s: %+v, want %+v", what, e, want)
		}
	}
	o.count(2, "SELECT Id FROM Account")
}
