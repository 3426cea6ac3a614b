package engine

import (
	"github.com/orglink/orglink/salesforce/sobject"
)

// FieldDescribe is one field of an ObjectDescribe, with all 57 keys.
type FieldDescribe struct {
	Aggregatable                 bool            `json:"aggregatable"`
	AIPredictionField            bool            `json:"aiPredictionField"`
	AutoNumber                   bool            `json:"autoNumber"`
	ByteLength                   int             `json:"byteLength"`
	Calculated                   bool            `json:"calculated"`
	CalculatedFormula            *string         `json:"calculatedFormula"`
	CascadeDelete                bool            `json:"cascadeDelete"`
	CaseSensitive                bool            `json:"caseSensitive"`
	CompoundFieldName            *string         `json:"compoundFieldName"`
	ControllerName               *string         `json:"controllerName"`
	Createable                   bool            `json:"createable"`
	Custom                       bool            `json:"custom"`
	DefaultValue                 any             `json:"defaultValue"`
	DefaultValueFormula          *string         `json:"defaultValueFormula"`
	DefaultedOnCreate            bool            `json:"defaultedOnCreate"`
	DependentPicklist            bool            `json:"dependentPicklist"`
	DeprecatedAndHidden          bool            `json:"deprecatedAndHidden"`
	Digits                       int             `json:"digits"`
	DisplayLocationInDecimal     bool            `json:"displayLocationInDecimal"`
	Encrypted                    bool            `json:"encrypted"`
	ExternalID                   bool            `json:"externalId"`
	ExtraTypeInfo                *string         `json:"extraTypeInfo"`
	Filterable                   bool            `json:"filterable"`
	FilteredLookupInfo           *string         `json:"filteredLookupInfo"`
	FormulaTreatNullNumberAsZero bool            `json:"formulaTreatNullNumberAsZero"`
	Groupable                    bool            `json:"groupable"`
	HighScaleNumber              bool            `json:"highScaleNumber"`
	HTMLFormatted                bool            `json:"htmlFormatted"`
	IDLookup                     bool            `json:"idLookup"`
	InlineHelpText               *string         `json:"inlineHelpText"`
	Label                        string          `json:"label"`
	Length                       int             `json:"length"`
	Mask                         *string         `json:"mask"`
	MaskType                     *string         `json:"maskType"`
	Name                         string          `json:"name"`
	NameField                    bool            `json:"nameField"`
	NamePointing                 bool            `json:"namePointing"`
	Nillable                     bool            `json:"nillable"`
	Permissionable               bool            `json:"permissionable"`
	PicklistValues               []PicklistValue `json:"picklistValues"`
	PolymorphicForeignKey        bool            `json:"polymorphicForeignKey"`
	Precision                    int             `json:"precision"`
	QueryByDistance              bool            `json:"queryByDistance"`
	ReferenceTargetField         *string         `json:"referenceTargetField"`
	ReferenceTo                  []string        `json:"referenceTo"`
	RelationshipName             *string         `json:"relationshipName"`
	RelationshipOrder            *int            `json:"relationshipOrder"`
	RestrictedDelete             bool            `json:"restrictedDelete"`
	RestrictedPicklist           bool            `json:"restrictedPicklist"`
	Scale                        int             `json:"scale"`
	SearchPrefilterable          bool            `json:"searchPrefilterable"`
	SOAPType                     string          `json:"soapType"`
	Sortable                     bool            `json:"sortable"`
	Type                         string          `json:"type"`
	Unique                       bool            `json:"unique"`
	Updateable                   bool            `json:"updateable"`
	WriteRequiresMasterRead      bool            `json:"writeRequiresMasterRead"`
}

// PicklistValue is one element of FieldDescribe.PicklistValues.
type PicklistValue struct {
	Active       bool    `json:"active"`
	DefaultValue bool    `json:"defaultValue"`
	Label        string  `json:"label"`
	ValidFor     *string `json:"validFor"`
	Value        string  `json:"value"`
}

// text returns a pointer to a text, nil for none.
func text(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// describe words a field for a user with the given rights.
func (f *field) describe(o ObjectAccess, a FieldAccess) FieldDescribe {
	long := f.kind == kindCompound
	derived := f.Formula != nil || f.Rollup != nil
	d := FieldDescribe{
		Name: f.Name, Label: f.Label, Type: string(f.Type), SOAPType: f.soapType(), Length: f.Length, ByteLength: f.byteLength(),
		Precision: f.Precision, Scale: f.Scale, Custom: f.custom, NameField: f.NameField,
		AutoNumber: f.AutoNumber != "", Calculated: derived, CalculatedFormula: text(f.FormulaText),
		FormulaTreatNullNumberAsZero: derived && f.kind == kindNumber,
		// Captured describes tell of standard fields' deletes at the parent only.
		CascadeDelete: f.CascadeDelete && f.custom, CaseSensitive: f.CaseSensitive, RestrictedDelete: f.RestrictedDelete && f.custom,
		CompoundFieldName: text(f.CompoundName), ControllerName: text(f.Controller), DependentPicklist: f.Controller != "",
		DeprecatedAndHidden: f.Deprecated, Encrypted: f.Encrypted, ExternalID: f.ExternalID, Unique: f.Unique, IDLookup: f.IDLookup || f.ExternalID,
		ExtraTypeInfo: text(f.ExtraType), HTMLFormatted: f.HTML, InlineHelpText: text(f.HelpText),
		Filterable: !f.NotFilterable, Sortable: !f.NotSortable && !long && f.Type != sobject.TypeMultiPicklist,
		Groupable: f.groupable(), Aggregatable: f.aggregatable(),
		Permissionable: f.permissionable(), RestrictedPicklist: f.Restricted,
		QueryByDistance: long, SearchPrefilterable: f.SearchFilter || f.Type == sobject.TypeReference && !f.system && f.permissionable(),
		NamePointing: f.polymorphic(), PolymorphicForeignKey: f.polymorphic(), ReferenceTo: []string{}, PicklistValues: []PicklistValue{},
		RelationshipName: text(f.RelationshipName), WriteRequiresMasterRead: false,
		Nillable:          !(f.Required || f.NotNillable || f.kind == kindBool || f.system && f.kind != kindID),
		DefaultedOnCreate: f.defaulted(),
	}
	if f.Type == sobject.TypeInt {
		d.Digits = orInt(f.Precision, 8)
		d.Precision, d.Scale = 0, 0
	}
	d.Createable = o.Create && a.Edit && !f.ReadOnly && !f.system && !f.UpdateOnly
	d.Updateable = o.Edit && a.Edit && !f.ReadOnly && !f.system && !f.CreateOnly
	if f.RelationshipOrder > 0 || f.MasterDetail {
		n := max(f.RelationshipOrder-1, 0)
		d.RelationshipOrder = &n
	}
	d.ReferenceTo = append(d.ReferenceTo, f.ReferenceTo...)
	switch {
	case f.kind == kindBool:
		d.DefaultValue = f.Default == "true" && !f.SilentDefault
		if derived {
			d.DefaultValue = nil
		}
	case f.SilentDefault:
	case f.Default != "" && f.kind == kindNumber:
		d.DefaultValue = parseNumber(f.Default)
	case f.Default != "":
		d.DefaultValue = f.Default
	}
	for _, p := range f.Picklist {
		label := p.Label
		if label == "" {
			label = p.Value
		}
		d.PicklistValues = append(d.PicklistValues, PicklistValue{Active: p.Active, DefaultValue: p.DefaultValue, Label: label, Value: p.Value, ValidFor: f.validFor(p.Value)})
	}
	return d
}

func (f *field) byteLength() int {
	switch {
	case f.kind == kindID:
		return 18
	case f.kind == kindText:
		return 3 * f.Length
	}
	return 0
}

// defaulted reports whether a create may leave out a field that is not
// nillable, as the captures have it.
func (f *field) defaulted() bool {
	if f.system {
		return f != f.obj.master
	}
	if f.Defaulted || f == f.obj.owner || f.Type == sobject.TypeID || f.AutoNumber != "" || f.Default != "" && !f.SilentDefault && f.kind != kindBool {
		return true
	}
	if f.kind == kindBool { // those kept in one word of bits are not
		return !f.NotGroupable || !f.NotSortable
	}
	for _, p := range f.Picklist {
		if p.DefaultValue {
			return true
		}
	}
	return false
}

func (f *field) groupable() bool {
	if f.NotGroupable || f.kind == kindCompound || f.Type == sobject.TypeMultiPicklist || f.Type == sobject.TypeCombobox {
		return false
	}
	switch f.kind {
	case kindNumber:
		return whole(f.Type)
	case kindDateTime, kindTime:
		return false
	}
	return true
}

func (f *field) aggregatable() bool {
	return !f.NotAggregable && !f.NotFilterable && f.kind != kindCompound && f.kind != kindBool && f.kind != kindTime && f.Type != sobject.TypeMultiPicklist
}

func (f *field) soapType() string {
	switch f.Type {
	case sobject.TypeID, sobject.TypeReference:
		return "tns:ID"
	case sobject.TypeBoolean:
		return "xsd:boolean"
	case sobject.TypeInt:
		return "xsd:int"
	case sobject.TypeLong:
		return "xsd:long"
	case sobject.TypeDouble, sobject.TypeCurrency, sobject.TypePercent:
		return "xsd:double"
	case sobject.TypeDate:
		return "xsd:date"
	case sobject.TypeDateTime:
		return "xsd:dateTime"
	case sobject.TypeTime:
		return "xsd:time"
	case sobject.TypeAddress:
		return "urn:address"
	case sobject.TypeLocation:
		return "urn:location"
	case sobject.TypeBase64:
		return "xsd:base64Binary"
	case sobject.TypeAnyType:
		return "xsd:anyType"
	}
	return "xsd:string"
}
