// Package signin decides how the host's users may sign in and where their links
// lead, once a tenant is connected to Salesforce. Its functions are pure: the
// host asks them at its login page and wherever it makes a link.
//
// A tenant's admin chooses one of three settings of [Policy].Force. Whoever is
// not forced may sign in either way; [Policy.Decide] says yes or no and why.
// A break-glass admin can always sign in with a password, so that a broken org
// locks nobody out for good.
//
// [Links.For] gives a user the right address of the product: its tab inside
// Salesforce for people who work there, the product itself for everybody else.
package signin
