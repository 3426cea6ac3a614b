package salesforcetest

import (
	"bytes"
	_ "embed"
	"html/template"
	"net/http"
	"net/url"
	"sync"
)

// page is what the pages for people show.
type page struct {
	Title, Error, Message        string
	Display                      string // popup, touch or ""
	Org                          string
	StartURL, Username           string // login
	App, Who, Approval, UserCode string
	Scopes, Ending               []string // consent
}

// The pages are plain forms without scripts: a person can use them in any
// browser, with a keyboard or a screen reader, and a small HTTP client can post
// them. The names of the fields are those of Salesforce's own pages.
//
//go:embed pages/pages.html
var pagesHTML string

var pageTemplates = sync.OnceValue(func() *template.Template { return template.Must(template.New("").Parse(pagesHTML)) })

// scopeTexts say on the consent page what scopes allow.
var scopeTexts = map[string]string{
	"api":                "Manage user data via APIs (api)",
	"chatter_api":        "Access Connect REST API resources (chatter_api)",
	"custom_permissions": "Access custom permissions (custom_permissions)",
	"id":                 "Access the identity URL service (id, profile, email, address, phone)",
	"profile":            "Access the identity URL service (id, profile, email, address, phone)",
	"openid":             "Access unique user identifiers (openid)",
	"web":                "Manage user data via Web browsers (web)",
	"visualforce":        "Access Visualforce applications (visualforce)",
	"full":               "Full access (full)",
	"refresh_token":      "Perform requests at any time (refresh_token, offline_access)",
}

func scopeText(scope string) string {
	if text, ok := scopeTexts[scope]; ok {
		return text
	}
	return scope
}

// page writes a page in the display that the request asks for: OAuth's
// display parameter, also when it hides in the address that a login leads to.
func (c *call) page(status int, name string, p page) answer {
	display := c.formValues().Get("display")
	if start, err := url.Parse(p.StartURL); err == nil && display == "" {
		display = start.Query().Get("display")
	}
	switch display {
	case "popup":
		p.Display = "popup"
	case "touch", "mobile":
		p.Display = "touch"
	}
	p.Org = c.s.orgName()
	if c.loginHost() != "" {
		p.Org = "Login"
	}
	var b bytes.Buffer
	if err := pageTemplates().ExecuteTemplate(&b, name, p); err != nil {
		return textAnswer(http.StatusInternalServerError, "the page could not be written")
	}
	// The consent page can neither be framed nor run anything.
	return answer{status: status, contentType: typeHTML, body: b.Bytes()}.with("X-Frame-Options", "DENY").
		with("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'; base-uri 'none'").
		with("Referrer-Policy", "no-referrer").with("Cache-Control", "no-cache,must-revalidate,max-age=0,no-store,private")
}

// oauthPage shows an error that must not be sent to a redirect URL.
func (c *call) oauthPage(code, description string) answer {
	return c.page(http.StatusBadRequest, "error", page{
		Title: "OAuth Error",
		Error: "error=" + code + "&error_description=" + url.PathEscape(description) + " (" + code + " : " + description + ")",
	})
}
