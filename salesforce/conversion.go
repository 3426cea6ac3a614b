package salesforce

import (
	"context"
	"fmt"
	"slices"

	"github.com/orglink/orglink/salesforce/sobject"
)

// Conversion is what a lead became.
type Conversion struct {
	Lead sobject.ID
	// Converted is false for a lead that still is one; the rest is then empty.
	Converted bool
	// Account and Contact are the records that the lead's data went to, and
	// Opportunity the one that was opened; "" when there was none.
	Account, Contact, Opportunity sobject.ID
}

// Conversions tells what leads became, deleted ones included. After a write
// that is ErrConverted it names the records to write to instead. Leads that
// the org does not know are absent.
func (c *Client) Conversions(ctx context.Context, leads ...sobject.ID) (map[sobject.ID]Conversion, error) {
	ids := make([]sobject.ID, len(leads))
	for i, id := range leads {
		canonical, err := sobject.ParseID(string(id))
		if err != nil {
			return nil, fmt.Errorf("salesforce: conversions: %w", err)
		}
		ids[i] = canonical
	}
	out := make(map[sobject.ID]Conversion, len(ids))
	for chunk := range slices.Chunk(ids, fateChunk) {
		for rec, err := range c.QueryAll(ctx, "SELECT Id, IsConverted, ConvertedAccountId, ConvertedContactId, ConvertedOpportunityId"+
			" FROM Lead WHERE Id IN ("+quotedIDs(chunk)+")") {
			if err != nil {
				return nil, err
			}
			v := Conversion{Lead: rec.ID()}
			if v.Converted, err = rec.Bool("IsConverted"); err != nil {
				return nil, fmt.Errorf("salesforce: conversions: lead %s: %w", v.Lead, err)
			}
			for field, into := range map[string]*sobject.ID{"ConvertedAccountId": &v.Account, "ConvertedContactId": &v.Contact, "ConvertedOpportunityId": &v.Opportunity} {
				if *into, err = optionalRef(rec, field); err != nil {
					return nil, fmt.Errorf("salesforce: conversions: lead %s: %s: %w", v.Lead, field, err)
				}
			}
			out[v.Lead] = v
		}
	}
	return out, nil
}
