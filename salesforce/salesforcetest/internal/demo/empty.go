package demo

import (
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/orglink/orglink/salesforce/salesforcetest/internal/engine"
	"github.com/orglink/orglink/salesforce/salesforcetest/internal/standard"
	"github.com/orglink/orglink/salesforce/sobject"
)

// Empty fills an org with what a new one has: the standard objects where they
// are not yet defined, the organization row, licenses, profiles with their
// permissions, a role, and one administrator.
func Empty(o *engine.Org, opt standard.Options) error {
	l := &loader{org: o, cfg: Config{Options: opt}, base: o.Now().UTC().Truncate(24 * time.Hour)}
	if err := l.empty(); err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	return nil
}

// profile is one profile of a new org.
type profile struct {
	name, license, userType, description string
	access                               engine.Access
}

var allowed = engine.ObjectAccess{Read: true, Create: true, Edit: true, Delete: true}

// The profiles by name.
const (
	profileAdmin     = "System Administrator"
	profileStandard  = "Standard User"
	profileMarketing = "Marketing User"
	profileReadOnly  = "Read Only"
	profileChatter   = "Chatter Free User"
	profileGuest     = "Demo Help Center Profile"
	profileAutomated = "Automated Process"
)

func permissions(names ...string) map[string]bool {
	out := make(map[string]bool, len(names))
	for _, n := range names {
		out[n] = true
	}
	return out
}

func newOrgProfiles() []profile {
	editAll := engine.FieldAccess{Read: true, Edit: true}
	everything := allowed
	everything.ViewAll, everything.ModifyAll = true, true
	// What an administrator does not have before somebody asks for it.
	admin := engine.FullAccess()
	for _, p := range []string{"ApiUserOnly", "BulkApiHardDelete", "CreateAuditFields", "UpdateWithInactiveOwner"} {
		admin.System[p] = false
	}
	sales := permissions("ApiEnabled", "ConvertLeads", "EditEvent", "EditTask", "RunReports", "ViewRoles", "ViewSetup")
	// Setup is for administrators, products for those who price them.
	objects := func(more map[string]engine.ObjectAccess) map[string]engine.ObjectAccess {
		out := map[string]engine.ObjectAccess{}
		for _, name := range []string{"Organization", "User", "UserRole", "Profile", "UserLicense", "PermissionSet", "PermissionSetAssignment", "UserPermissionAccess", "Group", "GroupMember", "QueueSobject", "RecordType",
			"ObjectPermissions", "FieldPermissions", "UserLogin", "OauthToken", "LoginHistory", "OpportunityStage", "LeadStatus", "CaseStatus", "ContractStatus", "TaskStatus", "TaskPriority", "OpportunityHistory"} {
			out[name] = engine.ObjectAccess{Read: true}
		}
		maps.Copy(out, more)
		return out
	}
	read := engine.ObjectAccess{Read: true}
	products := map[string]engine.ObjectAccess{"Product2": read, "Pricebook2": read, "PricebookEntry": read}
	campaigns := maps.Clone(products)
	products["Campaign"] = read
	return []profile{
		{profileAdmin, "Salesforce", "Standard", "", admin},
		{profileStandard, "Salesforce", "Standard", "", engine.Access{System: sales, Default: allowed, Objects: objects(products), FieldDefault: editAll}},
		{profileMarketing, "Salesforce", "Standard", "", engine.Access{System: sales, Default: allowed, Objects: objects(campaigns), FieldDefault: editAll}},
		{profileReadOnly, "Salesforce", "Standard", "", engine.Access{System: permissions("ApiEnabled", "RunReports"),
			Default: engine.ObjectAccess{Read: true}, FieldDefault: engine.FieldAccess{Read: true}}},
		{profileChatter, "Chatter Free", "CsnOnly", "", engine.Access{System: permissions("ApiEnabled"), Objects: objects(nil), FieldDefault: engine.FieldAccess{Read: true}}},
		{profileGuest, "Guest User License", "Guest", "", engine.Access{}},
		{profileAutomated, "Salesforce", "AutomatedProcess", "", engine.Access{System: permissions("ApiEnabled"), Default: everything, FieldDefault: editAll}},
	}
}

// empty makes the rows of a new org. Their times lie two years back.
func (l *loader) empty() error {
	if _, ok := l.org.Object("Account"); !ok {
		if err := standard.Define(l.org, l.cfg.Options); err != nil {
			return err
		}
	}
	if l.cfg.Options.PersonAccounts { // before users, so that all of them may use the types
		for _, t := range []engine.RecordType{{Name: "Business Account", DeveloperName: "Business_Account", Default: true}, {Name: "Person Account", DeveloperName: "PersonAccount", Person: true}} {
			if _, err := l.org.AddRecordType("Account", t); err != nil {
				return err
			}
		}
	}
	born := l.base.AddDate(0, 0, -730)
	l.admin = l.org.NextID("User")
	s := stamp{created: born, modified: born, system: born, createdBy: l.admin, modifiedBy: l.admin}
	if err := l.organization(s); err != nil {
		return err
	}
	if err := l.loadValues(s); err != nil {
		return err
	}
	if err := l.loadProfiles(s); err != nil {
		return err
	}
	if err := l.loadRoles(s); err != nil {
		return err
	}
	users := newUsers()
	users.add(s, person{first: "Ada", last: "Admin", username: AdminUsername, title: "Salesforce Administrator", profile: profileAdmin, role: "CEO", marketing: true, login: l.base.Add(-26 * time.Hour)}, l.profiles, l.roles, "")
	if _, err := l.insert("User", users.rows); err != nil {
		return err
	}
	return l.grant(s, l.admin, l.profiles[profileAdmin])
}

func (l *loader) organization(s stamp) error {
	t := newTable("Organization", "Id", "Name", "Street", "City", "State", "PostalCode", "Country", "Phone", "PrimaryContact", "DefaultLocaleSidKey", "TimeZoneSidKey", "LanguageLocaleKey",
		"FiscalYearStartMonth", "OrganizationType", "InstanceName", "IsSandbox", "DefaultAccountAccess", "DefaultContactAccess", "DefaultOpportunityAccess", "DefaultLeadAccess", "DefaultCaseAccess", "DefaultCampaignAccess")
	t.add(s, l.org.ID(), "Orglink Demo Inc.", "1 Market St", "San Francisco", "CA", "94105", "US", "(415) 555-0100", "Ada Admin", "en_US", "America/Los_Angeles", "en_US",
		1, "Developer Edition", "USA59", false, "Edit", "ControlledByParent", "Edit", "ReadEditTransfer", "ReadEditTransfer", "All")
	_, err := l.insert("Organization", t.rows)
	return err
}

// loadValues inserts the rows of the value objects, such as OpportunityStage.
func (l *loader) loadValues(s stamp) error {
	for _, rec := range standard.Rows() {
		rec = rec.With(sobject.F("CreatedDate", sobject.DateTimeValue(s.created)), sobject.F("CreatedById", sobject.IDValue(s.createdBy)),
			sobject.F("LastModifiedDate", sobject.DateTimeValue(s.modified)), sobject.F("LastModifiedById", sobject.IDValue(s.modifiedBy)),
			sobject.F("SystemModstamp", sobject.DateTimeValue(s.system)))
		if _, err := l.insert(rec.Object(), []sobject.Record{rec}); err != nil {
			return err
		}
	}
	return nil
}

// loadProfiles inserts licenses, profiles and the permission set that each
// profile owns.
func (l *loader) loadProfiles(s stamp) error {
	licenses := newTable("UserLicense", "Name", "MasterLabel", "LicenseDefinitionKey", "Status", "TotalLicenses", "UsedLicenses")
	licenses.add(s, "Salesforce", "Salesforce", "SFDC", "Active", 50, 17)
	licenses.add(s, "Chatter Free", "Chatter Free", "PID_CHATTER", "Active", 5000, 1)
	licenses.add(s, "Guest User License", "Guest User License", "PID_Guest_User", "Active", 25, 1)
	licenseIDs, err := l.insert("UserLicense", licenses.rows)
	if err != nil {
		return err
	}
	license := map[string]sobject.ID{"Salesforce": licenseIDs[0], "Chatter Free": licenseIDs[1], "Guest User License": licenseIDs[2]}
	names := l.permissionColumns()
	t := newTable("Profile", append([]string{"Name", "UserLicenseId", "UserType", "Description"}, names...)...)
	all := newOrgProfiles()
	for _, p := range all {
		t.add(s, append([]any{p.name, license[p.license], p.userType, p.description}, granted(p, names)...)...)
	}
	ids, err := l.insert("Profile", t.rows)
	if err != nil {
		return err
	}
	sets := newTable("PermissionSet", append([]string{"Name", "Label", "LicenseId", "ProfileId", "IsOwnedByProfile", "IsCustom", "Type"}, names...)...)
	l.profiles = make(map[string]sobject.ID, len(ids))
	for i, p := range all {
		l.profiles[p.name] = ids[i]
		name := "X" + ids[i].Short()
		sets.add(s, append([]any{name, name, license[p.license], ids[i], true, false, "Profile"}, granted(p, names)...)...)
		if err := l.org.SetAccess(ids[i], p.access); err != nil {
			return err
		}
	}
	setIDs, err := l.insert("PermissionSet", sets.rows)
	if err != nil {
		return err
	}
	// One row answers each user with his own permissions.
	if _, err := l.insert("UserPermissionAccess", []sobject.Record{sobject.NewRecord("UserPermissionAccess", sobject.F("LastCacheUpdate", sobject.DateTimeValue(s.created)))}); err != nil {
		return err
	}
	l.sets = make(map[sobject.ID]sobject.ID, len(ids))
	for i, id := range ids {
		l.sets[id] = setIDs[i]
	}
	return nil
}

// permissionColumns are the columns for system permissions.
func (l *loader) permissionColumns() []string {
	def, _ := l.org.Object("Profile")
	var out []string
	for _, f := range def.Fields {
		if strings.HasPrefix(f.Name, "Permissions") {
			out = append(out, f.Name)
		}
	}
	return out
}

func granted(p profile, columns []string) []any {
	out := make([]any, len(columns))
	for i, c := range columns {
		out[i] = p.access.Has(strings.TrimPrefix(c, "Permissions"))
	}
	return out
}

// loadRoles inserts the role hierarchy.
func (l *loader) loadRoles(s stamp) error {
	l.roles = map[string]sobject.ID{}
	for _, r := range []struct{ name, parent string }{
		{"CEO", ""}, {"SVP, Sales & Marketing", "CEO"}, {"VP, North American Sales", "SVP, Sales & Marketing"}, {"VP, International Sales", "SVP, Sales & Marketing"}, {"Marketing Team", "SVP, Sales & Marketing"},
	} {
		t := newTable("UserRole", "Name", "ParentRoleId", "RollupDescription", "OpportunityAccessForAccountOwner")
		t.add(s, r.name, l.roles[r.parent], r.name, "Edit")
		ids, err := l.insert("UserRole", t.rows)
		if err != nil {
			return err
		}
		l.roles[r.name] = ids[0]
	}
	return nil
}

// grant makes the row that a user's profile implies: the assignment of the
// profile's own permission set.
func (l *loader) grant(s stamp, user, profileID sobject.ID) error {
	t := newTable("PermissionSetAssignment", "PermissionSetId", "AssigneeId")
	t.add(s, l.sets[profileID], user)
	_, err := l.insert("PermissionSetAssignment", t.rows)
	return err
}
