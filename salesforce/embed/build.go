package embed

import (
	"net/url"
	"strings"

	"github.com/orglink/orglink/salesforce/sobject"
)

// Record links to a record's page in Lightning.
func (s Site) Record(object string, id sobject.ID) string {
	return s.Lightning() + "/lightning/r/" + url.PathEscape(object) + "/" + url.PathEscape(string(id)) + "/view"
}

// EditRecord links to a record's edit form in Lightning.
func (s Site) EditRecord(object string, id sobject.ID) string {
	return s.Lightning() + "/lightning/r/" + url.PathEscape(object) + "/" + url.PathEscape(string(id)) + "/edit"
}

// AnyRecord links to a record in whichever user interface the reader has. It
// works in every org and is the form to store.
func (s Site) AnyRecord(id sobject.ID) string {
	return s.MyDomain() + "/" + url.PathEscape(string(id))
}

// ObjectHome links to an object's home page in Lightning.
func (s Site) ObjectHome(object string) string {
	return s.Lightning() + "/lightning/o/" + url.PathEscape(object) + "/home"
}

// List links to a list view, by its id or developer name; "" is the one the
// reader saw last.
func (s Site) List(object, filter string) string {
	out := s.Lightning() + "/lightning/o/" + url.PathEscape(object) + "/list"
	if filter != "" {
		out += "?filterName=" + url.QueryEscape(filter)
	}
	return out
}

// Default is a value that a form starts with.
type Default struct{ Field, Value string }

// NewRecord links to the form for a new record.
func (s Site) NewRecord(object string, defaults ...Default) string {
	out := s.Lightning() + "/lightning/o/" + url.PathEscape(object) + "/new"
	var parts []string
	for _, d := range defaults {
		// Fields are separated by commas, so those inside a value are
		// escaped once more than the whole parameter is.
		parts = append(parts, url.QueryEscape(d.Field)+"="+strings.ReplaceAll(url.QueryEscape(d.Value), "+", "%20"))
	}
	if len(parts) > 0 {
		out += "?defaultFieldValues=" + url.QueryEscape(strings.Join(parts, ","))
	}
	return out
}

// Tab links to a custom tab by its API name, with the namespace and two
// underscores before it where it is in a package.
func (s Site) Tab(name string) string {
	return s.Lightning() + "/lightning/n/" + url.PathEscape(name)
}

// App links to a Lightning app by its durable id or ns__Name.
func (s Site) App(name string) string {
	return s.Lightning() + "/lightning/app/" + url.PathEscape(name)
}

// Setup links to a page of Salesforce Setup, such as "ConnectedAppsUsage".
func (s Site) Setup(page string) string {
	return s.Lightning() + "/lightning/setup/" + url.PathEscape(page) + "/home"
}

// WebTab links to a web tab in Classic by its id, which begins with 01r, or to
// a web link, which begins with 00b.
func (s Site) WebTab(id sobject.ID) string {
	return s.MyDomain() + "/servlet/servlet.Integration?lid=" + url.QueryEscape(string(id)) + "&ic=1"
}

// Install links to the page where an admin installs a package version in this
// org.
func (s Site) Install(version sobject.ID) (string, error) { return installURL(s.MyDomain(), version) }
