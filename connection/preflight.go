package connection

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/salesforce"
	"github.com/orglink/orglink/salesforce/sobject"
)

// Preflight compares what a sync needs with what the connected user may do, as
// the org tells that user: by describes, by UserPermissionAccess and by the
// user's own record, where it may be read. What cannot be read is reported as
// unknown, never as granted. It reads only.
func (m *Manager) Preflight(ctx context.Context, tenant orglink.TenantID, id orglink.ConnectionID, need Requirements) (Report, error) {
	c, err := m.Get(ctx, tenant, id)
	if err != nil {
		return Report{}, err
	}
	client, err := m.Client(ctx, tenant, id)
	if err != nil {
		return Report{}, err
	}
	r := Report{Connection: c.ID, Org: c.Org, User: c.User, EgressIPs: slices.Clone(m.cfg.EgressIPs), Checked: time.Now().UTC()}
	names := make([]string, 0, len(need.Objects))
	for _, o := range need.Objects {
		names = append(names, o.Object)
	}
	described := map[string]*sobject.Describe{}
	if len(names) > 0 {
		if described, err = client.DescribeMany(ctx, names); err != nil {
			return Report{}, fail("preflight", string(id), nil, err)
		}
	}
	perms, err := readPermissions(ctx, client, c.User.ID, need)
	if err != nil {
		return Report{}, fail("preflight", string(id), nil, err)
	}
	r.Profile = perms.profile
	r.Administrator = perms.profile == "System Administrator" || perms.has("ModifyAllData") == Yes
	r.SeesAllRecords = perms.has("ViewAllData")
	if r.SeesAllRecords != Yes && perms.has("ModifyAllData") == Yes {
		r.SeesAllRecords = Yes
	}
	for _, s := range need.System {
		r.Findings = append(r.Findings, systemFinding(s, perms.has(s.Permission)))
	}
	for _, o := range need.Objects {
		r.Findings = append(r.Findings, objectFindings(o, find(described, o.Object))...)
	}
	if r.SeesAllRecords != Yes && slices.ContainsFunc(need.Objects, func(o ObjectNeed) bool { return o.Read }) {
		text := "The user may not see all records: what others own and do not share is missing from an import, without any error."
		if r.SeesAllRecords == Unknown {
			text = "Whether the user sees all records could not be read. If not, an import silently lacks what is not shared with it."
		}
		r.Findings = append(r.Findings, Finding{Warning, "All records", text,
			"Give the user a permission set with View All Data, or View All on the objects that are imported."})
	}
	return r, nil
}

func find(described map[string]*sobject.Describe, object string) *sobject.Describe {
	if d := described[object]; d != nil {
		return d
	}
	for name, d := range described {
		if strings.EqualFold(name, object) {
			return d
		}
	}
	return nil
}

// objectFindings compares one object with its describe, which lists only what
// the user may see.
func objectFindings(need ObjectNeed, d *sobject.Describe) []Finding {
	level := Missing
	if need.Warn {
		level = Warning
	}
	if d == nil {
		return []Finding{{level, need.Object,
			"The object does not exist in this org or is hidden from the user.",
			"If the org has it, give the user Read on " + need.Object + " in a profile or permission set."}}
	}
	var lacks []string
	for _, want := range []struct {
		need, have bool
		name       string
	}{{need.Read, d.Queryable, "Read"}, {need.Create, d.Createable, "Create"}, {need.Edit, d.Updateable, "Edit"}, {need.Delete, d.Deletable, "Delete"}} {
		if want.need && !want.have {
			lacks = append(lacks, want.name)
		}
	}
	var out []Finding
	if len(lacks) > 0 {
		out = append(out, Finding{level, d.Name,
			"The user lacks " + strings.Join(lacks, ", ") + ".",
			fmt.Sprintf("Give the user %s on %s in a profile or permission set.", strings.Join(lacks, ", "), d.Name)})
	}
	for _, f := range need.Fields {
		if bad, ok := fieldFinding(level, d, f); ok {
			out = append(out, bad)
		}
	}
	if len(out) == 0 {
		text := strings.Join(wanted(need), ", ")
		if n := len(need.Fields); n > 0 {
			text += fmt.Sprintf("; %d field(s)", n)
		}
		out = append(out, Finding{Granted, d.Name, text, ""})
	}
	return out
}

func fieldFinding(level Level, d *sobject.Describe, need FieldNeed) (Finding, bool) {
	subject := d.Name + "." + need.Field
	f, ok := d.Field(need.Field)
	if !ok {
		return Finding{level, subject,
			"The field does not exist in this org or is hidden from the user by field-level security.",
			"If the org has it, give the user Read on the field in a profile or permission set."}, true
	}
	var lacks []string
	if need.Create && !f.Createable {
		lacks = append(lacks, "be set on create")
	}
	if need.Edit && !f.Updateable {
		lacks = append(lacks, "be changed")
	}
	if len(lacks) == 0 {
		return Finding{}, false
	}
	fix := "Give the user Edit on the field in a profile or permission set."
	if f.Calculated || f.AutoNumber {
		fix = "Salesforce computes this field; map another one."
	}
	return Finding{level, d.Name + "." + f.Name, "The field cannot " + strings.Join(lacks, " or ") + " by the user.", fix}, true
}

func wanted(need ObjectNeed) []string {
	var out []string
	for _, w := range []struct {
		need bool
		name string
	}{{need.Read, "Read"}, {need.Create, "Create"}, {need.Edit, "Edit"}, {need.Delete, "Delete"}} {
		if w.need {
			out = append(out, w.name)
		}
	}
	return out
}

func systemFinding(need SystemNeed, have Answer) Finding {
	where := "Give the user the permission " + need.Label + " in a profile or permission set."
	if need.Permission == MarketingUser {
		where = "Tick Marketing User on the user's page in Salesforce Setup."
	}
	why := ""
	if need.Why != "" {
		why = " Without it " + need.Why + "."
	}
	level := Missing
	if need.Warn {
		level = Warning
	}
	switch have {
	case Yes:
		return Finding{Granted, need.Label, "granted", ""}
	case No:
		return Finding{level, need.Label, "The user lacks it." + why, where}
	}
	return Finding{Unclear, need.Label, "Could not be read." + why, where}
}

// permissions is what could be read of the user.
type permissions struct {
	flags   map[string]bool
	profile string
}

func (p permissions) has(name string) Answer {
	v, ok := p.flags[strings.ToLower(name)]
	switch {
	case !ok:
		return Unknown
	case v:
		return Yes
	}
	return No
}

// readPermissions asks what the user may read of itself. A refusal by the org
// leaves things unknown; a failed call is an error.
func readPermissions(ctx context.Context, client *salesforce.Client, user sobject.ID, need Requirements) (permissions, error) {
	// Answers came, so the API is enabled.
	p := permissions{flags: map[string]bool{"apienabled": true}}
	const access = "UserPermissionAccess"
	described, err := client.DescribeMany(ctx, []string{access})
	if err != nil {
		return p, err
	}
	if d := find(described, access); d != nil {
		want := []string{"PermissionsViewAllData", "PermissionsModifyAllData"}
		for _, s := range need.System {
			want = append(want, "Permissions"+s.Permission)
		}
		var fields []string
		for _, name := range want { // its fields differ from org to org
			if f, ok := d.Field(name); ok && !slices.Contains(fields, f.Name) {
				fields = append(fields, f.Name)
			}
		}
		if len(fields) > 0 {
			if err := readFlags(ctx, client, "SELECT "+strings.Join(fields, ", ")+" FROM "+access, fields, p.flags); err != nil {
				return p, err
			}
		}
	}
	const marketing = "UserPermissionsMarketingUser"
	for rec, err := range client.Query(ctx, "SELECT Profile.Name, "+marketing+" FROM User WHERE Id = '"+string(user)+"'") {
		if err != nil {
			return p, unlessRefused(err)
		}
		if v, ok := rec.Value(marketing); ok {
			if b, err := v.Bool(); err == nil {
				p.flags[strings.ToLower(MarketingUser)] = b
			}
		}
		if profile, ok := rec.Parent("Profile"); ok {
			p.profile, _ = profile.Text("Name")
		}
	}
	return p, nil
}

func readFlags(ctx context.Context, client *salesforce.Client, soql string, fields []string, flags map[string]bool) error {
	for rec, err := range client.Query(ctx, soql) {
		if err != nil {
			return unlessRefused(err)
		}
		for _, f := range fields {
			if v, ok := rec.Value(f); ok {
				if b, err := v.Bool(); err == nil {
					flags[strings.ToLower(strings.TrimPrefix(f, "Permissions"))] = b
				}
			}
		}
	}
	return nil
}

// unlessRefused drops the org's answer that something may not be read.
func unlessRefused(err error) error {
	if refusal(err) {
		return nil
	}
	return err
}
