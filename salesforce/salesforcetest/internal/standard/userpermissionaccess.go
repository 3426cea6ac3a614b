package standard

import (
	"strings"

	"github.com/orglink/orglink/salesforce/salesforcetest/internal/engine"
)

var userPermissionAccess = object{
	def: engine.Object{Name: "UserPermissionAccess", Label: "User Permission Access", LabelPlural: "User Permission Access", KeyPrefix: "0up", NoAudit: true, NoTrash: true, NoCreate: true, NoUpdate: true, NoDelete: true, NoUndelete: true, NoLayout: true, NoTriggers: true, NoRecent: true, NoReplicate: true, NoRetrieve: true},
	fields: `
%permissions rgsy
LastCacheUpdate datetime ry Last Cache Update
`,
	derive: func(at map[string]*engine.Field) {
		for name, f := range at {
			if p, ok := strings.CutPrefix(name, "Permissions"); ok {
				f.Compute = func(r engine.Row) string { return boolText(r.Permission(p)) }
			}
		}
	},
}
