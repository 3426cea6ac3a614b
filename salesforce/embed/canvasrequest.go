package embed

import (
	"encoding/json"
	"fmt"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/salesforce/sobject"
)

// CanvasRequest is a verified signed request. An app's settings may filter any
// block of it away: what did not come is nil or empty.
type CanvasRequest struct {
	// UserID is the Salesforce user who opened the app.
	UserID sobject.ID
	// OrgID is "" when the organization block was filtered away.
	OrgID        sobject.ID
	Client       *CanvasClient
	User         *CanvasUser
	Organization *CanvasOrganization
	Application  *CanvasApplication
	Environment  *CanvasEnvironment
	// Links are paths relative to Client.InstanceURL, by name.
	Links map[string]string
}

// CanvasClient is how to call the org back on behalf of the user.
type CanvasClient struct {
	// OAuthToken is a session of the user; InstanceURL where it works. Check
	// the address with salesforce.CheckURL before using it.
	OAuthToken   orglink.Secret
	RefreshToken orglink.Secret
	InstanceURL  string
	InstanceID   string
	TargetOrigin string
	ClientID     string
}

// CanvasUser is the user who opened the app.
type CanvasUser struct {
	UserID    sobject.ID `json:"userId"`
	UserName  string     `json:"userName"`
	FirstName string     `json:"firstName"`
	LastName  string     `json:"lastName"`
	FullName  string     `json:"fullName"`
	Email     string     `json:"email"`
	Locale    string     `json:"locale"`
	Language  string     `json:"language"`
	TimeZone  string     `json:"timeZone"`
	ProfileID sobject.ID `json:"profileId"`
	RoleID    sobject.ID `json:"roleId"`
	UserType  string     `json:"userType"`
	Currency  string     `json:"currencyISOCode"`
}

// CanvasOrganization is the org that the app was opened in.
type CanvasOrganization struct {
	OrganizationID  sobject.ID `json:"organizationId"`
	Name            string     `json:"name"`
	NamespacePrefix string     `json:"namespacePrefix"`
	MultiCurrency   bool       `json:"multicurrencyEnabled"`
	Currency        string     `json:"currencyIsoCode"`
}

// CanvasApplication is the canvas app itself.
type CanvasApplication struct {
	ApplicationID sobject.ID `json:"applicationId"`
	Name          string     `json:"name"`
	DeveloperName string     `json:"developerName"`
	Namespace     string     `json:"namespace"`
	CanvasURL     string     `json:"canvasUrl"`
	Version       string     `json:"version"`
	AuthType      string     `json:"authType"`
	ReferenceID   sobject.ID `json:"referenceId"`
}

// CanvasEnvironment is where in Salesforce the app was opened.
type CanvasEnvironment struct {
	LocationURL     string `json:"locationUrl"`
	DisplayLocation string `json:"displayLocation"`
	SubLocation     string `json:"subLocation"`
	UITheme         string `json:"uiTheme"`
	// Dimensions are CSS lengths such as "1416px" or "100%", by name.
	Dimensions map[string]any `json:"dimensions"`
	// Parameters are those that the page passed to the app.
	Parameters map[string]any `json:"parameters"`
	// Record is the record that the page shows, with the fields that the app
	// asked for, or nil.
	Record  map[string]any `json:"record"`
	Version struct {
		Season string `json:"season"`
		API    string `json:"api"`
	} `json:"version"`
}

// RecordID returns the id of the record that the page shows, or "".
func (e *CanvasEnvironment) RecordID() sobject.ID {
	if e == nil {
		return ""
	}
	text, _ := e.Record["Id"].(string)
	id, err := sobject.ParseID(text)
	if err != nil {
		return ""
	}
	return id
}

// canvasWire is the envelope as it is sent.
type canvasWire struct {
	Algorithm string     `json:"algorithm"`
	UserID    sobject.ID `json:"userId"`
	Client    *struct {
		OAuthToken   string `json:"oauthToken"`
		RefreshToken string `json:"refreshToken"`
		InstanceURL  string `json:"instanceUrl"`
		InstanceID   string `json:"instanceId"`
		TargetOrigin string `json:"targetOrigin"`
		ClientID     string `json:"clientId"`
	} `json:"client"`
	Context struct {
		User         *CanvasUser         `json:"user"`
		Organization *CanvasOrganization `json:"organization"`
		Application  *CanvasApplication  `json:"application"`
		Environment  json.RawMessage     `json:"environment"`
		Links        map[string]string   `json:"links"`
	} `json:"context"`
}

// request checks the ids, which others will use as keys, and makes all of them
// 18 characters long.
func (w *canvasWire) request() (*CanvasRequest, error) {
	r := &CanvasRequest{UserID: w.UserID, User: w.Context.User, Organization: w.Context.Organization, Application: w.Context.Application, Links: w.Context.Links}
	if c := w.Client; c != nil {
		r.Client = &CanvasClient{orglink.NewSecret(c.OAuthToken), orglink.NewSecret(c.RefreshToken), c.InstanceURL, c.InstanceID, c.TargetOrigin, c.ClientID}
	}
	if raw := w.Context.Environment; len(raw) > 0 && string(raw) != "null" {
		r.Environment = &CanvasEnvironment{}
		if err := json.Unmarshal(raw, r.Environment); err != nil {
			return nil, fmt.Errorf("%w: its environment block cannot be read", ErrCanvasMalformed)
		}
	}
	ids := []*sobject.ID{&r.UserID}
	if r.User != nil {
		ids = append(ids, &r.User.UserID, &r.User.ProfileID, &r.User.RoleID)
	}
	if r.Organization != nil {
		ids = append(ids, &r.Organization.OrganizationID)
	}
	if r.Application != nil {
		ids = append(ids, &r.Application.ApplicationID, &r.Application.ReferenceID)
	}
	for _, id := range ids {
		if *id == "" {
			continue
		}
		canonical, err := sobject.ParseID(string(*id))
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrCanvasMalformed, err)
		}
		*id = canonical
	}
	if r.Organization != nil {
		r.OrgID = r.Organization.OrganizationID
	}
	if r.UserID == "" && r.User != nil {
		r.UserID = r.User.UserID
	}
	if r.UserID == "" {
		return nil, fmt.Errorf("%w: it names no user", ErrCanvasMalformed)
	}
	if r.User != nil && r.User.UserID != "" && r.User.UserID != r.UserID {
		return nil, fmt.Errorf("%w: it names two users", ErrCanvasMalformed)
	}
	return r, nil
}
