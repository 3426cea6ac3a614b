package engine

import (
	"github.com/orglink/orglink/salesforce/sobject"
)

// SystemFields is the name of a Field that stands for the audit fields in
// Object.Fields.
const SystemFields = "%system"

// Object is the definition of one object. System fields (Id, IsDeleted,
// CreatedDate, CreatedById, LastModifiedDate, LastModifiedById,
// SystemModstamp, and OwnerId where Owned is set) are added by DefineObject
// when they are not in Fields; Id and IsDeleted then come first, the others at
// the end of the standard fields, or in the place of a field named SystemFields.
type Object struct {
	Name        string // API name: Account, Invoice__c
	Label       string // default: Name without __c
	LabelPlural string // default: Label + "s"
	IDLabel     string // label of the Id field; default: Label + " ID"
	KeyPrefix   string // three characters; default for custom objects: a00, a01, ...
	HidePrefix  bool   // the describe tells no key prefix, as of OpportunityStage
	Custom      bool   // default: Name ends in __c

	// Refusals. The zero object can be queried, created, updated, deleted and
	// undeleted.
	NoQuery, NoCreate, NoUpdate, NoDelete, NoUndelete bool
	// NoTrash: a deleted record is gone at once, as with setup rows
	// (PermissionSetAssignment); there is then no IsDeleted field.
	NoTrash bool
	// NoAudit leaves out the system fields but Id (UserPermissionAccess ...).
	NoAudit bool

	Mergeable   bool // Account, Contact, Lead: gets MasterRecordId
	Owned       bool // has OwnerId, defaulted to the session's user
	OwnerQueue  bool // OwnerId may also be a Group
	Searchable  bool
	Feed        bool     // feedEnabled
	NoTriggers  bool     // triggerable=false
	NoLayout    bool     // layoutable=false
	NoReplicate bool     // replicateable=false: getUpdated and getDeleted are refused
	NoRecent    bool     // mruEnabled=false
	NoQueryMore bool     // queries yield one page only
	DeepClone   bool     // deepCloneable
	Activatable bool     // activateable
	Needs       []string // system permissions one of which a user needs to see the object at all
	// OwnRows names the field with the user whose row it is: others see it only
	// with one of the permissions SeeAll.
	OwnRows string
	SeeAll  []string
	NoID    bool // the Id of every row is null
	// Archive makes queries leave out rows whose IsArchived is true; queryAll
	// finds them.
	Archive    bool
	Page       int  // rows of a page at most, where that is not 2,000
	Private    bool // org-wide default private: others' records are invisible without View All
	NoRetrieve bool
	// Links are the describe's URLs besides sobject, describe and rowTemplate;
	// nil means those of every object with layouts.
	Links []string

	Fields      []Field
	Rules       []ValidationRule
	RecordTypes []RecordType

	// Together are the combinations of values that may occur once.
	Together []Together

	// Before runs before a record is stored, after defaults and conversion, on
	// insert and update, as a before-save trigger would: it may set derived
	// fields and may refuse. It must not call the Org.
	Before func(d *Draft) []RowError
	// After runs when a change is stored, before the triggers, also on Load.
	After func(c *Change) []RowError
}

// Field is the definition of one field.
type Field struct {
	Name   string
	Label  string // default: Name split into words
	Type   sobject.FieldType
	Length int // UTF-16 units; defaults by type: string 255, textarea 255, email 80, phone 40, url 255, picklist 255
	// Precision and Scale of numbers; default 18 and 0 (int: 8 digits).
	Precision, Scale int

	Required      bool // not nillable and without default: REQUIRED_FIELD_MISSING
	NotNillable   bool // not nillable, but defaulted
	Unique        bool
	CaseSensitive bool // of a unique or external id field
	ExternalID    bool
	IDLookup      bool
	NameField     bool
	AutoNumber    string // display format such as "A-{0000}"; the field is then read-only
	Restricted    bool   // restricted picklist
	Picklist      []sobject.PicklistValue
	Controller    string              // controlling field of a dependent picklist
	ValidFor      map[string][]string // its controlling values by its values
	HTML          bool
	Encrypted     bool
	HelpText      string
	ExtraType     string // extraTypeInfo: plaintextarea, personname ...
	ReadOnly      bool   // neither createable nor updateable
	CreateOnly    bool   // not updateable
	UpdateOnly    bool   // not createable
	NotFilterable bool   // long text areas (over 255) are so by themselves
	NotSortable   bool
	NotGroupable  bool
	NotPermission bool // permissionable=false although neither required nor a system field
	SearchFilter  bool // searchPrefilterable
	CompoundName  string
	NotAggregable bool
	Deprecated    bool
	// Defaulted fields are defaulted on create although they have no fixed
	// default.
	Defaulted bool
	// Indexed fields have an index without being a key.
	Indexed bool

	// References.
	ReferenceTo           []string
	RelationshipName      string // parent path; default for references: Name without Id, __c -> __r
	NoRelationship        bool   // the reference has no parent path
	ChildRelationshipName string // for sub-queries; "" = none
	CascadeDelete         bool   // deleting the parent deletes this record
	RestrictedDelete      bool   // the parent cannot be deleted while this record exists
	// RestrictIf narrows RestrictedDelete to some children (activated
	// contracts); a field with both flags and no RestrictIf only cascades.
	RestrictIf        func(child Row) bool
	KeepOnDelete      bool // the value stays when the parent is deleted (default: it is cleared)
	MasterDetail      bool // required, not updateable, cascade delete
	RelationshipOrder int  // 1 or 2 for master-detail; 0: null

	// Mirrors names the Contact's field that a person account's field shows.
	Mirrors string
	// Default is the value in API text form when a create does not give one.
	Default string
	// SilentDefault keeps Default out of the describe.
	SilentDefault bool
	// Formula computes the value whenever it is read; the result is in API
	// text form. Such a field is calculated, read-only, and a change of it
	// never moves SystemModstamp.
	Formula     func(r Row) string
	FormulaText string // calculatedFormula of the describe
	// Rollup computes the value from children whenever it is read.
	Rollup *Rollup
	// Compute is Formula for standard derived fields, which a describe does
	// not call calculated (LastActivityDate, PhotoUrl, IsClosed).
	Compute func(r Row) string
}

// Rollup is a roll-up summary field.
type Rollup struct {
	Child string // object
	Field string // its reference to this object
	Func  string // COUNT, SUM, MIN or MAX
	Of    string // summed field; "" for COUNT
	Where func(child Row) bool
}

// ValidationRule refuses records with FIELD_CUSTOM_VALIDATION_EXCEPTION.
type ValidationRule struct {
	Name    string
	Message string
	Field   string // "" = top of page
	Fails   func(r Row) bool
}

// RecordType is one record type of an object; the master record type is
// always there.
type RecordType struct {
	ID            sobject.ID
	Name          string
	DeveloperName string
	// Default is what a record created without one gets.
	Default  bool
	Inactive bool
	// Person makes accounts of the type person accounts.
	Person bool
	// Picklists are the values that records of the type may have, by field;
	// those of restricted picklists are enforced.
	Picklists map[string][]string
}
