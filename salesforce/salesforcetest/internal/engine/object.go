package engine

import (
	"fmt"
	"strings"

	"github.com/orglink/orglink/salesforce/sobject"
)

// object is a defined object with its records. Everything in it is guarded by
// the org's lock.
type object struct {
	def    Object
	org    *Org
	fields []*field // in describe order
	byName map[string]*field
	byRel  map[string]*field // parent paths
	kids   map[string]*field // sub-queries: the child's reference field
	links  []*field          // all reference fields that point here, in order of definition

	id, deleted, owner, created, createdBy, modified, modifiedBy, stamp, master *field
	name                                                                        *field // the name field, may be nil

	slots   int                // cells of a row
	recs    []*record          // by sequence number - 1; nil: hard deleted or rolled back
	far     map[string]*record // by id: those whose given id does not tell their number
	live    int
	log     stampLog
	pending []*record // with a version that is not visible yet
	gone    []goneEntry
	counter map[*field]int // auto numbers
	shares  map[sobject.ID]map[sobject.ID]bool
}

// field is a field of a defined object.
type field struct {
	Field
	obj    *object
	kind   kind
	pos    int // cell; -1: computed
	index  *index
	custom bool
	system bool
	parts  *compound
	ranks  map[string]int // picklist order for ORDER BY
}

func (f *field) String() string { return f.obj.def.Name + "." + f.Name }

// polymorphic reports whether the field may point to several objects.
func (f *field) polymorphic() bool { return len(f.ReferenceTo) > 1 }

// computed reports whether the value is worked out when it is read.
func (f *field) computed() bool { return f.pos < 0 }

func (o *object) field(name string) *field { return o.byName[strings.ToLower(name)] }

func (o *Org) object(name string) *object { return o.objects[strings.ToLower(name)] }

// defaults fills in what a definition leaves out.
func (def Object) defaults() Object {
	def.Custom = def.Custom || strings.HasSuffix(def.Name, "__c")
	if def.Label == "" {
		def.Label = labelOf(strings.TrimSuffix(def.Name, "__c"))
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
	first = []Field{{Name: "Id", Label: def.Label + " ID", Type: sobject.TypeID, IDLookup: true, ReadOnly: true, NotNillable: true}}
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
		if strings.HasSuffix(f.Name, "__c") {
			custom = append(custom, f)
			continue
		}
		out = append(out, f)
	}
	add(last)
	return append(out, custom...)
}

// DefineObject adds an object. References may name objects that are defined
// later.
func (o *Org) DefineObject(def Object) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	def = def.defaults()
	if def.Name == "" {
		return fmt.Errorf("engine: DefineObject: the object has no name")
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
	for _, f := range def.layout() {
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
	o.name = nil
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
	f := &field{Field: def, obj: o, kind: kindOf(def.Type), pos: -1, custom: strings.HasSuffix(def.Name, "__c") || strings.HasSuffix(def.Name, "__s")}
	if def.Name == "" || def.Type == "" {
		return fmt.Errorf("%s: a field has no name or no type (name %q, type %q)", o.def.Name, def.Name, def.Type)
	}
	if o.byName[strings.ToLower(def.Name)] != nil {
		return fmt.Errorf("%s.%s is defined twice", o.def.Name, def.Name)
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
		if f.ExternalID || f.Unique || f.IDLookup && f.kind != kindID || f.Type == sobject.TypeReference && !f.ReadOnly {
			f.index = newIndex(f)
		}
	} else {
		f.ReadOnly = true
	}
	f.rank()
	o.fields = append(o.fields, f)
	o.byName[strings.ToLower(f.Name)] = f
	if f.RelationshipName != "" {
		o.byRel[strings.ToLower(f.RelationshipName)] = f
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
		if f.RelationshipName == "" && f.Type == sobject.TypeReference {
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
	case sobject.TypeInt:
		f.Precision = 0
	case sobject.TypeDouble, sobject.TypeCurrency, sobject.TypePercent:
		f.Precision = orInt(f.Precision, 18)
	case sobject.TypeBoolean, sobject.TypeDate, sobject.TypeDateTime, sobject.TypeTime, sobject.TypeLong, sobject.TypeAddress, sobject.TypeLocation, sobject.TypeBase64:
	default:
		f.Length = orInt(f.Length, 255)
	}
	if f.Type == sobject.TypeTextArea && f.Length > 255 || f.Type == sobject.TypeBase64 || f.Type == sobject.TypeEncryptedString {
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

// AddField adds a field to an object that may have records; they read it as
// null, a boolean as false.
func (o *Org) AddField(object string, f Field) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	obj := o.object(object)
	if obj == nil {
		return fmt.Errorf("engine: AddField: there is no object %s", object)
	}
	if err := obj.add(f); err != nil {
		return fmt.Errorf("engine: AddField: %w", err)
	}
	obj.def.Fields = append(obj.def.Fields, f)
	obj.bind()
	o.relink()
	return nil
}

// RemoveField takes a field away, with its values.
func (o *Org) RemoveField(object, name string) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	obj := o.object(object)
	if obj == nil {
		return fmt.Errorf("engine: RemoveField: there is no object %s", object)
	}
	f := obj.field(name)
	if f == nil || f.system {
		return fmt.Errorf("engine: RemoveField: %s has no field %s that can be removed", object, name)
	}
	delete(obj.byName, strings.ToLower(f.Name))
	delete(obj.byRel, strings.ToLower(f.RelationshipName))
	for i := range obj.fields {
		if obj.fields[i] == f {
			obj.fields = append(obj.fields[:i:i], obj.fields[i+1:]...)
			break
		}
	}
	for i := range obj.def.Fields {
		if strings.EqualFold(obj.def.Fields[i].Name, f.Name) {
			obj.def.Fields = append(obj.def.Fields[:i:i], obj.def.Fields[i+1:]...)
			break
		}
	}
	obj.bind()
	o.relink()
	return nil
}

// AddRule adds a validation rule; records that are there already may break it.
func (o *Org) AddRule(object string, r ValidationRule) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	obj := o.object(object)
	if obj == nil || r.Fails == nil {
		return fmt.Errorf("engine: AddRule: no object %s, or the rule has no Fails", object)
	}
	obj.def.Rules = append(obj.def.Rules, r)
	return nil
}
