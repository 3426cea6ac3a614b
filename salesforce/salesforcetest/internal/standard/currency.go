package standard

import (
	"github.com/orglink/orglink/salesforce/salesforcetest/internal/engine"
)

// currencyCode is the field that records have in an org with several
// currencies.
func currencyCode() engine.Field {
	f := engine.Field{Name: "CurrencyIsoCode", Label: "Currency ISO Code", Type: "picklist", Length: 3, Restricted: true, NotPermission: true}
	parsePicklist(&f, currencies)
	return f
}
