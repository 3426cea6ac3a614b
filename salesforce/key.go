package salesforce

import (
	"github.com/orglink/orglink/salesforce/sobject"
)

// Key is a field that an upsert can find records by.
type Key struct {
	Field string
	// ExternalID and IDLookup tell why it can: it is marked as an external id,
	// or it is a standard field for lookups, such as Contact.Email.
	ExternalID, IDLookup bool
	// Unique tells that the org keeps two records from having one value.
	Unique bool
	// CaseSensitive tells that "a" and "A" are different values to Unique.
	CaseSensitive bool
}

// Flaw says how upserts by the key can go wrong, "" if they cannot.
func (k Key) Flaw() string {
	switch {
	case k.Field == "Id":
		return ""
	case !k.Unique:
		return k.Field + " is not unique: several records may have one value, which refuses an upsert, and a user needs View All Data for it: have a Salesforce admin make the field unique"
	case k.CaseSensitive:
		return k.Field + " is case-sensitive: keys that differ in case alone make records of their own: send keys in one spelling"
	}
	return ""
}

// UpsertKeys lists the fields of an object that upserts can find records by,
// in the order of its describe.
func UpsertKeys(d *sobject.Describe) []Key {
	var out []Key
	for _, f := range d.Fields {
		if f.ExternalID || f.IDLookup || f.Name == "Id" {
			out = append(out, Key{Field: f.Name, ExternalID: f.ExternalID, IDLookup: f.IDLookup, Unique: f.Unique || f.Name == "Id", CaseSensitive: f.CaseSensitive})
		}
	}
	return out
}
