package engine

import (
	"slices"
	"strings"

	"github.com/orglink/orglink/salesforce/sobject"
)

// defaults fills in what a definition leaves out.
func (def Object) defaults() Object {
	def.Custom = def.Custom || strings.HasSuffix(def.Name, "__c")
	if def.NoAudit { // without IsDeleted there is no recycle bin
		def.NoTrash = !slices.ContainsFunc(def.Fields, func(f Field) bool { return f.Name == "IsDeleted" })
		def.Mergeable, def.Owned = false, false
	}
	if def.Label == "" {
		def.Label = labelOf(strings.TrimSuffix(def.Name, "__c"))
	}
	if def.IDLabel == "" {
		def.IDLabel = def.Label + " ID"
	}
	if def.LabelPlural == "" {
		def.LabelPlural = def.Label + "s"
	}
	return def
}

// labelOf splits a name into words: LastName -> Last Name.
func labelOf(name string) string {
	name = strings.ReplaceAll(strings.TrimSuffix(name, "__c"), "_", " ")
	var b strings.Builder
	for i, r := range name {
		if i > 0 && r >= 'A' && r <= 'Z' {
			if p := name[i-1]; p >= 'a' && p <= 'z' || p >= '0' && p <= '9' {
				b.WriteByte(' ')
			}
		}
		b.WriteRune(r)
	}
	return b.String()
}

// systemFields returns the fields that every object has, in two groups: those
// that stand first and those that follow the standard fields.
func (def Object) systemFields() (first, last []Field) {
	audit := func(name, label string, t sobject.FieldType) Field {
		f := Field{Name: name, Label: label, Type: t, ReadOnly: true, NotNillable: true}
		if t == sobject.TypeReference {
			f.ReferenceTo, f.RelationshipName = []string{"User"}, strings.TrimSuffix(name, "Id")
			f.KeepOnDelete = true
		}
		return f
	}
	first = []Field{{Name: "Id", Label: def.IDLabel, Type: sobject.TypeID, IDLookup: true, ReadOnly: true, NotNillable: true}}
	if def.NoAudit {
		return first, nil
	}
	if !def.NoTrash {
		first = append(first, Field{Name: "IsDeleted", Label: "Deleted", Type: sobject.TypeBoolean, ReadOnly: true})
	}
	if def.Mergeable {
		first = append(first, Field{Name: "MasterRecordId", Label: "Master Record ID", Type: sobject.TypeReference,
			ReferenceTo: []string{def.Name}, ReadOnly: true, NotPermission: true, KeepOnDelete: true})
	}
	if def.Owned {
		f := Field{Name: "OwnerId", Label: "Owner ID", Type: sobject.TypeReference, ReferenceTo: []string{"User"}, NotNillable: true, KeepOnDelete: true}
		if def.OwnerQueue {
			f.ReferenceTo = []string{"Group", "User"}
		}
		last = append(last, f)
	}
	last = append(last,
		audit("CreatedDate", "Created Date", sobject.TypeDateTime), audit("CreatedById", "Created By ID", sobject.TypeReference),
		audit("LastModifiedDate", "Last Modified Date", sobject.TypeDateTime), audit("LastModifiedById", "Last Modified By ID", sobject.TypeReference),
		audit("SystemModstamp", "System Modstamp", sobject.TypeDateTime))
	return first, last
}

// layout returns all fields in describe order: Id and IsDeleted, standard,
// system, custom.
func (def Object) layout() []Field {
	have := map[string]bool{}
	for _, f := range def.Fields {
		have[strings.ToLower(f.Name)] = true
	}
	first, last := def.systemFields()
	var out, custom []Field
	add := func(fs []Field) {
		for _, f := range fs {
			if !have[strings.ToLower(f.Name)] {
				out = append(out, f)
			}
		}
	}
	add(first)
	for _, f := range def.Fields {
		switch {
		case f.Name == SystemFields:
			add(last)
			last = nil
		case strings.HasSuffix(f.Name, "__c"):
			custom = append(custom, f)
		default:
			out = append(out, f)
		}
	}
	add(last)
	return append(out, custom...)
}
