package standard

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
	{"MonitorLoginHistory", "Monitor Login History"},
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
