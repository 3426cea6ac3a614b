package salesforcetest

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/orglink/orglink/salesforce/salesforcetest/internal/engine"
)

// lastLoginVersion is the newest version that has login (SOAP API guide,
// "login()").
const lastLoginVersion = "64.0"

// soapEnvelope writes the answer of a call.
func (c *call) soapEnvelope(call, body string) answer {
	return answer{status: http.StatusOK, contentType: typeXML, body: []byte(
		`<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns="urn:` +
			soapFlavour(c.path) + `.soap.sforce.com" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body><` + call + `Response>` + body +
			`</` + call + `Response></soapenv:Body></soapenv:Envelope>`)}
}

// soapFlavour is partner or enterprise, by the path.
func soapFlavour(path string) string {
	if strings.HasPrefix(path, "/services/Soap/c/") {
		return "enterprise"
	}
	return "partner"
}

// soapLogin is the call that makes a session of a username and a password.
func (c *call) soapLogin(op *element, version string) answer {
	fault := func(code, message string) answer { return c.soapFaultOf("LoginFault", code, message) }
	if !c.s.cfg.SOAPLogin {
		return fault("INVALID_OPERATION", "SOAP API login() is disabled by default in this org.")
	}
	locked, noAPI := c.s.id.orgState()
	u, err := c.s.userByName(op.text("username"))
	switch {
	case err != nil || !u.active || c.s.frozen(u) || !c.s.passwordIs(op.text("password")):
		c.soapLoggedIn(u, version, "Invalid Password")
		return fault("INVALID_LOGIN", "Invalid username, password, security token; or user locked out.")
	case locked:
		return fault("ORG_LOCKED", "organization is locked")
	case noAPI:
		return fault("API_DISABLED_FOR_ORG", "API is not enabled for this Organization or Partner")
	case !c.s.org.SystemPermission(engine.Session{User: u.id}, "ApiEnabled"):
		return fault("API_CURRENTLY_DISABLED", "API is currently disabled for this user")
	case !c.s.fromAllowedIP(u, c.remote()):
		c.soapLoggedIn(u, version, "Restricted IP")
		return fault("LOGIN_DURING_RESTRICTED_DOMAIN", "Access from unauthorized IP address")
	case !c.s.id.countLogin(u.id, c.s.cfg.LoginsPerHour):
		return fault("LOGIN_RATE_EXCEEDED", "Login Rate Exceeded")
	}
	c.soapLoggedIn(u, version, loginOK)
	ses := c.s.sessionFor(u.id)
	kind := c.path[len("/services/Soap/") : len("/services/Soap/")+1]
	at := c.s.URL + "/services/Soap/"
	end := "/" + version + "/" + c.s.org.ID().Short()
	return c.soapEnvelope("login", "<result>"+tag("metadataServerUrl", at+"m"+end)+tag("passwordExpired", "false")+
		tag("sandbox", strconv.FormatBool(c.s.cfg.Sandbox != ""))+tag("serverUrl", at+kind+end)+tag("sessionId", ses.token)+tag("userId", string(u.id))+
		"<userInfo>"+c.soapUserInfo(u, version)+"</userInfo></result>")
}

// soapUserInfo writes a getUserInfoResult, in the order of the WSDL.
func (c *call) soapUserInfo(u user, version string) string {
	var b strings.Builder
	put := func(name, value string) { b.WriteString(tag(name, value)) }
	null := func(name, value string) {
		if value == "" {
			b.WriteString("<" + name + ` xsi:nil="true"/>`)
			return
		}
		put(name, value)
	}
	put("accessibilityMode", "false")
	if version >= "40.0" {
		put("chatterExternal", "false")
	}
	put("currencySymbol", "$")
	put("orgAttachmentFileSizeLimit", "5242880")
	put("orgDefaultCurrencyIsoCode", "USD")
	put("orgDisallowHtmlAttachments", "false")
	_, err := c.s.org.QueryText(system(), "SELECT IsPersonAccount FROM Account LIMIT 1", engine.QueryOptions{})
	put("orgHasPersonAccounts", strconv.FormatBool(err == nil))
	put("organizationId", string(c.s.org.ID()))
	put("organizationMultiCurrency", "false")
	put("organizationName", c.s.orgName())
	put("profileId", u.text("ProfileId"))
	null("roleId", u.text("UserRoleId"))
	put("sessionSecondsValid", strconv.Itoa(int(c.s.cfg.SessionTimeout.Seconds())))
	null("userDefaultCurrencyIsoCode", "")
	put("userEmail", u.text("Email"))
	put("userFullName", u.text("Name"))
	put("userId", string(u.id))
	put("userLanguage", u.text("LanguageLocaleKey"))
	put("userLocale", u.text("LocaleSidKey"))
	put("userName", u.username)
	put("userTimeZone", u.text("TimeZoneSidKey"))
	put("userType", u.text("UserType"))
	put("userUiSkin", "Theme3")
	return b.String()
}

func tag(name, value string) string { return "<" + name + ">" + escapeXML(value) + "</" + name + ">" }

// soapFaultOf answers a fault of a type.
func (c *call) soapFaultOf(kind, code, message string) answer {
	flavour := soapFlavour(c.path)
	body := `<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:sf="urn:fault.` + flavour +
		`.soap.sforce.com" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body><soapenv:Fault><faultcode>sf:` +
		code + `</faultcode><faultstring>` + code + `: ` + escapeXML(message) + `</faultstring><detail><sf:` + kind + ` xsi:type="sf:` + kind + `"><sf:exceptionCode>` +
		code + `</sf:exceptionCode><sf:exceptionMessage>` + escapeXML(message) + `</sf:exceptionMessage></sf:` + kind + `></detail></soapenv:Fault></soapenv:Body></soapenv:Envelope>`
	return answer{status: http.StatusInternalServerError, contentType: typeXML, body: []byte(body)}
}
