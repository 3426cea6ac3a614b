package salesforcetest

import (
	"fmt"

	"github.com/orglink/orglink/salesforce/sobject"
)

// SetAssignmentRule gives Account, Case or Lead an active assignment rule: it
// makes a user, named by username, the owner of every record that a REST
// request creates or changes without Sforce-Auto-Assign: FALSE. "" takes the
// rule away.
func (o *Org) SetAssignmentRule(object, username string) error {
	o.tb().Helper()
	return o.check("SetAssignmentRule "+object, o.setAssignmentRule(object, username))
}

func (o *Org) setAssignmentRule(object, username string) error {
	switch object {
	case "Account", "Case", "Lead":
	default:
		return fmt.Errorf("%s has no assignment rules", object)
	}
	var owner sobject.ID
	if username != "" {
		u, err := o.s.userByName(username)
		if err != nil {
			return err
		}
		owner = u.id
	}
	return o.s.org.SetAssignment(object, owner)
}
