package engine

// Permission reports whether the user who reads the row has a system
// permission. It makes UserPermissionAccess what it is: one row that answers
// everybody with his own permissions.
func (r Row) Permission(name string) bool {
	return r.obj.org.grants(r.env.s).system(name)
}
