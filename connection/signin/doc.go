// Package signin lets the host's users sign in with Salesforce, decides who
// must, and where their links lead, once a tenant is connected.
//
// [Service] signs people in by OpenID Connect. It finds the host user by the
// org id and user id of a verified ID token, in a tenant that has connected
// that org, and by nothing else: e-mail addresses are whatever an admin of
// some org typed. Nobody gets an account or a pair by signing in; a user who is
// signed in already links his own Salesforce user, or an admin does it
// (package usersync). A sign-in asks for no refresh token, so that it takes
// none of the five approvals that Salesforce keeps for a user and an app.
//
// A tenant's admin chooses one of three settings of [Policy].Force. Whoever is
// not forced may sign in either way; [Policy.Decide] says yes or no and why.
// A break-glass admin can always sign in with a password, so that a broken org
// locks nobody out for good.
//
// [Links.For] gives a user the right address of the product: its tab inside
// Salesforce for people who work there, the product itself for everybody else.
package signin
