package engine

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/orglink/orglink/salesforce/sobject"
)

// DefineObject adds an object. References may name objects that are defined
// later.
func (o *Org) DefineObject(def Object) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	def = def.defaults()
	if def.Name == "" {
		return fmt.Errorf("engine: DefineObject: the object has no name")
	}
	if !apiName.MatchString(def.Name) {
		return fmt.Errorf("engine: DefineObject: %q is no name of an object; names are letters, digits and underscores", def.Name)
	}
	if o.object(def.Name) != nil {
		return fmt.Errorf("engine: DefineObject: %s is defined already", def.Name)
	}
	for def.KeyPrefix == "" {
		p := "a" + string(base62[o.nextPrefix/62%62]) + string(base62[o.nextPrefix%62])
		if o.nextPrefix++; o.prefixes[p] == nil {
			def.KeyPrefix = p
		}
	}
	if len(def.KeyPrefix) != 3 {
		return fmt.Errorf("engine: DefineObject: %s: key prefix %q is not three characters", def.Name, def.KeyPrefix)
	}
	if other := o.prefixes[def.KeyPrefix]; other != nil {
		return fmt.Errorf("engine: DefineObject: %s: key prefix %s is %s's", def.Name, def.KeyPrefix, other.def.Name)
	}
	obj := &object{def: def, org: o, byName: map[string]*field{}, byRel: map[string]*field{}, kids: map[string]*field{},
		counter: map[*field]int{}, shares: map[sobject.ID]map[sobject.ID]bool{}}
	fields := def.layout()
	obj.def.Fields = slices.DeleteFunc(slices.Clone(def.Fields), func(f Field) bool { return f.Name == SystemFields })
	for _, f := range fields {
		if err := obj.add(f); err != nil {
			return fmt.Errorf("engine: DefineObject: %w", err)
		}
	}
	obj.bind()
	o.objects[strings.ToLower(def.Name)] = obj
	o.prefixes[def.KeyPrefix] = obj
	o.order = append(o.order, obj)
	o.relink()
	return nil
}

// bind remembers the fields that the engine itself maintains.
func (o *object) bind() {
	o.id, o.deleted, o.owner, o.master = o.field("Id"), o.field("IsDeleted"), o.field("OwnerId"), o.field("MasterRecordId")
	o.created, o.createdBy = o.field("CreatedDate"), o.field("CreatedById")
	o.modified, o.modifiedBy, o.stamp = o.field("LastModifiedDate"), o.field("LastModifiedById"), o.field("SystemModstamp")
	o.findParts()
	o.name, o.archive, o.person = nil, nil, nil
	if o.def.Name == "Account" || o.def.Name == "Contact" {
		o.person = o.field("IsPersonAccount")
	}
	if o.def.Archive {
		o.archive = o.field("IsArchived")
	}
	for _, f := range o.fields {
		if f.NameField {
			o.name = f
		}
		switch f {
		case o.id, o.deleted, o.created, o.createdBy, o.modified, o.modifiedBy, o.stamp, o.master:
			f.system = true
		}
	}
}

// add checks a field, completes it and gives it a cell.
func (o *object) add(def Field) error {
	f := &field{Field: def, obj: o, kind: kindOf(def.Type), pos: -1, custom: strings.HasSuffix(def.Name, "__c") || strings.HasSuffix(def.Name, "__pc") || strings.HasSuffix(def.Name, "__s")}
	if def.Name == "" || def.Type == "" {
		return fmt.Errorf("%s: a field has no name or no type (name %q, type %q)", o.def.Name, def.Name, def.Type)
	}
	if o.byName[strings.ToLower(def.Name)] != nil {
		return fmt.Errorf("%s.%s is defined twice", o.def.Name, def.Name)
	}
	if err := def.sound(); err != nil {
		return fmt.Errorf("%s.%s: %w", o.def.Name, def.Name, err)
	}
	if f.Label == "" {
		f.Label = labelOf(f.Name)
	}
	f.complete()
	if f.Type == sobject.TypeReference && len(f.ReferenceTo) == 0 {
		return fmt.Errorf("%s.%s is a reference to nothing: set ReferenceTo", o.def.Name, def.Name)
	}
	if f.Rollup != nil {
		f.Compute = f.rollup
	}
	if f.Formula != nil {
		f.Compute = f.Formula
	}
	if f.kind == kindCompound && f.Compute == nil {
		f.Compute = f.compose
	}
	if f.Compute == nil {
		f.pos = o.slots
		o.slots++
		o.flags = append(o.flags, f.kind == kindBool)
		if f.Indexed || f.ExternalID || f.Unique || f.IDLookup && f.kind != kindID || f.Type == sobject.TypeReference && !f.ReadOnly {
			f.index = newIndex(f)
		}
	} else {
		f.ReadOnly = true
	}
	f.rank()
	if err := f.depends(); err != nil {
		return fmt.Errorf("%s.%s: %w", o.def.Name, def.Name, err)
	}
	o.fields = append(o.fields, f)
	o.byName[strings.ToLower(f.Name)] = f
	if f.RelationshipName != "" {
		o.byRel[strings.ToLower(f.RelationshipName)] = f
	}
	return nil
}

// apiName is the form of the names of objects and fields.
var apiName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]*$`)

var fieldTypes = []sobject.FieldType{sobject.TypeID, sobject.TypeReference, sobject.TypeString, sobject.TypeTextArea, sobject.TypeEmail, sobject.TypePhone, sobject.TypeURL,
	sobject.TypePicklist, sobject.TypeMultiPicklist, sobject.TypeCombobox, sobject.TypeBoolean, sobject.TypeInt, sobject.TypeLong, sobject.TypeDouble, sobject.TypeCurrency,
	sobject.TypePercent, sobject.TypeDate, sobject.TypeDateTime, sobject.TypeTime, sobject.TypeAddress, sobject.TypeLocation, sobject.TypeBase64, sobject.TypeEncryptedString,
	sobject.TypeAnyType}

// sound finds what cannot be meant in a field's definition.
func (f Field) sound() error {
	switch {
	case !apiName.MatchString(f.Name):
		return fmt.Errorf("%q is no name of a field; names are letters, digits and underscores", f.Name)
	case !slices.Contains(fieldTypes, f.Type):
		return fmt.Errorf("there is no field type %q", f.Type)
	case f.Length < 0 || f.Precision < 0 || f.Scale < 0 || f.Type.Numeric() && f.Scale > orInt(f.Precision, 18):
		return fmt.Errorf("length %d, precision %d, scale %d: none may be negative, and the scale not above the precision", f.Length, f.Precision, f.Scale)
	case f.MasterDetail && f.Type != sobject.TypeReference:
		return fmt.Errorf("MasterDetail needs a reference, not %s", f.Type)
	case f.Formula != nil && f.Rollup != nil:
		return fmt.Errorf("Formula and Rollup exclude each other")
	case f.Rollup != nil && !slices.Contains([]string{"COUNT", "SUM", "MIN", "MAX"}, strings.ToUpper(f.Rollup.Func)):
		return fmt.Errorf("a roll-up has Func COUNT, SUM, MIN or MAX, not %q", f.Rollup.Func)
	case f.Rollup != nil && !strings.EqualFold(f.Rollup.Func, "COUNT") && f.Rollup.Of == "":
		return fmt.Errorf("the roll-up %s needs Of, the field of %s to sum up", f.Rollup.Func, f.Rollup.Child)
	}
	return nil
}

// complete sets the defaults that depend on the type.
func (f *field) complete() {
	if f.MasterDetail {
		f.Required, f.CascadeDelete, f.CreateOnly = true, true, true
	}
	switch f.Type {
	case sobject.TypeID, sobject.TypeReference:
		f.Length = 18
		if f.RelationshipName == "" && f.Type == sobject.TypeReference && !f.NoRelationship {
			if base, custom := strings.CutSuffix(f.Name, "__c"); custom {
				f.RelationshipName = base + "__r"
			} else if base, ok := strings.CutSuffix(f.Name, "Id"); ok {
				f.RelationshipName = base
			}
		}
	case sobject.TypeEmail:
		f.Length = orInt(f.Length, 80)
	case sobject.TypePhone:
		f.Length = orInt(f.Length, 40)
	case sobject.TypeMultiPicklist:
		f.Length = orInt(f.Length, 4099)
	case sobject.TypeDouble, sobject.TypeCurrency, sobject.TypePercent:
		f.Precision = orInt(f.Precision, 18)
	case sobject.TypeBoolean, sobject.TypeDate, sobject.TypeDateTime, sobject.TypeTime, sobject.TypeInt, sobject.TypeLong, sobject.TypeAddress, sobject.TypeLocation, sobject.TypeBase64:
	default:
		f.Length = orInt(f.Length, 255)
	}
	// Standard text areas up to 4,000 can be filtered (Product2.Description,
	// Contract.SpecialTerms), custom ones of more than 255 cannot.
	if f.Type == sobject.TypeTextArea && f.Length > 255 && !f.custom && f.Length <= 4000 {
		f.NotGroupable = true
	} else if f.Type == sobject.TypeTextArea && f.Length > 255 || f.Type == sobject.TypeBase64 || f.Type == sobject.TypeEncryptedString {
		f.NotFilterable, f.NotSortable, f.NotGroupable = true, true, true
	}
	if f.AutoNumber != "" {
		f.ReadOnly, f.NotNillable = true, true
	}
}

func (f *field) rank() {
	if f.Type != sobject.TypePicklist {
		return
	}
	f.ranks = make(map[string]int, len(f.Picklist))
	for i, p := range f.Picklist {
		f.ranks[fold(p.Value)] = i + 1
	}
}

func orInt(a, b int) int {
	if a != 0 {
		return a
	}
	return b
}

// relink rebuilds what objects know of the references to them.
func (o *Org) relink() {
	o.touchSchema()
	for _, obj := range o.order {
		obj.links, obj.kids = nil, map[string]*field{}
	}
	for _, child := range o.order {
		for _, f := range child.fields {
			for _, target := range f.ReferenceTo {
				parent := o.object(target)
				if parent == nil {
					continue
				}
				parent.links = append(parent.links, f)
				if f.ChildRelationshipName != "" {
					parent.kids[strings.ToLower(f.ChildRelationshipName)] = f
				}
			}
		}
	}
}
