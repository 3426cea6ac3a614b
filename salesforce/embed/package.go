package embed

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/orglink/orglink/salesforce"
	"github.com/orglink/orglink/salesforce/sobject"
)

// PackageVersion is a version of a managed package. The zero version is none.
type PackageVersion struct {
	// ID begins with 04t.
	ID                         sobject.ID
	Major, Minor, Patch, Build int
	Beta                       bool
}

// ParsePackageVersion reads a version number such as "1.5" or "1.5.0.3".
func ParsePackageVersion(id sobject.ID, number string) (PackageVersion, error) {
	v := PackageVersion{ID: id}
	parts := strings.Split(number, ".")
	into := []*int{&v.Major, &v.Minor, &v.Patch, &v.Build}
	if len(parts) < 2 || len(parts) > len(into) {
		return PackageVersion{}, fmt.Errorf("embed: package version %q: give it as 1.5, 1.5.0 or 1.5.0.3", clip(number))
	}
	for i, p := range parts {
		n, err := strconv.Atoi(p)
		if err != nil || n < 0 {
			return PackageVersion{}, fmt.Errorf("embed: package version %q: %q is no number", clip(number), clip(p))
		}
		*into[i] = n
	}
	return v, nil
}

// String is the version number, as short as Salesforce shows it.
func (v PackageVersion) String() string {
	out := fmt.Sprintf("%d.%d", v.Major, v.Minor)
	if v.Patch != 0 || v.Build != 0 {
		out += "." + strconv.Itoa(v.Patch)
	}
	if v.Build != 0 {
		out += "." + strconv.Itoa(v.Build)
	}
	if v.Beta {
		out += " (beta)"
	}
	return out
}

// Compare orders versions by number: -1 if v is older than w, +1 if newer. A
// beta is older than the release of the same number.
func (v PackageVersion) Compare(w PackageVersion) int {
	if c := cmp.Or(cmp.Compare(v.Major, w.Major), cmp.Compare(v.Minor, w.Minor), cmp.Compare(v.Patch, w.Patch)); c != 0 {
		return c
	}
	if v.Beta != w.Beta {
		if v.Beta {
			return -1
		}
		return 1
	}
	return cmp.Compare(v.Build, w.Build)
}

// Package is the product's managed package.
type Package struct {
	// Namespace is its prefix, such as "acme".
	Namespace string
	// Latest is the version to install.
	Latest PackageVersion
	// Key tells that the version asks for an installation key. The key itself
	// is typed by the admin and never part of a link.
	Key bool
}

// Installation is what an org has of a package.
type Installation struct {
	Installed bool
	// Version is zero when the user may not read it.
	Version PackageVersion
	// Outdated tells that Version is known and older than the latest.
	Outdated bool
}

// Installed reads from the org which version of the package it has. A user who
// may not read packages (they need View Setup or Download AppExchange
// Packages) still learns whether it is there, from the objects and tabs that
// it brings and that this user sees; a package without any is then not found.
func (p Package) Installed(ctx context.Context, c *salesforce.Client) (Installation, error) {
	if !validNamespace(p.Namespace) {
		return Installation{}, fmt.Errorf("embed: package: the namespace %q is none: 1 to 15 letters, digits and single underscores", clip(p.Namespace))
	}
	const fields = "SubscriberPackageVersion.Id, SubscriberPackageVersion.MajorVersion, SubscriberPackageVersion.MinorVersion, " +
		"SubscriberPackageVersion.PatchVersion, SubscriberPackageVersion.BuildNumber, SubscriberPackageVersion.IsBeta"
	soql := "SELECT " + fields + " FROM InstalledSubscriberPackage WHERE SubscriberPackage.NamespacePrefix = '" + p.Namespace + "'"
	for rec, err := range c.ToolingQuery(ctx, soql) {
		if refused(err) {
			return p.visible(ctx, c)
		}
		if err != nil {
			return Installation{}, fmt.Errorf("embed: package %s: %w", p.Namespace, err)
		}
		v, err := versionOf(rec)
		if err != nil {
			return Installation{}, fmt.Errorf("embed: package %s: %w", p.Namespace, err)
		}
		return Installation{Installed: true, Version: v, Outdated: v.Compare(p.Latest) < 0}, nil
	}
	return Installation{}, nil
}

func versionOf(rec sobject.Record) (PackageVersion, error) {
	var v PackageVersion
	parent, ok := rec.Parent("SubscriberPackageVersion")
	if !ok {
		return v, errors.New("the org names no version")
	}
	v.ID = parent.ID()
	for name, into := range map[string]*int{"MajorVersion": &v.Major, "MinorVersion": &v.Minor, "PatchVersion": &v.Patch, "BuildNumber": &v.Build} {
		n, err := parent.Int(name)
		if err != nil {
			return PackageVersion{}, err
		}
		*into = int(n)
	}
	var err error
	v.Beta, err = parent.Bool("IsBeta")
	return v, err
}

// visible looks for the package's objects and tabs.
func (p Package) visible(ctx context.Context, c *salesforce.Client) (Installation, error) {
	prefix := strings.ToLower(p.Namespace) + "__"
	objects, err := c.DescribeGlobal(ctx)
	if err != nil {
		return Installation{}, fmt.Errorf("embed: package %s: %w", p.Namespace, err)
	}
	for _, o := range objects {
		if strings.HasPrefix(strings.ToLower(o.Name), prefix) {
			return Installation{Installed: true}, nil
		}
	}
	tabs, err := c.Tabs(ctx)
	if err != nil {
		return Installation{}, fmt.Errorf("embed: package %s: %w", p.Namespace, err)
	}
	for _, t := range tabs {
		if strings.HasPrefix(strings.ToLower(t.Name), prefix) {
			return Installation{Installed: true}, nil
		}
	}
	return Installation{}, nil
}

// refused tells an org's no from a call that failed: the object is hidden, or
// the Tooling API is.
func refused(err error) bool {
	var e *salesforce.Error
	if !errors.As(err, &e) {
		return false
	}
	switch e.Code {
	case "INVALID_TYPE", "INVALID_FIELD", "INSUFFICIENT_ACCESS", "INSUFFICIENT_ACCESS_OR_READONLY", "FUNCTIONALITY_NOT_ENABLED", "NOT_FOUND":
		return true
	}
	return false
}

// validNamespace accepts what Salesforce accepts as a namespace prefix.
func validNamespace(s string) bool {
	if s == "" || len(s) > 15 || strings.Contains(s, "__") || strings.HasSuffix(s, "_") {
		return false
	}
	for i := range len(s) {
		c := s[i]
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		if !letter && (i == 0 || c != '_' && (c < '0' || c > '9')) {
			return false
		}
	}
	return true
}
