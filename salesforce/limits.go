package salesforce

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// Limit is one of an org's limits.
type Limit struct {
	Max       int64 `json:"Max"`
	Remaining int64 `json:"Remaining"`
	// Apps are the parts of single apps in the limit, by name; nil for most.
	Apps map[string]Limit `json:"-"`
}

// Limits returns the org's limits by Salesforce's names, such as
// DailyApiRequests. They are up to five minutes old. The user needs the
// permission View Setup and Configuration.
func (c *Client) Limits(ctx context.Context) (map[string]Limit, error) {
	var raw map[string]json.RawMessage
	if _, err := c.call(ctx, Request{Path: "limits", Operation: "limits"}, &raw); err != nil {
		return nil, err
	}
	out := make(map[string]Limit, len(raw))
	for name, text := range raw {
		if l, ok := parseLimit(text); ok {
			out[name] = l
		}
	}
	return out, nil
}

// parseLimit reads {"Max":15000,"Remaining":14990,"An app":{"Max":0,...}}.
func parseLimit(text []byte) (Limit, bool) {
	var figures struct{ Max, Remaining *float64 }
	if json.Unmarshal(text, &figures) != nil || figures.Max == nil || figures.Remaining == nil {
		return Limit{}, false
	}
	l := Limit{Max: int64(*figures.Max), Remaining: int64(*figures.Remaining)}
	var parts map[string]json.RawMessage
	if json.Unmarshal(text, &parts) != nil {
		return l, true
	}
	for name, part := range parts {
		if app, ok := parseLimit(part); ok {
			if l.Apps == nil {
				l.Apps = map[string]Limit{}
			}
			l.Apps[name] = app
		}
	}
	return l, true
}

// RecordCounts returns how many records objects hold, roughly: the figures are
// cached by the org, and leave deleted and archived records out. Without
// objects it tells of all. Objects that the org does not tell about, be it that
// they are empty or unknown, are absent.
func (c *Client) RecordCounts(ctx context.Context, objects ...string) (map[string]int64, error) {
	const perCall = 200
	out := make(map[string]int64, len(objects))
	count := func(chunk []string) error {
		var raw struct {
			SObjects []struct {
				Name  string `json:"name"`
				Count int64  `json:"count"`
			} `json:"sObjects"`
		}
		req := Request{Path: "limits/recordCount", Operation: "recordCount"}
		if len(chunk) > 0 {
			req.Query = url.Values{"sObjects": {strings.Join(chunk, ",")}}
		}
		if _, err := c.call(ctx, req, &raw); err != nil {
			return err
		}
		if raw.SObjects == nil {
			return fmt.Errorf("salesforce: recordCount: the answer lists no objects: %w", ErrIncomplete)
		}
		for _, o := range raw.SObjects {
			out[o.Name] = o.Count
		}
		return nil
	}
	if len(objects) == 0 {
		return out, count(nil)
	}
	if slices.Contains(objects, "") {
		return nil, errors.New("salesforce: recordCount: an object is not named")
	}
	for chunk := range slices.Chunk(objects, perCall) {
		if err := count(chunk); err != nil {
			return nil, err
		}
	}
	return out, nil
}
