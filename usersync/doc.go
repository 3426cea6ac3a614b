// Package usersync keeps the users of a Salesforce org and the users of the
// host product in step: each Salesforce user is paired with one product user,
// or there is a stated reason why not.
//
// A host implements [Directory], its own list of users, and chooses a
// [Strategy]: [Manual], [OnDemand], [Automatic], [AllActive], or one of its
// own. Then it plans, shows the plan to an administrator, and applies it:
//
//	users, err := usersync.New(usersync.Config{Clients: manager, Directory: mine, Pairs: pairs, Strategy: usersync.OnDemand(picked...)})
//	plan, err := users.Plan(ctx, tenant, conn)   // changes nothing
//	result, err := users.Apply(ctx, plan)        // may be repeated at any time
//
// Users are matched by federation id, e-mail address, user name and, when the
// host has one, a rule of its own. A match that is not certain - several
// product users, a product user wanted by two Salesforce users, rules that
// disagree - is listed for a person to decide and never guessed. Inactive,
// frozen and non-standard users and programs are refused, with the reason.
//
// Users who are paired are followed: renamed, with another address,
// deactivated, frozen, back again. The [Policy] says what becomes of their
// accounts; none is deleted unless it says so, and what the product changed
// itself is left alone.
//
// An administrator of a big org finds people with [Service.Search] and has
// accounts planned for them with [Service.Pick]. [Service.Job] does all of it
// by itself: everybody at first, then those who changed, in steps that a
// runner of package sync/runner, or any other scheduler, runs.
//
// [Service.Reps] tells who is paired and not connected, connected and not
// paired, or connected with somebody else's login.
//
// A [Service] also resolves record owners for the importer: under [Automatic]
// an owner's account appears with the first record, once.
package usersync
