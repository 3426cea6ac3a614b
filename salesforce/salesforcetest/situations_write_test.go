package salesforcetest_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	sft "github.com/orglink/orglink/salesforce/salesforcetest"
	"github.com/orglink/orglink/salesforce/sobject"
)

// field is one field of a record, read without HTTP, as text.
func (c *caller) field(id, name string) string {
	c.t.Helper()
	rec := must(c.s.Org().Get(sobject.ID(id), name))
	v, _ := rec.Value(name)
	return v.Raw()
}

func keyed(t *testing.T, unique bool) *caller {
	c := start(t, sft.Config{})
	for _, object := range []string{"Account", "Contact", "Lead"} {
		c.s.Org().AddField(object, sft.Field{Name: "Ext__c", Type: sobject.TypeString, Length: 80, ExternalID: true, Unique: unique})
	}
	return c
}

func collection(n int, record func(i int) string) string {
	list := make([]string, n)
	for i := range list {
		list[i] = record(i)
	}
	return `{"records":[` + strings.Join(list, ",") + `]}`
}

var writeSituations = map[string]func(*testing.T){
	"write-01": func(t *testing.T) {
		c := start(t, sft.Config{})
		ids := c.accounts(2)
		held, free := string(ids[0]), string(ids[1])
		c.on(sft.Match{Method: "POST", Times: 1}, sft.LockRows(ids[0]))
		child := func(i int) string {
			return fmt.Sprintf(`{"attributes":{"type":"Contact"},"LastName":"C%d","AccountId":%q}`, i, []string{held, free}[i%2])
		}
		out := c.send("POST", "composite/sobjects", collection(4, child)).want(200).list()
		for i, o := range out {
			if o["success"] != (i%2 == 1) {
				t.Errorf("row %d: %v", i, o)
			}
		}
		if !strings.Contains(fmt.Sprint(out[0]), "UNABLE_TO_LOCK_ROW") || !strings.Contains(fmt.Sprint(out[0]), "unable to obtain exclusive access to this record or 1 records: "+held) {
			t.Errorf("%v", out[0])
		}
		c.send("POST", "composite/sobjects", collection(1, child)).want(200)
		unlock := c.s.Org().LockRows(ids[0])
		if r := c.send("PATCH", "sobjects/Account/"+held, `{"Phone":"1"}`).want(400); r.code() != "UNABLE_TO_LOCK_ROW" {
			t.Error(r.body)
		}
		if r := c.send("DELETE", "sobjects/Account/"+held, "").want(400); r.code() != "UNABLE_TO_LOCK_ROW" {
			t.Error(r.body)
		}
		in := c.ingest(`{"object":"Contact","operation":"insert"}`, "LastName,AccountId\nB1,"+held+"\nB2,"+free+"\n")
		if failed := c.send("GET", "jobs/ingest/"+in+"/failedResults", "").want(200).body; !strings.Contains(failed, "UNABLE_TO_LOCK_ROW:unable to obtain exclusive access") {
			t.Error(failed)
		}
		unlock()
		c.send("PATCH", "sobjects/Account/"+held, `{"Phone":"1"}`).want(204)
	},
	"write-02": func(t *testing.T) {
		c := start(t, sft.Config{})
		c.s.Org().AddDuplicateRule("Contact", sft.DuplicateRule{Fields: []string{"Email"}})
		c.create("Contact", `{"LastName":"A","Email":"a@b.example"}`)
		const again = `{"LastName":"B","Email":"A@b.example"}`
		r := c.send("POST", "sobjects/Contact", again).want(400)
		if r.code() != "DUPLICATES_DETECTED" || !strings.Contains(r.body, `"duplicateResult":{"allowSave":true`) {
			t.Error(r.body)
		}
		c.send("POST", "sobjects/Contact", again, "Sforce-Duplicate-Rule-Header: allowSave=true").want(201)
		c.s.Org().AddDuplicateRule("Lead", sft.DuplicateRule{Fields: []string{"Email"}, Block: true})
		c.create("Lead", `{"LastName":"A","Company":"C","Email":"a@b.example"}`)
		c.send("POST", "sobjects/Lead", `{"LastName":"A","Company":"C","Email":"a@b.example"}`, "Sforce-Duplicate-Rule-Header: allowSave=true").want(400)
	},
	"write-03": func(t *testing.T) {
		c := keyed(t, false)
		a, b := c.create("Account", `{"Name":"A","Ext__c":"1"}`), c.create("Account", `{"Name":"B","Ext__c":"1"}`)
		c.send("PATCH", "sobjects/Account/Ext__c/1", `{"Name":"C"}`).is(300,
			`["/services/data/v66.0/sobjects/Account/`+a+`","/services/data/v66.0/sobjects/Account/`+b+`"]`)
	},
	"write-04": func(t *testing.T) {
		c := start(t, sft.Config{})
		c.on(sft.Match{Method: "POST", Object: "Account", Times: 1}, sft.DropAfter())
		if _, err := c.try("POST", "sobjects/Account", `{"Name":"A"}`); err == nil {
			t.Error("an answer arrived")
		}
		if n := must(c.s.Org().Count("SELECT COUNT() FROM Account")); n != 1 {
			t.Errorf("%d accounts", n)
		}
	},
	"write-05": func(t *testing.T) {
		c := keyed(t, true)
		twice := collection(2, func(i int) string {
			return fmt.Sprintf(`{"attributes":{"type":"Account"},"Name":"A%d","Ext__c":"k"}`, i)
		})
		out := c.send("PATCH", "composite/sobjects/Account/Ext__c", twice).want(200)
		if !strings.Contains(out.body, "Duplicate external id specified: k") {
			t.Error(out.body)
		}
	},
	"write-06": func(t *testing.T) {
		c := start(t, sft.Config{})
		ids := c.accounts(2)
		c.s.Org().Merge(ids[0], ids[1])
		c.send("PATCH", "sobjects/Account/"+string(ids[1]), `{"Phone":"1"}`).is(404, `[{"message":"entity is deleted","errorCode":"ENTITY_IS_DELETED","fields":[]}]`)
		if got := must(c.s.Org().QueryAll("SELECT MasterRecordId FROM Account WHERE IsDeleted = true")); len(got) != 1 {
			t.Errorf("%v", got)
		}
		lead := c.create("Lead", `{"LastName":"L","Company":"C"}`)
		c.s.Org().ConvertLead(sobject.ID(lead), "Deal")
		c.s.Org().SetPermissions(sft.AdminUsername, sft.Permissions{System: map[string]bool{"AllowViewEditConvertedLeads": false}})
		if r := c.send("PATCH", "sobjects/Lead/"+lead, `{"Title":"x"}`).want(400); r.code() != "CANNOT_UPDATE_CONVERTED_LEAD" {
			t.Error(r.body)
		}
	},
	"write-07": func(t *testing.T) {
		c := start(t, sft.Config{})
		c.s.Org().AddRule("Account", sft.Rule{Name: "NoBad", Message: "bad name", Fails: func(r sft.Row) bool { return r.Text("Name") == "bad" }})
		name := func(i int) string {
			if i == 77 {
				return "bad"
			}
			return fmt.Sprint("A", i)
		}
		record := func(i int) string { return fmt.Sprintf(`{"attributes":{"type":"Account"},"Name":%q}`, name(i)) }
		for i, o := range c.send("POST", "composite/sobjects", collection(200, record)).want(200).list() {
			if o["success"] == (i == 77) {
				t.Errorf("row %d: %v", i, o)
			}
		}
		all := strings.Replace(collection(200, record), `{"records"`, `{"allOrNone":true,"records"`, 1)
		if out := c.send("POST", "composite/sobjects", all).want(200).list(); !strings.Contains(fmt.Sprint(out[0]), "ALL_OR_NONE_OPERATION_ROLLED_BACK") || !strings.Contains(fmt.Sprint(out[77]), "FIELD_CUSTOM_VALIDATION_EXCEPTION") {
			t.Errorf("%v %v", out[0], out[77])
		}
		var data strings.Builder
		data.WriteString("Name\n")
		for i := range 10000 {
			data.WriteString(name(i) + "\n")
		}
		if _, info := c.job("ingest", c.ingest(insertAccounts, data.String())); fmt.Sprintf("%v %v", info["numberRecordsProcessed"], info["numberRecordsFailed"]) != "10000 1" {
			t.Errorf("%v", info)
		}
	},
	"write-08": func(t *testing.T) {
		c := keyed(t, true)
		id := c.create("Account", `{"Name":"A","Ext__c":"1","Phone":"1","Fax":"2","Site":"s"}`)
		check := func(want string) {
			t.Helper()
			if got := c.field(id, "Phone") + "," + c.field(id, "Fax") + "," + c.field(id, "Site"); got != want {
				t.Errorf("Phone, Fax, Site: %s, want %s", got, want)
			}
		}
		c.send("PATCH", "sobjects/Account/"+id, `{"Phone":null,"Site":""}`).want(204)
		check(",2,")
		c.send("PATCH", "sobjects/Account/"+id, `{"Phone":"1","Site":"s"}`).want(204)
		c.ingest(`{"object":"Account","operation":"upsert","externalIdFieldName":"Ext__c"}`, "Ext__c,Phone,Fax,Site\n1,#N/A,,t\n")
		check(",2,t")
	},
	"write-09": func(t *testing.T) {
		c := keyed(t, true)
		lead := c.create("Lead", `{"LastName":"L","Company":"C","Ext__c":"1"}`)
		contact := c.create("Contact", `{"LastName":"K","Ext__c":"1"}`)
		for body, want := range map[string]string{
			`{"Subject":"a","WhoId":"` + contact + `"}`:                            contact,
			`{"Subject":"b","Who":{"attributes":{"type":"Lead"},"Ext__c":"1"}}`:    lead,
			`{"Subject":"c","Who":{"attributes":{"type":"Contact"},"Ext__c":"1"}}`: contact,
		} {
			if got := c.field(c.create("Task", body), "WhoId"); got != want {
				t.Errorf("%s: %s, want %s", body, got, want)
			}
		}
		c.ingest(`{"object":"Task","operation":"insert"}`, "Subject,Lead:Who.Ext__c\nd,1\n")
		if n := must(c.s.Org().Count("SELECT COUNT() FROM Task WHERE Who.Type = 'Lead'")); n != 2 {
			t.Errorf("%d tasks of the lead", n)
		}
	},
	"write-10": func(t *testing.T) {
		c := keyed(t, true)
		for _, key := range []string{"a/b", "a#b", "a?b=c", "a%b", "a b", "ä+b", "a.inc", "'q'", `back\slash`} {
			path := "sobjects/Account/Ext__c/" + url.PathEscape(key)
			id := c.send("PATCH", path, `{"Name":"A"}`).id()
			c.send("PATCH", path, `{"Name":"B"}`).want(200)
			if got := c.field(id, "Ext__c"); got != key {
				t.Errorf("%q was stored as %q", key, got)
			}
			c.send("GET", path, "").want(200)
			c.send("DELETE", path, "").want(204)
		}
	},
	"write-11": func(t *testing.T) {
		c := start(t, sft.Config{Seed: sft.Demo(sft.DemoConfig{Accounts: 20})})
		rec := must(c.s.Org().Query("SELECT Id, Username FROM User WHERE IsActive = true AND Username != '" + sft.AdminUsername + "' LIMIT 1"))[0]
		name, _ := rec.Text("Username")
		c.s.Org().SetAssignmentRule("Lead", name)
		const lead = `{"LastName":"L","Company":"C"}`
		if got := c.field(c.create("Lead", lead), "OwnerId"); got != string(rec.ID()) {
			t.Errorf("the owner is %s", got)
		}
		if got := c.field(c.send("POST", "sobjects/Lead", lead, "Sforce-Auto-Assign: FALSE").id(), "OwnerId"); got != c.s.Ready().UserID {
			t.Errorf("the owner is %s in spite of the header", got)
		}
	},
	"write-12": func(t *testing.T) {
		c := start(t, sft.Config{})
		id := c.create("Account", `{"Name":"A"}`)
		row := c.send("GET", "sobjects/Account/"+id, "").want(200)
		c.s.Org().Advance(2 * time.Second)
		c.s.Org().Update(sobject.ID(id), sft.Fields{"Phone": "2"})
		c.send("PATCH", "sobjects/Account/"+id, `{"Phone":"1"}`, "If-Unmodified-Since: "+row.header.Get("Last-Modified")).is(412, "")
		c.send("PATCH", "sobjects/Account/"+id, `{"Phone":"1"}`, "If-Match: "+row.header.Get("ETag")).is(412, "")
	},
}

var syncSituations = map[string]func(*testing.T){
	"sync-01": func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c := start(t, sft.Config{Listener: sft.NewMemoryListener()})
			c.on(sft.Match{Method: "POST"}, sft.DelayAfter(time.Minute))
			done := make(chan int)
			go func() {
				r, _ := c.try("POST", "sobjects/Account", `{"Name":"A"}`)
				done <- r.status
			}()
			time.Sleep(time.Second)
			if n := len(c.query("SELECT Id FROM Account")["records"].([]any)); n != 1 {
				t.Errorf("%d accounts are seen", n)
			}
			if status := <-done; status != 201 {
				t.Errorf("status %d", status)
			}
			c.s.Close()
		})
	},
	"sync-02": func(t *testing.T) {
		c := start(t, sft.Config{})
		c.s.OnAnswered(func(r sft.RequestRecord) {
			var body struct{ Phone string }
			if r.Method == "PATCH" && json.Unmarshal(r.Body, &body) == nil {
				c.s.Org().Update(sobject.ID(r.Path[strings.LastIndexByte(r.Path, '/')+1:]), sft.Fields{"Phone": body.Phone + "!"})
			}
		})
		id := c.create("Account", `{"Name":"A"}`)
		c.send("PATCH", "sobjects/Account/"+id, `{"Phone":"1"}`).want(204)
		if got := c.field(id, "Phone"); got != "1!" {
			t.Error(got)
		}
	},
	"sync-03": func(t *testing.T) {
		c := start(t, sft.Config{})
		id := c.create("Account", `{"Name":"A"}`)
		c.on(sft.Match{Method: "PATCH"}, sft.Do(func(sft.RequestRecord) { c.s.Org().Update(sobject.ID(id), sft.Fields{"Fax": "theirs"}) }))
		c.send("PATCH", "sobjects/Account/"+id, `{"Phone":"ours"}`).want(204)
		if got := c.field(id, "Phone") + c.field(id, "Fax"); got != "ourstheirs" {
			t.Error(got)
		}
	},
	"sync-04": func(t *testing.T) {
		c := start(t, sft.Config{})
		id := c.create("Account", `{"Name":"A"}`)
		c.on(sft.Match{Method: "PATCH"}, sft.Do(func(sft.RequestRecord) { c.s.Org().Update(sobject.ID(id), sft.Fields{"Phone": "theirs"}) }))
		c.send("PATCH", "sobjects/Account/"+id, `{"Phone":"ours"}`).want(204)
		if got := c.field(id, "Phone"); got != "ours" {
			t.Errorf("%s, as the last to write wins", got)
		}
	},
	"sync-05": func(t *testing.T) {
		c := start(t, sft.Config{})
		c.s.Org().AddTrigger("Account", sft.Trigger{Name: "Shout", Before: func(d *sft.Draft) error {
			d.Set("Name", strings.ToUpper(d.Text("Name")))
			return nil
		}})
		id := c.create("Account", `{"Name":"acme"}`)
		if got := c.field(id, "Name"); got != "ACME" {
			t.Error(got)
		}
		c.send("PATCH", "sobjects/Account/"+id, `{"Name":"other"}`).want(204)
		if got := c.field(id, "Name"); got != "OTHER" {
			t.Error(got)
		}
	},
}
