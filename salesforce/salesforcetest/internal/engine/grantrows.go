package engine

import (
	"strconv"
	"strings"

	"github.com/orglink/orglink/salesforce/soql"
)

// showGrants makes the rows of ObjectPermissions or FieldPermissions when a
// request may read or write them.
func (o *Org) showGrants(names ...string) {
	for _, name := range names {
		kind := -1
		switch {
		case strings.EqualFold(name, "ObjectPermissions"):
			kind = 0
		case strings.EqualFold(name, "FieldPermissions"):
			kind = 1
		}
		if kind < 0 || o.rights.shown[kind].Load() {
			continue
		}
		o.mu.Lock()
		o.showGrantsLocked(name)
		o.mu.Unlock()
	}
}

// showGrantsLocked is showGrants for one object and a caller that holds the
// lock.
func (o *Org) showGrantsLocked(name string) {
	kind := 0
	if strings.EqualFold(name, "FieldPermissions") {
		kind = 1
	}
	if !o.rights.shown[kind].Load() {
		o.fillGrants(kind == 1)
		o.rights.shown[kind].Store(true)
	}
}

// mentionsGrants names the objects of permission rows that a query may read,
// by their own names or as children of permission sets.
func mentionsGrants(q *soql.Query, text string) []string {
	if text == "" {
		text = q.String()
	}
	text = strings.ToLower(text)
	var out []string
	if strings.Contains(text, "objectperm") {
		out = append(out, "ObjectPermissions")
	}
	if strings.Contains(text, "fieldperm") {
		out = append(out, "FieldPermissions")
	}
	return out
}

// fillGrants puts one row for each access that is not empty, and takes away
// those that went. The caller holds the lock.
func (o *Org) fillGrants(fields bool) {
	name, key := "ObjectPermissions", "SobjectType"
	if fields {
		name, key = "FieldPermissions", "Field"
	}
	obj, sets := o.object(name), o.object("PermissionSet")
	if obj == nil || sets == nil {
		return
	}
	tx := o.begin(Session{System: true})
	tx.show = 0
	parent, of := obj.field("ParentId"), obj.field(key)
	for _, set := range sets.recs {
		if set == nil || set.cur == nil || set.cur.deleted {
			continue
		}
		a := o.rights.get(o.holder(set.id))
		want := o.grantsOf(a, fields)
		for _, r := range clone(parent.index.get(string(set.id))) {
			k := r.cur.cell(of)
			cells, ok := want[k]
			delete(want, k)
			if !ok {
				tx.put(r, nil)
				continue
			}
			v := tx.change(r)
			changed := false
			for f, s := range cells {
				changed = changed || r.cur.cell(f) != s
				v.cells[f.pos] = s
			}
			if changed {
				tx.touch(obj, v)
				tx.put(r, v)
			}
		}
		for _, target := range o.order { // a fixed order gives fixed ids
			for _, k := range target.grantKeys(fields) {
				cells, ok := want[k]
				if !ok {
					continue
				}
				v := &version{rec: &record{obj: obj}, cells: tx.draft(obj)}
				tx.fillIn(obj, v, make([]bool, obj.slots))
				v.cells[parent.pos], v.cells[of.pos], v.cells[obj.field("SobjectType").pos] = string(set.id), k, target.def.Name
				for f, s := range cells {
					v.cells[f.pos] = s
				}
				tx.create(obj, v)
			}
		}
	}
	tx.users = false // nothing changed but what is shown
	tx.commit()
}

// grantKeys are what permissions of an object can be about: itself, or its
// fields.
func (o *object) grantKeys(fields bool) []string {
	if o.def.Needs != nil || o.owner == nil && o.def.NoCreate {
		return nil
	}
	if !fields {
		return []string{o.def.Name}
	}
	var out []string
	for _, f := range o.fields {
		if f.permissionable() {
			out = append(out, f.String())
		}
	}
	return out
}

// grantsOf are the rows that show an access: the columns by what they are
// about.
func (o *Org) grantsOf(a Access, fields bool) map[string]map[*field]string {
	name := "ObjectPermissions"
	if fields {
		name = "FieldPermissions"
	}
	rows := o.object(name)
	g := &grants{sets: []Access{a}, fields: map[*field]FieldAccess{}}
	out := map[string]map[*field]string{}
	row := func(columns map[string]bool) map[*field]string {
		cells := map[*field]string{}
		for column, on := range columns {
			if f := rows.field(column); f != nil {
				cells[f] = strconv.FormatBool(on)
			}
		}
		return cells
	}
	for _, obj := range o.order {
		oa := g.object(obj)
		if !fields && oa == (ObjectAccess{}) {
			continue
		}
		for _, key := range obj.grantKeys(fields) {
			if !fields {
				out[key] = row(map[string]bool{"PermissionsRead": oa.Read, "PermissionsCreate": oa.Create, "PermissionsEdit": oa.Edit, "PermissionsDelete": oa.Delete,
					"PermissionsViewAllRecords": oa.ViewAll, "PermissionsModifyAllRecords": oa.ModifyAll})
				continue
			}
			f := obj.field(key[len(obj.def.Name)+1:])
			if fa := g.field(f); fa.Read {
				out[key] = row(map[string]bool{"PermissionsRead": true, "PermissionsEdit": fa.Edit && !f.ReadOnly})
			}
		}
	}
	return out
}
