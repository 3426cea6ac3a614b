package salesforcetest_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/orglink/orglink/salesforce/salesforcetest"
	"github.com/orglink/orglink/salesforce/sobject"
)

// described is a describe, keys as they are.
type described struct {
	top      map[string]any
	fields   map[string]map[string]any
	order    []string
	children map[string]map[string]any // by child object and field
}

func readDescribe(t *testing.T, text string) described {
	t.Helper()
	d := described{top: parse(t, text).(map[string]any), fields: map[string]map[string]any{}, children: map[string]map[string]any{}}
	for _, f := range d.top["fields"].([]any) {
		f := f.(map[string]any)
		name := f["name"].(string)
		d.fields[name] = f
		d.order = append(d.order, name)
	}
	for _, c := range d.top["childRelationships"].([]any) {
		c := c.(map[string]any)
		d.children[fmt.Sprint(c["childSObject"], ".", c["field"])] = c
	}
	return d
}

// A captured describe, and where the fake's deliberately differs: by field and
// key, by * and key, or by the name of a field that only one of them has.
type capturedDescribe struct {
	object, file string
	differs      []string
}

// Everywhere: time zones and locales are a choice of those that exist; lists
// of targets name what the fake has; GeocodeAccuracy's labels had no blanks
// before API 57; an org adds to its picklists.
var everywhere = []string{"RecurrenceTimeZoneSidKey.picklistValues", "TimeZoneSidKey.picklistValues", "LocaleSidKey.picklistValues", "*GeocodeAccuracy.picklistValues",
	"WhatId.referenceTo", "Salutation.picklistValues",
	// What a Data.com key leads to is no object that an API user can see.
	"JigsawCompanyId.relationshipName", "JigsawContactId.relationshipName"}

var capturedDescribes = []capturedDescribe{
	{"Account", "Account.nango-v57.json", nil},
	// HasOptedOutOfEmail ... were hidden from the user who recorded.
	{"Contact", "Contact.cumulusci.json", []string{"HasOptedOutOfEmail", "HasOptedOutOfFax", "DoNotCall"}},
	{"Lead", "Lead.cumulusci.json", []string{"HasOptedOutOfEmail", "HasOptedOutOfFax", "DoNotCall"}},
	{"Opportunity", "Opportunity.cumulusci.json", []string{"Fiscal.byteLength"}},
	// An older API version: its describe has the link defaultValues.
	{"OpportunityContactRole", "OpportunityContactRole.cumulusci.json", []string{"urls.defaultValues"}},
	{"Document", "Document.elasticio.json", []string{"urls.defaultValues", "supportedScopes", "FolderId.namePointing"}},
	{"Task", "Task.nango-v60.json", nil},
	// Of 2014, API 31: no compound fields, no defaultValue of booleans, other
	// labels; later fields and links were not there.
	{"User", "User.force-net-toolkit.json", []string{"*.defaultValue", "*.compoundFieldName", "*.picklistValues", "Email.label", "MobilePhone.label", "UserPermissionsInteractionUser.label",
		"Signature.type", "StayInTouchSignature.type", "*.extraTypeInfo", "DelegatedApproverId.namePointing", "DelegatedApproverId.relationshipName", "AccountId.relationshipName", "urls.namedLayouts", "feedEnabled", "later fields"}},
}

func (d capturedDescribe) allows(field, key string) bool {
	for _, list := range [][]string{everywhere, d.differs} {
		if slices.Contains(list, field+"."+key) || slices.Contains(list, "*."+key) || slices.Contains(list, field) {
			return true
		}
	}
	return strings.HasSuffix(field, "GeocodeAccuracy") && key == "picklistValues"
}

// Every key of every field of a captured describe has the value that the
// fake's describe of the same object has.
func TestCapturedDescribeFields(t *testing.T) {
	plain := start(t, salesforcetest.Config{})
	coded := start(t, salesforcetest.Config{StateCodes: true})
	for _, d := range capturedDescribes {
		t.Run(d.object, func(t *testing.T) {
			_, text := capture(t, filepath.Join("describe", d.file), 0)
			c := plain
			if strings.Contains(text, "BillingStateCode") { // recorded where they are switched on
				c = coded
				d.differs = append(d.differs, "*StateCode", "*CountryCode", "BillingStateCode.picklistValues", "ShippingStateCode.picklistValues", "BillingCountryCode.picklistValues",
					"ShippingCountryCode.picklistValues", "BillingStateCode.dependentPicklist", "ShippingStateCode.dependentPicklist", "BillingStateCode.controllerName", "ShippingStateCode.controllerName")
			}
			want := readDescribe(t, text)
			got := readDescribe(t, c.send("GET", "sobjects/"+d.object+"/describe", "").want(200).body)
			compareTops(t, d, got, want)
			compareFields(t, d, got, want)
			compareChildren(t, got, want, c)
		})
	}
}

func compareTops(t *testing.T, d capturedDescribe, got, want described) {
	t.Helper()
	for key, w := range want.top {
		switch g := got.top[key]; key {
		case "fields", "childRelationships", "recordTypeInfos", "_fixture_note":
		case "urls":
			for link := range w.(map[string]any) {
				if _, has := g.(map[string]any)[link]; !has && !d.allows("urls", link) {
					t.Errorf("no link %s", link)
				}
			}
			for link := range g.(map[string]any) {
				if _, has := w.(map[string]any)[link]; !has && !d.allows("urls", link) {
					t.Errorf("a link %s too much", link)
				}
			}
		default:
			if fmt.Sprint(g) != fmt.Sprint(w) && !d.allows(key, "") && !slices.Contains(d.differs, key) {
				t.Errorf("%s is %v, captured %v", key, g, w)
			}
		}
	}
}

func compareFields(t *testing.T, d capturedDescribe, got, want described) {
	t.Helper()
	var order []string
	for _, name := range want.order {
		w, g := want.fields[name], got.fields[name]
		if w["custom"] == true {
			continue
		}
		if g == nil {
			t.Errorf("there is no field %s", name)
			continue
		}
		order = append(order, name)
		for key, value := range w {
			if key == "picklistValues" {
				value, g[key] = withoutValidFor(value), withoutValidFor(g[key])
			}
			if fmt.Sprint(g[key]) != fmt.Sprint(value) && !d.allows(name, key) {
				t.Errorf("%s.%s is %.200v, captured %.200v", name, key, g[key], value)
			}
		}
	}
	var mine []string
	for _, name := range got.order {
		if want.fields[name] != nil {
			mine = append(mine, name)
		} else if !d.allows(name, "") && !slices.Contains(d.differs, "later fields") {
			t.Errorf("the captured org has no field %s", name)
		}
	}
	if !slices.Equal(mine, order) && !slices.Contains(d.differs, "later fields") {
		t.Errorf("order of fields\n got %v\nwant %v", mine, order)
	}
}

func withoutValidFor(list any) any {
	values, _ := list.([]any)
	for _, v := range values {
		delete(v.(map[string]any), "validFor")
	}
	return list
}

// compareChildren compares the child relationships of objects that the fake
// has; real orgs have hundreds more.
func compareChildren(t *testing.T, got, want described, c *caller) {
	t.Helper()
	for _, key := range slices.Sorted(maps.Keys(want.children)) {
		w, g := want.children[key], got.children[key]
		object, _, _ := strings.Cut(key, ".")
		if g == nil {
			if c.send("GET", "sobjects/"+object, "").status == 200 && !slices.Contains([]string{"CampaignMember.LeadOrContactId"}, key) {
				t.Errorf("no child relationship %s", key)
			}
			continue
		}
		for name, value := range w {
			if value != nil && fmt.Sprint(g[name]) != fmt.Sprint(value) {
				t.Errorf("child %s: %s is %v, captured %v", key, name, g[name], value)
			}
		}
	}
}

// Each object that both have says the same of itself in the describe global.
func TestCapturedDescribeGlobal(t *testing.T) {
	_, text := capture(t, "describeGlobal/cumulusci-sobjects.json", 0)
	c := start(t, salesforcetest.Config{})
	mine := map[string]map[string]any{}
	for _, o := range c.send("GET", "sobjects", "").want(200).object()["sobjects"].([]any) {
		mine[o.(map[string]any)["name"].(string)] = o.(map[string]any)
	}
	compared := 0
	for _, o := range parse(t, text).(map[string]any)["sobjects"].([]any) {
		w := o.(map[string]any)
		name := w["name"].(string)
		g := mine[name]
		if g == nil || name == "Event" || name == "Lead" { // these two are not of a real org
			continue
		}
		compared++
		for key, value := range w {
			if key != "urls" && fmt.Sprint(g[key]) != fmt.Sprint(value) {
				t.Errorf("%s.%s is %v, captured %v", name, key, g[key], value)
			}
		}
		if got, want := slices.Sorted(maps.Keys(g["urls"].(map[string]any))), slices.Sorted(maps.Keys(w["urls"].(map[string]any))); !slices.Equal(got, want) {
			t.Errorf("%s has the links %v, captured %v", name, got, want)
		}
	}
	if compared < 10 {
		t.Errorf("only %d objects could be compared", compared)
	}
}

// A captured custom object, built again, describes itself as it did.
func TestCapturedCustomObject(t *testing.T) {
	_, text := capture(t, "describe/DateTestObject__c.nifi.json", 0)
	c := start(t, salesforcetest.Config{})
	c.s.Org().DefineObject(salesforcetest.Object{Name: "DateTestObject__c", Label: "DateTestObject", LabelPlural: "DateTestObjects", Fields: []salesforcetest.Field{
		{Name: "date__c", Type: sobject.TypeDate}, {Name: "datetime__c", Type: sobject.TypeDateTime}, {Name: "time__c", Type: sobject.TypeTime}}})
	want, got := readDescribe(t, text), readDescribe(t, c.send("GET", "sobjects/DateTestObject__c/describe", "").want(200).body)
	for name, w := range want.fields {
		g := got.fields[name]
		if name == "id__c" { // read-only in the recording, whatever it was
			continue
		}
		if g == nil {
			t.Errorf("no field %s", name)
			continue
		}
		for _, key := range []string{"type", "soapType", "createable", "updateable", "nillable", "custom", "filterable", "sortable", "aggregatable", "calculated", "digits", "scale", "precision"} {
			if fmt.Sprint(g[key]) != fmt.Sprint(w[key]) {
				t.Errorf("%s.%s is %v, captured %v", name, key, g[key], w[key])
			}
		}
	}
}

// Records have the fields that captured ones have, each of the same type.
func TestCapturedRecordFields(t *testing.T) {
	c := start(t, salesforcetest.Config{})
	account := c.create("Account", `{"Name":"A"}`)
	contact := c.create("Contact", `{"LastName":"C","AccountId":"`+account+`","MailingCity":"Bonn"}`)
	org := c.first("SELECT Id FROM Organization")["Id"].(string)
	for _, tt := range []struct {
		file, path string
		absent     []string // what the recorded org has besides
	}{
		{"record/nango-get-record-account.json", "sobjects/Account/" + account, nil},
		{"record/swiftly-account.json", "sobjects/Account/" + account, []string{"RecordTypeId", "IsPartner", "IsCustomerPortal", "IsExcludedFromRealign", "IsBuyer"}},
		{"record/netcoreforce-contact.json", "sobjects/Contact/" + contact, nil},
		{"record/cci-organization.json", "sobjects/Organization/" + org, nil},
	} {
		_, text := capture(t, tt.file, 0)
		var want any
		if err := json.Unmarshal([]byte(text), &want); err != nil {
			t.Fatal(err)
		}
		recorded, ok := findRecord(want)
		if !ok {
			t.Fatalf("%s: no record in it", tt.file)
		}
		got := parse(t, c.send("GET", tt.path, "").want(200).body).(map[string]any)
		for name, value := range recorded {
			mine, has := got[name]
			switch {
			case strings.HasSuffix(name, "__c") || slices.Contains(tt.absent, name) || strings.HasSuffix(name, "StateCode") || strings.HasSuffix(name, "CountryCode"):
			case !has:
				t.Errorf("%s: no field %s", tt.file, name)
			default:
				for _, d := range differ(name, mine, value) {
					if !strings.Contains(d, "Code is") {
						t.Errorf("%s: %s", tt.file, d)
					}
				}
			}
		}
	}
}

// findRecord digs a record out of a capture, whatever it is wrapped in.
func findRecord(v any) (map[string]any, bool) {
	switch v := v.(type) {
	case map[string]any:
		if v["attributes"] != nil && len(v) > 3 {
			return v, true
		}
		for _, key := range slices.Sorted(maps.Keys(v)) {
			if r, ok := findRecord(v[key]); ok {
				return r, true
			}
		}
	case []any:
		for _, e := range v {
			if r, ok := findRecord(e); ok {
				return r, true
			}
		}
	case string:
		var inner any
		if strings.HasPrefix(v, "{") && json.Unmarshal([]byte(v), &inner) == nil {
			return findRecord(inner)
		}
	}
	return nil, false
}
