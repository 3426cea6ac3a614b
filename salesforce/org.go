package salesforce

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/orglink/orglink/salesforce/sobject"
)

// Identity is who the client's token belongs to.
type Identity struct {
	UserID      sobject.ID `json:"-"`
	OrgID       sobject.ID `json:"-"`
	Username    string     `json:"preferred_username"`
	Name        string     `json:"name"`
	Email       string     `json:"email"`
	Active      bool       `json:"active"`
	UserType    string     `json:"user_type"`
	Language    string     `json:"language"`
	Locale      string     `json:"locale"`
	TimeZone    string     `json:"zoneinfo"`
	Subject     string     `json:"sub"`
	InstanceURL string     `json:"-"`
}

// Identity asks the org who the user is. It does not count against the daily
// limit.
func (c *Client) Identity(ctx context.Context) (Identity, error) {
	var raw json.RawMessage
	if _, err := c.call(ctx, Request{Path: "/services/oauth2/userinfo", Operation: "identity"}, &raw); err != nil {
		return Identity{}, err
	}
	id, err := parseIdentity(raw)
	if err != nil {
		return Identity{}, fmt.Errorf("salesforce: identity: %w", err)
	}
	id.InstanceURL, err = c.InstanceURL(ctx)
	return id, err
}

// parseIdentity reads the answer of the userinfo endpoint, and of the identity
// URL, which spells some keys in another way.
func parseIdentity(raw []byte) (Identity, error) {
	id := Identity{Active: true}
	var more struct {
		UserID   string `json:"user_id"`
		OrgID    string `json:"organization_id"`
		Username string `json:"username"`
		Display  string `json:"display_name"`
		TimeZone string `json:"timezone"`
	}
	if err := errors.Join(json.Unmarshal(raw, &id), json.Unmarshal(raw, &more)); err != nil {
		return Identity{}, err
	}
	var err error
	if id.UserID, err = sobject.ParseID(more.UserID); err != nil {
		return Identity{}, fmt.Errorf("user_id: %w", err)
	}
	if id.OrgID, err = sobject.ParseID(more.OrgID); err != nil {
		return Identity{}, fmt.Errorf("organization_id: %w", err)
	}
	id.Username = first(more.Username, id.Username)
	id.Name = first(id.Name, more.Display)
	id.TimeZone = first(id.TimeZone, more.TimeZone)
	return id, nil
}

// ServerTime returns the org's clock, to the second, from the Date header of a
// call that does not count against the daily limit. Windows of changes must be
// cut by it and never by the caller's own clock.
func (c *Client) ServerTime(ctx context.Context) (time.Time, error) {
	resp, err := c.Do(ctx, Request{Path: "/services/data/", Operation: "versions"})
	if err != nil {
		return time.Time{}, err
	}
	resp.Body.Close()
	at, err := http.ParseTime(resp.Header.Get("Date"))
	if err != nil {
		return time.Time{}, fmt.Errorf("salesforce: server time: the answer has no usable Date header: %w", ErrIncomplete)
	}
	return at.UTC(), nil
}

// InstanceURL returns the address of the org that the present token is for,
// without a path.
func (c *Client) InstanceURL(ctx context.Context) (string, error) {
	token, err := c.session.token(ctx)
	if err != nil {
		return "", fmt.Errorf("salesforce: instance URL: %w", err)
	}
	u, err := c.trust.check(token.InstanceURL)
	if err != nil {
		return "", err
	}
	return u.Scheme + "://" + u.Host, nil
}
