package engine

import (
	"fmt"

	"github.com/orglink/orglink/salesforce/sobject"
)

// SetAssignment gives an object an active assignment rule that makes a user
// the owner of every record created or changed; "" takes it away.
func (o *Org) SetAssignment(object string, owner sobject.ID) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	obj := o.object(object)
	if obj == nil || obj.owner == nil {
		return fmt.Errorf("engine: SetAssignment: no object %s, or its records have no owner", object)
	}
	obj.assigns = owner
	return nil
}

func (o *object) runAssignment(v *version, opt WriteOptions) {
	if opt.AutoAssign && o.assigns != "" {
		v.cells[o.owner.pos] = string(o.assigns)
	}
}
