package structgen

import (
	"bytes"
	"errors"
	"fmt"
	"go/format"
	"go/token"
	"slices"
	"strings"

	"github.com/orglink/orglink/salesforce/sobject"
)

// Options change what is written. The zero value is ready to use.
type Options struct {
	// Package is the name of the Go package. Defaults to "crm".
	Package string
	// Type is the name of the struct. Defaults to one made of the object's
	// name: Invoice__c becomes Invoice.
	Type string
	// Fields are the API names to take part, in any case; one that the object
	// does not have, or that the user who described it may not see, is an
	// error. Defaults to all but compound fields.
	Fields []string
	// Exact makes json.Number of numbers with decimals, which keeps their
	// digits. By default they become float64.
	Exact bool
	// Compound lets compound fields (addresses, locations) take part where
	// Fields is empty. Bulk API 2.0 refuses to select them; their parts are
	// fields of their own.
	Compound bool
}

// Generate returns a formatted Go file with a struct for the records of an
// object. Text, ids, dates and date-times that may be null have no pointer,
// because Salesforce stores no empty text and their zero values mean nothing
// else; numbers and times of day that may be null have one.
func Generate(d *sobject.Describe, opts Options) ([]byte, error) {
	if d == nil || d.Name == "" {
		return nil, errors.New("structgen: the describe has no object name")
	}
	if opts.Package == "" {
		opts.Package = "crm"
	}
	if opts.Type == "" {
		opts.Type = goName(d.Name)
	}
	var problems []error
	for what, name := range map[string]string{"package": opts.Package, "type": opts.Type} {
		if !token.IsIdentifier(name) {
			problems = append(problems, fmt.Errorf("structgen: %s: %q is no name for a %s", d.Name, name, what))
		}
	}
	fields, err := choose(d, opts)
	if err = errors.Join(append(problems, err)...); err != nil {
		return nil, err
	}
	src, err := format.Source(write(d, opts, fields))
	if err != nil {
		return nil, fmt.Errorf("structgen: %s: %w", d.Name, err)
	}
	return src, nil
}

func choose(d *sobject.Describe, opts Options) ([]*sobject.DescribeField, error) {
	var out []*sobject.DescribeField
	var problems []error
	if len(opts.Fields) == 0 {
		for i := range d.Fields {
			if f := &d.Fields[i]; opts.Compound || !f.Type.Compound() {
				out = append(out, f)
			}
		}
	}
	for _, name := range opts.Fields {
		f, ok := d.Field(name)
		switch {
		case !ok:
			problems = append(problems, fmt.Errorf("structgen: %s has no field %s, or it is hidden from the user who described it", d.Name, name))
		case !slices.Contains(out, f):
			out = append(out, f)
		}
	}
	if len(out) == 0 && len(problems) == 0 {
		problems = append(problems, fmt.Errorf("structgen: %s: the describe has no fields", d.Name))
	}
	return out, errors.Join(problems...)
}

func write(d *sobject.Describe, opts Options, fields []*sobject.DescribeField) []byte {
	var body bytes.Buffer
	imports := map[string]bool{}
	taken := map[string]bool{}
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.Name
		name := goName(f.Name)
		for n := 2; taken[name]; n++ {
			name = fmt.Sprintf("%s%d", goName(f.Name), n)
		}
		taken[name] = true
		typ := goType(f, opts.Exact)
		if pkg, _, ok := strings.Cut(strings.TrimPrefix(typ, "*"), "."); ok {
			imports[pkg] = true
		}
		fmt.Fprintf(&body, "\t%s %s `salesforce:%q`%s\n", name, typ, f.Name, comment(f))
	}
	var out bytes.Buffer
	fmt.Fprintf(&out, "// Made by structgen from the describe of %s.\n\npackage %s\n\n", d.Name, opts.Package)
	if len(imports) > 0 {
		out.WriteString("import (\n")
	}
	for _, p := range []struct{ name, path string }{{"json", "encoding/json"}, {"time", "time"}, {"", ""}, {"sobject", "github.com/orglink/orglink/salesforce/sobject"}} {
		if imports[p.name] {
			fmt.Fprintf(&out, "\t%q\n", p.path)
		} else if p.name == "" {
			out.WriteByte('\n')
		}
	}
	if len(imports) > 0 {
		out.WriteString(")\n\n")
	}
	fmt.Fprintf(&out, "// %s is a record of %s%s.\ntype %s struct {\n%s}\n\n", opts.Type, d.Name, inBrackets(d.Label, d.Name), opts.Type, body.Bytes())
	fmt.Fprintf(&out, "// %sFields is what to select for %s: \"SELECT \" + %sFields + \" FROM %s\".\nconst %sFields = %q\n",
		opts.Type, aOrAn(opts.Type), opts.Type, d.Name, opts.Type, strings.Join(names, ", "))
	return out.Bytes()
}

// comment tells a field's label, where its name does not.
func comment(f *sobject.DescribeField) string {
	label := strings.Join(strings.Fields(f.Label), " ")
	if f.Type == sobject.TypeBase64 {
		label += "; the path of the content"
	}
	if label == "" || label == f.Name {
		return ""
	}
	return " // " + label
}

func inBrackets(label, name string) string {
	label = strings.Join(strings.Fields(label), " ")
	if label == "" || label == name {
		return ""
	}
	return " (" + label + ")"
}

func aOrAn(name string) string {
	if strings.ContainsRune("AEIOU", rune(name[0])) {
		return "an " + name
	}
	return "a " + name
}

func goType(f *sobject.DescribeField, exact bool) string {
	pointer := ""
	if f.Nillable {
		pointer = "*"
	}
	switch f.Type {
	case sobject.TypeID, sobject.TypeReference:
		return "sobject.ID"
	case sobject.TypeBoolean:
		return "bool"
	case sobject.TypeInt, sobject.TypeLong:
		return pointer + "int64"
	case sobject.TypeDouble, sobject.TypeCurrency, sobject.TypePercent:
		switch {
		case f.Scale == 0 && f.Precision > 0 && f.Precision <= 18:
			return pointer + "int64"
		case exact:
			return "json.Number"
		}
		return pointer + "float64"
	case sobject.TypeDate:
		return "sobject.Date"
	case sobject.TypeDateTime:
		return "time.Time"
	case sobject.TypeTime:
		return pointer + "sobject.Time"
	case sobject.TypeAddress:
		return "*sobject.Address"
	case sobject.TypeLocation:
		return "*sobject.Location"
	case sobject.TypeAnyType, sobject.TypeComplexValue:
		return "sobject.Value"
	}
	return "string" // all other types are texts
}

// goName makes an exported Go name of an API name: ns__My_Field__c becomes
// NsMyField, OwnerId becomes OwnerID.
func goName(api string) string {
	for _, suffix := range []string{"__c", "__r", "__pc", "__s", "__e", "__x", "__mdt", "__kav"} {
		if cut, ok := strings.CutSuffix(api, suffix); ok && cut != "" {
			api = cut
			break
		}
	}
	var out strings.Builder
	for _, word := range strings.FieldsFunc(api, func(r rune) bool { return r == '_' }) {
		word = strings.ToUpper(word[:1]) + word[1:]
		if strings.HasSuffix(word, "Id") {
			word = strings.TrimSuffix(word, "Id") + "ID"
		}
		out.WriteString(word)
	}
	name := out.String()
	if name == "" || name[0] >= '0' && name[0] <= '9' {
		name = "X" + name
	}
	return name
}
