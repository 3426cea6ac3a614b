package salesforcetest_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/orglink/orglink/salesforce/salesforcetest"
)

const asyncXML = `xmlns="http://www.force.com/2009/06/asyncapi/dataload"`

// async sends a request of the first Bulk API, which has its own header for
// the session.
func (c *caller) async(method, path, body, contentType string) reply {
	c.t.Helper()
	return c.send(method, "/services/async/66.0/job"+path, body, "Authorization: ", "X-SFDC-Session: "+c.token, "Content-Type: "+contentType)
}

var element = regexp.MustCompile(`<([a-zA-Z]+)>([^<]*)</`)

// part is the text of one XML element.
func (r reply) part(name string) string {
	r.t.Helper()
	for _, m := range element.FindAllStringSubmatch(r.body, -1) {
		if m[1] == name {
			return m[2]
		}
	}
	r.t.Fatalf("no <%s> in %s", name, r.body)
	return ""
}

func TestBulk1CSV(t *testing.T) {
	c := start(t, salesforcetest.Config{BulkDelay: time.Minute})
	c.s.Org().Create("Account", salesforcetest.Fields{"Name": "old"})
	job := c.async("POST", "", `<jobInfo `+asyncXML+`><operation>insert</operation><object>contact</object><contentType>CSV</contentType></jobInfo>`, "application/xml; charset=UTF-8").want(201)
	id := job.part("id")
	if job.header.Get("Content-Type") != "application/xml" || job.part("state") != "Open" || job.part("object") != "Contact" || !strings.HasSuffix(job.part("createdDate"), "Z") {
		t.Error(job.body)
	}
	batch := c.async("POST", "/"+id+"/batch", "LastName,Account.Name,Birthdate\r\nDoe,,2001-02-03\r\n\"\",,\r\nRow,,never\r\n", "text/csv").want(201)
	bid := batch.part("id")
	if batch.part("state") != "Queued" || batch.part("jobId") != id {
		t.Error(batch.body)
	}
	if r := c.async("GET", "/"+id+"/batch/"+bid+"/result", "", "").want(400); r.part("exceptionCode") != "InvalidBatch" || r.part("exceptionMessage") != "Batch not completed" {
		t.Error(r.body)
	}
	c.s.Org().Advance(20 * time.Second)
	if s := c.async("GET", "/"+id+"/batch/"+bid, "", "").want(200).part("state"); s != "InProgress" {
		t.Error(s)
	}
	c.s.Org().Advance(40 * time.Second)
	if r := c.async("POST", "/"+id, `<jobInfo `+asyncXML+`><state>Closed</state></jobInfo>`, "application/xml").want(200); r.part("state") != "Closed" || r.part("numberBatchesCompleted") != "1" || r.part("numberRecordsFailed") != "2" {
		t.Error(r.body)
	}
	if r := c.async("GET", "/"+id+"/batch", "", "").want(200); !strings.Contains(r.body, "<batchInfoList") || r.part("numberRecordsProcessed") != "3" {
		t.Error(r.body)
	}
	got := rows(t, c.async("GET", "/"+id+"/batch/"+bid+"/result", "", "").want(200).body)
	if strings.Join(got[0], ",") != "Id,Success,Created,Error" || got[1][1] != "true" || got[1][2] != "true" || got[2][0] != "" || got[2][3] != "REQUIRED_FIELD_MISSING:Required fields are missing: [LastName]:LastName --" || got[3][1] != "false" {
		t.Errorf("%q", got)
	}
	c.async("GET", "/"+id+"/batch/"+bid+"/request", "", "").want(200)
	if r := c.async("POST", "/"+id+"/batch", "LastName\nDoe\n", "text/csv").want(400); r.part("exceptionCode") != "InvalidJobState" {
		t.Error(r.body)
	}
}

func TestBulk1JSON(t *testing.T) {
	c := start(t, salesforcetest.Config{})
	create := func(body string) string {
		t.Helper()
		return c.async("POST", "", body, "application/json").want(201).object()["id"].(string)
	}
	id := create(`{"operation":"insert","object":"Account","contentType":"JSON"}`)
	batch := c.async("POST", "/"+id+"/batch", `[{"Name":"A","NumberOfEmployees":5},{"Phone":"1"}]`, "application/json").want(201).object()["id"].(string)
	var out []struct {
		Success, Created bool
		ID               *string
		Errors           []struct {
			StatusCode, Message string
			Fields              []string
		}
	}
	c.async("GET", "/"+id+"/batch/"+batch+"/result", "", "").want(200).decode(&out)
	if !out[0].Success || out[0].ID == nil || out[1].Success || out[1].ID != nil || out[1].Errors[0].StatusCode != "REQUIRED_FIELD_MISSING" {
		t.Errorf("%+v", out)
	}
	info := c.async("GET", "/"+id, "", "").want(200).object()
	if fmt.Sprint(info["apiVersion"]) != "66.0" || !strings.HasSuffix(info["createdDate"].(string), "+0000") || fmt.Sprint(info["numberRecordsFailed"]) != "1" {
		t.Errorf("%v", info)
	}
	id = create(`{"operation":"query","object":"Account","contentType":"JSON"}`)
	batch = c.async("POST", "/"+id+"/batch", "SELECT Id, Name, Owner.Username FROM Account", "application/json").want(201).object()["id"].(string)
	var results []string
	c.async("GET", "/"+id+"/batch/"+batch+"/result", "", "").want(200).decode(&results)
	var recs []map[string]any
	c.async("GET", "/"+id+"/batch/"+batch+"/result/"+results[0], "", "").want(200).decode(&recs)
	if len(recs) != 1 || recs[0]["Name"] != "A" || recs[0]["Owner"].(map[string]any)["Username"] != salesforcetest.AdminUsername {
		t.Errorf("%v", recs)
	}
	batch = c.async("POST", "/"+id+"/batch", "SELECT Nope FROM Account", "application/json").want(201).object()["id"].(string)
	if b := c.async("GET", "/"+id+"/batch/"+batch, "", "").want(200).object(); b["state"] != "Failed" || !strings.Contains(b["stateMessage"].(string), "InvalidBatch : Failed to process query: INVALID_FIELD") {
		t.Errorf("%v", b)
	}
}

func TestBulk1XML(t *testing.T) {
	c := start(t, salesforcetest.Config{})
	parent := c.create("Account", `{"Name":"P","Phone":"1"}`)
	id := c.async("POST", "", `<jobInfo `+asyncXML+`><operation>update</operation><object>Account</object></jobInfo>`, "").want(201).part("id")
	batch := c.async("POST", "/"+id+"/batch", `<sObjects `+asyncXML+` xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><sObject><Id>`+parent+
		`</Id><Name>Q &amp; R</Name><Phone xsi:nil="true"/></sObject><sObject><Id>001000000000000AAA</Id></sObject></sObjects>`, "application/xml").want(201).part("id")
	r := c.async("GET", "/"+id+"/batch/"+batch+"/result", "", "").want(200)
	if r.part("id") != parent || !strings.Contains(r.body, "<statusCode>INVALID_CROSS_REFERENCE_KEY</statusCode>") {
		t.Error(r.body)
	}
	if got := c.field(parent, "Name") + c.field(parent, "Phone"); got != "Q & R" {
		t.Error(got)
	}
	id = c.async("POST", "", `<jobInfo `+asyncXML+`><operation>query</operation><object>Account</object><contentType>XML</contentType></jobInfo>`, "").want(201).part("id")
	batch = c.async("POST", "/"+id+"/batch", "SELECT Name, Phone FROM Account", "application/xml").want(201).part("id")
	result := c.async("GET", "/"+id+"/batch/"+batch+"/result", "", "").want(200).part("result")
	if r := c.async("GET", "/"+id+"/batch/"+batch+"/result/"+result, "", "").want(200); r.part("Name") != "Q &amp; R" || !strings.Contains(r.body, `<Phone xsi:nil="true"/>`) {
		t.Error(r.body)
	}
}

// Faults know what a job is about, and what becomes of its batches.
func TestBulk1Faults(t *testing.T) {
	c := start(t, salesforcetest.Config{})
	create := func(object string) string {
		t.Helper()
		return c.async("POST", "", `{"operation":"insert","object":"`+object+`","contentType":"JSON"}`, "application/json").want(201).object()["id"].(string)
	}
	c.on(salesforcetest.Match{Method: "POST", Object: "Contact"}, salesforcetest.EndJob("Failed", 1, "InternalServerError : try again"))
	c.on(salesforcetest.Match{Method: "POST", Object: "Lead"}, salesforcetest.HangJob())
	for object, want := range map[string]string{"Account": "Completed", "Contact": "Failed", "Lead": "InProgress"} {
		id := create(object)
		batch := c.async("POST", "/"+id+"/batch", `[{"LastName":"A","Company":"C","Name":"N"},{"LastName":"B","Company":"C","Name":"N"}]`, "application/json").want(201).object()["id"].(string)
		c.s.Org().Advance(time.Hour)
		info := c.async("GET", "/"+id+"/batch/"+batch, "", "").want(200).object()
		if info["state"] != want || object == "Contact" && (info["stateMessage"] != "InternalServerError : try again" || fmt.Sprint(info["numberRecordsProcessed"]) != "1") {
			t.Errorf("%s: %v", object, info)
		}
	}
}

func TestBulk1PKChunking(t *testing.T) {
	c := start(t, salesforcetest.Config{})
	c.accounts(25)
	id := c.send("POST", "/services/async/66.0/job", `{"operation":"query","object":"Account","contentType":"JSON"}`,
		"X-SFDC-Session: "+c.token, "Sforce-Enable-PKChunking: chunkSize=10; startRow=001").want(201).object()["id"].(string)
	c.async("POST", "/"+id+"/batch", "SELECT Id FROM Account", "application/json").want(201)
	var states []string
	sum := 0
	for _, b := range c.async("GET", "/"+id+"/batch", "", "").want(200).object()["batchInfo"].([]any) {
		b := b.(map[string]any)
		states = append(states, b["state"].(string))
		n, _ := b["numberRecordsProcessed"].(json.Number).Int64()
		sum += int(n)
	}
	if strings.Join(states, " ") != "NotProcessed Completed Completed Completed" || sum != 25 {
		t.Errorf("%v, %d rows", states, sum)
	}
}

func TestBulk1Refusals(t *testing.T) {
	c := start(t, salesforcetest.Config{})
	open := c.async("POST", "", `{"operation":"query","object":"Account","contentType":"CSV"}`, "application/json").want(201).object()["id"].(string)
	for _, tt := range []struct{ method, path, body, kind, code string }{
		{"POST", "", `{"operation":"read","object":"Account"}`, "application/json", "InvalidJob"},
		{"POST", "", `{"operation":"insert","object":"Nope"}`, "application/json", "InvalidJob"},
		{"POST", "", `{"operation":"upsert","object":"Account"}`, "application/json", "InvalidJob"},
		{"POST", "", `{`, "application/json", "InvalidJob"},
		{"POST", "", `<jobInfo`, "application/xml", "InvalidXML"},
		{"GET", "/750ak0000000zzzAAA", "", "", "InvalidJob"},
		{"GET", "/x", "", "", "InvalidJob"},
		{"POST", "/" + open, `<jobInfo><state>Done</state></jobInfo>`, "application/xml", "InvalidJobState"},
		{"POST", "/" + open + "/batch", " ", "text/csv", "InvalidBatch"},
		{"GET", "/" + open + "/batch/x", "", "", "InvalidBatch"},
		{"GET", "/" + open + "/nope", "", "", "InvalidUrl"},
	} {
		r := c.async(tt.method, tt.path, tt.body, tt.kind).want(400)
		if !strings.Contains(r.body, tt.code) || !strings.Contains(r.body, "exceptionMessage") {
			t.Errorf("%s %s %s: %s", tt.method, tt.path, tt.body, r.body)
		}
	}
	c.token = "00D!dead"
	if r := c.async("POST", "", `{}`, "application/json").want(400); r.object()["exceptionCode"] != "InvalidSessionId" {
		t.Error(r.body)
	}
	if r := c.async("GET", "/"+open, "", "").want(400); r.part("exceptionCode") != "InvalidSessionId" {
		t.Error(r.body)
	}
}

// The jobs that real orgs answered, asked again: the same elements in the same
// order.
func TestBulk1Captures(t *testing.T) {
	folder := os.Getenv("ORGLINK_CAPTURES")
	if folder == "" {
		t.Skip("ORGLINK_CAPTURES is not set")
	}
	for _, name := range []string{"cci-upsert-bulk.json", "snowfakery-bulk-query.json"} {
		text, err := os.ReadFile(filepath.Join(folder, "bulk1", name))
		if err != nil {
			t.Fatal(err)
		}
		var file struct {
			Exchanges []struct {
				Request struct {
					Method, URL string
					Body        *string
				}
				Response struct {
					Status int
					Body   json.RawMessage
				}
			}
		}
		if err := json.Unmarshal(text, &file); err != nil {
			t.Fatal(err)
		}
		c := start(t, salesforcetest.Config{})
		ids, seen := map[string]string{}, 0
		for _, x := range file.Exchanges {
			_, path, ok := strings.Cut(x.Request.URL, "/services/async/vxx.0/job")
			if !ok {
				continue
			}
			for real, fake := range ids {
				path = strings.ReplaceAll(path, real, fake)
			}
			body := ""
			if x.Request.Body != nil {
				body = unchunked(*x.Request.Body)
			}
			got := c.async(x.Request.Method, path, body, "application/xml; charset=UTF-8").want(x.Response.Status)
			var want string
			_ = json.Unmarshal(x.Response.Body, &want)
			if strings.HasPrefix(want, `"`) { // CSV
				if a, b := strings.SplitN(got.body, "\n", 2)[0], strings.SplitN(want, "\n", 2)[0]; a != b {
					t.Errorf("%s: header %s, want %s", path, a, b)
				}
				seen++
				continue
			}
			names := func(text string) (out []string) {
				for _, m := range element.FindAllStringSubmatch(text, -1) {
					out = append(out, m[1])
				}
				return out
			}
			if a, b := names(got.body), names(want); fmt.Sprint(a) != fmt.Sprint(b) {
				t.Errorf("%s %s:\n got %v\nwant %v", x.Request.Method, path, a, b)
			}
			theirs, ours := element.FindAllStringSubmatch(want, 1), element.FindAllStringSubmatch(got.body, 1)
			if x.Request.Method == "POST" || strings.Contains(want, "<result>") {
				ids[theirs[0][2]] = ours[0][2]
			}
			seen++
		}
		if seen < 6 {
			t.Errorf("%s: %d exchanges", name, seen)
		}
	}
}

// unchunked undoes the chunks that a recorder kept.
func unchunked(body string) string {
	if !regexp.MustCompile(`^[0-9a-f]+\r\n`).MatchString(body) {
		return body
	}
	return regexp.MustCompile(`(?m)^(\r\n)?[0-9a-f]+\r\n|\r\n$`).ReplaceAllString(body, "")
}
