package salesforce

import (
	"context"
	"errors"

	"github.com/orglink/orglink"
)

// Token is what a request needs to reach an org.
type Token struct {
	// Access is sent as the bearer token.
	Access orglink.Secret
	// InstanceURL is the org's own address, such as
	// https://example.my.salesforce.com. It may change with a refresh.
	InstanceURL string
}

// TokenSource hands out tokens. Both methods are called concurrently.
type TokenSource interface {
	// Token returns the token to use now. It is called for every request and
	// should answer from memory.
	Token(ctx context.Context) (Token, error)
	// Refresh is called after Salesforce rejected a token, once for each
	// rejected token and client. It returns another one, or an error when a
	// person has to sign in again. The context ends later than that of the
	// request that caused it, because a refresh cut short may lose a rotated
	// refresh token.
	Refresh(ctx context.Context, rejected Token) (Token, error)
}

// StaticToken returns a source of one token that cannot be refreshed, for
// scripts and tests.
func StaticToken(instanceURL, access string) TokenSource {
	return staticToken{Token{Access: orglink.NewSecret(access), InstanceURL: instanceURL}}
}

type staticToken struct{ token Token }

func (s staticToken) Token(context.Context) (Token, error) { return s.token, nil }

func (s staticToken) Refresh(context.Context, Token) (Token, error) {
	return Token{}, errStatic
}

var errStatic = errors.New("salesforce: the access token was rejected and a static token cannot be refreshed: sign in again")
