package salesforcetest_test

import (
	"bytes"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	sft "github.com/orglink/orglink/salesforce/salesforcetest"
)

const tokenPath = "/services/oauth2/token"

// rotating is an org whose app rotates refresh tokens.
func rotating(t *testing.T) *caller {
	return start(t, sft.Config{Apps: []sft.App{{ClientID: "rotating", ClientSecret: "s", RotateRefreshTokens: true}}})
}

var authSituations = map[string]func(*testing.T){
	"auth-01": func(t *testing.T) {
		c := rotating(t)
		_, first := c.connect()
		second := c.refresh(first).want(200).object()["refresh_token"].(string)
		c.refresh(first).want(400)
		c.refresh(second).want(400) // the family is dead
	},
	"auth-02": func(t *testing.T) {
		c := rotating(t)
		_, first := c.connect()
		c.on(sft.Match{Path: tokenPath, Nth: 1}, sft.DropAfter())
		form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {first}, "client_id": {"rotating"}, "client_secret": {"s"}}
		if _, err := c.try("POST", tokenPath, form.Encode(), "Content-Type: application/x-www-form-urlencoded"); err == nil {
			t.Error("the answer arrived")
		}
		if r := c.refresh(first).want(400); r.object()["error"] != "invalid_grant" {
			t.Error(r.body)
		}
	},
	"auth-03": func(t *testing.T) {
		c := start(t, sft.Config{})
		access, refresh := c.connect()
		c.s.Org().RevokeGrants(sft.AdminUsername)
		c.refresh(refresh).is(400, `{"error":"invalid_grant","error_description":"expired access/refresh token"}`)
		c.token = access
		c.send("GET", "recent", "").want(401)
	},
	"auth-04": func(t *testing.T) {
		c := start(t, sft.Config{})
		_, refresh := c.connect()
		own, other := []byte(c.s.Ready().OrgID), []byte("00Dxx0000001gEREAY")
		c.on(sft.Match{Path: tokenPath}, sft.Rewrite(func(r *sft.Reply) { r.Body = bytes.ReplaceAll(r.Body, own, other) }))
		if id := c.refresh(refresh).want(200).object()["id"].(string); !strings.Contains(id, string(other)) {
			t.Error(id)
		}
	},
	"auth-05": func(t *testing.T) {
		c := start(t, sft.Config{})
		other := start(t, sft.Config{OrgID: "00Dxx0000001gER"})
		for _, status := range []int{307, 308} {
			c.on(sft.Match{Method: "POST", Path: "sobjects/Account", Times: 1}, sft.Answer(status, "", "Location: "+other.s.URL+"/services/data/v66.0/sobjects/Account"))
		}
		c.send("POST", "sobjects/Account", `{"Name":"A"}`).want(401) // as the token is none of the other org's
		rec := other.s.Requests()[0]
		if rec.Method != "POST" || string(rec.Body) != `{"Name":"A"}` {
			t.Errorf("%s %s", rec.Method, rec.Body)
		}
	},
	"auth-06": func(t *testing.T) {
		c := start(t, sft.Config{})
		for code, text := range map[string]string{
			"REQUEST_LIMIT_EXCEEDED": "TotalRequests Limit exceeded.", "API_DISABLED_FOR_ORG": "The REST API is not enabled for this Organization.",
			"CLIENT_NOT_ACCESSIBLE_FOR_USER": "user may not use this client", "FUNCTIONALITY_NOT_ENABLED": "not enabled for this organization",
		} {
			c.on(sft.Match{Path: "recent", Times: 1, If: func(r sft.RequestRecord) bool { return r.Query.Get("as") == code }}, sft.Refuse(403, code, text))
			if r := c.send("GET", "recent?as="+code, "").want(403); r.code() != code {
				t.Error(r.body)
			}
		}
		c.s.Org().SetPermissions(sft.AdminUsername, sft.Permissions{System: map[string]bool{"ApiEnabled": false}})
		if r := c.send("GET", "recent", "").want(403); r.code() != "API_CURRENTLY_DISABLED" {
			t.Error(r.body)
		}
	},
	"auth-07": func(t *testing.T) {
		c := start(t, sft.Config{})
		c.on(sft.Match{Nth: 2}, sft.ExpireSession())
		c.send("GET", "recent", "").want(200)
		c.send("GET", "recent", "").is(401, `[{"message":"Session expired or invalid","errorCode":"INVALID_SESSION_ID"}]`)
	},
	"auth-08": func(t *testing.T) {
		c := start(t, sft.Config{})
		_, first := c.connect()
		for range 5 {
			c.connect()
		}
		c.refresh(first).want(400)
	},
	"auth-09": func(t *testing.T) {
		c := start(t, sft.Config{})
		_, refresh := c.connect()
		c.s.Org().DeactivateUser(sft.AdminUsername)
		if r := c.refresh(refresh).want(400); r.object()["error_description"] != "inactive user" {
			t.Error(r.body)
		}
		c.send("GET", "recent", "").want(401)
	},
	"quota-01": func(t *testing.T) {
		c := start(t, sft.Config{DailyRequests: 3})
		for range 3 {
			c.send("GET", "recent", "").want(200)
		}
		r := c.send("GET", "recent", "").is(403, `[{"message":"TotalRequests Limit exceeded.","errorCode":"REQUEST_LIMIT_EXCEEDED"}]`)
		if r.header.Get("Sforce-Limit-Info") != "api-usage=3/3" {
			t.Errorf("%v", r.header)
		}
		c.s.Org().Advance(25 * time.Hour)
		c.token = c.s.Ready().AccessToken
		c.send("GET", "recent", "").want(200)
	},
	"quota-02": func(t *testing.T) {
		c := start(t, sft.Config{})
		c.on(sft.Match{Nth: 2}, sft.Exhaust("ConcurrentRequests"))
		c.send("GET", "recent", "").want(200)
		c.send("GET", "recent", "").is(403, `[{"message":"ConcurrentRequests (Concurrent API Requests) Limit exceeded.","errorCode":"REQUEST_LIMIT_EXCEEDED"}]`)
		c.send("GET", "recent", "").want(200)
	},
	"quota-03": func(t *testing.T) {
		c := start(t, sft.Config{})
		c.s.SetAPIUsage(80, 100)
		if r := c.send("GET", "recent", "").want(200); r.header.Get("Sforce-Limit-Info") != "api-usage=81/100" {
			t.Errorf("%v", r.header)
		}
	},
	"quota-04": func(t *testing.T) {
		c := start(t, sft.Config{})
		id := c.accounts(1)[0]
		c.s.SetLimit("DataStorageMB", 5, 5)
		c.send("POST", "sobjects/Account", `{"Name":"A"}`).is(400, `[{"message":"storage limit exceeded","errorCode":"STORAGE_LIMIT_EXCEEDED","fields":[]}]`)
		c.send("PATCH", "sobjects/Account/"+string(id), `{"Name":"B"}`).want(204)
		c.s.SetLimit("DataStorageMB", 1, 5)
		c.send("POST", "sobjects/Account", `{"Name":"A"}`).want(201)
	},
	"down-01": func(t *testing.T) {
		c := start(t, sft.Config{})
		c.on(sft.Match{}, sft.Answer(503, "<html>Down for maintenance</html>", "Retry-After: 30"))
		if r := c.send("GET", "recent", "").is(503, "<html>Down for maintenance</html>"); r.header.Get("Retry-After") != "30" || !strings.HasPrefix(r.header.Get("Content-Type"), "text/html") {
			t.Errorf("%v", r.header)
		}
	},
	"down-02": func(t *testing.T) {
		c := start(t, sft.Config{})
		c.on(sft.Match{Path: "limits"}, sft.Corrupt(1, 4))
		if r := c.send("GET", "limits", "").want(200); r.body[0] != '{' || r.body[1] != ^byte('"') {
			t.Errorf("%.20q", r.body)
		}
		c.on(sft.Match{Path: "sobjects"}, sft.Truncate(1000))
		if r, err := c.try("GET", "sobjects", "", "Accept-Encoding: identity"); err == nil || len(r.body) != 1000 {
			t.Errorf("%v, %d bytes", err, len(r.body))
		}
	},
	"down-03": func(t *testing.T) {
		c := start(t, sft.Config{})
		for i, act := range []sft.Action{sft.DropBefore(), sft.DropAfter()} {
			c.on(sft.Match{Method: "POST", Times: 1}, act)
			if _, err := c.try("POST", "sobjects/Account", `{"Name":"A"}`); err == nil {
				t.Error("an answer arrived")
			}
			if n := must(c.s.Org().Count("SELECT COUNT() FROM Account")); n != i {
				t.Errorf("%d accounts, want %d", n, i)
			}
		}
	},
	"down-04": func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c := start(t, sft.Config{Listener: sft.NewMemoryListener()})
			c.on(sft.Match{Nth: 1}, sft.Delay(time.Minute))
			c.on(sft.Match{Nth: 2}, sft.DelayAfter(2*time.Minute))
			var took []time.Duration
			for range 2 {
				begin := time.Now()
				c.send("GET", "recent", "").want(200)
				took = append(took, time.Since(begin))
			}
			if fmt.Sprint(took) != "[1m0s 2m0s]" {
				t.Error(took)
			}
			c.s.Close()
		})
	},
}
