package salesforce_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/orglink/orglink/salesforce"
)

const async = "/services/async/66.0/job"

// Bulk API 1 looks for the token in a header of its own, and says 400 when it
// is dead; identity says 403 in plain text (fact: Salesforce's own mobile SDKs
// treat both as 401).
func TestDeadSessionsOfOtherServices(t *testing.T) {
	for name, tc := range map[string]struct {
		path   string
		status int
		body   string
	}{
		"Bulk 1 JSON": {async, 400, `{"exceptionCode":"InvalidSessionId","exceptionMessage":"Invalid session id"}`},
		"Bulk 1 XML": {async, 400, `<?xml version="1.0" encoding="UTF-8"?><error xmlns="http://www.force.com/2009/06/asyncapi/dataload">
 <exceptionCode>InvalidSessionId</exceptionCode><exceptionMessage>Invalid session id</exceptionMessage></error>`},
		"SOAP": {"/services/Soap/u/66.0", 500, `<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:sf="urn:fault.partner.soap.sforce.com"><soapenv:Body><soapenv:Fault>` +
			`<faultcode>sf:INVALID_SESSION_ID</faultcode><faultstring>INVALID_SESSION_ID: Invalid Session ID found in SessionHeader: Illegal Session</faultstring></soapenv:Fault></soapenv:Body></soapenv:Envelope>`},
		"identity URL": {"/id/00Dak0000000001EAA/005ak0000000001AAA", 403, "Bad_OAuth_Token"},
		"userinfo":     {"/services/oauth2/userinfo", 403, "Bad_OAuth_Token"},
		"REST":         {"/services/apexrest/x", 401, expired},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOrg(t, func(w http.ResponseWriter, r *http.Request) {
				told := r.Header.Get("Authorization")
				if strings.HasPrefix(r.URL.Path, async) {
					told = "Bearer " + r.Header.Get("X-SFDC-Session")
				}
				if told != "Bearer T2" {
					w.WriteHeader(tc.status)
					_, _ = io.WriteString(w, tc.body)
					return
				}
				answer(200, `{"id":"750x"}`)(w, r)
			})
			src := &tokens{now: token(o.URL, "T1"), onRefresh: func(salesforce.Token) (salesforce.Token, error) { return token(o.URL, "T2"), nil }}
			c := o.client(t, func(cfg *salesforce.Config) { cfg.Tokens = src })
			var out struct{ ID string }
			err := c.DoJSON(t.Context(), salesforce.Request{Method: "POST", Path: tc.path, JSON: map[string]string{"object": "Account"}}, &out)
			if err != nil || out.ID != "750x" || src.refreshed.Load() != 1 || len(o.requests()) != 2 {
				t.Error(err, out, src.refreshed.Load(), len(o.requests()))
			}
			for _, r := range o.requests() {
				if r.body != `{"object":"Account"}` {
					t.Errorf("the body of the replay is %q", r.body)
				}
				if (r.header.Get("X-Sfdc-Session") != "") != (tc.path == async) {
					t.Error("the session header went to another service")
				}
			}
		})
	}
}

func TestErrorsOfOtherServices(t *testing.T) {
	for body, want := range map[string]struct {
		code, message string
		is            error
	}{
		`{"exceptionCode":"ExceededQuota","exceptionMessage":"too many batches"}`: {"ExceededQuota", "too many batches", salesforce.ErrBulkLimit},
		`<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:sf="urn:fault.partner.soap.sforce.com"><soapenv:Body><soapenv:Fault>` +
			`<faultcode>sf:INVALID_SESSION_ID</faultcode><faultstring>INVALID_SESSION_ID: Invalid Session ID found in SessionHeader</faultstring></soapenv:Fault></soapenv:Body></soapenv:Envelope>`: {
			"INVALID_SESSION_ID", "INVALID_SESSION_ID: Invalid Session ID found in SessionHeader", salesforce.ErrSessionExpired},
	} {
		e := failWith(t, 400, body)
		if e.Code != want.code || e.Message != want.message || !errors.Is(e, want.is) {
			t.Errorf("%+v", e)
		}
		// SOAP says 500 to everything: what the fault means is not overload.
		if e := failWith(t, 500, body); !errors.Is(e, want.is) || salesforce.IsRetryable(e) {
			t.Errorf("%+v", e)
		}
	}
}

// An org that moves: the token source tells the new address with the new
// token, and later calls go there, with what was relative.
func TestInstanceMovesWithTheToken(t *testing.T) {
	fresh := newOrg(t, answer(200, `[]`))
	old := newOrg(t, answer(401, expired))
	src := &tokens{now: token(old.URL, "T1"), onRefresh: func(salesforce.Token) (salesforce.Token, error) { return token(fresh.URL, "T2"), nil }}
	c := old.client(t, func(cfg *salesforce.Config) {
		cfg.Tokens, cfg.TrustedHosts = src, []string{old.host(), fresh.host()}
	})
	for range 2 {
		if _, err := c.Recent(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
	}
	if at, err := c.InstanceURL(t.Context()); at != fresh.URL || err != nil || len(old.requests()) != 1 || len(fresh.requests()) != 2 {
		t.Error(at, err, len(old.requests()), len(fresh.requests()))
	}
	// A refresh that names a foreign host gets no token (rule A7).
	for _, evil := range []string{"https://example.my.salesforce.com.evil.example", "http://example.my.salesforce.com", "https://sites.force.com", "https://user@example.my.salesforce.com"} {
		src := &tokens{now: token(old.URL, "T1"), onRefresh: func(salesforce.Token) (salesforce.Token, error) { return token(evil, "T2"), nil }}
		c := old.client(t, func(cfg *salesforce.Config) { cfg.Tokens = src })
		if _, err := c.Recent(t.Context(), 1); !errors.Is(err, salesforce.ErrUntrustedHost) {
			t.Errorf("%s: %v", evil, err)
		}
	}
}
