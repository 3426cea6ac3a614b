package salesforcetest

import (
	"net/http"
	"strings"
	"time"

	"github.com/orglink/orglink/salesforce/sobject"
)

type photos struct {
	Picture   string `json:"picture"`
	Thumbnail string `json:"thumbnail"`
}

type identityURLs struct {
	Enterprise   string `json:"enterprise"`
	Metadata     string `json:"metadata"`
	Partner      string `json:"partner"`
	Rest         string `json:"rest"`
	Sobjects     string `json:"sobjects"`
	Search       string `json:"search"`
	Query        string `json:"query"`
	Recent       string `json:"recent"`
	ToolingSoap  string `json:"tooling_soap"`
	ToolingRest  string `json:"tooling_rest"`
	Profile      string `json:"profile"`
	Feeds        string `json:"feeds"`
	Groups       string `json:"groups"`
	Users        string `json:"users"`
	FeedItems    string `json:"feed_items"`
	FeedElements string `json:"feed_elements"`
	CustomDomain string `json:"custom_domain"`
}

type identityAnswer struct {
	ID               string        `json:"id"`
	AssertedUser     bool          `json:"asserted_user"`
	UserID           string        `json:"user_id"`
	OrganizationID   string        `json:"organization_id"`
	Username         string        `json:"username"`
	NickName         string        `json:"nick_name"`
	DisplayName      string        `json:"display_name"`
	Email            string        `json:"email"`
	EmailVerified    bool          `json:"email_verified"`
	FirstName        *string       `json:"first_name"`
	LastName         string        `json:"last_name"`
	Timezone         string        `json:"timezone"`
	Photos           photos        `json:"photos"`
	AddrStreet       *string       `json:"addr_street"`
	AddrCity         *string       `json:"addr_city"`
	AddrState        *string       `json:"addr_state"`
	AddrCountry      *string       `json:"addr_country"`
	AddrZip          *string       `json:"addr_zip"`
	MobilePhone      *string       `json:"mobile_phone"`
	MobileVerified   bool          `json:"mobile_phone_verified"`
	LightningLogin   bool          `json:"is_lightning_login_user"`
	Status           identityState `json:"status"`
	URLs             identityURLs  `json:"urls"`
	Active           bool          `json:"active"`
	UserType         string        `json:"user_type"`
	Language         string        `json:"language"`
	Locale           string        `json:"locale"`
	UTCOffset        int           `json:"utcOffset"`
	LastModifiedDate string        `json:"last_modified_date"`
	IsAppInstalled   bool          `json:"is_app_installed"`
}

type identityState struct {
	CreatedDate *string `json:"created_date"`
	Body        *string `json:"body"`
}

type userinfoAnswer struct {
	Sub               string            `json:"sub"`
	UserID            string            `json:"user_id"`
	OrganizationID    string            `json:"organization_id"`
	PreferredUsername string            `json:"preferred_username"`
	Nickname          string            `json:"nickname"`
	Name              string            `json:"name"`
	Email             string            `json:"email"`
	EmailVerified     bool              `json:"email_verified"`
	GivenName         *string           `json:"given_name"`
	FamilyName        string            `json:"family_name"`
	Zoneinfo          string            `json:"zoneinfo"`
	Photos            photos            `json:"photos"`
	Profile           string            `json:"profile"`
	Picture           string            `json:"picture"`
	Address           map[string]string `json:"address"`
	IntegrationUser   bool              `json:"is_salesforce_integration_user"`
	URLs              identityURLs      `json:"urls"`
	Active            bool              `json:"active"`
	UserType          string            `json:"user_type"`
	Language          string            `json:"language"`
	Locale            string            `json:"locale"`
	UTCOffset         int               `json:"utcOffset"`
	UpdatedAt         string            `json:"updated_at"`
}

// identitySession finds the session of a call to the identity services, whose
// errors are plain text.
func (c *call) identitySession() (user, *answer) {
	token, ok := bearer(c.header.Get("Authorization"))
	if !ok {
		token = c.formValues().Get("access_token")
	}
	if token == "" {
		token = c.formValues().Get("oauth_token")
	}
	if token == "" {
		a := textAnswer(http.StatusForbidden, "Missing_OAuth_Token")
		return user{}, &a
	}
	bad := textAnswer(http.StatusForbidden, "Bad_OAuth_Token")
	ses, ok := c.s.id.find(token)
	if !ok || !ses.allows("id", "openid", "profile", "api", "full") {
		return user{}, &bad
	}
	u, err := c.s.userByID(ses.user)
	if err != nil || !u.active {
		return user{}, &bad
	}
	return u, nil
}

func (c *call) identityURL(org, id string) answer {
	if c.method != http.MethodGet && c.method != http.MethodPost && c.method != http.MethodHead {
		return c.methodNotAllowed(map[string]handler{"GET": nil, "POST": nil})
	}
	u, refused := c.identitySession()
	if refused != nil {
		return *refused
	}
	orgID, err1 := sobject.ParseID(org)
	userID, err2 := sobject.ParseID(id)
	switch {
	case err1 != nil || err2 != nil:
		return textAnswer(http.StatusNotFound, "Bad_Id")
	case orgID != c.s.org.ID():
		return textAnswer(http.StatusForbidden, "Wrong_Org")
	case userID != u.id:
		// Another user's identity is shown to those who may see users.
		other, err := c.s.userByID(userID)
		if err != nil {
			return textAnswer(http.StatusNotFound, "Bad_Id")
		}
		if !other.active {
			return textAnswer(http.StatusNotFound, "Inactive")
		}
		u = other
	}
	out := identityAnswer{
		ID: c.s.cfg.LoginURL + c.s.identityPath(u.id), AssertedUser: true, UserID: string(u.id), OrganizationID: string(c.s.org.ID()),
		Username: u.username, NickName: u.text("CommunityNickname"), DisplayName: u.text("Name"), Email: u.text("Email"), EmailVerified: true,
		FirstName: orNull(u.text("FirstName")), LastName: u.text("LastName"), Timezone: u.text("TimeZoneSidKey"), Photos: c.s.photos(),
		AddrStreet: orNull(u.text("Street")), AddrCity: orNull(u.text("City")), AddrState: orNull(u.text("State")),
		AddrCountry: orNull(u.text("Country")), AddrZip: orNull(u.text("PostalCode")), MobilePhone: orNull(u.text("MobilePhone")),
		URLs: c.s.identityURLs(u.id), Active: u.active, UserType: strings.ToUpper(u.text("UserType")), Language: u.text("LanguageLocaleKey"), Locale: u.text("LocaleSidKey"),
		UTCOffset: c.s.utcOffset(u), LastModifiedDate: secondsZ(u.text("LastModifiedDate")), IsAppInstalled: true,
	}
	if v := c.query.Get("version"); v != "" {
		if v == "latest" {
			v = c.s.cfg.APIVersion
		}
		out.URLs = out.URLs.at(v)
	}
	return jsonAnswer(http.StatusOK, out)
}

func (c *call) userinfo() answer {
	u, refused := c.identitySession()
	if refused != nil {
		return *refused
	}
	return jsonAnswer(http.StatusOK, c.userinfoOf(u))
}

// userinfoOf is what userinfo tells about a user.
func (c *call) userinfoOf(u user) userinfoAnswer {
	address := map[string]string{}
	for name, field := range map[string]string{"street_address": "Street", "locality": "City", "region": "State", "postal_code": "PostalCode", "country": "Country"} {
		if v := u.text(field); v != "" {
			address[name] = v
		}
	}
	return userinfoAnswer{
		Sub: c.s.cfg.LoginURL + c.s.identityPath(u.id), UserID: string(u.id), OrganizationID: string(c.s.org.ID()),
		PreferredUsername: u.username, Nickname: u.text("CommunityNickname"), Name: u.text("Name"), Email: u.text("Email"), EmailVerified: true,
		GivenName: orNull(u.text("FirstName")), FamilyName: u.text("LastName"), Zoneinfo: u.text("TimeZoneSidKey"), Photos: c.s.photos(),
		Profile: c.s.URL + "/" + string(u.id), Picture: c.s.photos().Picture, Address: address, URLs: c.s.identityURLs(u.id), Active: u.active,
		UserType: strings.ToUpper(u.text("UserType")), Language: u.text("LanguageLocaleKey"), Locale: u.text("LocaleSidKey"), UTCOffset: c.s.utcOffset(u),
		UpdatedAt: secondsZ(u.text("LastModifiedDate")),
	}
}

func (s *Server) photos() photos {
	return photos{Picture: s.URL + "/profilephoto/005/F", Thumbnail: s.URL + "/profilephoto/005/T"}
}

// identityURLs are the org's entry points, with a placeholder for the version.
func (s *Server) identityURLs(id sobject.ID) identityURLs {
	soap, data := s.URL+"/services/Soap/", s.URL+"/services/data/v{version}/"
	org := s.org.ID().Short()
	return identityURLs{
		Enterprise: soap + "c/{version}/" + org, Metadata: soap + "m/{version}/" + org, Partner: soap + "u/{version}/" + org,
		Rest: data, Sobjects: data + "sobjects/", Search: data + "search/", Query: data + "query/", Recent: data + "recent/",
		ToolingSoap: soap + "T/{version}/" + org, ToolingRest: data + "tooling/", Profile: s.URL + "/" + string(id),
		Feeds: data + "chatter/feeds", Groups: data + "chatter/groups", Users: data + "chatter/users",
		FeedItems: data + "chatter/feed-items", FeedElements: data + "chatter/feed-elements", CustomDomain: s.URL,
	}
}

// at fills the version in.
func (u identityURLs) at(version string) identityURLs {
	for _, p := range []*string{&u.Enterprise, &u.Metadata, &u.Partner, &u.Rest, &u.Sobjects, &u.Search, &u.Query, &u.Recent,
		&u.ToolingSoap, &u.ToolingRest, &u.Feeds, &u.Groups, &u.Users, &u.FeedItems, &u.FeedElements} {
		*p = strings.ReplaceAll(*p, "{version}", version)
	}
	return u
}

// utcOffset is the offset of the user's time zone in milliseconds, without
// daylight saving time, as Salesforce tells it.
func (s *Server) utcOffset(u user) int {
	zone, err := time.LoadLocation(u.text("TimeZoneSidKey"))
	if err != nil {
		return 0
	}
	_, winter := time.Date(s.org.Now().Year(), time.January, 1, 0, 0, 0, 0, zone).Zone()
	return winter * 1000
}

func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// secondsZ writes a date-time as 2006-01-02T15:04:05Z.
func secondsZ(text string) string {
	t, err := sobject.ParseDateTime(text)
	if err != nil {
		return text
	}
	return t.Format("2006-01-02T15:04:05Z")
}
