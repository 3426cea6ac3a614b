package engine

import (
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/orglink/orglink/salesforce/sobject"
)

// FullAccess returns the permissions of a system administrator. It is also
// what a profile has whose access was never set.
func FullAccess() Access {
	return Access{
		System:       map[string]bool{"*": true},
		Default:      ObjectAccess{true, true, true, true, true, true},
		FieldDefault: FieldAccess{true, true},
		Objects:      map[string]ObjectAccess{},
		Fields:       map[string]FieldAccess{},
	}
}

// Has reports whether a system permission is granted; "*" grants all.
func (a Access) Has(name string) bool {
	if v, ok := a.System[name]; ok {
		return v
	}
	return a.System["*"]
}

// accessTable holds what was granted, and what that means for users.
type accessTable struct {
	sets  map[sobject.ID]Access // guarded by Org.mu
	mu    sync.Mutex
	users map[sobject.ID]*grants
	shown [2]atomic.Bool // the rows of ObjectPermissions, FieldPermissions
}

func (t *accessTable) init() {
	t.sets, t.users = map[sobject.ID]Access{}, map[sobject.ID]*grants{}
}

// forget drops what was worked out; called whenever users, assignments,
// permissions or the schema change.
func (t *accessTable) forget() {
	t.mu.Lock()
	defer t.mu.Unlock()
	clear(t.users)
	t.shown[0].Store(false)
	t.shown[1].Store(false)
}

// SetAccess sets what a profile or a permission set grants. A profile without
// it has FullAccess, and so has a session whose user is unknown; a permission
// set without it grants nothing.
func (o *Org) SetAccess(profileOrPermissionSet sobject.ID, a Access) error {
	if profileOrPermissionSet == "" {
		return fmt.Errorf("engine: SetAccess: no profile or permission set given")
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.rights.sets[profileOrPermissionSet] = a.clone()
	o.showAccess(profileOrPermissionSet, a)
	o.touchSchema()
	return nil
}

// GetAccess returns what a profile or permission set grants.
func (o *Org) GetAccess(profileOrPermissionSet sobject.ID) Access {
	o.mu.RLock()
	defer o.mu.RUnlock()
	return o.rights.get(profileOrPermissionSet).clone()
}

func (t *accessTable) get(id sobject.ID) Access {
	if a, ok := t.sets[id]; ok {
		return a
	}
	if id.Prefix() == "0PS" {
		return Access{}
	}
	return FullAccess()
}

func (a Access) clone() Access {
	out := a
	out.System, out.Objects, out.Fields = map[string]bool{}, map[string]ObjectAccess{}, map[string]FieldAccess{}
	maps.Copy(out.System, a.System)
	maps.Copy(out.Objects, a.Objects)
	maps.Copy(out.Fields, a.Fields)
	return out
}

// HideField takes read and edit on a field from a profile or permission set.
func (o *Org) HideField(profileOrPermissionSet sobject.ID, object, name string) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	obj := o.object(object)
	if obj == nil || obj.field(name) == nil {
		return fmt.Errorf("engine: HideField: there is no field %s.%s", object, name)
	}
	f := obj.field(name)
	if !f.permissionable() {
		return fmt.Errorf("engine: HideField: %s cannot be hidden: it is a system field or required", f)
	}
	a := o.rights.get(profileOrPermissionSet).clone()
	a.Fields[f.String()] = FieldAccess{}
	o.rights.sets[profileOrPermissionSet] = a
	o.touchSchema()
	return nil
}

// permissionable reports whether field-level security applies: not to system
// fields, required fields, owners and names (Object Reference,
// "FieldPermissions").
func (f *field) permissionable() bool {
	if f.system || f.Mirrors != "" || f.Required || f.MasterDetail || f.NameField || f.NotPermission || f.Type == sobject.TypeID || f.CompoundName == "Name" {
		return false
	}
	return f.Name != "OwnerId"
}

// grants is what one user may do.
type grants struct {
	all    bool
	sets   []Access
	mu     sync.Mutex
	fields map[*field]FieldAccess
}

var allGrants = &grants{all: true}

// grants works out a session's permissions. The caller holds Org.mu.
func (o *Org) grants(s Session) *grants {
	if s.System {
		return allGrants
	}
	o.rights.mu.Lock()
	defer o.rights.mu.Unlock()
	if g := o.rights.users[s.User]; g != nil {
		return g
	}
	g := &grants{fields: map[*field]FieldAccess{}}
	profile := sobject.ID("")
	if r := o.find(string(s.User)); r != nil {
		if f := r.obj.field("ProfileId"); f != nil {
			profile = sobject.ID(r.cur.cell(f))
		}
	}
	g.sets = append(g.sets, o.rights.get(profile))
	if obj := o.object("PermissionSetAssignment"); obj != nil {
		who, set := obj.field("AssigneeId"), obj.field("PermissionSetId")
		if who != nil && set != nil && who.index != nil {
			for _, r := range who.index.get(string(s.User)) {
				if !r.cur.deleted {
					g.sets = append(g.sets, o.rights.get(sobject.ID(r.cur.cell(set))))
				}
			}
		}
	}
	o.rights.users[s.User] = g
	return g
}

func (g *grants) system(name string) bool {
	if g.all {
		return true
	}
	for _, a := range g.sets {
		if a.Has(name) {
			return true
		}
	}
	return false
}

// SystemPermission reports whether a session has a system permission such as
// ApiEnabled, ViewAllData or BulkApiHardDelete.
func (o *Org) SystemPermission(s Session, name string) bool {
	o.mu.RLock()
	defer o.mu.RUnlock()
	return o.grants(s).system(name)
}

// object returns what is allowed on an object.
func (g *grants) object(obj *object) ObjectAccess {
	full := ObjectAccess{true, true, true, true, true, true}
	if g.all {
		return full
	}
	var out ObjectAccess
	for _, a := range g.sets {
		oa, ok := a.Objects[obj.def.Name]
		if !ok {
			oa = a.Default
		}
		out.Read = out.Read || oa.Read || oa.ViewAll || oa.ModifyAll
		out.Create = out.Create || oa.Create
		out.Edit = out.Edit || oa.Edit || oa.ModifyAll
		out.Delete = out.Delete || oa.Delete || oa.ModifyAll
		out.ViewAll = out.ViewAll || oa.ViewAll || oa.ModifyAll
		out.ModifyAll = out.ModifyAll || oa.ModifyAll
	}
	if obj.def.Needs != nil && !slices.ContainsFunc(obj.def.Needs, g.system) {
		return ObjectAccess{}
	}
	if g.system("ModifyAllData") {
		return full
	}
	if g.system("ViewAllData") {
		out.Read, out.ViewAll = true, true
	}
	return out
}

// field returns what is allowed on a field, object permissions aside.
func (g *grants) field(f *field) FieldAccess {
	if f.Mirrors != "" { // secured with the contact's field
		if m := f.obj.org.object("Contact"); m != nil && m.field(f.Mirrors) != nil {
			return g.field(m.field(f.Mirrors))
		}
	}
	if g.all || !f.permissionable() {
		return FieldAccess{true, true}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if fa, ok := g.fields[f]; ok {
		return fa
	}
	var out FieldAccess
	name := f.String()
	if f.CompoundName != "" && f.obj.field(f.CompoundName) != nil {
		name = f.obj.field(f.CompoundName).String() // parts follow the whole
	}
	for _, a := range g.sets {
		fa, ok := a.Fields[f.String()]
		if !ok {
			fa, ok = a.Fields[name]
		}
		if !ok {
			fa = a.FieldDefault
		}
		out.Read = out.Read || fa.Read || fa.Edit
		out.Edit = out.Edit || fa.Edit
	}
	g.fields[f] = out
	return out
}

func (g *grants) read(f *field) bool { return g.field(f).Read }
