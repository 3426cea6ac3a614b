package connection

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/url"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

// Flow is how a connection is authorised.
type Flow string

// The OAuth flows. Username-password and user-agent are left out: Salesforce
// blocks them by default.
const (
	// WebServer: a person signs in to Salesforce and allows access, by
	// Manager.Start and Finish, with PKCE and a refresh token.
	WebServer Flow = ""
	// JWTBearer: the app signs an assertion for a user whom an admin has
	// approved beforehand. There is no refresh token and no approval.
	JWTBearer Flow = "jwt_bearer"
	// ClientCredentials: the app's own credentials, as the user that the
	// app's policy in the org names. There is no refresh token.
	ClientCredentials Flow = "client_credentials"
)

// asking returns the one request that brings an access token, for a sealed
// credential of the flow.
func (m *Manager) asking(flow Flow, host string, cred credential) func(context.Context, App) (*oauth2.Token, error) {
	switch flow {
	case JWTBearer:
		return func(ctx context.Context, app App) (*oauth2.Token, error) {
			assertion, err := app.assertion(host, cred.Token, time.Now())
			if err != nil {
				return nil, err
			}
			// No client id and secret: the signature speaks for the app.
			return (&clientcredentials.Config{TokenURL: host + tokenPath, AuthStyle: oauth2.AuthStyleInParams, EndpointParams: url.Values{
				"grant_type": {"urn:ietf:params:oauth:grant-type:jwt-bearer"}, "assertion": {assertion},
			}}).Token(ctx)
		}
	case ClientCredentials:
		return func(ctx context.Context, app App) (*oauth2.Token, error) {
			return (&clientcredentials.Config{ClientID: app.ClientID, ClientSecret: app.ClientSecret.Reveal(),
				TokenURL: host + tokenPath, AuthStyle: oauth2.AuthStyleInParams}).Token(ctx)
		}
	}
	return func(ctx context.Context, app App) (*oauth2.Token, error) {
		return m.oauth(app, host, nil).TokenSource(ctx, &oauth2.Token{RefreshToken: cred.Token}).Token()
	}
}

// assertion is the JWT of the bearer flow. Salesforce wants RS256 and an end
// within three minutes (guide page remoteaccess_oauth_jwt_flow).
func (a App) assertion(host, username string, now time.Time) (string, error) {
	if a.SigningKey.sign == nil {
		return "", fmt.Errorf("app %q has no SigningKey", a.Name)
	}
	audience := a.Audience
	if audience == "" {
		audience = ProductionLogin
		if host == SandboxLogin || sandboxHost(host) {
			audience = SandboxLogin
		}
	}
	claims, err := json.Marshal(struct {
		Issuer   string `json:"iss"`
		Subject  string `json:"sub"`
		Audience string `json:"aud"`
		Expires  int64  `json:"exp"`
	}{a.ClientID, username, audience, now.Add(3 * time.Minute).Unix()})
	if err != nil {
		return "", err
	}
	text := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"RS256"}`)) + "." + base64.RawURLEncoding.EncodeToString(claims)
	sum := sha256.Sum256([]byte(text))
	signature, err := a.SigningKey.sign(sum[:])
	if err != nil {
		return "", errors.New("the SigningKey failed to sign")
	}
	return text + "." + base64.RawURLEncoding.EncodeToString(signature), nil
}

// SigningKey is an RSA private key that shows nothing of itself.
type SigningKey struct {
	// A function, because fmt prints no more than its address.
	sign    func(digest []byte) ([]byte, error)
	problem error
}

// Format implements fmt.Formatter.
func (k SigningKey) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "signing key [redacted]") }

// NewSigningKey takes any signer with an RSA key, such as one that asks a key
// management service. New reports a key of another kind.
func NewSigningKey(signer crypto.Signer) SigningKey {
	if signer == nil {
		return SigningKey{problem: errors.New("no key")}
	}
	if _, ok := signer.Public().(*rsa.PublicKey); !ok {
		return SigningKey{problem: errors.New("not an RSA key, and Salesforce takes RS256 only")}
	}
	return SigningKey{sign: func(digest []byte) ([]byte, error) {
		return signer.Sign(rand.Reader, digest, crypto.SHA256)
	}}
}

// ParseSigningKey reads an RSA private key in PEM, PKCS #1 or PKCS #8. Its
// errors do not repeat the text.
func ParseSigningKey(text []byte) (SigningKey, error) {
	block, _ := pem.Decode(text)
	if block == nil {
		return SigningKey{}, errors.New("connection: signing key: not PEM")
	}
	if key, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
		return NewSigningKey(key), nil
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return SigningKey{}, errors.New("connection: signing key: neither PKCS #1 nor PKCS #8")
	}
	signer, _ := parsed.(crypto.Signer)
	key := NewSigningKey(signer)
	if key.problem != nil {
		return SigningKey{}, fmt.Errorf("connection: signing key: %w", key.problem)
	}
	return key, nil
}
