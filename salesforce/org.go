package salesforce

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/orglink/orglink/salesforce/sobject"
)

// Limit is one of an org's limits.
type Limit struct {
	Max       int64 `json:"Max"`
	Remaining int64 `json:"Remaining"`
}

// Limits returns the org's limits by Salesforce's names, such as
// DailyApiRequests. They are up to five minutes old.
func (c *Client) Limits(ctx context.Context) (map[string]Limit, error) {
	var raw map[string]json.RawMessage
	if _, err := c.call(ctx, Request{Path: "limits", Operation: "limits"}, &raw); err != nil {
		return nil, err
	}
	out := make(map[string]Limit, len(raw))
	for name, text := range raw {
		var l struct{ Max, Remaining *float64 }
		if json.Unmarshal(text, &l) == nil && l.Max != nil && l.Remaining != nil {
			out[name] = Limit{Max: int64(*l.Max), Remaining: int64(*l.Remaining)}
		}
	}
	return out, nil
}

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

// Version is one version of the REST API that an org speaks.
type Version struct {
	Label   string `json:"label"`
	URL     string `json:"url"`
	Version string `json:"version"`
}

// Versions lists the versions that the org speaks, oldest first.
func (c *Client) Versions(ctx context.Context) ([]Version, error) {
	var out []Version
	_, err := c.call(ctx, Request{Path: "/services/data/", Operation: "versions"}, &out)
	return out, err
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

// DeletedResult is what Deleted found.
type DeletedResult struct {
	Records []DeletedRecord
	// EarliestAvailable is how far back the org remembers deletions; a window
	// that begins before it has holes.
	EarliestAvailable time.Time
	// LatestCovered is where the next window begins.
	LatestCovered time.Time
}

// DeletedRecord is one deleted record.
type DeletedRecord struct {
	ID sobject.ID
	At time.Time
}

// Deleted lists the records of an object that were deleted between two
// instants of the org's clock, at most 15 days back. Seconds are ignored by the
// org, so the window is widened to whole minutes.
func (c *Client) Deleted(ctx context.Context, object string, start, end time.Time) (DeletedResult, error) {
	const minute = "2006-01-02T15:04:00+00:00"
	start, end = start.UTC().Truncate(time.Minute), end.UTC()
	if up := end.Truncate(time.Minute); up.Before(end) {
		end = up.Add(time.Minute)
	}
	if !start.Before(end) {
		return DeletedResult{}, fmt.Errorf("salesforce: deleted %s: the window from %v to %v is empty", object, start, end)
	}
	var raw struct {
		Records []struct {
			ID string `json:"id"`
			At string `json:"deletedDate"`
		} `json:"deletedRecords"`
		Earliest string `json:"earliestDateAvailable"`
		Latest   string `json:"latestDateCovered"`
	}
	_, err := c.call(ctx, Request{Path: "sobjects/" + url.PathEscape(object) + "/deleted/",
		Query:     url.Values{"start": {start.Format(minute)}, "end": {end.Format(minute)}},
		Operation: "deleted", Object: object}, &raw)
	if err != nil {
		return DeletedResult{}, err
	}
	out := DeletedResult{Records: make([]DeletedRecord, len(raw.Records))}
	var errs [2]error
	out.EarliestAvailable, errs[0] = sobject.ParseDateTime(raw.Earliest)
	out.LatestCovered, errs[1] = sobject.ParseDateTime(raw.Latest)
	for i, r := range raw.Records {
		var err1, err2 error
		out.Records[i].ID, err1 = sobject.ParseID(r.ID)
		out.Records[i].At, err2 = sobject.ParseDateTime(r.At)
		errs[0] = errors.Join(errs[0], err1, err2)
	}
	if err := errors.Join(errs[:]...); err != nil {
		return DeletedResult{}, fmt.Errorf("salesforce: deleted %s: %w: %w", object, ErrIncomplete, err)
	}
	return out, nil
}
