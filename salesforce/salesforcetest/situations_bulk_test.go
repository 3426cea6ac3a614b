package salesforcetest_test

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	sft "github.com/orglink/orglink/salesforce/salesforcetest"
)

// job returns a bulk job's state, and the job.
func (c *caller) job(kind, id string) (string, map[string]any) {
	c.t.Helper()
	info := c.send("GET", "jobs/"+kind+"/"+id, "").want(200).object()
	return info["state"].(string), info
}

const insertAccounts = `{"object":"Account","operation":"insert"}`

var bulkSituations = map[string]func(*testing.T){
	"bulk-01": func(t *testing.T) {
		for state, act := range map[string]sft.Action{
			"Failed": sft.FailJob("InternalServerError : retry later"), "Aborted": sft.EndJob("Aborted", 0, ""), "Paused": sft.EndJob("Paused", 0, ""), "InProgress": sft.HangJob(),
		} {
			c := start(t, sft.Config{})
			c.on(sft.Match{Method: "POST", Path: "jobs/"}, act)
			q := c.bulkQuery("SELECT Id FROM Account")
			in := c.ingest(insertAccounts, "Name\nA\n")
			c.s.Org().Advance(time.Hour)
			for kind, id := range map[string]string{"query": q, "ingest": in} {
				got, info := c.job(kind, id)
				if got != state || state == "Failed" && info["errorMessage"] != "InternalServerError : retry later" {
					t.Errorf("%s job: %v", kind, info)
				}
			}
			c.send("GET", "jobs/query/"+q+"/results", "").want(400)
			if n := must(c.s.Org().Count("SELECT COUNT() FROM Account")); n != 0 {
				t.Errorf("%s: %d accounts", state, n)
			}
		}
	},
	"bulk-02": func(t *testing.T) {
		c := start(t, sft.Config{})
		c.on(sft.Match{Method: "POST", Path: "jobs/"}, sft.ShuffleJob(7))
		var data strings.Builder
		data.WriteString("Name\n")
		for i := range 50 {
			fmt.Fprintf(&data, "A%02d\n", i)
		}
		id := c.ingest(insertAccounts, data.String())
		ordered := func(table [][]string, column int) bool {
			last := ""
			for _, row := range table[1:] {
				if row[column] < last {
					return false
				}
				last = row[column]
			}
			return true
		}
		if table := rows(t, c.send("GET", "jobs/ingest/"+id+"/successfulResults", "").want(200).body); len(table) != 51 || ordered(table, 2) {
			t.Errorf("%d rows, in order", len(table)-1)
		}
		id = c.bulkQuery("SELECT Name FROM Account ORDER BY Name")
		if table := rows(t, c.send("GET", "jobs/query/"+id+"/results", "").want(200).body); len(table) != 51 || ordered(table, 0) {
			t.Errorf("%d rows of the query, in order", len(table)-1)
		}
	},
	"bulk-03": func(t *testing.T) {
		c := start(t, sft.Config{})
		name := "line\none, \"two\"\r\n\U0001F600\U0001F600"
		c.s.Org().Create("Account", sft.Fields{"Name": name})
		c.on(sft.Match{Path: "jobs/query/*/results"}, sft.Together(sft.Trickle(1), sft.Rewrite(func(r *sft.Reply) {
			r.Body = append([]byte("\ufeff"), bytes.ReplaceAll(r.Body, []byte("two"), []byte("t\x00wo"))...)
		})))
		id := c.bulkQuery("SELECT Name FROM Account")
		req := c.send("GET", "jobs/query/"+id+"/results", "", "Accept-Encoding: identity").want(200)
		if !strings.HasPrefix(req.body, "\ufeff") || !strings.Contains(req.body, "t\x00wo") || !utf8.ValidString(req.body) || !strings.Contains(req.body, "\U0001F600\U0001F600") {
			t.Errorf("%q", req.body)
		}
	},
	"bulk-04": func(t *testing.T) {
		c := start(t, sft.Config{})
		id := c.bulkQuery("SELECT Id FROM Account")
		c.send("GET", "jobs/query/"+id+"/results", "").is(200, "\"Id\"\n")
		c.on(sft.Match{Path: "jobs/query/*/results"}, sft.Rewrite(func(r *sft.Reply) { r.Body = nil }))
		if r := c.send("GET", "jobs/query/"+id+"/results", "").is(200, ""); r.header.Get("Sforce-NumberOfRecords") != "0" || r.header.Get("Sforce-Locator") != "null" {
			t.Errorf("%v", r.header)
		}
	},
	"bulk-05": func(t *testing.T) {
		c := start(t, sft.Config{})
		c.accounts(100)
		id := c.bulkQuery("SELECT Id FROM Account")
		c.on(sft.Match{Path: "jobs/query/*/results", Times: 1}, sft.Stall(100))
		impatient := *c.http
		impatient.Timeout = 100 * time.Millisecond
		patient := c.http
		c.http = &impatient
		r, err := c.try("GET", "jobs/query/"+id+"/results", "", "Accept-Encoding: identity")
		if err == nil || r.status != 200 || len(r.body) != 100 {
			t.Errorf("%v, %d, %d bytes", err, r.status, len(r.body))
		}
		c.http = patient
		c.send("GET", "jobs/query/"+id+"/results", "").want(200)
	},
	"bulk-06": func(t *testing.T) {
		c := start(t, sft.Config{})
		create := func() reply {
			return c.send("POST", "jobs/query", `{"operation":"query","query":"SELECT Id FROM Account"}`)
		}
		c.s.SetLimit("DailyBulkV2QueryJobs", 10000, 10000)
		create().is(400, `[{"message":"Max bulk v2 query jobs (10000) per 24 hrs has been reached (10001)","errorCode":"LIMIT_EXCEEDED"}]`)
		c.s.SetLimit("DailyBulkV2QueryJobs", 0, 10000)
		create().want(200)
		c.on(sft.Match{Method: "POST", Path: "jobs/query", Nth: 1}, sft.Exhaust("DailyBulkV2QueryFileStorageMB"))
		if r := create().want(400); r.code() != "LIMIT_EXCEEDED" || !strings.Contains(r.body, "Max bulk v2 query result size stored (") {
			t.Error(r.body)
		}
		c.s.SetLimit("DailyBulkApiBatches", 15000, 15000)
		if r := c.send("POST", "jobs/ingest", insertAccounts).want(400); r.code() != "EXCEEDEDQUOTA" {
			t.Error(r.body)
		}
		left := c.send("GET", "limits", "").want(200).object()
		if fmt.Sprint(left["DailyBulkApiBatches"], left["DailyBulkV2QueryFileStorageMB"]) != "map[Max:15000 Remaining:0] map[Max:976562 Remaining:0]" {
			t.Errorf("%v", left)
		}
		c.s.Org().Advance(25 * time.Hour)
		c.token = c.s.Ready().AccessToken
		create().want(200)
		c.send("POST", "jobs/ingest", insertAccounts).want(200)
	},
	"bulk-07": func(t *testing.T) {
		c := start(t, sft.Config{})
		c.on(sft.Match{Method: "POST", Path: "jobs/ingest"}, sft.EndJob("Failed", 3, "InternalServerError"))
		id := c.ingest(insertAccounts, "Name\nA\n\"\"\nC\nD\n\"E\nE\"\n")
		if state, info := c.job("ingest", id); state != "Failed" || info["errorMessage"] != "InternalServerError" || fmt.Sprintf("%v %v", info["numberRecordsProcessed"], info["numberRecordsFailed"]) != "3 1" {
			t.Errorf("%v", info)
		}
		c.send("GET", "jobs/ingest/"+id+"/unprocessedrecords", "").is(200, "Name\nD\n\"E\nE\"\n")
		if n := len(rows(t, c.send("GET", "jobs/ingest/"+id+"/successfulResults", "").want(200).body)); n != 3 {
			t.Errorf("%d rows succeeded", n-1)
		}
		if n := len(rows(t, c.send("GET", "jobs/ingest/"+id+"/failedResults", "").want(200).body)); n != 2 {
			t.Errorf("%d rows failed", n-1)
		}
	},
	"bulk-08": func(t *testing.T) {
		c := start(t, sft.Config{})
		id := c.bulkQuery("SELECT Id FROM Account")
		const many = 200_000
		c.on(sft.Match{Path: "jobs/query/*/results"}, sft.Stream("text/csv", func(w io.Writer) error {
			if _, err := io.WriteString(w, "\"Id\"\n"); err != nil {
				return err
			}
			for i := range many {
				if _, err := fmt.Fprintf(w, "\"001ak0%09d\"\n", i); err != nil {
					return err
				}
			}
			return nil
		}))
		if r := c.send("GET", "jobs/query/"+id+"/results", "").want(200); strings.Count(r.body, "\n") != many+1 {
			t.Errorf("%d rows", strings.Count(r.body, "\n"))
		}
	},
	"bulk-09": func(t *testing.T) {
		c := start(t, sft.Config{})
		c.on(sft.Match{Path: "jobs/query/*/results"}, sft.Rewrite(func(r *sft.Reply) { r.Body = append(r.Body, "\"1\",\"2\",\"3\"\n"...) }))
		id := c.bulkQuery("SELECT Id, Name FROM Account")
		c.send("GET", "jobs/query/"+id+"/results", "").is(200, "\"Id\",\"Name\"\n\"1\",\"2\",\"3\"\n")
		id = c.ingest(insertAccounts, "Name,Phone\nA\nB,1,2\nC,3\n")
		if state, info := c.job("ingest", id); state != "JobComplete" || fmt.Sprint(info["numberRecordsFailed"]) != "1" {
			t.Errorf("%v", info)
		}
	},
}
