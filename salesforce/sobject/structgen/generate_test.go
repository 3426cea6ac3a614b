package structgen_test

import (
	"encoding/json"
	"flag"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/orglink/orglink/salesforce/sobject"
	"github.com/orglink/orglink/salesforce/sobject/structgen"
)

var update = flag.Bool("update", false, "write golden_test.go anew")

func invoice() *sobject.Describe {
	field := func(name, label string, t sobject.FieldType, nillable bool) sobject.DescribeField {
		return sobject.DescribeField{Name: name, Label: label, Type: t, Nillable: nillable}
	}
	amount := field("Amount__c", "Amount", sobject.TypeCurrency, true)
	amount.Precision, amount.Scale = 18, 2
	count := field("Count__c", "Number of\nlines", sobject.TypeDouble, true)
	count.Precision = 10
	return &sobject.Describe{Name: "bill__Invoice__c", Label: "Invoice", Fields: []sobject.DescribeField{
		field("Id", "Record ID", sobject.TypeID, false), field("OwnerId", "Owner ID", sobject.TypeReference, false), field("Name", "Invoice Name", sobject.TypeString, true),
		amount, count, field("Amount__pc", "Amount of the person", sobject.TypeInt, true), field("Paid__c", "Paid", sobject.TypeBoolean, false), field("Due_Date__c", "Due", sobject.TypeDate, true),
		field("SystemModstamp", "System Modstamp", sobject.TypeDateTime, false), field("At__c", "At", sobject.TypeTime, true), field("Body", "Body", sobject.TypeBase64, true),
		field("Address__c", "Address", sobject.TypeAddress, true), field("Place__c", "Place", sobject.TypeLocation, true), field("2nd__c", "Second", "sometype", true),
		field("Any__c", "Any", sobject.TypeAnyType, true), field("bill__State__c", "State", sobject.TypePicklist, true), field("Rate__c", "Rate", sobject.TypePercent, false),
	}}
}

// The golden file is compiled with this test, and used below.
func TestGolden(t *testing.T) {
	src, err := structgen.Generate(invoice(), structgen.Options{Package: "structgen_test", Compound: true})
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile("golden_test.go", src, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("golden_test.go")
	if err != nil {
		t.Fatal(err)
	}
	if string(src) != string(want) {
		t.Errorf("the golden file is another (go test -update):\n%s", src)
	}
}

func TestGeneratedStructIsFilled(t *testing.T) {
	var rec sobject.Record
	err := json.Unmarshal([]byte(`{"attributes":{"type":"bill__Invoice__c"},"Id":"a00000000000001","OwnerId":"005000000000001","Name":"I-1","Amount__c":12.34,"Count__c":3.0,"Amount__pc":null,"Paid__c":true,
"Due_Date__c":null,"SystemModstamp":"2024-01-02T03:04:05.000+0000","At__c":"03:04:05.000Z","Body":"/services/data/v66.0/x","Address__c":{"city":"Rome"},"Place__c":null,"2nd__c":"x","Any__c":1,"bill__State__c":null,"Rate__c":1}`), &rec)
	if err != nil {
		t.Fatal(err)
	}
	got, err := sobject.DecodeRecord[BillInvoice](rec)
	if err != nil {
		t.Fatal(err)
	}
	if *got.Amount != 12.34 || *got.Count != 3 || got.Amount2 != nil || !got.DueDate.IsZero() || got.At.String() != "03:04:05.000Z" || *got.Address.City != "Rome" || got.Any.Kind() != sobject.Number || got.BillState != "" {
		t.Errorf("%+v", got)
	}
	for _, name := range strings.Split(BillInvoiceFields, ", ") {
		if _, ok := rec.Value(name); !ok {
			t.Errorf("%s is selected", name)
		}
	}
}

// typeCheck compiles a file, as far as types go.
func typeCheck(t *testing.T, importer types.Importer, fset *token.FileSet, src []byte) {
	t.Helper()
	file, err := parser.ParseFile(fset, "x.go", src, 0)
	if err != nil {
		t.Fatalf("%v\n%s", err, src)
	}
	conf := types.Config{Importer: importer}
	if _, err := conf.Check("crm", fset, []*ast.File{file}, nil); err != nil {
		t.Errorf("%v\n%s", err, src)
	}
}

func TestOptionsAndCapturesCompile(t *testing.T) {
	fset := token.NewFileSet()
	source := importer.ForCompiler(fset, "source", nil)
	describes := []*sobject.Describe{invoice()}
	if dir := os.Getenv("ORGLINK_CAPTURES"); dir != "" {
		files, err := filepath.Glob(filepath.Join(dir, "describe", "*.json"))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			raw, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			var d sobject.Describe
			if json.Unmarshal(raw, &d) == nil && d.Name != "" && len(d.Fields) > 0 {
				describes = append(describes, &d)
			}
		}
	}
	for _, d := range describes {
		for _, opts := range []structgen.Options{{}, {Exact: true, Compound: true, Type: "Row"}, {Fields: []string{strings.ToUpper(d.Fields[0].Name)}}} {
			src, err := structgen.Generate(d, opts)
			if err != nil {
				t.Fatal(err)
			}
			typeCheck(t, source, fset, src)
		}
	}
	t.Logf("%d describes", len(describes))
}

func TestBadOptions(t *testing.T) {
	for want, opts := range map[string]structgen.Options{
		"hidden":            {Fields: []string{"Nope__c"}},
		"name for a type":   {Type: "a b"},
		"name for a packag": {Package: "for"},
	} {
		if _, err := structgen.Generate(invoice(), opts); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
	for _, d := range []*sobject.Describe{nil, {}, {Name: "X"}} {
		if _, err := structgen.Generate(d, structgen.Options{}); err == nil {
			t.Errorf("%+v was taken", d)
		}
	}
}
