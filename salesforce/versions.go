package salesforce

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// ErrVersion: the org does not speak an API version.
var ErrVersion = errors.New("API version not served by the org")

// Version is one version of the REST API that an org speaks.
type Version struct {
	Label   string `json:"label"`
	URL     string `json:"url"`
	Version string `json:"version"`
}

// number is 66 for "66.0", 0 for what is none.
func (v Version) number() int { return versionNumber(v.Version) }

func versionNumber(text string) int {
	whole, _, _ := strings.Cut(text, ".")
	n, _ := strconv.Atoi(whole)
	return n
}

// Versions lists the versions that the org speaks, oldest first. It does not
// count against the daily limit.
func (c *Client) Versions(ctx context.Context) ([]Version, error) {
	var out []Version
	if _, err := c.call(ctx, Request{Path: "/services/data/", Operation: "versions"}, &out); err != nil {
		return nil, err
	}
	slices.SortStableFunc(out, func(a, b Version) int { return cmp.Compare(a.number(), b.number()) })
	return out, nil
}

// VersionStatus tells how an org stands to the client's API version.
type VersionStatus struct {
	// Version is the client's.
	Version string
	// Label is its release, such as Spring '26; "" if it is not served.
	Label string
	// Oldest and Newest are the ends of what the org speaks.
	Oldest, Newest string
	// Served is false for a version that the org does not speak any more, or
	// not yet.
	Served bool
	// Aging is true for a version more than three years behind the newest:
	// Salesforce supports a version for at least three years, and announces its
	// end a year ahead (SOAP API guide, "SOAP API End-of-Life Policy"; see also
	// Call.Warning).
	Aging bool
}

// releasesPromised is how many releases Salesforce makes in three years.
const releasesPromised = 9

// CheckVersion compares the client's API version with what the org speaks.
func (c *Client) CheckVersion(ctx context.Context) (VersionStatus, error) {
	all, err := c.Versions(ctx)
	if err != nil {
		return VersionStatus{}, err
	}
	if len(all) == 0 {
		return VersionStatus{}, fmt.Errorf("salesforce: versions: the org lists none: %w", ErrIncomplete)
	}
	s := VersionStatus{Version: c.cfg.APIVersion, Oldest: all[0].Version, Newest: all[len(all)-1].Version}
	s.Aging = versionNumber(s.Newest)-versionNumber(s.Version) > releasesPromised
	for _, v := range all {
		if v.Version == s.Version {
			s.Label, s.Served = v.Label, true
		}
	}
	return s, nil
}

// NewNegotiated is New with the newest API version that the org speaks, up to
// cfg.APIVersion, which is the newest one that the caller knows: orgs are
// upgraded one after the other, so that some lag behind for weeks. An org that
// speaks only newer versions is ErrVersion.
func NewNegotiated(ctx context.Context, cfg Config) (*Client, error) {
	c, err := New(cfg)
	if err != nil {
		return nil, err
	}
	all, err := c.Versions(ctx)
	if err != nil {
		return nil, err
	}
	wanted := versionNumber(c.cfg.APIVersion)
	for _, v := range slices.Backward(all) {
		if v.number() > wanted || !versionForm.MatchString(v.Version) {
			continue
		}
		if v.Version == c.cfg.APIVersion {
			return c, nil
		}
		cfg.APIVersion = v.Version
		return New(cfg)
	}
	return nil, fmt.Errorf("salesforce: %s: the org speaks %d versions and none up to it: %w", c.cfg.APIVersion, len(all), ErrVersion)
}
