package engine

import (
	"fmt"
	"strings"
)

// AddField adds a field to an object that may have records; they read it as
// null, a boolean as false.
func (o *Org) AddField(object string, f Field) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	obj := o.object(object)
	if obj == nil {
		return fmt.Errorf("engine: AddField: there is no object %s", object)
	}
	if r := f.Rollup; r != nil {
		child := o.object(r.Child)
		if child == nil || child.field(r.Field) == nil || r.Of != "" && child.field(r.Of) == nil {
			return fmt.Errorf("engine: AddField: %s.%s: the roll-up names %s, %q or %q, one of which is not there", object, f.Name, r.Child, r.Field, r.Of)
		}
		if !refersTo(child.field(r.Field), obj.def.Name) {
			return fmt.Errorf("engine: AddField: %s.%s: %s.%s does not refer to %s", object, f.Name, r.Child, r.Field, obj.def.Name)
		}
	}
	if err := obj.add(f); err != nil {
		return fmt.Errorf("engine: AddField: %w", err)
	}
	obj.def.Fields = append(obj.def.Fields, f)
	obj.bind()
	if err := o.mirrorOnAccount(obj, f); err != nil {
		return fmt.Errorf("engine: AddField: %w", err)
	}
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
	obj.drop(f)
	if base, custom := strings.CutSuffix(f.Name, "__c"); custom && obj.def.Name == "Contact" && o.object("Account") != nil {
		if mirror := o.object("Account").field(base + "__pc"); mirror != nil {
			o.object("Account").drop(mirror)
		}
	}
	o.relink()
	return nil
}

// drop takes a field out of the object.
func (o *object) drop(f *field) {
	delete(o.byName, strings.ToLower(f.Name))
	delete(o.byRel, strings.ToLower(f.RelationshipName))
	for i := range o.fields {
		if o.fields[i] == f {
			o.fields = append(o.fields[:i:i], o.fields[i+1:]...)
			break
		}
	}
	for i := range o.def.Fields {
		if strings.EqualFold(o.def.Fields[i].Name, f.Name) {
			o.def.Fields = append(o.def.Fields[:i:i], o.def.Fields[i+1:]...)
			break
		}
	}
	o.bind()
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
