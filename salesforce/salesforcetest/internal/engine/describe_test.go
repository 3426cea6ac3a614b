package engine_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/orglink/orglink/salesforce/salesforcetest/internal/engine"
	"github.com/orglink/orglink/salesforce/sobject"
)

func captures(t *testing.T) string {
	dir := os.Getenv("ORGLINK_CAPTURES")
	if dir == "" {
		t.Skip("ORGLINK_CAPTURES is not set: no captured answers to compare with")
	}
	return dir
}

// keysOf returns the keys of a JSON object in their order.
func keysOf(t *testing.T, raw json.RawMessage) []string {
	t.Helper()
	var m map[string]json.RawMessage
	if err := json.Unmarshal(raw, &m); err != nil {
		t.Fatal(err)
	}
	var out []string
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

func read(t *testing.T, file string) map[string]json.RawMessage {
	t.Helper()
	body, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var m map[string]json.RawMessage
	if err := json.Unmarshal(body, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

func first(t *testing.T, list json.RawMessage) json.RawMessage {
	t.Helper()
	var all []json.RawMessage
	if err := json.Unmarshal(list, &all); err != nil || len(all) == 0 {
		t.Fatalf("no elements: %v", err)
	}
	return all[0]
}

// A describe has the keys of a captured one, on every level.
func TestDescribeKeys(t *testing.T) {
	dir := captures(t)
	fx := newOrg(t)
	d, err := fx.Describe(fx.s, "Account", engine.DescribeOptions{Base: "/services/data/v57.0", InstanceURL: "https://x.my.salesforce.com"})
	if err != nil {
		t.Fatal(err)
	}
	body, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	ours := map[string]json.RawMessage{}
	if err := json.Unmarshal(body, &ours); err != nil {
		t.Fatal(err)
	}
	real := read(t, filepath.Join(dir, "describe", "Account.nango-v57.json"))
	whole, _ := json.Marshal(real)
	if diff := cmp.Diff(keysOf(t, whole), keysOf(t, body)); diff != "" {
		t.Errorf("object: %s", diff)
	}
	for _, list := range []string{"fields", "childRelationships", "recordTypeInfos", "supportedScopes"} {
		if diff := cmp.Diff(keysOf(t, first(t, real[list])), keysOf(t, first(t, ours[list]))); diff != "" {
			t.Errorf("%s: %s", list, diff)
		}
	}
	if diff := cmp.Diff(keysOf(t, real["urls"]), keysOf(t, ours["urls"])); diff != "" {
		t.Errorf("urls: %s", diff)
	}
	g, err := fx.DescribeGlobal(fx.s, engine.DescribeOptions{Base: "/services/data/v52.0"})
	if err != nil {
		t.Fatal(err)
	}
	body, _ = json.Marshal(g)
	ours = map[string]json.RawMessage{}
	if err := json.Unmarshal(body, &ours); err != nil {
		t.Fatal(err)
	}
	real = read(t, filepath.Join(dir, "describeGlobal", "cumulusci-sobjects.json"))
	if diff := cmp.Diff(keysOf(t, first(t, real["sobjects"])), keysOf(t, first(t, ours["sobjects"]))); diff != "" {
		t.Errorf("global: %s", diff)
	}
}

// Fields of the same kind say the same about themselves as captured ones.
func TestDescribeFlags(t *testing.T) {
	dir := captures(t)
	fx := newOrg(t)
	d, err := fx.Describe(fx.s, "Account", engine.DescribeOptions{})
	if err != nil {
		t.Fatal(err)
	}
	body, _ := json.Marshal(d.Fields)
	var ours, real []map[string]any
	if err := json.Unmarshal(body, &ours); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(read(t, filepath.Join(dir, "describe", "Account.nango-v57.json"))["fields"], &real); err != nil {
		t.Fatal(err)
	}
	checked := 0
	for _, r := range real {
		for _, o := range ours {
			if o["name"] != r["name"] || o["type"] != r["type"] {
				continue
			}
			checked++
			for k, want := range r {
				switch k {
				case "label", "picklistValues", "length", "byteLength", "inlineHelpText", "idLookup", "extraTypeInfo", "searchPrefilterable", "digits":
					continue // said by the definition, which is this test's own
				}
				if k == "compoundFieldName" && r["name"] == "Name" {
					continue // the captured org has person accounts
				}
				if diff := cmp.Diff(want, o[k]); diff != "" {
					t.Errorf("%s.%s: %s", r["name"], k, diff)
				}
			}
		}
	}
	if checked < 15 {
		t.Errorf("only %d fields compared", checked)
	}
}

func TestDescribeIsUsable(t *testing.T) {
	fx := newOrg(t)
	d, err := fx.Describe(fx.s, "account", engine.DescribeOptions{Base: "/services/data/v66.0"})
	if err != nil {
		t.Fatal(err)
	}
	body, _ := json.Marshal(d)
	var back sobject.Describe
	if err := json.Unmarshal(body, &back); err != nil {
		t.Fatal(err)
	}
	if back.Name != "Account" || back.KeyPrefix != "001" || !back.Mergeable || !back.Createable {
		t.Errorf("%+v", back)
	}
	for name, want := range map[string]bool{"Name": true, "Phone": false, "OwnerId": false, "Active__c": false, "Loud__c": false} {
		f, ok := back.Field(name)
		if !ok || f.RequiredOnCreate() != want {
			t.Errorf("%s: required %v, want %v", name, f.RequiredOnCreate(), want)
		}
	}
	if f, _ := back.Field("Loud__c"); f.Createable || f.Updateable || !f.Calculated {
		t.Errorf("formula: %+v", f)
	}
	if _, err := fx.Describe(fx.s, "Nope", engine.DescribeOptions{}); err == nil || err.(*engine.Error).Status != 404 {
		t.Errorf("unknown object: %v", err)
	}
}
