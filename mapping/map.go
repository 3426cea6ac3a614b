package mapping

import (
	"encoding/json"
	"fmt"
)

// Map pairs the fields of a host's rows with the fields of a Salesforce
// object. It is plain data.
type Map struct {
	Object string `json:"object"`
	// ExternalID is the field by which rows are upserted, "Id", or "" for
	// none. One of Fields may fill it; when none does, the exporter fills it
	// with the row's key.
	ExternalID string     `json:"external_id,omitempty"`
	Fields     []FieldMap `json:"fields"`
}

// FieldMap says how one Salesforce field is filled.
type FieldMap struct {
	// Host is the key in the row; "" with Constant.
	Host string `json:"host,omitempty"`
	// Salesforce is the API name, or Account.Ext__c for a lookup that is
	// found by an external id of the parent.
	Salesforce string `json:"salesforce"`
	// Constant is written whatever the row holds; a string, number or boolean.
	Constant any `json:"constant,omitempty"`
	// Default is written when the row holds nil or an empty text. An absent
	// key stays absent: it means that the field is left alone.
	Default any `json:"default,omitempty"`
	// Transforms are applied in order to texts: TransformTrim and others.
	Transforms []string `json:"transforms,omitempty"`
	// Picklist translates host values to picklist values; a value that is not
	// among its keys is a problem of the row.
	Picklist map[string]string `json:"picklist,omitempty"`
	// Long says what happens to text beyond the field's length: LongReject,
	// the default, or LongTruncate.
	Long string `json:"long,omitempty"`
	// CreateOnly fields are written when a record is created and never again,
	// which is right for OwnerId.
	CreateOnly bool `json:"create_only,omitempty"`
}

// What FieldMap.Transforms may hold.
const (
	TransformTrim     = "trim"     // cut white space at both ends
	TransformCollapse = "collapse" // make one space of any white space inside, and trim
	TransformLower    = "lower"
	TransformUpper    = "upper"
)

// What FieldMap.Long may hold.
const (
	LongReject   = "reject"
	LongTruncate = "truncate"
)

// UnmarshalJSON implements json.Unmarshaler; numbers of Constant and Default
// stay exact.
func (f *FieldMap) UnmarshalJSON(raw []byte) error {
	type plain FieldMap
	var in plain
	if err := decode(raw, &in); err != nil {
		return fmt.Errorf("mapping: field map: %w", err)
	}
	for _, x := range []*any{&in.Constant, &in.Default} {
		var err error
		if *x, err = fromJSON(*x); err != nil {
			return fmt.Errorf("mapping: field map of %s: %w", in.Salesforce, err)
		}
	}
	*f = FieldMap(in)
	return nil
}

var _ json.Unmarshaler = (*FieldMap)(nil)
