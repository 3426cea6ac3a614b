package salesforcetest_test

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"encoding/xml"
	"fmt"
	"io"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/orglink/orglink/salesforce/salesforcetest"
	"github.com/orglink/orglink/salesforce/sobject"
)

const acceptXML = "Accept: application/xml"

func TestXMLAnswers(t *testing.T) {
	c := start(t, salesforcetest.Config{})
	const head = `<?xml version="1.0" encoding="UTF-8"?>`
	id := c.create("Account", `{"Name":"A & <B>"}`)
	base := "/services/data/v66.0/sobjects/Account/" + id
	for _, tt := range []struct {
		method, path, body string
		status             int
		want               string
	}{
		{"GET", "sobjects/Nope", "", 404, head + `<Errors><Error><errorCode>NOT_FOUND</errorCode><message>The requested resource does not exist</message></Error></Errors>`},
		{"GET", query("SELECT Name, Phone FROM Account"), "", 200, head + `<QueryResult><done>true</done><records type="Account" url="` + base +
			`"><Name>A &amp; &lt;B&gt;</Name><Phone xsi:nil="true" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"/></records><totalSize>1</totalSize></QueryResult>`},
		{"GET", "sobjects/Account/" + id + "?fields=Name", "", 200, head + `<Account type="Account" url="` + base + `"><Name>A &amp; &lt;B&gt;</Name></Account>`},
		{"PATCH", "sobjects/Account/" + id, `{"Phone":"1"}`, 204, ""},
	} {
		r := c.send(tt.method, tt.path, tt.body, acceptXML)
		r.is(tt.status, tt.want)
		if tt.want != "" && r.header.Get("Content-Type") != "application/xml;charset=UTF-8" {
			t.Errorf("%s: %v", tt.path, r.header)
		}
	}
	for _, path := range []string{"/services/data/", "/services/data/v66.0", "sobjects/Account/updated?start=" + time.Now().Add(-time.Hour).UTC().Format("2006-01-02T15:04:05Z") + "&end=" + time.Now().Add(time.Hour).UTC().Format("2006-01-02T15:04:05Z")} {
		r := c.send("GET", path, "", acceptXML).want(200)
		d := xml.NewDecoder(strings.NewReader(r.body))
		for {
			if _, err := d.Token(); err == io.EOF {
				break
			} else if err != nil {
				t.Fatalf("%s: %v in %s", path, err, r.body)
			}
		}
		if !strings.HasPrefix(r.body, head+"<") {
			t.Errorf("%s: %.100s", path, r.body)
		}
	}
	r := c.send("POST", "sobjects/Account", `{"Name":"C"}`, acceptXML).want(201)
	if !strings.HasPrefix(r.body, head+"<Result><id>001") || !strings.HasSuffix(r.body, "<success>true</success></Result>") {
		t.Error(r.body)
	}
}

func TestQuickActions(t *testing.T) {
	c := start(t, salesforcetest.Config{})
	r := c.send("GET", "quickActions", "").want(200)
	list := r.list()
	if len(list) != 17 || list[0]["name"] != "LogACall" || list[0]["urls"].(map[string]any)["defaultValuesTemplate"] != "/services/data/v66.0/quickActions/LogACall/defaultValues/{ID}" {
		t.Errorf("%v", list)
	}
	c.send("GET", "quickActions", "", "If-None-Match: "+r.header.Get("ETag")).is(304, "")
	_, want := capture(t, "quickactions/nango-quickactions.json", 0)
	same(t, "quickActions", r.body, want)
}

// 25 requests, each of them running for more than 20 seconds, are the most.
func TestConcurrentLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := start(t, salesforcetest.Config{Listener: salesforcetest.NewMemoryListener(), ConcurrentRequests: 3})
		c.on(salesforcetest.Match{Path: "limits"}, salesforcetest.DelayAfter(time.Minute))
		done := make(chan int)
		for range 3 {
			go func() {
				r, _ := c.try("GET", "limits", "")
				done <- r.status
			}()
		}
		time.Sleep(19 * time.Second)
		c.send("GET", "recent", "").want(200)
		time.Sleep(2 * time.Second)
		c.send("GET", "recent", "").is(403, `[{"message":"ConcurrentRequests (Concurrent API Requests) Limit exceeded.","errorCode":"REQUEST_LIMIT_EXCEEDED"}]`)
		for range 3 {
			if status := <-done; status != 200 {
				t.Errorf("status %d", status)
			}
		}
		c.send("GET", "recent", "").want(200)
		c.s.Close()
	})
}

func TestParameterizedSearchByAddress(t *testing.T) {
	c := start(t, salesforcetest.Config{})
	c.create("Account", `{"Name":"Acme One","Industry":"Banking"}`)
	c.create("Account", `{"Name":"Acme Two"}`)
	c.create("Contact", `{"LastName":"Acme"}`)
	for address, want := range map[string]int{
		"q=Acme&sobject=Account&Account.fields=Id,Name":             2,
		"q=Acme&sobject=Account&Account.limit=1":                    1,
		"q=Acme&sobject=Account&Account.where=Industry='Banking'":   1,
		"q=Acme&sobject=Account&sobject=Contact&fields=Id":          3,
		"q=Acme&sobject=Account,Contact&overallLimit=2":             2,
		"q=Nothing&sobject=Account":                                 0,
		"q=Acme&sobject=Account&Account.fields=Name&Account.limit=": 2,
	} {
		got := c.send("GET", "parameterizedSearch?"+strings.ReplaceAll(address, "'", "%27"), "").want(200).object()["searchRecords"].([]any)
		if len(got) != want {
			t.Errorf("%s: %d records, want %d", address, len(got), want)
		}
	}
	for _, address := range []string{"", "q=A", "q=Acme&overallLimit=x", "q=Acme&overallLimit=2001", "q=Acme&sobject=Account&Account.limit=x", "q=Acme&fields=Id"} {
		c.send("GET", "parameterizedSearch?"+address, "").want(400)
	}
}

func TestRelationshipsAreWritten(t *testing.T) {
	c := start(t, salesforcetest.Config{})
	account := c.create("Account", `{"Name":"A"}`)
	contact := c.create("Contact", `{"LastName":"C","AccountId":"`+account+`"}`)
	alone := c.create("Contact", `{"LastName":"D"}`)
	c.send("PATCH", "sobjects/Contact/"+contact+"/Account", `{"Phone":"7"}`).want(204)
	if got := c.field(account, "Phone"); got != "7" {
		t.Errorf("Phone %q", got)
	}
	c.send("PATCH", "sobjects/Contact/"+alone+"/Account", `{"Phone":"7"}`).want(404)
	c.send("PATCH", "sobjects/Contact/"+contact+"/Nope", `{"Phone":"7"}`).want(404)
	c.send("DELETE", "sobjects/Contact/"+contact+"/Account", "").want(204)
	c.send("GET", "sobjects/Account/"+account, "").want(404)
}

func TestMediaTypes(t *testing.T) {
	c := start(t, salesforcetest.Config{})
	for _, kind := range []string{"text/plain", "application/x-www-form-urlencoded", "image/png"} {
		if r := c.send("POST", "sobjects/Account", `{"Name":"A"}`, "Content-Type: "+kind).want(415); r.code() != "UNSUPPORTED_MEDIA_TYPE" {
			t.Error(r.body)
		}
	}
	c.send("POST", "sobjects/Account", `{"Name":"A"}`, "Content-Type: application/json; charset=UTF-8").want(201)
}

func TestDescribesAreConditional(t *testing.T) {
	c := start(t, salesforcetest.Config{})
	org := c.s.Org()
	for _, path := range []string{"sobjects", "sobjects/Account/describe"} {
		r := c.send("GET", path, "", "Accept-Encoding: gzip").want(200)
		tag, at := r.header.Get("ETag"), r.header.Get("Last-Modified")
		if !strings.HasSuffix(tag, `--gzip"`) {
			t.Errorf("%s: ETag %s", path, tag)
		}
		plain := c.send("GET", path, "", "Accept-Encoding: identity").want(200).header.Get("ETag")
		for _, none := range []string{tag, plain, "W/" + plain, `"x", ` + tag, "*"} {
			c.send("GET", path, "", "If-None-Match: "+none).is(304, "")
		}
		c.send("GET", path, "", `If-None-Match: "x"`).want(200)
		c.send("GET", path, "", "If-Modified-Since: "+at).is(304, "")
		c.send("GET", path, "", "If-Unmodified-Since: "+at).want(200)
		org.Advance(2 * time.Second)
		org.AddField("Account", salesforcetest.Field{Name: "N" + fmt.Sprint(len(path)) + "__c", Type: sobject.TypeString, Length: 10})
		c.send("GET", path, "", "If-Modified-Since: "+at).want(200)
		c.send("GET", path, "", "If-Unmodified-Since: "+at).is(412, "")
	}
}

// Bodies may come compressed, and answers go compressed to those who ask.
func TestCompressionBothWays(t *testing.T) {
	c := start(t, salesforcetest.Config{})
	pack := func(w io.WriteCloser, b *bytes.Buffer) string {
		_, _ = io.WriteString(w, `{"Name":"packed"}`)
		_ = w.Close()
		return b.String()
	}
	var a, b, d bytes.Buffer
	raw, _ := flate.NewWriter(&d, flate.BestSpeed)
	for body, kind := range map[string]string{pack(gzip.NewWriter(&a), &a): "gzip", pack(zlib.NewWriter(&b), &b): "deflate", pack(raw, &d): "deflate"} {
		c.send("POST", "sobjects/Account", body, "Content-Encoding: "+kind).want(201)
		c.send("POST", "sobjects/Account", body[:len(body)/2], "Content-Encoding: "+kind).want(400)
	}
	if n := must(c.s.Org().Count("SELECT COUNT() FROM Account WHERE Name = 'packed'")); n != 3 {
		t.Errorf("%d accounts", n)
	}
	for accept, zipped := range map[string]bool{"gzip": true, "deflate, gzip;q=0.5": true, "identity": false, "gzip;q=0": false, "br": false} {
		r := c.send("GET", "recent", "", "Accept-Encoding: "+accept).want(200)
		if (r.header.Get("Content-Encoding") == "gzip") != zipped {
			t.Errorf("%s: %v", accept, r.header)
		}
	}
}

func TestExplain(t *testing.T) {
	c := start(t, salesforcetest.Config{})
	ids := c.accounts(4)
	explain := func(soql string) string {
		t.Helper()
		return c.send("GET", "query?explain="+url.QueryEscape(soql), "").want(200).body
	}
	const scan = `{"cardinality":1,"fields":[],"leadingOperationType":"TableScan","notes":[{"description":"Not considering filter for optimization because unindexed","fields":["IsDeleted"],"tableEnumOrId":"Account"}],"relativeCost":1.5,"sobjectCardinality":4,"sobjectType":"Account"}`
	if got := explain("SELECT Id FROM Account WHERE Name = 'A1'"); got != `{"plans":[`+scan+`]}` {
		t.Error(got)
	}
	if got := explain("SELECT Id FROM Account WHERE Id = '" + string(ids[0]) + "'"); !strings.HasPrefix(got, `{"plans":[{"cardinality":1,"fields":["Id"],"leadingOperationType":"Index"`) || !strings.HasSuffix(got, `"relativeCost":0.25,"sobjectCardinality":4,"sobjectType":"Account"},`+scan+`]}`) {
		t.Error(got)
	}
	if r := c.send("GET", "query?explain=SELECT", "").want(400); r.code() != "MALFORMED_QUERY" {
		t.Error(r.body)
	}
}

// Slashes that are doubled or at the end make no difference.
func TestSlashes(t *testing.T) {
	c := start(t, salesforcetest.Config{})
	id := c.create("Account", `{"Name":"A"}`)
	for _, path := range []string{"//services/data/v66.0/sobjects/Account/" + id, "/services//data///v66.0/sobjects/Account/" + id + "/", "/services/data/v66.0/query/?q=" + url.QueryEscape("SELECT Id FROM Account"),
		"/services/data//", "/services/data/v66.0/", "/services/data/v66.0/sobjects/", "/services/data/v66.0/limits//recordCount/?sObjects=Account"} {
		c.send("GET", path, "").want(200)
	}
}

func TestReplicationWindows(t *testing.T) {
	c := start(t, salesforcetest.Config{})
	org := c.s.Org()
	now := org.Now().UTC()
	window := func(kind string, from, to time.Duration) reply {
		at := func(d time.Duration) string { return url.QueryEscape(now.Add(d).Format("2006-01-02T15:04:05+00:00")) }
		return c.send("GET", "sobjects/Account/"+kind+"?start="+at(from)+"&end="+at(to), "")
	}
	for _, tt := range []struct {
		kind     string
		from, to time.Duration
		status   int
	}{
		{"updated", -time.Hour, time.Minute, 200}, {"updated", -29 * day, time.Minute, 200}, {"updated", -31 * day, 0, 400}, {"updated", 0, 0, 400}, {"updated", 0, -time.Hour, 400}, {"updated", time.Hour, 2 * time.Hour, 400},
		{"deleted", -14 * day, time.Minute, 200}, {"deleted", -16 * day, 0, 400}, {"deleted", 0, -time.Hour, 400},
	} {
		r := window(tt.kind, tt.from, tt.to)
		if r.status != tt.status || tt.status == 400 && r.code() != "INVALID_REPLICATION_DATE" {
			t.Errorf("%s %v %v: %d %s", tt.kind, tt.from, tt.to, r.status, r.body)
		}
	}
	for _, path := range []string{"sobjects/Account/updated", "sobjects/Account/deleted?start=x&end=y", "sobjects/UserPermissionAccess/updated?start=2020-01-01T00:00:00Z&end=2020-01-02T00:00:00Z"} {
		c.send("GET", path, "").want(400)
	}
}

const day = 24 * time.Hour
