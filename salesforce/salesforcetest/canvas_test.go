package salesforcetest_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/orglink/orglink/salesforce/salesforcetest"
	"github.com/orglink/orglink/salesforce/sobject"
)

// canvasEnvelope checks a signed request with nothing but the guide's words,
// and returns what is in it.
func canvasEnvelope(t *testing.T, signed, secret string) map[string]any {
	t.Helper()
	signature, body, ok := strings.Cut(signed, ".")
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(body))
	if !ok || signature != base64.StdEncoding.EncodeToString(mac.Sum(nil)) {
		t.Fatalf("the signature is wrong: %s", signed)
	}
	raw, err := base64.StdEncoding.DecodeString(body)
	if err != nil {
		t.Fatal(err)
	}
	var out map[string]any
	if err := json.Unmarshal(raw, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestCanvasRequest(t *testing.T) {
	c := start(t, salesforcetest.Config{})
	ready := c.s.Ready()
	account := c.create("Account", `{"Name":"Acme","Phone":"1"}`)
	open := func(v salesforcetest.Canvas) map[string]any {
		t.Helper()
		return canvasEnvelope(t, must(c.s.CanvasRequest(v)), ready.ClientSecret)
	}
	got := open(salesforcetest.Canvas{URL: "https://product.example/canvas#x", Record: sobject.ID(account), Fields: []string{"Phone"}, Parameters: map[string]any{"page": "home"}})
	context, client := got["context"].(map[string]any), got["client"].(map[string]any)
	record := context["environment"].(map[string]any)["record"].(map[string]any)
	if got["userId"] != ready.UserID || record["Id"] != account || record["Phone"] != "1" || context["application"].(map[string]any)["canvasUrl"] != "https://product.example/canvas" ||
		context["organization"].(map[string]any)["organizationId"] != ready.OrgID || client["refreshToken"] != nil {
		t.Errorf("%v", got)
	}
	c.token = client["oauthToken"].(string)
	c.send("GET", context["links"].(map[string]any)["queryUrl"].(string)+"?q=SELECT+Id+FROM+Account", "").want(200)
	_, refresh := c.connect()
	if got = open(salesforcetest.Canvas{Hide: []string{"links", "user"}}); got["client"].(map[string]any)["refreshToken"] != refresh || got["context"].(map[string]any)["links"] != nil {
		t.Errorf("%v", got)
	}
}

// Misuse without a test comes back as an error.
func TestCanvasRequestRefuses(t *testing.T) {
	s, err := salesforcetest.Start(salesforcetest.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	s.Org().BlockApp(s.Ready().ClientID, false)
	for _, v := range []salesforcetest.Canvas{{ClientID: "nope"}, {Username: "nobody"}, {Hide: []string{"nothing"}}, {Record: "x"}, {Record: "001ak0000000001"}, {Parameters: map[string]any{"f": func() {}}}} {
		if signed, err := s.CanvasRequest(v); err == nil {
			t.Errorf("%+v: %s", v, signed)
		}
	}
	s.Org().BlockApp(s.Ready().ClientID, true)
	if _, err := s.CanvasRequest(salesforcetest.Canvas{}); err == nil {
		t.Error("a blocked app opens")
	}
}

// The fake's request has the keys and types of a recorded one.
func TestCapturedCanvasRequest(t *testing.T) {
	dir := os.Getenv("ORGLINK_CAPTURES")
	if dir == "" {
		t.Skip("ORGLINK_CAPTURES is not set: no captured request to compare with")
	}
	raw, err := os.ReadFile(filepath.Join(dir, "canvas", "signed-request-scrubbed-resigned.json"))
	if err != nil {
		t.Fatal(err)
	}
	var capture struct {
		Secret string `json:"consumer_secret"`
		Signed string `json:"signed_request"`
	}
	if err := json.Unmarshal(raw, &capture); err != nil {
		t.Fatal(err)
	}
	c := start(t, salesforcetest.Config{})
	want := canvasEnvelope(t, capture.Signed, capture.Secret)
	got := canvasEnvelope(t, must(c.s.CanvasRequest(salesforcetest.Canvas{Record: sobject.ID(c.create("Account", `{"Name":"A"}`)), Parameters: map[string]any{"ideaId": "1", "commentId": "2"}})), c.s.Ready().ClientSecret)
	delete(got["client"].(map[string]any), "clientId") // the recording is older
	sameShape(t, "", want, got)
}

// sameShape compares keys and the types of values, null apart.
func sameShape(t *testing.T, at string, want, got any) {
	t.Helper()
	w, ok := want.(map[string]any)
	if !ok {
		a, _ := json.Marshal(want)
		b, _ := json.Marshal(got)
		if want != nil && got != nil && (a[0] == '"') != (b[0] == '"') {
			t.Errorf("%s is %s, recorded %s", at, b, a)
		}
		return
	}
	g, ok := got.(map[string]any)
	if !ok {
		t.Errorf("%s is no object", at)
		return
	}
	for key, value := range w {
		other, ok := g[key]
		if !ok {
			t.Errorf("%s.%s is missing", at, key)
			continue
		}
		sameShape(t, at+"."+key, value, other)
	}
	for key := range g {
		if _, ok := w[key]; !ok {
			t.Errorf("%s.%s is too much", at, key)
		}
	}
}
