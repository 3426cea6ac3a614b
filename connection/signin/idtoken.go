package signin

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/orglink/orglink/connection"
	"github.com/orglink/orglink/salesforce/sobject"
)

// Identity is who signed in, as Salesforce's signed ID token says. Only Org
// and User identify: names and addresses are whatever the org's admins typed,
// and empty unless the OAuth client's ID tokens include standard claims.
type Identity struct {
	Org      sobject.ID
	User     sobject.ID
	Username string
	Name     string
	Email    string
	// EmailVerified is Salesforce's word for it.
	EmailVerified bool
	// Issuer is who signed.
	Issuer string
	// AuthTime is when the person entered the password, zero if not told.
	AuthTime time.Time
}

// verify checks the ID token of a token response: signature by the issuer's
// published keys, issuer, audience, time, nonce, access token, and that the
// subject is a user of an org.
func (s *Service) verify(ctx context.Context, t ticket, token *oauth2.Token) (Identity, error) {
	raw, _ := token.Extra("id_token").(string)
	if raw == "" {
		return Identity{}, fmt.Errorf("%w: the token response has none; add the scope openid to the OAuth client", ErrIDToken)
	}
	issuer, err := s.issuer(raw, t, token)
	if err != nil {
		return Identity{}, err
	}
	verifier, err := s.verifier(ctx, issuer)
	if err != nil {
		return Identity{}, err
	}
	var away fetchFailure
	id, err := verifier.Verify(context.WithValue(ctx, fetchKey{}, &away), raw)
	if away.failed {
		return Identity{}, fmt.Errorf("signin: keys of %s: %w", issuer, connection.ErrUnreachable)
	}
	if err != nil {
		return Identity{}, fmt.Errorf("%w: %w", ErrIDToken, err)
	}
	if id.Nonce != t.Nonce { // both public by now
		return Identity{}, fmt.Errorf("%w: its nonce is of another sign-in", ErrIDToken)
	}
	if id.AccessTokenHash != "" {
		if err := id.VerifyAccessToken(token.AccessToken); err != nil {
			return Identity{}, fmt.Errorf("%w: it belongs to another access token", ErrIDToken)
		}
	}
	return identityOf(id)
}

func identityOf(id *oidc.IDToken) (Identity, error) {
	var claims struct {
		Username      string `json:"preferred_username"`
		Name          string `json:"name"`
		Email         string `json:"email"`
		EmailVerified bool   `json:"email_verified"`
		AuthTime      int64  `json:"auth_time"`
		UserID        string `json:"user_id"`
		OrgID         string `json:"organization_id"`
	}
	if err := id.Claims(&claims); err != nil {
		return Identity{}, fmt.Errorf("%w: its claims are malformed", ErrIDToken)
	}
	org, user, err := connection.ParseIdentityURL(id.Subject)
	if err != nil {
		return Identity{}, fmt.Errorf("%w: its subject is no user of an org", ErrIDToken)
	}
	if !same(claims.OrgID, org) || !same(claims.UserID, user) {
		return Identity{}, fmt.Errorf("%w: it names two different users", ErrIDToken)
	}
	out := Identity{
		Org: org, User: user, Issuer: id.Issuer,
		Username: claims.Username, Name: claims.Name, Email: claims.Email, EmailVerified: claims.EmailVerified,
	}
	if claims.AuthTime > 0 {
		out.AuthTime = time.Unix(claims.AuthTime, 0).UTC()
	}
	return out, nil
}

// same reports whether an optional claim repeats an id.
func same(claim string, id sobject.ID) bool {
	if claim == "" {
		return true
	}
	other, err := sobject.ParseID(claim)
	return err == nil && other == id
}

// issuer reads who claims to have signed and admits only whom this sign-in
// concerns: the host that the browser was sent to, Salesforce's general login
// hosts, and the My Domain of the org that the token response names.
func (s *Service) issuer(raw string, t ticket, token *oauth2.Token) (string, error) {
	var claims struct {
		Issuer string `json:"iss"`
	}
	_, rest, _ := strings.Cut(raw, ".")
	payload, _, _ := strings.Cut(rest, ".")
	text, err := base64.RawURLEncoding.DecodeString(payload)
	if err != nil || json.Unmarshal(text, &claims) != nil {
		return "", fmt.Errorf("%w: it is malformed", ErrIDToken)
	}
	admitted := []string{t.Host, connection.ProductionLogin, connection.SandboxLogin}
	if instance, _ := token.Extra("instance_url").(string); instance != "" {
		if host, err := connection.ParseLoginHost(instance, s.cfg.TrustedHosts...); err == nil {
			admitted = append(admitted, host)
		}
	}
	for _, a := range admitted {
		if claims.Issuer == a {
			return a, nil
		}
	}
	return "", fmt.Errorf("%w: its issuer is not the org that was signed in to", ErrIDToken)
}
