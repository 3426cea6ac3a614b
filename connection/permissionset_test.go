package connection_test

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"io"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/orglink/orglink/connection"
	"github.com/orglink/orglink/mapping"
	"github.com/orglink/orglink/salesforce/salesforcetest"
	"github.com/orglink/orglink/salesforce/sobject"
)

// deployed is a permission set as an org would read it.
type deployed struct {
	XMLName xml.Name `xml:"http://soap.sforce.com/2006/04/metadata PermissionSet"`
	Label   string   `xml:"label"`
	Fields  []struct {
		Editable bool   `xml:"editable"`
		Field    string `xml:"field"`
		Readable bool   `xml:"readable"`
	} `xml:"fieldPermissions"`
	Objects []struct {
		Create  bool   `xml:"allowCreate"`
		Delete  bool   `xml:"allowDelete"`
		Edit    bool   `xml:"allowEdit"`
		Read    bool   `xml:"allowRead"`
		Object  string `xml:"object"`
		ViewAll bool   `xml:"viewAllRecords"`
	} `xml:"objectPermissions"`
	System []struct {
		Enabled bool   `xml:"enabled"`
		Name    string `xml:"name"`
	} `xml:"userPermissions"`
}

func (d deployed) permissions() salesforcetest.Permissions {
	out := salesforcetest.Permissions{System: map[string]bool{}, Objects: map[string]salesforcetest.ObjectPermissions{}, Fields: map[string]salesforcetest.FieldPermissions{}}
	for _, s := range d.System {
		out.System[s.Name] = s.Enabled
	}
	for _, o := range d.Objects {
		out.Objects[o.Object] = salesforcetest.ObjectPermissions{Read: o.Read, Create: o.Create, Edit: o.Edit, Delete: o.Delete, ViewAll: o.ViewAll}
	}
	for _, f := range d.Fields {
		out.Fields[f.Field] = salesforcetest.FieldPermissions{Read: f.Readable, Edit: f.Editable}
	}
	return out
}

func read(t *testing.T, p connection.PermissionSet) deployed {
	t.Helper()
	var d deployed
	if err := xml.Unmarshal(p.XML, &d); err != nil {
		t.Fatalf("%v in\n%s", err, p.XML)
	}
	return d
}

func custom(name string, typ sobject.FieldType, change ...func(*sobject.DescribeField)) sobject.DescribeField {
	f := sobject.DescribeField{Name: name, Type: typ, Custom: true, Nillable: true, Createable: true, Updateable: true, Permissionable: true}
	for _, c := range change {
		c(&f)
	}
	return f
}

// What a deployment refuses: field permissions where none exist, rights
// without those that they depend on, rights of objects that have none.
func TestPermissionSetDeploys(t *testing.T) {
	required := func(f *sobject.DescribeField) { f.Nillable, f.Permissionable = false, false }
	visit := &sobject.Describe{Name: "Visit__c", Custom: true, Fields: []sobject.DescribeField{
		{Name: "Name", NameField: true, Createable: true, Updateable: true},
		custom("Account__c", sobject.TypeReference, required, func(f *sobject.DescribeField) { f.ReferenceTo, f.Updateable = []string{"Account"}, false }),
		custom("Reason__c", sobject.TypeString, required),
		custom("Notes__c", sobject.TypeString),
		custom("Score__c", sobject.TypeDouble, func(f *sobject.DescribeField) { f.Calculated, f.Createable, f.Updateable = true, false, false }),
	}}
	account := &sobject.Describe{Name: "Account", Fields: []sobject.DescribeField{
		{Name: "BillingStreet", Type: sobject.TypeTextArea, CompoundFieldName: "BillingAddress", Createable: true, Updateable: true},
		{Name: "BillingAddress", Type: sobject.TypeAddress, Permissionable: true},
		{Name: "OwnerId", Type: sobject.TypeReference, Createable: true, Updateable: true},
	}}
	need := connection.Requirements{
		Objects: []connection.ObjectNeed{
			{Object: "visit__c", Delete: true, Fields: []connection.FieldNeed{{Field: "Name"}, {Field: "Account__c", Create: true}, {Field: "Reason__c", Create: true, Edit: true},
				{Field: "notes__c", Edit: true}, {Field: "Score__c", Edit: true}, {Field: "Hidden__c"}}},
			{Object: "Account", Read: true, Fields: []connection.FieldNeed{{Field: "BillingStreet"}, {Field: "OwnerId", Create: true}}},
			{Object: "Case", Create: true},
			{Object: "CampaignMember", Create: true, Fields: []connection.FieldNeed{{Field: "Score__c"}, {Field: "Status"}}},
			{Object: "Task", Create: true},
		},
		System: []connection.SystemNeed{{Permission: "ApiEnabled"}, {Permission: connection.MarketingUser}},
	}
	p, err := connection.NewPermissionSet(need, map[string]*sobject.Describe{"Visit__c": visit, "Account": account}, connection.PermissionSetOptions{ViewAllRecords: true})
	if err != nil {
		t.Fatal(err)
	}
	d := read(t, p)
	if d.Label != "Integration User" {
		t.Errorf("label %q", d.Label)
	}
	got := map[string]bool{}
	for _, f := range d.Fields {
		got[f.Field] = f.Editable
		if !f.Readable {
			t.Errorf("%s is not readable", f.Field)
		}
	}
	want := map[string]bool{"Visit__c.Notes__c": true, "Visit__c.Score__c": false, "Visit__c.Hidden__c": false, "Account.BillingAddress": false, "CampaignMember.Score__c": false}
	for f, edit := range want {
		if have, ok := got[f]; !ok || have != edit {
			t.Errorf("%s: there %v, editable %v, want %v", f, ok, have, edit)
		}
		delete(got, f)
	}
	if len(got) > 0 {
		t.Errorf("a deployment refuses %v", got)
	}
	objects := d.permissions().Objects
	for _, none := range []string{"Task", "CampaignMember"} {
		if _, ok := objects[none]; ok {
			t.Errorf("%s has no rights of its own", none)
		}
	}
	for object, want := range map[string]salesforcetest.ObjectPermissions{
		"Visit__c": {Read: true, Edit: true, Delete: true}, "Account": {Read: true, ViewAll: true}, "Case": {Read: true, Create: true},
		"Contact": {Read: true, ViewAll: true}, "Campaign": {Read: true, Edit: true, ViewAll: true}, "Lead": {Read: true, ViewAll: true},
	} {
		if objects[object] != want {
			t.Errorf("%s: %+v, want %+v", object, objects[object], want)
		}
	}
	if system := d.permissions().System; !system["ApiEnabled"] || !system["EditTask"] || !system["ActivitiesAccess"] || system[connection.MarketingUser] {
		t.Errorf("system permissions %v", system)
	}
	if notes := strings.Join(p.Notes, "\n"); !strings.Contains(notes, "Marketing User") || !strings.Contains(notes, "CampaignMember: ") {
		t.Errorf("notes: %s", notes)
	}
}

// A limited user passes the preflight once the permission set is assigned.
func TestPermissionSetSuffices(t *testing.T) {
	w := newWorld(t)
	c := w.connect(ada, connection.StartRequest{})
	org := w.org.Org()
	if err := org.AddField("Contact", salesforcetest.Field{Name: "Score__c", Type: sobject.TypeDouble, Precision: 5}); err != nil {
		t.Fatal(err)
	}
	none := map[string]salesforcetest.ObjectPermissions{}
	for _, o := range []string{"Lead", "Contact", "Campaign", "Account", "Opportunity"} {
		none[o] = salesforcetest.ObjectPermissions{Read: true}
	}
	org.SetPermissions("System Administrator", salesforcetest.Permissions{Objects: none,
		System: map[string]bool{"ViewAllData": false, "ModifyAllData": false, "AllowViewEditConvertedLeads": false, "EditTask": false, "EditEvent": false}})
	org.HideField("System Administrator", "Contact", "Phone")
	org.HideField("System Administrator", "Contact", "Score__c")
	need := connection.DefaultRequirements().And(connection.ForMaps(mapping.Map{Object: "Contact", Fields: []mapping.FieldMap{{Host: "p", Salesforce: "Phone"}, {Host: "s", Salesforce: "Score__c"}}}))
	before, err := w.m.Preflight(t.Context(), c.Tenant, c.ID, need)
	if err != nil || before.OK() {
		t.Fatalf("the limited user passes: %v\n%s", err, before)
	}
	p, err := w.m.PermissionSet(t.Context(), c.Tenant, c.ID, need, connection.PermissionSetOptions{Name: "Orglink_Sync", ViewAllRecords: true})
	if err != nil {
		t.Fatal(err)
	}
	set, err := org.Create("PermissionSet", salesforcetest.Fields{"Name": p.Name, "Label": "Orglink Sync"})
	if err != nil {
		t.Fatal(err)
	}
	if err := org.SetPermissions(p.Name, read(t, p).permissions()); err != nil {
		t.Fatal(err)
	}
	if _, err := org.Create("PermissionSetAssignment", salesforcetest.Fields{"PermissionSetId": string(set), "AssigneeId": string(c.User.ID)}); err != nil {
		t.Fatal(err)
	}
	after, err := w.m.Preflight(t.Context(), c.Tenant, c.ID, need)
	if err != nil || !after.OK() {
		t.Errorf("with the permission set: %v\n%s\n%s", err, after, p.XML)
	}
}

func TestPermissionSetZip(t *testing.T) {
	p, err := connection.NewPermissionSet(connection.Requirements{}, nil, connection.PermissionSetOptions{Name: "Sync"})
	if err != nil {
		t.Fatal(err)
	}
	archive, err := p.Zip()
	if err != nil {
		t.Fatal(err)
	}
	r, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range r.File {
		names = append(names, f.Name)
		part, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(part)
		if err != nil || !strings.HasPrefix(string(text), "<?xml ") {
			t.Errorf("%s: %v %s", f.Name, err, text)
		}
	}
	if !slices.Equal(names, []string{"package.xml", "permissionsets/Sync.permissionset"}) || !strings.Contains(string(p.Manifest), "<members>Sync</members>") {
		t.Errorf("%v\n%s", names, p.Manifest)
	}
	for _, bad := range []connection.PermissionSetOptions{{Name: "a b"}, {Name: "a__b"}, {Name: "<x>"}, {Label: strings.Repeat("x", 81)}, {Description: strings.Repeat("x", 256)}} {
		if _, err := connection.NewPermissionSet(connection.Requirements{}, nil, bad); err == nil {
			t.Errorf("%+v is accepted", bad)
		}
	}
}

func TestReportNamesAddresses(t *testing.T) {
	r := connection.Report{EgressIPs: []netip.Prefix{netip.MustParsePrefix("192.0.2.7/32"), netip.MustParsePrefix("198.51.100.0/24")}}
	if text := r.String(); !strings.Contains(text, "192.0.2.7 198.51.100.0/24") {
		t.Error(text)
	}
}
