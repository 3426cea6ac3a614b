package salesforcetest

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/orglink/orglink/salesforce/salesforcetest/internal/engine"
	"github.com/orglink/orglink/salesforce/sobject"
)

// Canvas is a canvas app that somebody opens on a page of the org.
type Canvas struct {
	// ClientID is the app's; default the first app.
	ClientID string
	// Username is who opens it; default the administrator.
	Username string
	// URL is the canvas URL of the app.
	URL string
	// Location is where it is shown; default "Visualforce".
	Location string
	// Record is the record of the page, Fields those of its fields that the app
	// asked for; default none.
	Record sobject.ID
	Fields []string
	// Parameters are what the page passes to the app.
	Parameters map[string]any
	// Hide are blocks of the context that the app's settings keep back: user,
	// links, application, environment or organization.
	Hide []string
}

var canvasBlocks = []string{"user", "links", "application", "environment", "organization"}

// CanvasRequest returns the signed request that Salesforce posts to a canvas
// app as the form field signed_request (Canvas Developer Guide,
// "CanvasRequest"). Its oauthToken is a session of the user. A user or an app
// that does not exist or may not come in fails the test, and so does a record
// that the user does not see.
func (s *Server) CanvasRequest(v Canvas) (string, error) {
	o := s.Org()
	o.tb().Helper()
	signed, err := s.canvas(v)
	if err != nil && s.t != nil {
		s.t.Fatalf("salesforcetest: CanvasRequest: %v", err)
	}
	if err != nil {
		return "", fmt.Errorf("salesforcetest: CanvasRequest: %w", err)
	}
	return signed, nil
}

func (s *Server) canvas(v Canvas) (string, error) {
	app := s.id.firstApp()
	if v.ClientID != "" {
		app = s.id.appByID(v.ClientID)
	}
	switch {
	case app == nil:
		return "", fmt.Errorf("there is no app %q", v.ClientID)
	case app.ClientSecret == "":
		return "", errors.New("the app has no secret to sign with")
	case app.Blocked:
		return "", errors.New("the app is blocked")
	}
	u, err := s.userByID(s.admin)
	if v.Username != "" {
		u, err = s.userByName(v.Username)
	}
	if err != nil {
		return "", err
	}
	if !u.active || s.frozen(u) {
		return "", fmt.Errorf("the user %s is inactive", u.username)
	}
	for _, block := range v.Hide {
		if !slices.Contains(canvasBlocks, block) {
			return "", fmt.Errorf("there is no block %q; there are %s", block, strings.Join(canvasBlocks, ", "))
		}
	}
	record, err := s.canvasRecord(u, v)
	if err != nil {
		return "", err
	}
	context := map[string]any{
		"user": s.canvasUser(u), "links": s.canvasLinks(u), "application": canvasApplication(app, v), "environment": s.canvasEnvironment(v, record), "organization": s.canvasOrganization(),
	}
	for _, block := range v.Hide {
		delete(context, block)
	}
	scopes, _ := app.grantable("")
	ses := s.id.open(session{token: s.opaqueToken(), user: u.id, app: app.ClientID, scopes: without(scopes, "refresh_token"), timeout: cmp.Or(app.SessionTimeout, s.cfg.SessionTimeout), issued: s.org.Now()})
	envelope, err := json.Marshal(map[string]any{
		"algorithm": "HMACSHA256", "issuedAt": s.org.Now().Unix(), "userId": u.id, "context": context,
		"client": map[string]any{
			"oauthToken": ses.token, "refreshToken": orNull(s.id.refreshOf(u.id, app.ClientID)), "instanceUrl": s.URL, "targetOrigin": s.URL,
			"instanceId": "_:" + developerName(app.Name) + ":canvas", "clientId": app.ClientID,
		},
	})
	if err != nil {
		return "", fmt.Errorf("Parameters: %w", err)
	}
	body := base64.StdEncoding.EncodeToString(envelope)
	mac := hmac.New(sha256.New, []byte(app.ClientSecret))
	mac.Write([]byte(body))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil)) + "." + body, nil
}

// refreshOf returns the newest live refresh token of a user and an app, or "":
// opening a canvas app makes none.
func (i *identity) refreshOf(user sobject.ID, app string) string {
	i.mu.Lock()
	defer i.mu.Unlock()
	token, seq := "", 0
	for _, g := range i.liveGrants(user, app) {
		if g.seq > seq {
			token, seq = g.refresh, g.seq
		}
	}
	return token
}

func (s *Server) canvasUser(u user) map[string]any {
	return map[string]any{
		"userId": u.id, "userName": u.username, "firstName": orNull(u.text("FirstName")), "lastName": u.text("LastName"), "fullName": u.text("Name"), "email": u.text("Email"),
		"locale": u.text("LocaleSidKey"), "language": u.text("LanguageLocaleKey"), "timeZone": u.text("TimeZoneSidKey"), "userType": strings.ToUpper(u.text("UserType")),
		"profileId": sobject.ID(u.text("ProfileId")).Short(), "roleId": orNull(sobject.ID(u.text("UserRoleId")).Short()), "currencyISOCode": "USD",
		"profilePhotoUrl": s.photos().Picture, "profileThumbnailUrl": s.photos().Thumbnail,
		"siteUrl": nil, "siteUrlPrefix": nil, "networkId": nil, "accessibilityModeEnabled": false, "isDefaultNetwork": true,
	}
}

// canvasLinks are paths below the instance URL.
func (s *Server) canvasLinks(u user) map[string]any {
	at := s.identityURLs(u.id).at(s.cfg.APIVersion)
	path := func(address string) string { return strings.TrimPrefix(address, s.URL) }
	return map[string]any{
		"loginUrl": s.URL, "enterpriseUrl": path(at.Enterprise), "metadataUrl": path(at.Metadata), "partnerUrl": path(at.Partner), "restUrl": path(at.Rest), "sobjectUrl": path(at.Sobjects),
		"searchUrl": path(at.Search), "queryUrl": path(at.Query), "recentItemsUrl": path(at.Recent), "chatterFeedsUrl": path(at.Feeds), "chatterGroupsUrl": path(at.Groups),
		"chatterUsersUrl": path(at.Users), "chatterFeedItemsUrl": path(at.FeedItems), "userUrl": path(at.Profile),
	}
}

func canvasApplication(app *App, v Canvas) map[string]any {
	return map[string]any{
		"applicationId": numbered("06P", 1).Short(), "referenceId": numbered("09H", 1).Short(), "name": app.Name, "developerName": developerName(app.Name), "canvasUrl": withoutFragment(v.URL),
		"namespace": "", "version": "1.0", "authType": "SIGNED_REQUEST", "samlInitiationMethod": "None", "options": []string{}, "isInstalledPersonalApp": false,
	}
}

// developerName is an app's API name.
func developerName(name string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, name)
}

// withoutFragment is what of a canvas URL reaches the app.
func withoutFragment(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		return text
	}
	u.Fragment = ""
	return u.String()
}

func (s *Server) canvasEnvironment(v Canvas, record map[string]any) map[string]any {
	parameters := v.Parameters
	if parameters == nil {
		parameters = map[string]any{}
	}
	return map[string]any{
		"referer": nil, "locationUrl": s.URL + "/" + string(v.Record), "displayLocation": cmp.Or(v.Location, "Visualforce"), "sublocation": nil, "uiTheme": "Theme3",
		"dimensions": map[string]string{"width": "100%", "height": "100%", "maxWidth": "1000px", "maxHeight": "2000px", "clientWidth": "1416px", "clientHeight": "653px"},
		"parameters": parameters, "record": record, "version": map[string]string{"season": season(s.cfg.APIVersion), "api": s.cfg.APIVersion},
	}
}

// season is the time of year of a release: three come in a year.
func season(version string) string {
	major := 0
	_, _ = fmt.Sscanf(version, "%d", &major)
	return []string{"SPRING", "SUMMER", "WINTER"}[major%3]
}

func (s *Server) canvasRecord(u user, v Canvas) (map[string]any, error) {
	out := map[string]any{}
	if v.Record == "" {
		return out, nil
	}
	id, err := sobject.ParseID(string(v.Record))
	if err != nil {
		return nil, fmt.Errorf("Record: %w", err)
	}
	object, ok := s.org.ObjectByPrefix(id.Prefix())
	if !ok {
		return nil, fmt.Errorf("Record: %s is of no object", id)
	}
	res, err := s.org.Get(engine.Session{User: u.id}, object, id, append([]string{"Id"}, v.Fields...))
	if err != nil {
		return nil, fmt.Errorf("Record: %w", err)
	}
	err = json.Unmarshal(res.AppendJSON(nil, 0, engine.JSONOptions{Base: "/services/data/v" + s.cfg.APIVersion}), &out)
	return out, err
}

func (s *Server) canvasOrganization() map[string]any {
	return map[string]any{"organizationId": s.org.ID(), "name": s.orgName(), "multicurrencyEnabled": s.cfg.MultiCurrency, "namespacePrefix": nil, "currencyIsoCode": "USD"}
}
