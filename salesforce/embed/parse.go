package embed

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"github.com/orglink/orglink/salesforce/sobject"
)

// Kind is a kind of page.
type Kind string

// The kinds of pages that Parse knows.
const (
	RecordPage Kind = "record"
	ObjectPage Kind = "object"
	ListPage   Kind = "list"
	TabPage    Kind = "tab"
	WebTabPage Kind = "web tab"
	AppPage    Kind = "app"
)

// Link is an address inside an org, understood.
type Link struct {
	Site Site
	Kind Kind
	// Object is the API name on record, object and list pages; "" where the
	// address does not say, as in Classic.
	Object string
	// Name is a tab's or app's name, or a list's filter.
	Name string
	// ID is a record's or web tab's id.
	ID sobject.ID
}

// maxAddress is longer than any address that Salesforce accepts.
const maxAddress = 16 << 10

var apiName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]{0,79}$`)

// Parse understands an address that a person copied from the browser: Lightning
// and Classic pages of records, lists, objects, tabs, web tabs and apps. Its
// parts are checked, so that the Link's URL can be shown to others. Everything
// else in the address is dropped, session ids included.
func Parse(pasted string, trustedHosts ...string) (Link, error) {
	pasted = strings.TrimSpace(pasted)
	if len(pasted) > maxAddress {
		return Link{}, fmt.Errorf("embed: an address of %d characters: %w", len(pasted), ErrNotSalesforce)
	}
	if !strings.Contains(pasted, "://") {
		pasted = "https://" + pasted
	}
	u, err := url.Parse(pasted)
	if err != nil {
		return Link{}, fmt.Errorf("embed: %q: %w", clip(pasted), ErrNotSalesforce)
	}
	site, err := SiteOf(u.Scheme+"://"+u.Host, trustedHosts...)
	if err != nil || u.User != nil {
		return Link{}, fmt.Errorf("embed: %q: %w", clip(u.Scheme+"://"+u.Host), ErrNotSalesforce)
	}
	link := Link{Site: site}
	path := strings.Split(strings.Trim(u.Path, "/"), "/")
	if path[0] == "one" { // the first years of Lightning kept the page behind #
		path = strings.Split(strings.Trim(u.Fragment, "/"), "/")
		if len(path) >= 2 && path[0] == "sObject" {
			path = append([]string{"lightning", "r"}, path[1:]...)
		} else {
			path = append([]string{"lightning"}, path...)
		}
	}
	var ok bool
	if path[0] == "lightning" {
		ok = link.lightning(path[1:], u.Query())
	} else {
		ok = link.classic(path, u.Query())
	}
	if !ok {
		return Link{}, fmt.Errorf("embed: %s%s: %w: copy the address of the tab, list or record itself", site.MyDomain(), clip(u.Path), ErrUnknownPage)
	}
	return link, nil
}

func (l *Link) lightning(path []string, query url.Values) bool {
	at := func(i int) string {
		if i < len(path) {
			return path[i]
		}
		return ""
	}
	switch at(0) {
	case "r": // r/{Object}/{Id}/view or r/{Id}/view
		l.Kind = RecordPage
		if id, err := sobject.ParseID(at(1)); err == nil && (at(2) == "view" || at(2) == "edit" || at(2) == "") {
			l.ID = id
			return true
		}
		id, err := sobject.ParseID(at(2))
		l.Object, l.ID = at(1), id
		return err == nil && apiName.MatchString(l.Object)
	case "o":
		l.Object = at(1)
		l.Kind = ObjectPage
		if at(2) == "list" {
			l.Kind, l.Name = ListPage, query.Get("filterName")
			if l.Name != "" && !apiName.MatchString(l.Name) && !validID(l.Name) {
				return false
			}
		}
		return apiName.MatchString(l.Object) && (at(2) == "list" || at(2) == "home" || at(2) == "")
	case "n":
		l.Kind, l.Name = TabPage, at(1)
		return apiName.MatchString(l.Name)
	case "app":
		l.Kind, l.Name = AppPage, at(1)
		return apiName.MatchString(l.Name) || validID(l.Name)
	}
	return false
}

func (l *Link) classic(path []string, query url.Values) bool {
	if len(path) == 2 && path[0] == "servlet" && path[1] == "servlet.Integration" {
		id, err := sobject.ParseID(query.Get("lid"))
		l.Kind, l.ID = WebTabPage, id
		return err == nil && (id.Prefix() == "01r" || id.Prefix() == "00b")
	}
	if len(path) == 1 || len(path) == 2 && path[1] == "e" {
		id, err := sobject.ParseID(path[0])
		l.Kind, l.ID = RecordPage, id
		return err == nil
	}
	return false
}

func validID(s string) bool {
	_, err := sobject.ParseID(s)
	return err == nil
}

// URL builds the address again, in its shortest clean form.
func (l Link) URL() string {
	switch l.Kind {
	case RecordPage:
		if l.Object == "" {
			return l.Site.AnyRecord(l.ID)
		}
		return l.Site.Record(l.Object, l.ID)
	case ObjectPage:
		return l.Site.ObjectHome(l.Object)
	case ListPage:
		return l.Site.List(l.Object, l.Name)
	case TabPage:
		return l.Site.Tab(l.Name)
	case WebTabPage:
		return l.Site.WebTab(l.ID)
	case AppPage:
		return l.Site.App(l.Name)
	}
	return l.Site.MyDomain()
}

// ParseTab is Parse for the address of the product's own tab: a custom tab or
// a web tab, of the org that is connected.
func ParseTab(pasted string, org Site, trustedHosts ...string) (Link, error) {
	link, err := Parse(pasted, trustedHosts...)
	if err != nil {
		return Link{}, err
	}
	if link.Site != org {
		return Link{}, fmt.Errorf("embed: the tab is in %s, the connected org is %s: copy the address from the connected org", link.Site.MyDomain(), org.MyDomain())
	}
	if link.Kind != TabPage && link.Kind != WebTabPage {
		return Link{}, fmt.Errorf("embed: the address is of a %s page: %w: open the tab and copy its address", link.Kind, ErrUnknownPage)
	}
	return link, nil
}
