package salesforcetest_test

import (
	"encoding/xml"
	"html"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/orglink/orglink/salesforce/salesforcetest"
)

func (c *caller) soapCall(path, header, body string) reply {
	c.t.Helper()
	return c.send("POST", path, `<?xml version="1.0"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:urn="urn:partner.soap.sforce.com"><soapenv:Header>`+
		header+`</soapenv:Header><soapenv:Body>`+body+`</soapenv:Body></soapenv:Envelope>`, "Content-Type: text/xml", `SOAPAction: ""`, "Authorization: ")
}

func (c *caller) soapLogin(path, username, password string) reply {
	c.t.Helper()
	return c.soapCall(path, "", "<urn:login><urn:username>"+html.EscapeString(username)+"</urn:username><urn:password>"+html.EscapeString(password)+"</urn:password></urn:login>")
}

// soapElements lists the elements of an answer with their texts.
func soapElements(t *testing.T, text string) map[string]string {
	t.Helper()
	out, at := map[string]string{}, ""
	d := xml.NewDecoder(strings.NewReader(text))
	for {
		tok, err := d.Token()
		if err != nil {
			if err.Error() != "EOF" {
				t.Fatalf("%v in %s", err, text)
			}
			return out
		}
		switch tok := tok.(type) {
		case xml.StartElement:
			at = tok.Name.Local
			out[at] = ""
		case xml.CharData:
			if at == "" {
				continue // between the header and the envelope
			}
			out[at] += strings.TrimSpace(string(tok))
		}
	}
}

func TestSOAPLogin(t *testing.T) {
	c := start(t, salesforcetest.Config{SOAPLogin: true, SecurityToken: "T0KEN"})
	ready := c.s.Ready()
	for _, kind := range []string{"u", "c"} {
		got := c.soapLogin("/services/Soap/"+kind+"/64.0", ready.Username, ready.Password+"T0KEN").want(200)
		e := soapElements(t, got.body)
		short := ready.OrgID[:15]
		if e["serverUrl"] != c.s.URL+"/services/Soap/"+kind+"/64.0/"+short || e["metadataServerUrl"] != c.s.URL+"/services/Soap/m/64.0/"+short ||
			e["organizationId"] != ready.OrgID || e["userName"] != ready.Username || e["sandbox"] != "false" || e["sessionSecondsValid"] != "7200" {
			t.Errorf("%v", e)
		}
		c.token = e["sessionId"]
		c.send("GET", "recent", "").want(200)
		header := "<urn:SessionHeader><urn:sessionId>" + c.token + "</urn:sessionId></urn:SessionHeader>"
		info := soapElements(t, c.soapCall("/services/Soap/"+kind+"/64.0/"+short, header, "<urn:getUserInfo/>").want(200).body)
		if info["userId"] != ready.UserID || info["userFullName"] != "Ada Admin" {
			t.Errorf("%v", info)
		}
		c.soapCall("/services/Soap/"+kind+"/64.0", header, "<urn:logout/>").want(200)
		c.send("GET", "recent", "").want(401)
		if got := c.soapCall("/services/Soap/"+kind+"/64.0", header, "<urn:getUserInfo/>").want(500); !strings.Contains(got.body, "INVALID_SESSION_ID: Invalid Session ID found in SessionHeader: Illegal Session") {
			t.Errorf("%s", got.body)
		}
	}
}

func TestSOAPLoginRefusals(t *testing.T) {
	fault := func(r reply) string { return soapElements(r.t, r.want(500).body)["faultstring"] }
	off := start(t, salesforcetest.Config{})
	ready := off.s.Ready()
	if got := fault(off.soapLogin("/services/Soap/u/64.0", ready.Username, ready.Password)); got != "INVALID_OPERATION: SOAP API login() is disabled by default in this org." {
		t.Errorf("%s", got)
	}
	c := start(t, salesforcetest.Config{SOAPLogin: true, SecurityToken: "T0KEN", LoginsPerHour: 3})
	const wrong = "INVALID_LOGIN: Invalid username, password, security token; or user locked out."
	for _, password := range []string{"", "wrong", ready.Password, ready.Password + "t0ken", "T0KEN"} {
		if got := fault(c.soapLogin("/services/Soap/u/64.0", ready.Username, password)); got != wrong {
			t.Errorf("%q: %s", password, got)
		}
	}
	if got := fault(c.soapLogin("/services/Soap/u/64.0", "nobody<&'", ready.Password+"T0KEN")); got != wrong {
		t.Errorf("%s", got)
	}
	login := func(version string) reply {
		return c.soapLogin("/services/Soap/u/"+version, ready.Username, ready.Password+"T0KEN")
	}
	// login() is not in newer versions.
	if got := fault(login("65.0")); !strings.HasPrefix(got, "UNKNOWN_EXCEPTION: No operation available") {
		t.Errorf("%s", got)
	}
	if got := fault(login("99.0")); !strings.HasPrefix(got, "UNSUPPORTED_API_VERSION") {
		t.Errorf("%s", got)
	}
	org := c.s.Org()
	for want, arrange := range map[string]func(on bool){
		"API_DISABLED_FOR_ORG": org.DisableAPI,
		"ORG_LOCKED":           org.LockOrg,
		"LOGIN_DURING_RESTRICTED_DOMAIN": func(on bool) {
			org.RestrictIP(ready.Username, map[bool]string{true: "10.0.0.1", false: "127.0.0.1"}[on])
		},
		"API_CURRENTLY_DISABLED": func(on bool) {
			org.SetPermissions(ready.Username, salesforcetest.Permissions{System: map[string]bool{"ApiEnabled": !on}})
		},
	} {
		arrange(true)
		if got := fault(login("64.0")); !strings.HasPrefix(got, want+": ") {
			t.Errorf("%s, want %s", got, want)
		}
		arrange(false)
	}
	for range 3 {
		login("64.0").want(200)
	}
	if got := fault(login("64.0")); got != "LOGIN_RATE_EXCEEDED: Login Rate Exceeded" {
		t.Errorf("%s", got)
	}
	org.Advance(61 * 60 * 1e9)
	org.DeactivateUser(ready.Username)
	if got := fault(login("64.0")); got != wrong {
		t.Errorf("%s", got)
	}
}

// The elements of recorded answers are there, and no others.
func TestCapturedSOAPLogin(t *testing.T) {
	_, want := capture(t, "soap/soapforce-login_response.xml", 0)
	c := start(t, salesforcetest.Config{SOAPLogin: true, APIVersion: "66.0"})
	ready := c.s.Ready()
	got := c.soapLogin("/services/Soap/u/39.0", ready.Username, ready.Password).want(200)
	a, b := slices.Sorted(maps.Keys(soapElements(t, got.body))), slices.Sorted(maps.Keys(soapElements(t, want)))
	if !slices.Equal(a, b) {
		t.Errorf("elements\n%v\nwant\n%v", a, b)
	}
	_, want = capture(t, "soap/metaforce-invalid-session.xml", 0)
	fault := c.soapCall("/services/Soap/u/39.0", "<urn:SessionHeader><urn:sessionId>x</urn:sessionId></urn:SessionHeader>", "<urn:getUserInfo/>").want(500)
	if a, b := soapElements(t, fault.body), soapElements(t, want); !maps.Equal(a, b) {
		t.Errorf("fault\n%v\nwant\n%v", a, b)
	}
}
