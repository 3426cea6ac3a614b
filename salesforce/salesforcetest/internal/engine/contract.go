package engine

import (
	"encoding/json"
	"errors"
	"time"

	"github.com/orglink/orglink/salesforce/sobject"
	"github.com/orglink/orglink/salesforce/soql"
)

var errLater = errors.New("engine: being written")

type Org struct{}

func New(cfg Config) (*Org, error) { return nil, errLater }

func (o *Org) ID() sobject.ID { return "" }
func (o *Org) Now() time.Time { return time.Time{} } // the org's clock, never going back

// schema (also while running)
func (o *Org) DefineObject(def Object) error                 { return errLater }
func (o *Org) AddField(object string, f Field) error         { return errLater }
func (o *Org) RemoveField(object, field string) error        { return errLater }
func (o *Org) AddRule(object string, r ValidationRule) error { return errLater }
func (o *Org) Object(name string) (Object, bool)             { return Object{}, false } // the definition, any case
func (o *Org) Objects(s Session) []string                    { return nil }             // visible to the session, by name
func (o *Org) ObjectByPrefix(prefix string) (string, bool)   { return "", false }
func (o *Org) SchemaChanged() time.Time                      { return time.Time{} } // for If-Modified-Since

// permissions
func (o *Org) SetAccess(profileOrPermissionSet sobject.ID, a Access) error { return errLater }
func (o *Org) HideField(profileOrPermissionSet sobject.ID, object, field string) error {
	return errLater
}
func (o *Org) SystemPermission(s Session, name string) bool { return false }

// describe
type DescribeOptions struct {
	Base        string // "/services/data/v66.0"
	InstanceURL string // "https://..." for ui templates
}

func (o *Org) Describe(s Session, object string, opt DescribeOptions) (*ObjectDescribe, error) {
	return nil, errLater
}
func (o *Org) DescribeGlobal(s Session, opt DescribeOptions) (*GlobalDescribe, error) {
	return nil, errLater
}

type ObjectDescribe struct{}
type GlobalDescribe struct{}

// ParseRecord reads one JSON object of a request body; malformed JSON is JSON_PARSER_ERROR.
// attributes.type wins over object. attributes.referenceId etc. are ignored.
func ParseRecord(object string, body json.RawMessage) (sobject.Record, error) {
	return sobject.Record{}, errLater
}

// DML. Request-level failures (unknown object) are *Error; row failures are in the outcomes.
func (o *Org) Insert(s Session, object string, recs []sobject.Record, opt WriteOptions) ([]Outcome, error) {
	return nil, errLater
}
func (o *Org) Update(s Session, object string, recs []sobject.Record, opt WriteOptions) ([]Outcome, error) {
	return nil, errLater
} // records carry Id
func (o *Org) Upsert(s Session, object, keyField string, recs []sobject.Record, opt WriteOptions) ([]Outcome, error) {
	return nil, errLater
} // keyField may be Id
func (o *Org) Delete(s Session, ids []sobject.ID, opt WriteOptions) ([]Outcome, error) {
	return nil, errLater
}
func (o *Org) HardDelete(s Session, ids []sobject.ID, opt WriteOptions) ([]Outcome, error) {
	return nil, errLater
}
func (o *Org) Undelete(s Session, ids []sobject.ID, opt WriteOptions) ([]Outcome, error) {
	return nil, errLater
}
func (o *Org) Merge(s Session, object string, master sobject.ID, losers []sobject.ID, fields sobject.Record) (Outcome, error) {
	return Outcome{}, errLater
}

// Transact runs several calls as one transaction with one SystemModstamp (composite allOrNone, tree, graph):
// an error from f undoes all of it. Inside f only tx may be used.
func (o *Org) Transact(s Session, f func(tx *Tx) error) error { return errLater }

// Tx has the same Insert, Update, Upsert, Delete, Undelete, HardDelete, Merge, Get, Query, QueryText, without the Session.
type Tx struct{}

// reading
func (o *Org) Get(s Session, object string, id sobject.ID, fields []string) (*Result, error) {
	return nil, errLater
} // one row; fields nil: all readable; *Error NOT_FOUND/ENTITY_IS_DELETED/INVALID_FIELD
func (o *Org) GetByKey(s Session, object, field, value string, fields []string) (*Result, error) {
	return nil, errLater
} // by external id; *Error with Matches and Status 300
func (o *Org) Query(s Session, q *soql.Query, opt QueryOptions) (*Result, error) {
	return nil, errLater
}
func (o *Org) QueryText(s Session, text string, opt QueryOptions) (*Result, error) {
	return nil, errLater
}
func (o *Org) Updated(s Session, object string, start, end time.Time) (ids []sobject.ID, latest time.Time, err error) {
	return nil, time.Time{}, errLater
}
func (o *Org) Deleted(s Session, object string, start, end time.Time) (rows []Deleted, earliest, latest time.Time, err error) {
	return nil, time.Time{}, time.Time{}, errLater
}
func (o *Org) RecordCount(s Session, objects []string) []Count { return nil } // nil: all; unknown names dropped

// Result is a snapshot of a query's rows; page over it with the Append methods.
type Result struct{}

func (r *Result) TotalSize() int                { return 0 } // also COUNT()'s number
func (r *Result) Len() int                      { return 0 } // rows; 0 for COUNT()
func (r *Result) Aggregate() bool               { return false }
func (r *Result) Object() string                { return "" }
func (r *Result) PageLimit() int                { return 0 } // the largest page Salesforce gives for it: 2000, or 1000 with long text
func (r *Result) IDs(from, to int) []sobject.ID { return nil }

type JSONOptions struct {
	Base string // "/services/data/v66.0" for attributes.url
	// Children returns the nextRecordsUrl for the rest of a child set that is larger than
	// Batch; child is a Result of its own, from which `sent` rows were written.
	Children func(child *Result, sent int) string
	Batch    int // child rows written at most; 0: all
}

func (r *Result) AppendJSON(dst []byte, row int, opt JSONOptions) []byte { return nil } // {"attributes":{...},...}
func (r *Result) Header() []string                                       { return nil } // CSV columns: Id,Account.Name
func (r *Result) AppendCSV(dst []byte, row int) []byte                   { return nil } // quoted, comma separated, no line end
func (r *Result) Record(row int) sobject.Record                          { return sobject.Record{} }
func (r *Result) Records() []sobject.Record                              { return nil }
