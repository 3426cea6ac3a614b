package sobject

import "strings"

// Describe is what an org tells about one object to the user who asks: fields
// hidden from that user are absent (REST API guide, "sObject Describe"). Only
// the keys that the library uses are decoded.
type Describe struct {
	Name               string              `json:"name"`
	Label              string              `json:"label"`
	LabelPlural        string              `json:"labelPlural"`
	KeyPrefix          string              `json:"keyPrefix"`
	Custom             bool                `json:"custom"`
	Createable         bool                `json:"createable"`
	Updateable         bool                `json:"updateable"`
	Deletable          bool                `json:"deletable"`
	Undeletable        bool                `json:"undeletable"`
	Mergeable          bool                `json:"mergeable"`
	Queryable          bool                `json:"queryable"`
	Retrieveable       bool                `json:"retrieveable"`
	Replicateable      bool                `json:"replicateable"`
	Searchable         bool                `json:"searchable"`
	Fields             []DescribeField     `json:"fields"`
	ChildRelationships []ChildRelationship `json:"childRelationships"`
	RecordTypeInfos    []RecordTypeInfo    `json:"recordTypeInfos"`
}

// DescribeField is one field of a Describe.
type DescribeField struct {
	Name               string          `json:"name"`
	Label              string          `json:"label"`
	Type               FieldType       `json:"type"`
	SOAPType           string          `json:"soapType"`
	Length             int             `json:"length"`
	ByteLength         int             `json:"byteLength"`
	Precision          int             `json:"precision"`
	Scale              int             `json:"scale"`
	Digits             int             `json:"digits"`
	Custom             bool            `json:"custom"`
	Nillable           bool            `json:"nillable"`
	Createable         bool            `json:"createable"`
	Updateable         bool            `json:"updateable"`
	DefaultedOnCreate  bool            `json:"defaultedOnCreate"`
	Calculated         bool            `json:"calculated"`
	AutoNumber         bool            `json:"autoNumber"`
	ExternalID         bool            `json:"externalId"`
	IDLookup           bool            `json:"idLookup"`
	Unique             bool            `json:"unique"`
	CaseSensitive      bool            `json:"caseSensitive"`
	Filterable         bool            `json:"filterable"`
	Sortable           bool            `json:"sortable"`
	Groupable          bool            `json:"groupable"`
	NameField          bool            `json:"nameField"`
	Permissionable     bool            `json:"permissionable"`
	RestrictedPicklist bool            `json:"restrictedPicklist"`
	CompoundFieldName  string          `json:"compoundFieldName"`
	RelationshipName   string          `json:"relationshipName"`
	ReferenceTo        []string        `json:"referenceTo"`
	PicklistValues     []PicklistValue `json:"picklistValues"`
}

// FieldType is a field's type as a describe names it. Unknown types are to be
// treated as text.
type FieldType string

// The types of FieldType (SOAP API guide, "DescribeSObjectResult").
const (
	TypeID              FieldType = "id"
	TypeReference       FieldType = "reference"
	TypeString          FieldType = "string"
	TypeTextArea        FieldType = "textarea"
	TypePhone           FieldType = "phone"
	TypeEmail           FieldType = "email"
	TypeURL             FieldType = "url"
	TypePicklist        FieldType = "picklist"
	TypeMultiPicklist   FieldType = "multipicklist"
	TypeCombobox        FieldType = "combobox"
	TypeEncryptedString FieldType = "encryptedstring"
	TypeBoolean         FieldType = "boolean"
	TypeInt             FieldType = "int"
	TypeLong            FieldType = "long"
	TypeDouble          FieldType = "double"
	TypeCurrency        FieldType = "currency"
	TypePercent         FieldType = "percent"
	TypeDate            FieldType = "date"
	TypeDateTime        FieldType = "datetime"
	TypeTime            FieldType = "time"
	TypeAddress         FieldType = "address"
	TypeLocation        FieldType = "location"
	TypeBase64          FieldType = "base64"
	TypeAnyType         FieldType = "anyType"
	TypeComplexValue    FieldType = "complexvalue"
)

// Compound reports whether values of the type are objects made of other
// fields, which Bulk API 2.0 refuses to select.
func (t FieldType) Compound() bool { return t == TypeAddress || t == TypeLocation }

// Numeric reports whether values of the type are numbers.
func (t FieldType) Numeric() bool {
	switch t {
	case TypeInt, TypeLong, TypeDouble, TypeCurrency, TypePercent:
		return true
	}
	return false
}

// PicklistValue is one choice of a picklist.
type PicklistValue struct {
	Value        string `json:"value"`
	Label        string `json:"label"`
	Active       bool   `json:"active"`
	DefaultValue bool   `json:"defaultValue"`
}

// ChildRelationship tells which field of another object points here.
type ChildRelationship struct {
	ChildSObject     string `json:"childSObject"`
	Field            string `json:"field"`
	RelationshipName string `json:"relationshipName"`
	CascadeDelete    bool   `json:"cascadeDelete"`
}

// RecordTypeInfo is one record type.
type RecordTypeInfo struct {
	RecordTypeID  string `json:"recordTypeId"`
	Name          string `json:"name"`
	DeveloperName string `json:"developerName"`
	Active        bool   `json:"active"`
	Available     bool   `json:"available"`
	Master        bool   `json:"master"`
}

// Field returns a field by name, without regard to case.
func (d *Describe) Field(name string) (*DescribeField, bool) {
	for i := range d.Fields {
		if strings.EqualFold(d.Fields[i].Name, name) {
			return &d.Fields[i], true
		}
	}
	return nil, false
}

// RequiredOnCreate reports whether a create without the field is refused.
func (f *DescribeField) RequiredOnCreate() bool {
	return f.Createable && !f.Nillable && !f.DefaultedOnCreate
}
