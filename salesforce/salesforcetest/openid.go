package salesforcetest

import (
	"net/http"
	"strings"
)

// issuer is who answers: the login host that was asked, or the org.
func (c *call) issuer() string {
	if host := c.loginHost(); host != "" {
		return host
	}
	return c.s.URL
}

// discovery is the answer of /.well-known/openid-configuration, with the keys
// of the real one, in its order.
type discovery struct {
	Issuer            string   `json:"issuer"`
	Authorize         string   `json:"authorization_endpoint"`
	Token             string   `json:"token_endpoint"`
	Revoke            string   `json:"revocation_endpoint"`
	Userinfo          string   `json:"userinfo_endpoint"`
	JWKS              string   `json:"jwks_uri"`
	Introspect        string   `json:"introspection_endpoint"`
	EndSession        string   `json:"end_session_endpoint"`
	Scopes            []string `json:"scopes_supported"`
	ResponseTypes     []string `json:"response_types_supported"`
	SubjectTypes      []string `json:"subject_types_supported"`
	SigningAlgorithms []string `json:"id_token_signing_alg_values_supported"`
	Displays          []string `json:"display_values_supported"`
	AuthMethods       []string `json:"token_endpoint_auth_methods_supported"`
	Claims            []string `json:"claims_supported"`
}

func (c *call) openidConfiguration() answer {
	at := c.issuer()
	return jsonAnswer(http.StatusOK, discovery{
		Issuer: at, Authorize: at + authorizePath, Token: at + "/services/oauth2/token", Revoke: at + "/services/oauth2/revoke",
		Userinfo: at + "/services/oauth2/userinfo", JWKS: at + "/id/keys", Introspect: at + "/services/oauth2/introspect",
		EndSession: at + "/services/auth/idp/oidc/logout",
		Scopes: []string{"id", "api", "web", "full", "chatter_api", "visualforce", "refresh_token", "openid", "profile", "email", "address", "phone",
			"offline_access", "custom_permissions"},
		ResponseTypes: []string{"code"}, SubjectTypes: []string{"public"}, SigningAlgorithms: []string{"RS256"},
		Displays: []string{"page", "popup", "touch"}, AuthMethods: []string{"client_secret_post", "client_secret_basic", "private_key_jwt"},
		Claims: []string{"active", "address", "email", "email_verified", "family_name", "given_name", "is_app_installed", "language", "locale", "name",
			"nickname", "organization_id", "phone_number", "phone_number_verified", "photos", "picture", "preferred_username", "profile", "sub",
			"updated_at", "urls", "user_id", "user_type", "zoneinfo"},
	})
}

// keys answers the key set that verifies ID tokens and JWT access tokens.
func (c *call) keys() answer {
	return jsonAnswer(http.StatusOK, map[string][]jwk{"keys": c.s.signer.set()})
}

// idToken signs who logged in, for the app (Metadata API guide,
// "ConnectedAppOauthIdToken").
func (c *call) idToken(app *App, u user, access, nonce string) string {
	now := c.s.org.Now()
	claims := map[string]any{
		"iss": c.issuer(), "sub": c.s.cfg.LoginURL + c.s.identityPath(u.id), "aud": any(app.ClientID),
		"iat": now.Unix(), "exp": now.Add(app.IDTokenLifetime).Unix(), "at_hash": shortHash(access),
	}
	if len(app.IDTokenAudience) > 0 {
		claims["aud"] = append([]string{app.ClientID}, app.IDTokenAudience...)
	}
	if nonce != "" {
		claims["nonce"] = nonce
	}
	if app.IDTokenStandardClaims {
		info := c.userinfoOf(u)
		for name, v := range map[string]any{
			"name": info.Name, "given_name": info.GivenName, "family_name": info.FamilyName, "nickname": info.Nickname, "email": info.Email,
			"email_verified": info.EmailVerified, "preferred_username": info.PreferredUsername, "zoneinfo": info.Zoneinfo, "locale": info.Locale,
			"profile": info.Profile, "picture": info.Picture, "address": info.Address, "updated_at": info.UpdatedAt,
		} {
			claims[name] = v
		}
	}
	return c.s.signer.sign(map[string]any{"typ": "JOSE+JSON"}, claims)
}

// jwtAccessToken is an access token that says who it is for.
func (c *call) jwtAccessToken(app *App, ses session) string {
	return c.s.signer.sign(map[string]any{"typ": "JWT", "tty": "sfdc-core-token", "ver": "1.0", "tnk": "core/prod/" + string(c.s.org.ID())}, map[string]any{
		"scp": strings.Join(ses.scopes, " "), "aud": []string{c.s.URL}, "sub": "uid:" + string(ses.user), "iss": c.s.URL, "mty": "oauth",
		"sfi": randomToken(40), "roles": []string{}, "hsc": false, "client_id": app.ClientID,
		"nbf": ses.issued.Unix(), "iat": ses.issued.Unix(), "exp": ses.issued.Add(ses.timeout).Unix(),
	})
}

// RotateSigningKey makes the org sign ID tokens with a new key from now on. The
// key set still has the old ones.
func (o *Org) RotateSigningKey() { o.s.signer.rotate() }
