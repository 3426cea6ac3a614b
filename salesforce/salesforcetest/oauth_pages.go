package salesforcetest

import (
	"bytes"
	"html/template"
)

// page is what the login, consent and error pages show.
type page struct {
	Title, Error, Action, StartURL, Username string
	App, Who, Approval                       string
	Scopes                                   []string
}

// pages are plain forms: a person can use them in a browser and a small HTTP
// client can post them. The names of the fields are those of Salesforce's own
// pages.
const pages = `{{define "head"}}<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>{{.Title}}</title><style>
body{margin:0;background:#f4f6f9;color:#16325c;font:16px/1.5 system-ui,sans-serif}
main{max-width:24rem;margin:12vh auto 2rem;padding:2rem;background:#fff;border:1px solid #d8dde6;border-radius:.5rem}
h1{font-size:1.3rem;margin:0 0 1rem}label{display:block;margin:1rem 0 .25rem}
input[type=text],input[type=password]{box-sizing:border-box;width:100%;padding:.6rem;border:1px solid #8a94a6;border-radius:.25rem;font:inherit}
button{padding:.6rem 1.4rem;border:1px solid #0b5cab;border-radius:.25rem;background:#0b5cab;color:#fff;font:inherit;cursor:pointer}
button.plain{background:#fff;color:#0b5cab}p.buttons{display:flex;gap:.75rem;margin:1.5rem 0 0}
#error{padding:.6rem .8rem;background:#fdecea;border:1px solid #c23934;border-radius:.25rem}small{color:#5c6b82}
</style></head><body><main><h1>{{.Title}}</h1>{{if .Error}}<p id="error" role="alert">{{.Error}}</p>{{end}}{{end}}
{{define "foot"}}<p><small>A fake org for tests. Nothing here is Salesforce.</small></p></main></body></html>{{end}}
{{define "login"}}{{template "head" .}}<form id="login" method="post" action="/login">
<input type="hidden" name="startURL" value="{{.StartURL}}">
<label for="username">Username</label><input type="text" id="username" name="username" value="{{.Username}}" autocomplete="username" autofocus>
<label for="password">Password</label><input type="password" id="password" name="pw" autocomplete="current-password">
<p class="buttons"><button type="submit" id="Login" name="Login" value="Log In">Log In</button></p></form>{{template "foot" .}}{{end}}
{{define "consent"}}{{template "head" .}}<p><b>{{.App}}</b> is asking to:</p><ul>{{range .Scopes}}<li>{{.}}</li>{{end}}</ul>
<p>Do you want to allow access for {{.Who}}?</p>
<form id="editPage" method="post" action="/setup/secur/RemoteAccessAuthorizationPage.apexp">
<input type="hidden" name="approval" value="{{.Approval}}">
<p class="buttons"><button type="submit" id="oaapprove" name="save" value="Allow">Allow</button>
<button type="submit" id="oadeny" name="cancel" value="Deny" class="plain">Deny</button></p></form>{{template "foot" .}}{{end}}
{{define "error"}}{{template "head" .}}{{template "foot" .}}{{end}}`

// scopeText says on the consent page what a scope allows.
func scopeText(scope string) string {
	switch scope {
	case "api":
		return "Manage user data via APIs"
	case "id":
		return "Access the identity URL service"
	case "web":
		return "Manage user data via Web browsers"
	case "full":
		return "Full access"
	case "refresh_token":
		return "Perform requests at any time"
	default:
		return scope
	}
}

func pageAnswer(status int, name string, p page) answer {
	var b bytes.Buffer
	t := template.Must(template.New("").Parse(pages))
	if err := t.ExecuteTemplate(&b, name, p); err != nil {
		return textAnswer(500, "the page could not be written")
	}
	return answer{status: status, contentType: typeHTML, body: b.Bytes()}.with("X-Frame-Options", "DENY")
}
