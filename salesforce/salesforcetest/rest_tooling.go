package salesforcetest

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/orglink/orglink/salesforce/salesforcetest/internal/engine"
	"github.com/orglink/orglink/salesforce/sobject"
)

// tooling holds the objects of the Tooling API, apart from those of the org's
// data: the packages that are installed.
type tooling struct {
	mu  sync.Mutex
	org *engine.Org
}

// open returns the Tooling API's own objects, defined at the first use.
func (t *tooling) open(of *engine.Org) (*engine.Org, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.org != nil {
		return t.org, nil
	}
	org, err := engine.New(engine.Config{OrgID: of.ID(), Now: of.Now})
	if err != nil {
		return nil, err
	}
	text := func(name string) engine.Field { return engine.Field{Name: name, Type: sobject.TypeString} }
	number := func(name string) engine.Field { return engine.Field{Name: name, Type: sobject.TypeInt} }
	yes := func(name string) engine.Field { return engine.Field{Name: name, Type: sobject.TypeBoolean} }
	ref := func(name, to string) engine.Field {
		return engine.Field{Name: name, Type: sobject.TypeReference, ReferenceTo: []string{to}}
	}
	name := engine.Field{Name: "Name", Type: sobject.TypeString, NameField: true}
	for _, o := range []engine.Object{
		{Name: "SubscriberPackage", KeyPrefix: "033", Fields: []engine.Field{name, text("NamespacePrefix"), text("Description")}},
		{Name: "SubscriberPackageVersion", KeyPrefix: "04t", Fields: []engine.Field{name, number("MajorVersion"), number("MinorVersion"), number("PatchVersion"),
			number("BuildNumber"), yes("IsBeta"), yes("IsManaged"), yes("IsDeprecated"), ref("SubscriberPackageId", "SubscriberPackage")}},
		{Name: "InstalledSubscriberPackage", KeyPrefix: "0A3", Fields: []engine.Field{ref("SubscriberPackageId", "SubscriberPackage"),
			ref("SubscriberPackageVersionId", "SubscriberPackageVersion"), ref("MinPackageVersionId", "SubscriberPackageVersion")}},
	} {
		o.NoTrash, o.NoAudit, o.NoLayout, o.NoRecent, o.NoReplicate = true, true, true, true, true
		if err := org.DefineObject(o); err != nil {
			return nil, err
		}
	}
	t.org = org
	return org, nil
}

// Package is a managed package as an org has it installed.
type Package struct {
	// Namespace is the package's prefix, such as acme. Required.
	Namespace string
	// Name defaults to Namespace.
	Name string
	// Version is major.minor, major.minor.patch or major.minor.patch.build,
	// such as 1.5 or 1.5.0.1. Required.
	Version string
	// Beta marks a beta version.
	Beta bool
}

// InstallPackage installs a managed package and returns the id of its version
// (04t...), as the Tooling API tells them: through the query of
// InstalledSubscriberPackage, SubscriberPackage and SubscriberPackageVersion.
// It brings no objects; see DefineObject. Installing another version of a
// namespace upgrades it.
func (o *Org) InstallPackage(p Package) (version sobject.ID, err error) {
	o.tb().Helper()
	version, err = o.installPackage(p)
	return version, o.check("InstallPackage "+p.Namespace, err)
}

func (o *Org) installPackage(p Package) (sobject.ID, error) {
	numbers, err := packageVersion(p.Version)
	if err != nil {
		return "", err
	}
	if p.Namespace == "" {
		return "", fmt.Errorf("the package has no Namespace")
	}
	setDefault(&p.Name, p.Namespace)
	org, err := o.s.tooling.open(o.s.org)
	if err != nil {
		return "", err
	}
	insert := func(object string, fields ...sobject.Field) (sobject.ID, error) {
		out, err := org.Insert(system(), object, []sobject.Record{sobject.NewRecord(object, fields...)}, engine.WriteOptions{})
		if err != nil {
			return "", err
		}
		if !out[0].Success {
			return "", fmt.Errorf("%s: %+v", object, out[0].Errors)
		}
		return out[0].ID, nil
	}
	text, id := sobject.TextValue, sobject.IDValue
	found, err := org.QueryText(system(), "SELECT Id, SubscriberPackageId FROM InstalledSubscriberPackage WHERE SubscriberPackage.NamespacePrefix = "+quote(p.Namespace), engine.QueryOptions{})
	if err != nil {
		return "", err
	}
	var pack sobject.ID
	if found.Len() > 0 {
		told, err := found.Record(0).Text("SubscriberPackageId")
		if err != nil {
			return "", err
		}
		pack = sobject.ID(told)
	} else if pack, err = insert("SubscriberPackage", sobject.F("Name", text(p.Name)), sobject.F("NamespacePrefix", text(p.Namespace))); err != nil {
		return "", err
	}
	fields := []sobject.Field{sobject.F("Name", text(p.Name)), sobject.F("SubscriberPackageId", id(pack)), sobject.F("IsBeta", sobject.BoolValue(p.Beta)),
		sobject.F("IsManaged", sobject.BoolValue(true)), sobject.F("IsDeprecated", sobject.BoolValue(false))}
	for i, name := range []string{"MajorVersion", "MinorVersion", "PatchVersion", "BuildNumber"} {
		fields = append(fields, sobject.F(name, sobject.IntValue(numbers[i])))
	}
	version, err := insert("SubscriberPackageVersion", fields...)
	if err != nil {
		return "", err
	}
	if found.Len() > 0 {
		rec := sobject.NewRecord("InstalledSubscriberPackage", sobject.F("Id", id(found.IDs(0, 1)[0])), sobject.F("SubscriberPackageVersionId", id(version)))
		_, err = org.Update(system(), "InstalledSubscriberPackage", []sobject.Record{rec}, engine.WriteOptions{})
		return version, err
	}
	_, err = insert("InstalledSubscriberPackage", sobject.F("SubscriberPackageId", id(pack)), sobject.F("SubscriberPackageVersionId", id(version)),
		sobject.F("MinPackageVersionId", id(version)))
	return version, err
}

// packageVersion reads 1.5.0.1; parts that are missing are 0, 0 and 1.
func packageVersion(text string) ([4]int64, error) {
	out := [4]int64{0, 0, 0, 1}
	parts := strings.Split(text, ".")
	if len(parts) < 2 || len(parts) > 4 {
		return out, fmt.Errorf("the version %q is not of the form 1.5 or 1.5.0.1", text)
	}
	for i, part := range parts {
		n, err := strconv.ParseUint(part, 10, 31)
		if err != nil {
			return out, fmt.Errorf("the version %q is not of the form 1.5 or 1.5.0.1", text)
		}
		out[i] = int64(n)
	}
	return out, nil
}

// toolingQuery answers SOQL about the Tooling API's objects, of which the fake
// has those of packages. A user needs View Setup, as for all of setup.
func (c *call) toolingQuery() answer {
	if !c.s.org.SystemPermission(c.user, "ViewSetup") {
		return failure(http.StatusForbidden, "INSUFFICIENT_ACCESS", "You don't have permission to view setup.")
	}
	org, err := c.s.tooling.open(c.s.org)
	if strings.EqualFold(fromObject(c.query.Get("q")), "EntityDefinition") {
		org, err = c.entities()
	}
	if err != nil {
		return c.refusal(err)
	}
	res, err := org.QueryText(system(), strings.TrimRight(c.query.Get("q"), " \t\r\n"), engine.QueryOptions{})
	if err != nil {
		return c.refusal(err)
	}
	n := strconv.Itoa(res.Len())
	kind := "null"
	if res.Len() > 0 {
		kind = strconv.Quote(res.Object())
	}
	body := []byte(`{"size":` + n + `,"totalSize":` + strconv.Itoa(res.TotalSize()) + `,"done":true,"queryLocator":null,"entityTypeName":` + kind + `,"records":[`)
	body = res.AppendRows(body, 0, res.Len(), engine.JSONOptions{Base: c.base() + "/tooling"})
	return rawJSON(http.StatusOK, append(body, "]}"...))
}
