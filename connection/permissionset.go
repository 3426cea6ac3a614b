package connection

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/xml"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/salesforce/sobject"
)

// PermissionSetOptions name a permission set. The zero value is ready.
type PermissionSetOptions struct {
	// Name is its API name. Defaults to "Integration_User".
	Name string
	// Label and Description are for the admin. Label defaults to Name with
	// spaces, at most 80 characters; Description at most 255.
	Label, Description string
	// ViewAllRecords grants View All on every object that is read, so that
	// sharing hides nothing from an import.
	ViewAllRecords bool
	// APIVersion is that of the manifest. Defaults to "66.0".
	APIVersion string
}

// PermissionSet is a permission set in the form in which Salesforce's Metadata
// API and its tools deploy it.
type PermissionSet struct {
	Name string
	// XML is the file permissionsets/Name.permissionset; Manifest is the
	// package.xml that goes with it.
	XML, Manifest []byte
	// Notes are what no permission set can do, for the admin.
	Notes []string
}

// Zip returns the archive that a deployment takes: the manifest and the file.
func (p PermissionSet) Zip() ([]byte, error) {
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, f := range []struct {
		name string
		text []byte
	}{{"package.xml", p.Manifest}, {"permissionsets/" + p.Name + ".permissionset", p.XML}} {
		part, err := w.Create(f.name)
		if err == nil {
			_, err = part.Write(f.text)
		}
		if err != nil {
			return nil, fmt.Errorf("connection: permission set: %w", err)
		}
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("connection: permission set: %w", err)
	}
	return out.Bytes(), nil
}

// PermissionSet makes a permission set that grants what is needed, with the
// describes that the connected user may see.
func (m *Manager) PermissionSet(ctx context.Context, tenant orglink.TenantID, id orglink.ConnectionID, need Requirements, opts PermissionSetOptions) (PermissionSet, error) {
	client, err := m.Client(ctx, tenant, id)
	if err != nil {
		return PermissionSet{}, err
	}
	var names []string
	for _, o := range need.Objects {
		names = append(names, o.Object)
	}
	described := map[string]*sobject.Describe{}
	if len(names) > 0 {
		if described, err = client.DescribeMany(ctx, names); err != nil {
			return PermissionSet{}, fail("permission set", string(id), nil, err)
		}
	}
	return NewPermissionSet(need, described, opts)
}

var apiName = regexp.MustCompile(`^[A-Za-z](_?[A-Za-z0-9])*$`)

// NewPermissionSet is [Manager.PermissionSet] with describes at hand, by
// object. What a deployment would refuse is left out: fields that every user
// may read and write (required, master-detail, system fields), objects whose
// rights are their parent's (the rights of the parents are granted instead),
// edit rights on fields that Salesforce computes. An object permission brings
// those that it depends on (Object Reference, "ObjectPermissions" and
// "FieldPermissions").
func NewPermissionSet(need Requirements, described map[string]*sobject.Describe, opts PermissionSetOptions) (PermissionSet, error) {
	if opts.Name == "" {
		opts.Name = "Integration_User"
	}
	if opts.Label == "" {
		opts.Label = strings.ReplaceAll(opts.Name, "_", " ")
	}
	if opts.APIVersion == "" {
		opts.APIVersion = "66.0"
	}
	if !apiName.MatchString(opts.Name) || len(opts.Name) > 80 || len([]rune(opts.Label)) > 80 || len([]rune(opts.Description)) > 255 {
		return PermissionSet{}, fmt.Errorf("connection: permission set: give a name of letters, digits and single underscores and a label, both of at most 80 characters, and a description of at most 255")
	}
	b := &permissionBuilder{opts: opts, described: described, objects: map[string]*objectPermissions{}, fields: map[string]fieldPermissions{}}
	for _, s := range need.System {
		b.system(s)
	}
	for _, o := range need.Objects {
		b.object(o)
	}
	text, err := b.xml()
	if err != nil {
		return PermissionSet{}, fmt.Errorf("connection: permission set: %w", err)
	}
	slices.Sort(b.notes)
	return PermissionSet{
		Name: opts.Name, XML: text, Notes: slices.Compact(b.notes),
		Manifest: []byte(xml.Header + `<Package xmlns="http://soap.sforce.com/2006/04/metadata">
    <types>
        <members>` + opts.Name + `</members>
        <name>PermissionSet</name>
    </types>
    <version>` + opts.APIVersion + `</version>
</Package>
`),
	}, nil
}
