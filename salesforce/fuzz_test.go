package salesforce_test

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/orglink/orglink/salesforce"
)

// FuzzErrorBody: whatever a refusal's body holds, it is an *Error that keeps the
// status and says something, once.
func FuzzErrorBody(f *testing.F) {
	for _, seed := range []string{
		`[{"message":"m","errorCode":"INVALID_FIELD","fields":["A"]}]`, `{"error":"invalid_grant","error_description":"expired"}`,
		`{"errorCode":7,"message":["a"]}`, `[{"message":"cut","errorCode":"UNABLE_TO_LOCK_ROW"},{"mess`, `["/services/data/v66.0/sobjects/A/001000000000001AAA"]`,
		`<?xml version="1.0"?><Errors><Error><errorCode>X</errorCode><message>m</message></Error></Errors>`,
		`<Envelope><Body><Fault><faultcode>sf:INVALID_SESSION_ID</faultcode><faultstring>m</faultstring></Fault></Body></Envelope>`,
		"<html><title>Down</title>", `{"errors":[[]]}`, `[{"duplicateResult":{"matchResults":[null]}}]`, "[", "<a", "Bad_OAuth_Token", "upstream connect error", "", " ", "\x00\xff", `{"hasErrors":true,"results":[{"referenceId":"r","errors":[{"statusCode":"X"}]}]}`,
	} {
		for _, status := range []int{300, 400, 401, 403, 404, 500, 503} {
			f.Add(status, seed)
		}
	}
	f.Fuzz(func(t *testing.T, status int, body string) {
		if status < 300 || status > 599 || status == http.StatusNotModified {
			return
		}
		c := offline(t, func(r *http.Request) (*http.Response, error) { return reply(r, status, body), nil }, func(cfg *salesforce.Config) { cfg.MaxRetries = -1 })
		_, err := c.Do(t.Context(), salesforce.Request{Path: "x", Operation: "fuzz"})
		var e *salesforce.Error
		if !errors.As(err, &e) {
			t.Fatal(err)
		}
		if e.StatusCode != status || len(e.Details) == 0 || e.Message == "" && e.Code == "" || e.Message != e.Details[0].Message {
			t.Errorf("%+v", e)
		}
		if text := e.Error(); !strings.HasPrefix(text, "salesforce: fuzz: ") || len(text) > len(body)+1000 {
			t.Errorf("%q", text)
		}
		if salesforce.IsRetryable(err) && errors.Is(err, salesforce.ErrDailyLimit) {
			t.Error(err)
		}
	})
}

// FuzzCheckURL: an address that tokens may go to is one that net/http would take
// to a host of Salesforce, by https.
func FuzzCheckURL(f *testing.F) {
	for _, seed := range []string{
		"https://example.my.salesforce.com", "https://login.salesforce.com/x?y#z", "https://a--b.sandbox.my.salesforce.com:443/", "https://x.my.salesforce.mil", "https://x.my.sfcrmproducts.cn",
		"https://my.salesforce.com.evil.example", "https://evil.example#.my.salesforce.com", "https://evil.example\\.my.salesforce.com", "https://user@x.my.salesforce.com",
		"https://.my.salesforce.com", "http://x.my.salesforce.com", "https://x.my.salesforce.com:8443", "https://evil.example/.my.salesforce.com", "//x.my.salesforce.com",
		"https://x.my.salesforce.com%00.evil.example", "https://[::1].my.salesforce.com", "https://x.MY.SALESFORCE.COM", "https://evil.example?.my.salesforce.com", "https://x.my.salesforce.com.",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		u, err := salesforce.CheckURL(raw)
		if err != nil {
			if !errors.Is(err, salesforce.ErrUntrustedHost) || len(err.Error()) > 500 {
				t.Errorf("%q: %v", raw, err)
			}
			return
		}
		// The oracle: what would be dialled, read from the request that is made.
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, u.String(), nil)
		if err != nil {
			return // nothing would be sent
		}
		again, err := url.Parse(req.URL.String())
		if err != nil {
			t.Fatalf("%q: %v", raw, err)
		}
		for _, at := range []*url.URL{req.URL, again} {
			host := strings.ToLower(at.Hostname())
			labels := strings.Split(host, ".")
			domain := strings.Join(labels[max(0, len(labels)-3):], ".")
			ok := host == "login.salesforce.com" || host == "test.salesforce.com" ||
				len(labels) > 3 && labels[len(labels)-4] != "" && (domain == "my.salesforce.com" || domain == "my.salesforce.mil" || domain == "my.sfcrmproducts.cn")
			if !ok || at.Scheme != "https" || at.User != nil || at.Port() != "" && at.Port() != "443" {
				t.Errorf("%q is trusted and leads to %s", raw, at)
			}
		}
	})
}

// FuzzLimitInfo: a header that says nothing changes nothing, and figures are
// never made up.
func FuzzLimitInfo(f *testing.F) {
	for _, seed := range []string{"api-usage=25/5000", "api-usage=25/5000; per-app-api-usage=17/250(appName=x)", "api-usage=1/", "x", "api-usage=-1/5", "api-usage=99999999999999999999/1", ";;,="} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, header string) {
		c := offline(t, func(r *http.Request) (*http.Response, error) {
			resp := reply(r, 200, "{}")
			resp.Header["Sforce-Limit-Info"] = []string{header}
			return resp, nil
		}, func(cfg *salesforce.Config) { cfg.QuotaFloor = 0.8 })
		if err := c.DoJSON(t.Context(), salesforce.Request{Path: "x"}, nil); err != nil {
			t.Fatal(err)
		}
		u := c.Usage()
		if u != (salesforce.Usage{}) && !strings.Contains(header, "api-usage=") || u.Max < 0 || u.Used < 0 {
			t.Errorf("%q: %+v", header, u)
		}
	})
}
