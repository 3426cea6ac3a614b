package salesforce

import (
	"context"
	"errors"
	"net/url"
	"strconv"

	"github.com/orglink/orglink/salesforce/sobject"
)

// Recent returns the records that the user saw or changed last, newest first,
// at most limit of them; 0 means all that the org remembers, 200. Reading a
// record by Get makes it recent too, unless Config.LeaveRecent is set.
func (c *Client) Recent(ctx context.Context, limit int) ([]sobject.Record, error) {
	if limit < 0 {
		return nil, errors.New("salesforce: recent: the limit is negative")
	}
	req := Request{Path: "recent", Operation: "recent"}
	if limit > 0 {
		req.Query = url.Values{"limit": {strconv.Itoa(limit)}}
	}
	var out []sobject.Record
	_, err := c.call(ctx, req, &out)
	return out, err
}

// RecentOf returns the few records of one object that the user saw last.
func (c *Client) RecentOf(ctx context.Context, object string) ([]sobject.Record, error) {
	if object == "" {
		return nil, errors.New("salesforce: recent: the object is not named")
	}
	var out struct {
		Items []sobject.Record `json:"recentItems"`
	}
	_, err := c.call(ctx, Request{Path: "sobjects/" + url.PathEscape(object), Operation: "recent", Object: object}, &out)
	return out.Items, err
}

// Tab is one tab that the user may see in Salesforce.
type Tab struct {
	Label string `json:"label"`
	// Name is such as standard-Account, or the developer name of a custom one.
	Name   string `json:"name"`
	Custom bool   `json:"custom"`
	// Object is the object behind the tab; "" for tabs of other kinds.
	Object string `json:"sobjectName"`
	// URL is the tab's address for a browser.
	URL     string `json:"url"`
	IconURL string `json:"iconUrl"`
	// MiniIconURL is the small icon's address.
	MiniIconURL string     `json:"miniIconUrl"`
	Icons       []TabIcon  `json:"icons"`
	Colors      []TabColor `json:"colors"`
}

// TabIcon is one drawing of a tab's icon; Width and Height are 0 for SVG.
type TabIcon struct {
	URL         string `json:"url"`
	ContentType string `json:"contentType"`
	Theme       string `json:"theme"`
	Width       int    `json:"width"`
	Height      int    `json:"height"`
}

// TabColor is the colour of a tab in one theme, as six hexadecimal digits.
type TabColor struct {
	Color   string `json:"color"`
	Context string `json:"context"`
	Theme   string `json:"theme"`
}

// Tabs returns all tabs that the user may see, also those that the user has
// hidden.
func (c *Client) Tabs(ctx context.Context) ([]Tab, error) {
	var out []Tab
	_, err := c.call(ctx, Request{Path: "tabs", Operation: "tabs"}, &out)
	return out, err
}
