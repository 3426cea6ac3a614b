package connection

import (
	"strings"

	"github.com/orglink/orglink/mapping"
)

// ForMaps is what writing through maps needs: creating and updating records,
// and setting each mapped field and the external id.
func ForMaps(maps ...mapping.Map) Requirements {
	out := apiOnly()
	for _, m := range maps {
		need := ObjectNeed{Object: m.Object, Read: true, Create: true, Edit: true}
		if m.ExternalID != "" && !strings.EqualFold(m.ExternalID, "Id") {
			need.Fields = append(need.Fields, FieldNeed{Field: m.ExternalID, Create: true})
		}
		for _, f := range m.Fields {
			// The owner travels on creates only, and a path such as
			// Account.Ext__c sets the lookup through another object.
			name, _, _ := strings.Cut(f.Salesforce, ".")
			if name != f.Salesforce {
				continue
			}
			need.Fields = append(need.Fields, FieldNeed{Field: name, Create: true, Edit: !f.CreateOnly && !strings.EqualFold(name, "OwnerId") && !strings.EqualFold(name, m.ExternalID)})
		}
		out.Objects = append(out.Objects, need)
	}
	return out
}
