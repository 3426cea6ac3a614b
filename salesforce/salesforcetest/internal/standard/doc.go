// Package standard declares the standard objects of a new org, one object a
// file: what its describe says, and what Salesforce itself derives when a
// record is saved. Names, labels, lengths and flags follow captured describes
// of real orgs and the Object Reference.
package standard
