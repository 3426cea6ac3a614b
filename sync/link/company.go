package link

import (
	"context"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/salesforce/sobject"
)

// Account is what is compared of an imported account.
type Account struct {
	ID      sobject.ID
	Name    string
	Website string
}

// Company is one of the host's companies, as far as it is compared.
type Company struct {
	// Key is the host's own name for it, 1 to MaxKey bytes.
	Key  string
	Name string
	// Website is an address or a domain; "" when not known.
	Website string
	// Record is an account id that the host has stored itself, "" if none.
	Record sobject.ID
}

// Attribute is what companies are looked up by.
type Attribute string

// The attributes, strongest first.
const (
	// ByRecord: values are 18-character account ids.
	ByRecord Attribute = "record"
	// ByDomain: values are as FoldDomain makes them of a website.
	ByDomain Attribute = "domain"
	// ByName: values are as FoldName makes them of a name.
	ByName Attribute = "name"
)

// Companies is the host's list of companies. Implementations are safe for
// concurrent use and never show one tenant's companies to another.
type Companies interface {
	// Find returns the companies that have one of the values, in any order,
	// each once. A host keeps the folded domain and name in columns of their
	// own. Values are not empty.
	Find(ctx context.Context, tenant orglink.TenantID, by Attribute, values []string) ([]Company, error)
	// Add makes a company of an account, unless an earlier call made one of
	// the same account: then it returns that one, also when calls run at once.
	Add(ctx context.Context, tenant orglink.TenantID, a Account) (Company, error)
	// Enrich tells of a pair, so that the host can take over from the account
	// what the company lacks. It may be called again for the same pair.
	Enrich(ctx context.Context, tenant orglink.TenantID, key string, a Account) error
}

// Refusals remembers pairs that a person has refused, so that nobody is asked
// again. Memory and SQLStore are ones.
type Refusals interface {
	// Refuse remembers that a record and a key do not belong together.
	Refuse(ctx context.Context, tenant orglink.TenantID, conn orglink.ConnectionID, object string, record sobject.ID, key string) error
	// Refused returns the keys that were refused for records, in any order.
	Refused(ctx context.Context, tenant orglink.TenantID, conn orglink.ConnectionID, object string, records []sobject.ID) (map[sobject.ID][]string, error)
}
