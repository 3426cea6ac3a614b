package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"golang.org/x/oauth2"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/salesforce"
	"github.com/orglink/orglink/salesforce/sobject"
	"github.com/orglink/orglink/salesforce/soql"
)

// plan is what the people of the org will do in one round. It is written down
// before they begin, so that a run that was cut off goes on with the same.
type plan struct {
	// Round is the first number that nothing in the org is named after, because
	// another database may have had its rounds here before.
	Round int `json:"round"`
	// Since is the org's time, and After the end of the mirror's change log,
	// before anything was done.
	Since time.Time `json:"since"`
	After int64     `json:"after"`
	// Exported is the last entry of the outbox before the round.
	Exported int64 `json:"exported"`

	Company  sobject.ID   `json:"company"`
	Accounts []sobject.ID `json:"accounts"` // get another phone and industry
	Contacts []sobject.ID `json:"contacts"` // get another title
	Deals    []sobject.ID `json:"deals"`    // move on a stage
	Leaver   sobject.ID   `json:"leaver"`   // a contact that is deleted
	Case     sobject.ID   `json:"case"`     // a case that is deleted
	Master   sobject.ID   `json:"master"`   // two accounts that are merged
	Loser    sobject.ID   `json:"loser"`
}

// people are users of the org other than the one that the product connects
// as: a sales representative, and for Setup the administrator.
type people struct {
	rep, admin *salesforce.Client
	version    string
	instance   string
	repToken   orglink.Secret
	merges     int64 // calls to the SOAP API, which no client counts
}

// gather signs a sales representative in, as the browser of one would.
func gather(ctx context.Context, o *org, username string) (*people, error) {
	app := oauth2.Config{
		ClientID: o.ClientID, ClientSecret: o.ClientSecret, Scopes: []string{"api", "refresh_token"},
		RedirectURL: "http://127.0.0.1:1/signed-in",
		Endpoint: oauth2.Endpoint{
			AuthURL: o.URL + "/services/oauth2/authorize", TokenURL: o.URL + "/services/oauth2/token",
			AuthStyle: oauth2.AuthStyleInParams,
		},
	}
	verifier := oauth2.GenerateVerifier()
	rep := person{username: username, password: o.Password, stop: func(u *url.URL) bool { return u.Path == "/signed-in" }}
	at, page, _, err := rep.authorise(ctx, app.AuthCodeURL("rep", oauth2.S256ChallengeOption(verifier)))
	if err != nil {
		return nil, fmt.Errorf("%s signs in: %w", username, err)
	}
	if at.Query().Get("code") == "" {
		return nil, fmt.Errorf("%s signs in: no code came back, but %q", username, headline(page))
	}
	token, err := app.Exchange(ctx, at.Query().Get("code"), oauth2.VerifierOption(verifier))
	if err != nil {
		return nil, fmt.Errorf("%s signs in: %w", username, err)
	}
	p := &people{version: o.APIVersion, instance: fmt.Sprint(token.Extra("instance_url")), repToken: orglink.NewSecret(token.AccessToken)}
	if p.rep, err = session(p.instance, token.AccessToken); err != nil {
		return nil, err
	}
	p.admin, err = session(o.URL, o.AccessToken)
	return p, err
}

func session(instance, token string) (*salesforce.Client, error) {
	u, err := url.Parse(instance)
	if err != nil {
		return nil, err
	}
	return salesforce.New(salesforce.Config{Tokens: salesforce.StaticToken(instance, token), TrustedHosts: []string{u.Host}, ClientName: "people"})
}

// decide picks what will be done in a round. Later rounds pick other records.
func (p *people) decide(ctx context.Context, after int64) (*plan, error) {
	since, err := p.rep.ServerTime(ctx)
	if err != nil {
		return nil, err
	}
	earlier, err := p.rep.Count(ctx, "SELECT COUNT() FROM Account WHERE Name LIKE 'Round % Robotics'")
	if err != nil {
		return nil, err
	}
	round := int(earlier) + 1
	out := &plan{Round: round, Since: since, After: after}
	for _, want := range []struct {
		object string
		into   []*sobject.ID
		list   *[]sobject.ID
		n      int
	}{
		{"Account", []*sobject.ID{&out.Company, &out.Master, &out.Loser}, &out.Accounts, 3},
		{"Contact", nil, &out.Contacts, 2},
		{"Opportunity", nil, &out.Deals, 2},
		{"Case", []*sobject.ID{&out.Case}, nil, 0},
	} {
		ids, err := p.pick(ctx, want.object, len(want.into)+want.n, round)
		if err != nil {
			return nil, err
		}
		for i, id := range want.into {
			*id = ids[i]
		}
		if want.list != nil {
			*want.list = ids[len(want.into):]
		}
	}
	if out.Leaver, err = p.leaver(ctx, out.Contacts); err != nil {
		return nil, err
	}
	return out, nil
}

// leaver finds a contact that nothing keeps from being deleted.
func (p *people) leaver(ctx context.Context, not []sobject.ID) (sobject.ID, error) {
	q := soql.Select("Id").From("Contact").Where(soql.AllOf(
		soql.Comparison{Left: soql.Path("AccountId"), Op: soql.OpNe, Value: soql.Null()},
		soql.In{Left: soql.Path("Id"), Op: soql.OpNotIn, Values: soql.IDs(not...)},
		soql.SemiJoin{Left: soql.Path("Id"), Op: soql.OpNotIn, Query: soql.Select("ContactId").From("Case")},
		soql.SemiJoin{Left: soql.Path("Id"), Op: soql.OpNotIn, Query: soql.Select("CustomerSignedId").From("Contract")},
	)).OrderBy(soql.Desc("Id")).Limit(1)
	for rec, err := range p.rep.Query(ctx, q.String()) {
		return rec.ID(), err
	}
	return "", errors.New("the org has no contact that may be deleted")
}

// pick returns n records of an object, others in each round.
func (p *people) pick(ctx context.Context, object string, n, round int) ([]sobject.ID, error) {
	total, err := p.rep.Count(ctx, "SELECT COUNT() FROM "+object)
	if err != nil {
		return nil, err
	}
	if total < int64(n) {
		return nil, fmt.Errorf("the org has %d rows of %s, the people need %d", total, object, n)
	}
	skip := min(((round-1)*n)%(int(total)-n+1), 2000) // SOQL's largest OFFSET
	q := soql.Select("Id").From(object).OrderBy(soql.Asc("Id")).Limit(n).Offset(skip)
	var ids []sobject.ID
	for rec, err := range p.rep.Query(ctx, q.String()) {
		if err != nil {
			return nil, err
		}
		ids = append(ids, rec.ID())
	}
	return ids, nil
}

// act does what was decided. Everything in it may be done again: what is
// done already stays as it is.
func (p *people) act(ctx context.Context, d *plan) error {
	industries := []string{"Energy", "Biotechnology", "Education", "Retail"}
	stages := []string{"Negotiation/Review", "Proposal/Price Quote", "Qualification"}
	var steps []func() error
	change := func(object string, id sobject.ID, fields ...sobject.Field) {
		steps = append(steps, func() error { return p.change(ctx, sobject.NewRecord(object, fields...), id) })
	}
	for i, id := range d.Accounts {
		change("Account", id, sobject.F("Phone", text("+1 555 %04d", 100*d.Round+i)), sobject.F("Industry", text("%s", industries[(d.Round+i)%len(industries)])))
	}
	for i, id := range d.Contacts {
		change("Contact", id, sobject.F("Title", text("Head of “Round %d” \\ №%d 🚀", d.Round, i)))
	}
	for i, id := range d.Deals {
		change("Opportunity", id, sobject.F("StageName", text("%s", stages[(d.Round+i)%len(stages)])), sobject.F("NextStep", text("Call in round %d", d.Round)))
	}
	steps = append(steps,
		func() error { return p.found(ctx, fmt.Sprintf("Round %d Robotics", d.Round)) },
		func() error { return p.found(ctx, fmt.Sprintf("Round %d O'Brien & \"Sons\"", d.Round)) },
		func() error { return p.remove(ctx, "Contact", d.Leaver) },
		func() error { return p.remove(ctx, "Case", d.Case) },
		func() error { return p.merge(ctx, d.Master, d.Loser) },
	)
	for _, step := range steps {
		if err := step(); err != nil {
			return fmt.Errorf("people in the org: %w", err)
		}
	}
	return nil
}

func text(format string, args ...any) sobject.Value {
	return sobject.TextValue(fmt.Sprintf(format, args...))
}

// change updates a record, unless it has the values already.
func (p *people) change(ctx context.Context, rec sobject.Record, id sobject.ID) error {
	var names []string
	for name := range rec.Fields() {
		names = append(names, name)
	}
	now, err := p.rep.Get(ctx, rec.Object(), id, names...)
	if err != nil {
		return err
	}
	for name, want := range rec.Fields() {
		if got, _ := now.Value(name); !got.Equal(want) {
			return p.rep.Update(ctx, id, rec)
		}
	}
	return nil
}

// found creates an account of that name with a contact, unless there is one.
func (p *people) found(ctx context.Context, name string) error {
	account, err := ensure(ctx, p.rep, "Account", "Name", name, sobject.F("Industry", text("Machinery")))
	if err != nil {
		return err
	}
	_, err = ensure(ctx, p.rep, "Contact", "LastName", "of "+name, sobject.F("FirstName", text("Ōsaka")), sobject.F("AccountId", sobject.IDValue(account)))
	return err
}

// ensure returns the record whose field has the value, and creates it if
// there is none.
func ensure(ctx context.Context, c *salesforce.Client, object, field, value string, more ...sobject.Field) (sobject.ID, error) {
	q := soql.Select("Id").From(object).Where(soql.Compare(field, soql.OpEq, soql.String(value))).OrderBy(soql.Asc("Id")).Limit(1)
	for rec, err := range c.Query(ctx, q.String()) {
		return rec.ID(), err
	}
	out, err := c.Create(ctx, sobject.NewRecord(object, append([]sobject.Field{sobject.F(field, text("%s", value))}, more...)...))
	return out.ID, err
}

func (p *people) remove(ctx context.Context, object string, id sobject.ID) error {
	err := p.rep.Delete(ctx, object, id)
	if errors.Is(err, salesforce.ErrDeleted) || errors.Is(err, salesforce.ErrNotFound) {
		return nil
	}
	return err
}

func (p *people) merge(ctx context.Context, master, loser sobject.ID) error {
	if _, err := p.rep.Get(ctx, "Account", loser, "Id"); errors.Is(err, salesforce.ErrDeleted) || errors.Is(err, salesforce.ErrNotFound) {
		return nil
	} else if err != nil {
		return err
	}
	p.merges++
	return merge(ctx, p.instance, p.version, p.repToken, "Account", master, loser)
}

// hire makes the administrator add a new representative, and gives that user a
// first account.
func (p *people) hire(ctx context.Context, round int) (email string, err error) {
	profile, err := ensureProfile(ctx, p.admin)
	if err != nil {
		return "", fmt.Errorf("people in the org: %w", err)
	}
	email = fmt.Sprintf("nadia.new%d@demo.example", round)
	user, err := ensure(ctx, p.admin, "User", "Username", email,
		sobject.F("LastName", text("New the %dth", round)), sobject.F("FirstName", text("Nadia")), sobject.F("Email", text("%s", email)),
		sobject.F("Alias", text("nnew%d", round)), sobject.F("CommunityNickname", text("nadia%d", round)), sobject.F("ProfileId", sobject.IDValue(profile)),
		sobject.F("TimeZoneSidKey", text("America/Los_Angeles")), sobject.F("LocaleSidKey", text("en_US")),
		sobject.F("EmailEncodingKey", text("UTF-8")), sobject.F("LanguageLocaleKey", text("en_US")))
	if err != nil {
		return "", fmt.Errorf("people in the org: a new user: %w", err)
	}
	if _, err = ensure(ctx, p.admin, "Account", "Name", fmt.Sprintf("Nadia's first company (round %d)", round), sobject.F("OwnerId", sobject.IDValue(user))); err != nil {
		return "", fmt.Errorf("people in the org: %s gets an account: %w", email, err)
	}
	return email, nil
}

func ensureProfile(ctx context.Context, c *salesforce.Client) (sobject.ID, error) {
	for rec, err := range c.Query(ctx, "SELECT Id FROM Profile WHERE Name = 'Standard User' LIMIT 1") {
		return rec.ID(), err
	}
	return "", errors.New("the org has no profile named Standard User")
}

// salesRepresentative finds an active user other than the connected one.
func salesRepresentative(ctx context.Context, team *salesforce.Client, not string) (string, error) {
	q := soql.Select("Username").From("User").Where(soql.AllOf(
		soql.Compare("IsActive", soql.OpEq, soql.Bool(true)), soql.Compare("UserType", soql.OpEq, soql.String("Standard")),
		soql.Compare("Username", soql.OpNe, soql.String(not)), soql.Compare("Profile.Name", soql.OpEq, soql.String("Standard User")),
	)).OrderBy(soql.Asc("Username")).Limit(1)
	for rec, err := range team.Query(ctx, q.String()) {
		if err != nil {
			return "", err
		}
		return rec.Text("Username")
	}
	return "", errors.New("the org has no sales representative")
}
