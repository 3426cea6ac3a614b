package salesforcetest_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/orglink/orglink/salesforce/salesforcetest"
)

// goText are words of Go's errors, which no answer may hold.
var goText = regexp.MustCompile(`strconv\.|json: |soql: |salesforcetest: |engine: |runtime error|invalid character|goroutine |unexpected EOF|%!`)

// FuzzHTTP sends any request with a good session: the answer comes soon, is no
// 500, and below /services/data every refusal is Salesforce's error array.
func FuzzHTTP(f *testing.F) {
	s, err := salesforcetest.Start(salesforcetest.Config{Listener: salesforcetest.NewMemoryListener(), DailyRequests: 1 << 30, KeepRequests: 100})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(s.Close)
	id := string(must(s.Org().Create("Account", salesforcetest.Fields{"Name": "A"})))
	for _, path := range []string{"query?q=SELECT+Id+FROM+Account", "sobjects/Account/" + id, "sobjects/Account", "sobjects/Account/describe", "composite", "composite/batch", "composite/graph",
		"composite/sobjects", "composite/tree/Account", "jobs/query", "jobs/ingest", "search?q=FIND+%7Babc%7D", "parameterizedSearch?q=abc&sobject=Account", "limits", "recent?limit=3", "tooling/query?q=SELECT+Id+FROM+EntityDefinition",
		"sobjects/Account/updated?start=2024-01-01T00:00:00Z&end=2024-01-02T00:00:00Z", "/services/async/66.0/job", "/services/async/66.0/job/750ak0000000001/batch", "/services/Soap/u/66.0", "/services/oauth2/token", "/services/oauth2/authorize?client_id=x"} {
		for _, body := range []string{"", "{}", `{"Name":"B"}`, `{"records":[{"attributes":{"type":"Account"},"Name":"C"}]}`, `{"operation":"insert","object":"Account","contentType":"CSV"}`,
			`{"compositeRequest":[{"method":"GET","url":"/services/data/v66.0/limits","referenceId":"a"}]}`, `{"graphs":[{"graphId":"1","compositeRequest":[]}]}`, "<jobInfo><state>Closed</state></jobInfo>", strings.Repeat("[", 200), "Name\nx\n"} {
			f.Add("POST", path, body, "application/json", "", byte(0))
		}
		f.Add("GET", path, "", "", "Sforce-Query-Options: batchSize=1", byte(0))
		f.Add("PATCH", path, `{"Phone":"1"}`, "application/json", "If-Unmodified-Since: x", byte(1))
		f.Add("DELETE", path, "", "", "Accept: application/xml", byte(2))
	}
	ready := s.Ready()
	session := ready.AccessToken
	client := &http.Client{Transport: s.Client().Transport, Timeout: 20 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	f.Fuzz(func(t *testing.T, method, path, body, kind, header string, how byte) {
		if !strings.HasPrefix(path, "/") {
			path = "/services/data/v66.0/" + path
		}
		if strings.HasPrefix(path, "/_fake") {
			t.Skip("not Salesforce's")
		}
		u, err := url.Parse(s.URL + path)
		if err != nil || u.Host != strings.TrimPrefix(s.URL, "http://") {
			t.Skip("no address")
		}
		content := []byte(body)
		if how&1 == 1 { // gzip, cut in the middle or not
			var b bytes.Buffer
			z := gzip.NewWriter(&b)
			_, _ = z.Write(content)
			_ = z.Close()
			content = b.Bytes()
			if how&2 == 2 {
				content = content[:len(content)/2]
			}
		}
		req, err := http.NewRequestWithContext(t.Context(), method, u.String(), bytes.NewReader(content))
		if err != nil {
			t.Skip("no request")
		}
		req.Header.Set("Authorization", "Bearer "+session)
		req.Header.Set("X-SFDC-Session", session)
		if name, value, ok := strings.Cut(header, ": "); ok && !strings.EqualFold(name, "Host") {
			req.Header.Set(name, value)
		}
		if kind != "" {
			req.Header.Set("Content-Type", kind)
		}
		if how&1 == 1 {
			req.Header.Set("Content-Encoding", "gzip")
		}
		resp, err := client.Do(req)
		if err != nil {
			if strings.Contains(err.Error(), "invalid") || strings.Contains(err.Error(), "unsupported") || strings.Contains(err.Error(), "missing") {
				t.Skip("net/http does not send it")
			}
			t.Fatalf("%s %q: %v", method, path, err)
		}
		defer resp.Body.Close()
		text, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatalf("%s %q: %v", method, path, err)
		}
		sent := path + body + header + kind + u.Path + u.RawQuery + method
		if plain, err := url.QueryUnescape(sent); err == nil {
			sent += plain
		}
		fault := bytes.Contains(text, []byte("<soapenv:Fault>")) // SOAP's are 500 by its rules
		if resp.StatusCode >= 500 && !fault || goText.Match(text) && !goText.MatchString(sent) {
			t.Fatalf("%s %q %q: %d %.500s", method, path, body, resp.StatusCode, text)
		}
		if resp.StatusCode < 400 || len(text) == 0 || resp.Header.Get("Content-Type") != "application/json;charset=UTF-8" || !strings.Contains(resp.Header.Get("Sforce-Limit-Info"), "api-usage=") {
			return
		}
		var list []struct{ ErrorCode, Message string }
		if json.Unmarshal(text, &list) == nil && len(list) > 0 && list[0].ErrorCode != "" {
			return
		}
		var tree struct{ HasErrors bool }
		if json.Unmarshal(text, &tree) != nil || !tree.HasErrors {
			var choices []string
			if json.Unmarshal(text, &choices) != nil {
				t.Fatalf("%s %q %q: %d %.500s", method, path, body, resp.StatusCode, text)
			}
		}
	})
}
