package salesforcetest

import (
	"bytes"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
)

// Person is somebody with a browser of their own.
type Person struct {
	// Username defaults to the administrator's.
	Username string
	// Password defaults to the org's.
	Password string
	// Deny refuses on the consent page.
	Deny bool
}

var (
	formOnPage   = regexp.MustCompile(`<form id="(login|editPage)" method="post" action="([^"]*)"`)
	hiddenOnPage = regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)"`)
	errorOnPage  = regexp.MustCompile(`(?s)<p id="error" role="alert">(.*?)</p>`)
)

// Authorize plays a person whose browser sends a request: a GET of an
// authorization URL, or whatever a product's "Connect" button sends. The person
// signs in, answers the consent page, and follows redirects to where the app
// wants its users back. The answer of that page is returned, and its body is
// for the caller to close. What the org's pages refuse is an error with their
// words; a person who denies is sent back too.
func (s *Server) Authorize(req *http.Request, p Person) (*http.Response, error) {
	if p.Username == "" {
		p.Username = s.Ready().Username
	}
	setDefault(&p.Password, s.cfg.Password)
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	browser := &http.Client{Transport: s.client.Transport, Jar: jar}
	for range 5 { // login, consent, and a page between them
		resp, err := browser.Do(req)
		if err != nil {
			return nil, fmt.Errorf("salesforcetest: Authorize: %w", err)
		}
		page, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if err != nil {
			return nil, fmt.Errorf("salesforcetest: Authorize: read %s: %w", resp.Request.URL.Host, err)
		}
		if m := errorOnPage.FindSubmatch(page); m != nil {
			return nil, fmt.Errorf("salesforcetest: Authorize: %s sees: %s", p.Username, html.UnescapeString(string(m[1])))
		}
		action := formOnPage.FindSubmatch(page)
		if action == nil {
			resp.Body = io.NopCloser(bytes.NewReader(page))
			return resp, nil
		}
		to, err := resp.Request.URL.Parse(html.UnescapeString(string(action[2])))
		if err != nil {
			return nil, fmt.Errorf("salesforcetest: Authorize: %w", err)
		}
		form := p.fill(string(action[1]), page)
		req, err = http.NewRequestWithContext(req.Context(), http.MethodPost, to.String(), strings.NewReader(form.Encode()))
		if err != nil {
			return nil, fmt.Errorf("salesforcetest: Authorize: %w", err)
		}
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return nil, errors.New("salesforcetest: Authorize: the pages do not come to an end")
}

// fill answers a page's form.
func (p Person) fill(form string, page []byte) url.Values {
	out := url.Values{}
	for _, m := range hiddenOnPage.FindAllSubmatch(page, -1) {
		out.Set(html.UnescapeString(string(m[1])), html.UnescapeString(string(m[2])))
	}
	switch {
	case form == "login":
		out.Set("username", p.Username)
		out.Set("pw", p.Password)
	case p.Deny:
		out.Set("cancel", "Deny")
	default:
		out.Set("save", "Allow")
	}
	return out
}
