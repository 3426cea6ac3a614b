package engine

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/orglink/orglink/salesforce/sobject"
)

// parseTable reads the definition of fields from a table, one field a line:
//
//	Name type[:length or precision,scale] flags Label [marks]
//
// The flags are c (createable), u (updateable), r (neither), ! (not nillable),
// d (defaulted on create), n (name field), i (id lookup), 1 (unique), R
// (restricted picklist), a (auto number), g (not groupable), s (not sortable), y
// (no field permission). The marks:
//
//	@Compound                component of a compound field
//	# A-{0000}               auto number format
//	~ Path|Other.Path        the first of these values that is not null
//	-> A,B Parent/Children!  reference; ! deletes with the parent, ^ keeps the parent
//	= one|*two               picklist values; * is the default
//
// Lines that begin with % stand for groups of fields.
func parseTable(table string) ([]Field, error) {
	var out []Field
	for line := range strings.Lines(table) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		if strings.HasPrefix(line, "%") {
			group, err := fieldGroup(line)
			if err != nil {
				return nil, err
			}
			more, err := parseTable(group)
			if err != nil {
				return nil, err
			}
			out = append(out, more...)
			continue
		}
		f, err := parseField(line)
		if err != nil {
			return nil, fmt.Errorf("field %q: %w", line, err)
		}
		out = append(out, f)
	}
	return out, nil
}

func parseField(line string) (Field, error) {
	parts := strings.SplitN(line, " ", 4)
	if len(parts) != 4 {
		return Field{}, fmt.Errorf("%d columns instead of 4", len(parts))
	}
	f := Field{Name: parts[0]}
	kind, size, _ := strings.Cut(parts[1], ":")
	f.Type = sobject.FieldType(kind)
	rest, values := cutMark(parts[3], " = ")
	rest, target := cutMark(rest, " -> ")
	rest, source := cutMark(rest, " ~ ")
	rest, number := cutMark(rest, " # ")
	f.Label, f.CompoundName = cutMark(rest, " @")
	f.AutoNumber = number
	if err := parseSize(&f, size); err != nil {
		return Field{}, err
	}
	if source != "" {
		f.Compute = firstOf(strings.Split(source, "|"))
	}
	if target != "" {
		parseTarget(&f, target)
	}
	parsePicklist(&f, values)
	return f, parseFlags(&f, parts[2])
}

func cutMark(s, mark string) (head, tail string) {
	head, tail, _ = strings.Cut(s, mark)
	return head, tail
}

func parseSize(f *Field, size string) error {
	if size == "" {
		return nil
	}
	first, scale, _ := strings.Cut(size, ",")
	n, err := strconv.Atoi(first)
	if err != nil {
		return fmt.Errorf("size %q is not a number", size)
	}
	if !f.Type.Numeric() {
		f.Length = n
		return nil
	}
	f.Precision = n
	if scale != "" {
		f.Scale, err = strconv.Atoi(scale)
	}
	return err
}

func parseTarget(f *Field, target string) {
	objects, names, _ := strings.Cut(target, " ")
	f.ReferenceTo = strings.Split(objects, ",")
	names, f.RestrictedDelete = strings.CutSuffix(names, "^")
	if names, f.CascadeDelete = strings.CutSuffix(names, "!"); names == "" {
		return
	}
	f.RelationshipName, f.ChildRelationshipName, _ = strings.Cut(names, "/")
}

func parsePicklist(f *Field, values string) {
	if values == "" {
		return
	}
	for v := range strings.SplitSeq(values, "|") {
		v, isDefault := strings.CutPrefix(v, "*")
		if isDefault {
			f.Default = v
		}
		if f.Type != sobject.TypeBoolean {
			f.Picklist = append(f.Picklist, sobject.PicklistValue{Value: v, Label: v, Active: true, DefaultValue: isDefault})
		}
	}
}

func parseFlags(f *Field, flags string) error {
	create, update, nillable := false, false, true
	defaulted := f.Default != "" || f.Type == sobject.TypeBoolean
	for _, c := range flags {
		switch c {
		case 'c':
			create = true
		case 'u':
			update = true
		case 'r':
		case '!':
			nillable = false
		case 'd':
			defaulted = true
		case 'n':
			f.NameField = true
		case 'i':
			f.IDLookup = true
		case '1':
			f.Unique = true
		case 'R':
			f.Restricted = true
		case 'a':
			defaulted = true
		case 'g':
			f.NotGroupable = true
		case 's':
			f.NotSortable = true
		case 'y':
			f.NotPermission = true
		default:
			return fmt.Errorf("unknown flag %q", c)
		}
	}
	f.ReadOnly = !create && !update
	f.CreateOnly = create && !update
	f.UpdateOnly = update && !create
	f.Required = !nillable && !defaulted && create
	f.NotNillable = !nillable && !f.Required
	if f.Type == sobject.TypeBoolean && f.Default == "" {
		f.Default = "false"
	}
	return nil
}

// firstOf returns the first of the paths' values that is not null.
func firstOf(paths []string) func(Row) string {
	return func(r Row) string {
		for _, p := range paths {
			if v := r.Text(p); v != "" {
				return v
			}
		}
		return ""
	}
}

// fieldGroup expands a % line.
func fieldGroup(line string) (string, error) {
	name, arg, _ := strings.Cut(line, " ")
	switch name {
	case "%viewed":
		return "LastViewedDate datetime ry Last Viewed Date\nLastReferencedDate datetime ry Last Referenced Date\n", nil
	case "%person":
		return "LastName string:80 cu!y Last Name @Name\nFirstName string:40 cuy First Name @Name\n" +
			"Salutation picklist:40 cuy Salutation @Name = " + salutations + "\nName string:121 r!yn Full Name\n", nil
	case "%address":
		return addressFields(arg), nil
	case "%permissions":
		if arg == "" {
			arg = "cugsy"
		}
		var b strings.Builder
		for _, p := range systemPermissions {
			fmt.Fprintf(&b, "Permissions%s boolean %s %s\n", p.name, arg, p.label)
		}
		return b.String(), nil
	}
	return "", fmt.Errorf("unknown group %q", line)
}

// addressFields is an address and its components; prefix "-" is none.
func addressFields(prefix string) string {
	label := prefix + " "
	if prefix == "-" {
		prefix, label = "", ""
	}
	var b strings.Builder
	for part := range strings.Lines(addressParts) {
		name, rest, _ := strings.Cut(part, " ")
		fmt.Fprintf(&b, "%s%s %s", prefix, name, strings.NewReplacer("<", label, ">", " @"+prefix+"Address").Replace(rest))
	}
	fmt.Fprintf(&b, "%sAddress address r %sAddress\n", prefix, label)
	return b.String()
}

const addressParts = `Street textarea:255 cu <Street>
City string:40 cu <City>
State string:80 cu <State/Province>
PostalCode string:20 cu <Zip/Postal Code>
Country string:80 cu <Country>
Latitude double:18,15 cu <Latitude>
Longitude double:18,15 cu <Longitude>
GeocodeAccuracy picklist:40 cuR <Geocode Accuracy> = Address|NearAddress|Block|Street|ExtendedZip|Zip|Neighborhood|City|County|State|Unknown
`

// systemPermissions are the permissions that profiles, permission sets and
// UserPermissionAccess have a column for.
var systemPermissions = []struct{ name, label string }{
	{"ApiEnabled", "API Enabled"},
	{"ApiUserOnly", "API Only User"},
	{"AllowViewEditConvertedLeads", "View and Edit Converted Leads"},
	{"AssignPermissionSets", "Assign Permission Sets"},
	{"BulkApiHardDelete", "Bulk API Hard Delete"},
	{"ConvertLeads", "Convert Leads"},
	{"CreateAuditFields", "Set Audit Fields upon Record Creation"},
	{"CustomizeApplication", "Customize Application"},
	{"EditEvent", "Edit Events"},
	{"EditReadonlyFields", "Edit Read Only Fields"},
	{"EditTask", "Edit Tasks"},
	{"ManageRemoteAccess", "Manage Connected Apps"},
	{"ManageUsers", "Manage Users"},
	{"ModifyAllData", "Modify All Data"},
	{"RunReports", "Run Reports"},
	{"TransferAnyCase", "Transfer Cases"},
	{"TransferAnyEntity", "Transfer Record"},
	{"TransferAnyLead", "Transfer Leads"},
	{"UpdateWithInactiveOwner", "Update Records with Inactive Owners"},
	{"ViewAllData", "View All Data"},
	{"ViewAllUsers", "View All Users"},
	{"ViewRoles", "View Roles and Role Hierarchy"},
	{"ViewSetup", "View Setup and Configuration"},
}
