package integration

import (
	"context"
	"slices"

	"github.com/orglink/orglink"
)

// StaticGroups is a Groups that never changes: Salesforce is switched on for
// the groups that are its keys, in every tenant, and each may share with the
// groups in its list. Products with more to say implement Groups themselves.
type StaticGroups map[orglink.GroupID][]orglink.GroupID

var _ Groups = StaticGroups{}

// Enabled implements Groups.
func (g StaticGroups) Enabled(_ context.Context, _ orglink.TenantID, group orglink.GroupID) (bool, error) {
	_, on := g[group]
	return on, nil
}

// Connected implements Groups.
func (g StaticGroups) Connected(_ context.Context, _ orglink.TenantID, group orglink.GroupID) ([]orglink.GroupID, error) {
	return slices.Clone(g[group]), nil
}
