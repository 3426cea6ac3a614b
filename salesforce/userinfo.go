package salesforce

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// UserInfo is what the org tells about the client's user, beyond Identity.
type UserInfo struct {
	Identity
	GivenName  string `json:"given_name"`
	FamilyName string `json:"family_name"`
	Nickname   string `json:"nickname"`
	// EmailVerified tells that the user has confirmed the address.
	EmailVerified bool `json:"email_verified"`
	// IntegrationUser tells a user with the Salesforce Integration licence.
	IntegrationUser bool `json:"is_salesforce_integration_user"`
	// Profile and Picture are addresses for a browser with a session.
	Profile string `json:"profile"`
	Picture string `json:"picture"`
	// Address has the keys of OpenID Connect, such as country and locality.
	Address map[string]string `json:"address"`
	// URLs are the org's entry points by name; {version} stands for an API
	// version. custom_domain is the org's own address.
	URLs map[string]string `json:"urls"`
	// UTCOffset is the offset of the user's time zone without daylight saving.
	UTCOffset time.Duration `json:"-"`
	// Updated is when the user was changed last; zero if not told.
	Updated time.Time `json:"-"`
}

// UserInfo asks the org for all it tells about the user. It does not count
// against the daily limit.
func (c *Client) UserInfo(ctx context.Context) (UserInfo, error) {
	var raw json.RawMessage
	if _, err := c.call(ctx, Request{Path: "/services/oauth2/userinfo", Operation: "userinfo"}, &raw); err != nil {
		return UserInfo{}, err
	}
	var out UserInfo
	id, err := parseIdentity(raw)
	if err == nil {
		err = json.Unmarshal(raw, &out)
	}
	if err != nil {
		return UserInfo{}, fmt.Errorf("salesforce: userinfo: %w", err)
	}
	var more struct {
		UTCOffset int64  `json:"utcOffset"`
		Updated   string `json:"updated_at"`
	}
	if err := json.Unmarshal(raw, &more); err != nil {
		return UserInfo{}, fmt.Errorf("salesforce: userinfo: %w", err)
	}
	out.Identity, out.UTCOffset = id, time.Duration(more.UTCOffset)*time.Millisecond
	out.Updated, _ = time.Parse(time.RFC3339, more.Updated)
	out.InstanceURL, err = c.InstanceURL(ctx)
	return out, err
}
