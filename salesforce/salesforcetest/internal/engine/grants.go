package engine

import (
	"fmt"
	"strings"

	"github.com/orglink/orglink/salesforce/sobject"
)

// Permissions are kept as Access, and shown as rows: the Permissions columns
// of Profile and PermissionSet, ObjectPermissions and FieldPermissions. A
// write to one side changes the other. The rows of ObjectPermissions and
// FieldPermissions are made when somebody asks for them.

// holder is what an access is kept under: the profile that owns a permission
// set, or the set itself.
func (o *Org) holder(set sobject.ID) sobject.ID {
	if r := o.find(string(set)); r != nil && r.cur != nil {
		if f := r.obj.field("ProfileId"); f != nil && r.obj.def.Name == "PermissionSet" {
			if profile := r.cur.cell(f); profile != "" {
				return sobject.ID(profile)
			}
		}
	}
	return set
}

// Grant makes a written permission count. It is the After hook of Profile,
// PermissionSet, ObjectPermissions and FieldPermissions.
func (c *Change) Grant() []RowError {
	o, row := c.tx.org, c.New
	gone := c.Op == OpDelete
	switch row.obj.def.Name {
	case "Profile", "PermissionSet":
		if gone {
			return nil
		}
		id := o.holder(row.ID())
		a := o.rights.get(id).clone()
		changed := false
		for _, f := range row.obj.fields {
			name, ok := strings.CutPrefix(f.Name, "Permissions")
			if !ok || f.kind != kindBool || f.pos < 0 {
				continue
			}
			on := row.v.cell(f) == "true"
			if c.Op == OpInsert && !on || c.Op == OpUpdate && c.Old.v.cell(f) == row.v.cell(f) {
				continue
			}
			a.System[name], changed = on, true
		}
		if changed {
			c.tx.allow(id, a)
		}
	case "ObjectPermissions":
		obj := o.object(row.Text("SobjectType"))
		if obj == nil {
			return []RowError{{Code: "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", Message: "SObject Type Name: bad value for restricted picklist field: " + row.Text("SobjectType"), Fields: []string{"SobjectType"}}}
		}
		oa := ObjectAccess{Read: row.Bool("PermissionsRead"), Create: row.Bool("PermissionsCreate"), Edit: row.Bool("PermissionsEdit"),
			Delete: row.Bool("PermissionsDelete"), ViewAll: row.Bool("PermissionsViewAllRecords"), ModifyAll: row.Bool("PermissionsModifyAllRecords")}
		if gone {
			oa = ObjectAccess{}
		} else if missing := oa.missing(); missing != "" {
			return []RowError{{Code: "FIELD_INTEGRITY_EXCEPTION", Message: fmt.Sprintf("%s <%s>", missing, obj.def.Name), Fields: []string{}}}
		}
		id := o.holder(sobject.ID(row.Text("ParentId")))
		a := o.rights.get(id).clone()
		a.Objects[obj.def.Name] = oa
		c.tx.allow(id, a)
	case "FieldPermissions":
		object, name, _ := strings.Cut(row.Text("Field"), ".")
		obj := o.object(object)
		if obj == nil || obj.field(name) == nil || !obj.field(name).permissionable() {
			return []RowError{{Code: "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", Message: "Field Name: bad value for restricted picklist field: " + row.Text("Field"), Fields: []string{"Field"}}}
		}
		fa := FieldAccess{Read: row.Bool("PermissionsRead"), Edit: row.Bool("PermissionsEdit")}
		if gone {
			fa = FieldAccess{}
		} else if !fa.Read {
			return []RowError{{Code: "FIELD_INTEGRITY_EXCEPTION", Message: "Permission Edit depends on permission(s): Read", Fields: []string{}}}
		}
		id := o.holder(sobject.ID(row.Text("ParentId")))
		a := o.rights.get(id).clone()
		a.Fields[obj.field(name).String()] = fa
		c.tx.allow(id, a)
	}
	return nil
}

// allow changes an access, for as long as the transaction is not undone.
func (tx *Tx) allow(id sobject.ID, a Access) {
	sets := tx.org.rights.sets
	old, had := sets[id]
	tx.undo = append(tx.undo, undo{act: func() {
		if delete(sets, id); had {
			sets[id] = old
		}
	}})
	sets[id] = a
}

// missing words the dependency that an object access breaks (Object Reference,
// "ObjectPermissions").
func (a ObjectAccess) missing() string {
	switch {
	case !a.Read && (a.Create || a.Edit || a.Delete || a.ViewAll || a.ModifyAll):
		return "Permission depends on permission(s): Read"
	case a.Delete && !a.Edit:
		return "Permission Delete depends on permission(s): Edit"
	case a.ModifyAll && !(a.Edit && a.Delete && a.ViewAll):
		return "Permission Modify All depends on permission(s): Edit, Delete, View All"
	}
	return ""
}

// showAccess brings the rows of a profile or permission set in line with its
// access. The caller holds the lock.
func (o *Org) showAccess(id sobject.ID, a Access) {
	tx := o.begin(Session{System: true})
	for _, r := range o.grantRows(id) {
		v := tx.change(r)
		changed := false
		for _, f := range r.obj.fields {
			name, ok := strings.CutPrefix(f.Name, "Permissions")
			if ok && f.kind == kindBool && f.pos >= 0 && (v.cells[f.pos] == "true") != a.Has(name) {
				v.cells[f.pos], changed = fmt.Sprint(a.Has(name)), true
			}
		}
		if changed {
			tx.put(r, v)
		}
	}
	tx.commit()
}

// grantRows are the rows that show an access: a profile and the permission
// set it owns, or a permission set.
func (o *Org) grantRows(id sobject.ID) []*record {
	var out []*record
	if r := o.find(string(id)); r != nil {
		out = append(out, r)
	}
	sets := o.object("PermissionSet")
	if sets == nil || sets.field("ProfileId") == nil {
		return out
	}
	for _, r := range sets.recs {
		if r != nil && r.cur != nil && !r.cur.deleted && r.cur.cell(sets.field("ProfileId")) == string(id) {
			out = append(out, r)
		}
	}
	return out
}
