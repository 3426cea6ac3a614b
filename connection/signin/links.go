package signin

// Links are the two addresses of the same page of a product.
type Links struct {
	// Product is the address in the product itself. Required.
	Product string
	// Tab is the address of the product's tab inside the tenant's Salesforce
	// org; "" when the tenant has none.
	Tab string
}

// For returns the address to put into a message for a user: the tab for
// Salesforce users, the product for those with SalesforceUser false and where
// there is no tab.
func (l Links) For(u User) string {
	if u.SalesforceUser && l.Tab != "" {
		return l.Tab
	}
	return l.Product
}
