package engine

import (
	"encoding/json"
	"strings"

	"github.com/orglink/orglink/salesforce/sobject"
)

// compound lists the parts of an address or location field.
type compound struct {
	keys   []string
	fields []*field
}

// addressKeys are the keys of an address in JSON and the names of the fields
// that hold them (Object Reference, "Address Compound Fields").
var addressKeys = [...][2]string{
	{"city", "City"}, {"country", "Country"}, {"countryCode", "CountryCode"}, {"geocodeAccuracy", "GeocodeAccuracy"},
	{"latitude", "Latitude"}, {"longitude", "Longitude"}, {"postalCode", "PostalCode"},
	{"state", "State"}, {"stateCode", "StateCode"}, {"street", "Street"},
}

// compose builds the JSON of a compound field from its parts: BillingAddress
// from BillingCity and so on, Location__c from Location__Latitude__s. It is
// null when all parts are null.
func (f *field) compose(r Row) string {
	if f.parts == nil {
		return ""
	}
	var b strings.Builder
	b.WriteByte('{')
	any := false
	for i, p := range f.parts.fields {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(`"` + f.parts.keys[i] + `":`)
		s := r.env.read(r.v, p)
		switch {
		case s == "":
			b.WriteString("null")
			continue
		case p.kind.quoted():
			text, _ := json.Marshal(s)
			b.Write(text)
		default:
			b.WriteString(s)
		}
		any = true
	}
	if !any {
		return ""
	}
	b.WriteByte('}')
	return b.String()
}

// findParts connects compound fields with the fields they are made of.
func (o *object) findParts() {
	for _, f := range o.fields {
		if f.kind != kindCompound {
			continue
		}
		c := &compound{}
		add := func(key, name string) {
			if p := o.field(name); p != nil {
				c.keys, c.fields = append(c.keys, key), append(c.fields, p)
			}
		}
		if f.Type == sobject.TypeLocation {
			base := strings.TrimSuffix(f.Name, "c")
			add("latitude", base+"Latitude__s")
			add("longitude", base+"Longitude__s")
		} else {
			base := strings.TrimSuffix(f.Name, "Address")
			for _, k := range addressKeys {
				add(k[0], base+k[1])
			}
		}
		f.parts = c
	}
}
