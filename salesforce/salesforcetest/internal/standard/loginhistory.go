package standard

import "github.com/orglink/orglink/salesforce/salesforcetest/internal/engine"

var loginHistory = object{
	def: engine.Object{NoAudit: true, Name: "LoginHistory", Label: "Login History", LabelPlural: "Login History", KeyPrefix: "0Ya", OwnRows: "UserId", SeeAll: []string{"ManageUsers", "MonitorLoginHistory"},
		NoTrash: true, NoCreate: true, NoUpdate: true, NoDelete: true, NoUndelete: true, NoLayout: true, NoTriggers: true, NoRecent: true, NoReplicate: true},
	fields: `
UserId reference ryx User ID -> User -/!
LoginTime datetime r!y Login Time
LoginType picklist:40 r!yR Login Type = AppExchange|Application|Certificate-based login|Other Apex API|Partner Product|Remote Access 2.0|SAML Idp Initiated SSO|SAML Sfdc Initiated SSO
SourceIp string:128 ry Source IP
LoginUrl string:250 ry Login URL
AuthenticationServiceId reference ry Authentication Service ID -> AuthProvider,SamlSsoConfig AuthenticationService/
LoginGeoId reference ry Login Geo Data ID -> LoginGeo LoginGeo/
TlsProtocol picklist:40 ryR TLS Protocol = TLS 1.0|TLS 1.1|TLS 1.2|TLS 1.3|Unknown
CipherSuite picklist:64 ryR TLS Cipher Suite = ECDHE-RSA-AES256-GCM-SHA384
OptionsIsGet boolean rgsy Login with HTTP GET
OptionsIsPost boolean rgsy Login with HTTP POST
Browser string:64 ryf Browser
Platform string:64 ryf Platform
Status string:128 ryf Status
Application string:64 ryf Application
ClientVersion string:64 ryf Client Version
ApiType string:64 ryf API Type
ApiVersion string:64 ryf API Version
CountryIso string:2 ry Country Code
AuthMethodReference string:255 ry Authentication Method Reference
LoginSubType picklist:40 ryR Login Subtype = OauthClientCredentials=OAuth Client Credentials|OauthRefreshToken=OAuth Refresh Token|OauthUserAgent=OAuth User-Agent|OauthUsernamePassword=OAuth Username-Password|OauthWebServer=OAuth Web Server|SoapApiLogin=SOAP API|UiPasswordReset=UI Password Reset|UsernamePasswordUiLogin=UI Username-Password
ForwardedForIp string:256 ry Forwarded for IP
NetworkId reference ry Experience Cloud Site ID -> Network -/
`,
}
