package salesforcetest

import (
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/orglink/orglink/salesforce/sobject"
)

// loginRows are the logins that LoginHistory does not show yet.
type loginRows struct {
	mu      sync.Mutex
	pending []loginRow
	showing sync.Mutex
}

// keepLogins is how many logins wait for somebody to read LoginHistory; older
// ones are forgotten.
const keepLogins = 20000

// loginRow is one login, or an attempt.
type loginRow struct {
	user                  sobject.ID
	at                    time.Time
	kind, sub             string
	status, app, url, ip  string
	api, version, browser string
	get                   bool
}

// The reasons of Status, worded from memory.
const loginOK = "Success"

var loginStatus = map[string]string{
	"inactive user":         "User is Inactive",
	"ip restricted":         "Restricted IP",
	"inactive organization": "Organization is Inactive",
	"login rate exceeded":   "Login Rate Exceeded",
}

// loginSubTypes are the values of LoginSubType by grant type; others, such as
// JWT bearer and device, have none.
var loginSubTypes = map[string]string{
	"authorization_code": "OauthWebServer", "refresh_token": "OauthRefreshToken", "client_credentials": "OauthClientCredentials", "password": "OauthUsernamePassword",
}

// oauthLogin records that a user logged in through an app, or why not.
func (c *call) oauthLogin(u user, app *App, status string) {
	if s, ok := loginStatus[status]; ok {
		status = s
	}
	c.recordLogin(u, loginRow{kind: "Remote Access 2.0", sub: loginSubTypes[c.formValues().Get("grant_type")], status: status, app: app.Name,
		api: "N/A", version: "N/A", browser: "Unknown"})
}

// pageLogin records a login on the org's page.
func (c *call) pageLogin(u user, status string) {
	c.recordLogin(u, loginRow{kind: "Application", sub: "UsernamePasswordUiLogin", status: status, app: "Browser", api: "N/A", version: "N/A", browser: c.header.Get("User-Agent")})
}

// soapLoggedIn records a login by the SOAP API.
func (c *call) soapLoggedIn(u user, version, status string) {
	kind := "SOAP Partner"
	if soapFlavour(c.path) == "enterprise" {
		kind = "SOAP Enterprise"
	}
	c.recordLogin(u, loginRow{kind: "Other Apex API", sub: "SoapApiLogin", status: status, app: "N/A", api: kind, version: version, browser: "Unknown"})
}

func (c *call) recordLogin(u user, row loginRow) {
	if u.id == "" {
		return // Salesforce keeps attempts of users that it knows
	}
	row.user, row.at, row.ip, row.get = u.id, c.s.org.Now(), c.remote().String(), c.method == "GET"
	host := c.s.URL
	if at := c.loginHost(); at != "" {
		host = at
	}
	if at, err := url.Parse(host); err == nil {
		row.url = at.Host
	}
	l := &c.s.logins
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.pending) >= keepLogins {
		l.pending = append(l.pending[:0], l.pending[keepLogins/2:]...)
	}
	l.pending = append(l.pending, row)
}

// showLogins makes LoginHistory show the logins since it was last read.
func (s *Server) showLogins() {
	l := &s.logins
	l.showing.Lock()
	defer l.showing.Unlock()
	l.mu.Lock()
	rows := l.pending
	l.pending = nil
	l.mu.Unlock()
	recs := make([]sobject.Record, len(rows))
	for i, r := range rows {
		text := func(name, value string) sobject.Field { return sobject.F(name, sobject.TextValue(value)) }
		recs[i] = sobject.NewRecord("LoginHistory", sobject.F("UserId", sobject.IDValue(r.user)), sobject.F("LoginTime", sobject.DateTimeValue(r.at)),
			text("LoginType", r.kind), text("LoginSubType", r.sub), text("Status", r.status), text("Application", clip(r.app)), text("LoginUrl", r.url), text("SourceIp", r.ip),
			text("ApiType", r.api), text("ApiVersion", r.version), text("Browser", clip(r.browser)), text("ClientVersion", "N/A"), text("Platform", "Unknown"),
			sobject.F("OptionsIsGet", sobject.BoolValue(r.get)), sobject.F("OptionsIsPost", sobject.BoolValue(!r.get)))
	}
	_, _ = s.org.Load("LoginHistory", recs) // fails only in a seed that lacks the object
}

// clip cuts a text to the 64 bytes of most columns.
func clip(s string) string {
	if len(s) > 64 {
		s = s[:64]
	}
	return strings.ToValidUTF8(s, "")
}
