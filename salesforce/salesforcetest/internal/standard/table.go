package standard

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/orglink/orglink/salesforce/salesforcetest/internal/engine"
	"github.com/orglink/orglink/salesforce/sobject"
)

// parseTable reads the definition of fields from a table, one field a line:
//
//	Name type[:length or precision,scale] flags Label [marks]
//
// The flags are c (createable), u (updateable), r (neither), ! (not nillable),
// d (defaulted on create), n (name field), i (id lookup), 1 (unique), R
// (restricted picklist), a (auto number), e (defaulted on create, by no fixed
// value), f (not filterable), g (not groupable), s (not sortable), t (not
// aggregatable), v (searchPrefilterable), x (indexed), y (no field permission).
// The marks:
//
//	@Compound                component of a compound field
//	# A-{0000}               auto number format
//	~ Path|Other.Path        the first of these values that is not null
//	-> A,B Parent/Children!  reference; ! deletes with the parent, ^ keeps the
//	                         parent; a Parent of - is none
//	= one|*two|3=three       picklist values; * is the default, + one that the
//	                         describe does not tell, = leads to a label
//
// Lines that begin with % stand for groups of fields.
func parseTable(table string, opt Options) ([]engine.Field, error) {
	var out []engine.Field
	for line := range strings.Lines(table) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		if strings.HasPrefix(line, "%") {
			if line == engine.SystemFields {
				out = append(out, engine.Field{Name: line})
				continue
			}
			group, err := fieldGroup(line, opt)
			if err != nil {
				return nil, err
			}
			more, err := parseTable(group, opt)
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

func parseField(line string) (engine.Field, error) {
	parts := strings.SplitN(line, " ", 4)
	if len(parts) != 4 {
		return engine.Field{}, fmt.Errorf("%d columns instead of 4", len(parts))
	}
	f := engine.Field{Name: parts[0], KeepOnDelete: slices.Contains([]string{"OwnerId", "CreatedById", "LastModifiedById"}, parts[0])}
	kind, size, _ := strings.Cut(parts[1], ":")
	f.Type = sobject.FieldType(kind)
	rest, values := cutMark(parts[3], " = ")
	rest, target := cutMark(rest, " -> ")
	rest, source := cutMark(rest, " ~ ")
	rest, number := cutMark(rest, " # ")
	f.Label, f.CompoundName = cutMark(rest, " @")
	f.AutoNumber = number
	if err := parseSize(&f, size); err != nil {
		return engine.Field{}, err
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

func parseSize(f *engine.Field, size string) error {
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

func parseTarget(f *engine.Field, target string) {
	objects, names, _ := strings.Cut(target, " ")
	f.ReferenceTo = strings.Split(objects, ",")
	names, f.RestrictedDelete = strings.CutSuffix(names, "^")
	if names, f.CascadeDelete = strings.CutSuffix(names, "!"); names == "" {
		return
	}
	f.RelationshipName, f.ChildRelationshipName, _ = strings.Cut(names, "/")
	if f.RelationshipName == "-" {
		f.RelationshipName, f.NoRelationship = "", true
	}
}

func parsePicklist(f *engine.Field, values string) {
	if values == "" {
		return
	}
	for v := range strings.SplitSeq(values, "|") {
		v, isDefault := strings.CutPrefix(v, "*")
		v, silent := strings.CutPrefix(v, "+")
		f.SilentDefault = f.SilentDefault || silent
		v, label, named := strings.Cut(v, "=")
		if !named {
			label = v
		}
		if isDefault || silent {
			f.Default = v
		}
		if f.Type != sobject.TypeBoolean {
			f.Picklist = append(f.Picklist, sobject.PicklistValue{Value: v, Label: label, Active: true, DefaultValue: isDefault})
		}
	}
}

func parseFlags(f *engine.Field, flags string) error {
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
		case 'e':
			f.Defaulted, defaulted = true, true
		case 'f':
			f.NotFilterable = true
		case 't':
			f.NotAggregable = true
		case 'v':
			f.SearchFilter = true
		case 'x':
			f.Indexed = true
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
