package main

import (
	"context"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// person is somebody with a browser: it follows links, fills in the login
// page, approves the consent page and ends where the org sends it.
type person struct {
	username, password string
	// deny makes the person refuse on the consent page.
	deny bool
	// stop, when set, is asked before each redirect; true keeps the person
	// from following it.
	stop func(*url.URL) bool
}

var (
	formTag   = regexp.MustCompile(`(?is)<form\b([^>]*)>(.*?)</form>`)
	fieldTag  = regexp.MustCompile(`(?is)<(?:input|button)\b([^>]*)>`)
	attribute = regexp.MustCompile(`(?is)([a-z-]+)\s*=\s*"([^"]*)"`)
	alert     = regexp.MustCompile(`(?is)<[a-z]+[^>]*\b(?:role="alert"|class="[^"]*error[^"]*")[^>]*>(.*?)</`)
	title     = regexp.MustCompile(`(?is)<h1[^>]*>(.*?)</h1>`)
	tag       = regexp.MustCompile(`(?s)<[^>]*>`)
)

// authorise opens the link and clicks through. It returns the page on which
// the journey ended and its address.
func (p person) authorise(ctx context.Context, link string) (at *url.URL, page string, status int, err error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, "", 0, err
	}
	client := &http.Client{Jar: jar, Timeout: 30 * time.Second}
	client.CheckRedirect = func(r *http.Request, via []*http.Request) error {
		if len(via) > 10 {
			return fmt.Errorf("more than 10 redirects from %s", via[0].URL.Host)
		}
		if p.stop != nil && p.stop(r.URL) {
			return http.ErrUseLastResponse
		}
		return nil
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, link, nil)
	if err != nil {
		return nil, "", 0, err
	}
	for range 6 { // login, consent, and a few more for orgs that ask more
		at, page, status, err = visit(client, request)
		if err != nil {
			return nil, "", 0, err
		}
		if problem := problemOn(page); problem != "" && strings.Contains(page, `type="password"`) {
			return at, page, status, fmt.Errorf("the login page says: %s", problem)
		}
		next, ok, err := p.fill(ctx, at, page)
		if err != nil {
			return at, page, status, err
		}
		if !ok {
			return at, page, status, nil
		}
		request = next
	}
	return at, page, status, fmt.Errorf("%s still asks for something after six pages", at.Host)
}

func visit(client *http.Client, r *http.Request) (*url.URL, string, int, error) {
	resp, err := client.Do(r)
	if err != nil {
		return nil, "", 0, err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return nil, "", 0, fmt.Errorf("read the page of %s: %w", r.URL.Host, err)
	}
	at := resp.Request.URL
	if to, err := resp.Location(); err == nil {
		at = to
	}
	return at, string(body), resp.StatusCode, nil
}

// fill answers the first form of the page that asks for a login or a consent.
func (p person) fill(ctx context.Context, at *url.URL, page string) (*http.Request, bool, error) {
	form := formTag.FindStringSubmatch(page)
	if form == nil {
		return nil, false, nil
	}
	values, asks, button := url.Values{}, false, ""
	for _, f := range fieldTag.FindAllStringSubmatch(form[2], -1) {
		a := attributes(f[1])
		switch {
		case a["name"] == "":
		case a["type"] == "password":
			values.Set(a["name"], p.password)
			asks = true
		case a["type"] == "text" || a["type"] == "email":
			values.Set(a["name"], p.username)
		case a["type"] == "submit":
			if asks { // a login: its button does not matter
				break
			}
			if button == "" || (a["name"] == "cancel") == p.deny { // wherever the refusing button stands
				values.Del(button)
				button = a["name"]
				values.Set(button, a["value"])
			}
		default:
			values.Set(a["name"], a["value"])
		}
	}
	if !asks && button == "" {
		return nil, false, nil
	}
	action, err := at.Parse(attributes(form[1])["action"])
	if err != nil {
		return nil, false, fmt.Errorf("the form of %s has no usable address: %w", at.Host, err)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, action.String(), strings.NewReader(values.Encode()))
	if err != nil {
		return nil, false, err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return r, true, nil
}

func attributes(s string) map[string]string {
	out := map[string]string{}
	for _, a := range attribute.FindAllStringSubmatch(s, -1) {
		out[strings.ToLower(a[1])] = html.UnescapeString(a[2])
	}
	return out
}

// problemOn returns what a page complains about.
func problemOn(page string) string {
	if m := alert.FindStringSubmatch(page); m != nil {
		return strings.Join(strings.Fields(html.UnescapeString(tag.ReplaceAllString(m[1], " "))), " ")
	}
	return ""
}

// headline returns the heading of a page.
func headline(page string) string {
	if m := title.FindStringSubmatch(page); m != nil {
		return strings.Join(strings.Fields(html.UnescapeString(tag.ReplaceAllString(m[1], " "))), " ")
	}
	return ""
}
