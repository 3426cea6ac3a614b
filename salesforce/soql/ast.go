package soql

// Query is one SELECT statement. Build it with Select or Parse.
type Query struct {
	Fields []SelectItem
	// Object is the object after FROM, or the relationship of a sub-query.
	Object string
	Alias  string
	// Also holds further aliases of the old comma form: FROM Contact c,
	// c.Account a.
	Also []FromAlias
	// Scope is the name after USING SCOPE, or "".
	Scope  string
	Filter Expr // nil: no WHERE
	// With holds what follows WITH, such as SECURITY_ENFORCED or
	// DATA CATEGORY Geography__c AT usa__c.
	With    []string
	Groups  []GroupItem
	Grouper Grouping
	Having  Expr
	Order   []OrderItem
	// MaxRows and Skip are LIMIT and OFFSET; nil: absent.
	MaxRows *int
	Skip    *int
	// For holds VIEW, REFERENCE or UPDATE, the last always at the end; Update
	// holds TRACKING or VIEWSTAT.
	For    []string
	Update []string
}

// FromAlias names a parent path in FROM.
type FromAlias struct{ Path, Alias string }

// Grouping tells how GROUP BY groups.
type Grouping uint8

// The ways to group.
const (
	GroupPlain Grouping = iota
	GroupRollup
	GroupCube
)

// SelectItem is one element of a SELECT list: a FieldItem, FuncItem, SubQuery
// or TypeOf.
type SelectItem interface{ selectItem() }

// FieldItem selects a field by its dotted path.
type FieldItem struct {
	Path  string
	Alias string
}

// FuncItem selects a function of a field, such as COUNT(), SUM(Amount),
// toLabel(Status) or FIELDS(ALL).
type FuncItem struct {
	Func  Func
	Alias string
}

// SubQuery selects children: (SELECT Id FROM Contacts).
type SubQuery struct{ Query *Query }

// TypeOf selects fields by the type of a polymorphic parent.
type TypeOf struct {
	Path  string
	Whens []TypeOfWhen
	Else  []string
}

// TypeOfWhen is one branch of a TypeOf.
type TypeOfWhen struct {
	Object string
	Fields []string
}

func (FieldItem) selectItem() {}
func (FuncItem) selectItem()  {}
func (SubQuery) selectItem()  {}
func (TypeOf) selectItem()    {}

// Func is a function call. Args are field paths, nested Funcs (DAY_ONLY(
// convertTimezone(CreatedDate))), or Values (GEOLOCATION(37.7, -122.4)).
type Func struct {
	Name string
	Args []Operand
}

// Operand is a Path, Func or Value.
type Operand interface{ operand() }

// Path is a field path such as Owner.Name.
type Path string

func (Path) operand()  {}
func (Func) operand()  {}
func (Value) operand() {}

// Expr is a condition: And, Or, Not, Comparison, In or SemiJoin.
type Expr interface{ expr() }

// And holds when all of its two or more terms hold.
type And []Expr

// Or holds when one of its two or more terms holds.
type Or []Expr

// Not holds when its term does not.
type Not struct{ X Expr }

// Comparison compares a field or function with one value.
type Comparison struct {
	Left  Operand // Path or Func
	Op    Op
	Value Value
}

// In compares with a list: IN, NOT IN, INCLUDES or EXCLUDES.
type In struct {
	Left   Operand
	Op     Op
	Values []Value
}

// SemiJoin compares with a sub-query: Id IN (SELECT AccountId FROM Contact).
type SemiJoin struct {
	Left  Operand
	Op    Op // OpIn or OpNotIn
	Query *Query
}

func (And) expr()        {}
func (Or) expr()         {}
func (Not) expr()        {}
func (Comparison) expr() {}
func (In) expr()         {}
func (SemiJoin) expr()   {}

// Op is a comparison operator as SOQL writes it.
type Op string

// The operators.
const (
	OpEq       Op = "="
	OpNe       Op = "!="
	OpLt       Op = "<"
	OpLe       Op = "<="
	OpGt       Op = ">"
	OpGe       Op = ">="
	OpLike     Op = "LIKE"
	OpIn       Op = "IN"
	OpNotIn    Op = "NOT IN"
	OpIncludes Op = "INCLUDES"
	OpExcludes Op = "EXCLUDES"
)

// ValueKind tells what a literal is.
type ValueKind uint8

// The kinds of literals.
const (
	NullLiteral     ValueKind = iota
	StringLiteral             // Text is the value, without quotes or escapes
	NumberLiteral             // Text is the digits
	BoolLiteral               // Text is TRUE or FALSE
	DateLiteral               // Text is 2006-01-02
	DateTimeLiteral           // Text is the date-time as written
	RelativeDate              // Text is the upper-case word, N its number if any: LAST_N_DAYS:7
	CurrencyLiteral           // Text is USD5000
	BindLiteral               // Text is the name after a colon, as in Apex; refused by REST
	TimeLiteral               // Text is 15:04:05.000Z
)

// Value is a literal.
//
// After LIKE the Text of a StringLiteral is a pattern: % and _ are wildcards
// and a backslash takes their meaning from the next %, _ or backslash. After
// any other operator a backslash in Text is a backslash.
type Value struct {
	Kind ValueKind
	Text string
	N    int
}

// GroupItem is one element of GROUP BY: a Path or a Func.
type GroupItem = Operand

// OrderItem is one element of ORDER BY.
type OrderItem struct {
	By   Operand // Path or Func
	Desc bool
	// Nulls is "", "FIRST" or "LAST".
	Nulls string
}
