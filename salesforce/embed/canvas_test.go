package embed_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/salesforce/embed"
)

// A vector of our own, made with the rules of "Verifying and Decoding a Signed Request".
const (
	vector       = "VTLgFK55kBDubB7bYIHUdCl/LOzpZ1P9mARtQXbqGwU=.eyJhbGdvcml0aG0iOiJITUFDU0hBMjU2IiwiaXNzdWVkQXQiOjEyNzg0NDg4MzIsInVzZXJJZCI6IjAwNXgwMDAwMDAxMlE5UEFBVSJ9"
	vectorSecret = "SECRET123"
)

func sign(secret, envelope string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(envelope))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil)) + "." + envelope
}

func signJSON(secret, text string) string {
	return sign(secret, base64.StdEncoding.EncodeToString([]byte(text)))
}

func TestVerifyCanvasVector(t *testing.T) {
	req, err := embed.VerifyCanvas(vector, orglink.NewSecret(vectorSecret))
	if err != nil {
		t.Fatal(err)
	}
	if req.UserID != "005x00000012Q9PAAU" || req.Client != nil || req.Environment.RecordID() != "" {
		t.Errorf("got %+v", req)
	}
	// While a secret is changed, both work.
	if _, err := embed.VerifyCanvas(vector, orglink.NewSecret("new"), orglink.NewSecret(vectorSecret)); err != nil {
		t.Errorf("with the former secret second: %v", err)
	}
}

func TestVerifyCanvasCapture(t *testing.T) {
	dir := os.Getenv("ORGLINK_CAPTURES")
	if dir == "" {
		t.Skip("ORGLINK_CAPTURES names no folder of captured traffic")
	}
	text, err := os.ReadFile(filepath.Join(dir, "canvas", "signed-request-scrubbed-resigned.json"))
	if err != nil {
		t.Fatal(err)
	}
	var capture struct {
		Secret string `json:"consumer_secret"`
		Signed string `json:"signed_request"`
	}
	if err := json.Unmarshal(text, &capture); err != nil {
		t.Fatal(err)
	}
	form := url.Values{"signed_request": {capture.Signed}}.Encode()
	r := httptest.NewRequest(http.MethodPost, "/canvas", strings.NewReader(form))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req, err := embed.CanvasFrom(r, orglink.NewSecret(capture.Secret))
	if err != nil {
		t.Fatal(err)
	}
	if req.OrgID != "00D1t000000rXxREAU" || req.UserID != "0051t000001qjZ7AAI" || req.User.Email != "user@example.com" {
		t.Errorf("org %s, user %s %+v", req.OrgID, req.UserID, req.User)
	}
	if req.User.ProfileID != "00e1t000001SBwzAAG" {
		t.Errorf("the 15-character profile id became %q", req.User.ProfileID)
	}
	if req.Client.InstanceURL != "https://idpp-demo-dev-ed.my.salesforce.com" || !strings.HasPrefix(req.Client.OAuthToken.Reveal(), "00D1t000000rXxR!") {
		t.Errorf("client %+v", req.Client)
	}
	if req.Environment.DisplayLocation != "ChatterFeed" || req.Environment.RecordID() != "0D51t000007dEAsCAM" || req.Environment.Parameters["commentId"] != "commentid_1" {
		t.Errorf("environment %+v", req.Environment)
	}
	if out := fmt.Sprintf("%+v %#v", req.Client, *req.Client); strings.Contains(out, "REDACTEDx") {
		t.Errorf("the session shows in %s", out)
	}
}

func TestVerifyCanvasRefuses(t *testing.T) {
	secret := orglink.NewSecret(vectorSecret)
	_, envelope, _ := strings.Cut(vector, ".")
	mac, _, _ := strings.Cut(vector, ".")
	user := `"userId":"005x00000012Q9PAAU"`
	for name, c := range map[string]struct {
		signed string
		want   error
	}{
		"empty":               {"", embed.ErrCanvasMalformed},
		"no dot":              {envelope, embed.ErrCanvasMalformed},
		"no envelope":         {mac + ".", embed.ErrCanvasMalformed},
		"empty signature":     {"." + envelope, embed.ErrCanvasSignature},
		"not base64":          {"***." + envelope, embed.ErrCanvasMalformed},
		"spaces for pluses":   {strings.ReplaceAll(vector, "+", " "), nil},
		"cut signature":       {base64.StdEncoding.EncodeToString([]byte("short")) + "." + envelope, embed.ErrCanvasSignature},
		"changed envelope":    {mac + "." + strings.Replace(envelope, "eyJ", "eyK", 1), embed.ErrCanvasSignature},
		"another secret":      {signJSON("other", `{"algorithm":"HMACSHA256",`+user+`}`), embed.ErrCanvasSignature},
		"algorithm none":      {signJSON(vectorSecret, `{"algorithm":"none",`+user+`}`), embed.ErrCanvasMalformed},
		"no algorithm":        {signJSON(vectorSecret, `{`+user+`}`), embed.ErrCanvasMalformed},
		"signed over JSON":    {base64.StdEncoding.EncodeToString([]byte("x")) + "." + envelope, embed.ErrCanvasSignature},
		"not JSON":            {signJSON(vectorSecret, `hello`), embed.ErrCanvasMalformed},
		"no user":             {signJSON(vectorSecret, `{"algorithm":"HMACSHA256"}`), embed.ErrCanvasMalformed},
		"two users":           {signJSON(vectorSecret, `{"algorithm":"HMACSHA256",`+user+`,"context":{"user":{"userId":"005x00000012Q9QAAU"}}}`), embed.ErrCanvasMalformed},
		"bad id":              {signJSON(vectorSecret, `{"algorithm":"HMACSHA256","userId":"005'; DROP"}`), embed.ErrCanvasMalformed},
		"oversized":           {strings.Repeat("A", 2<<20), embed.ErrCanvasMalformed},
		"envelope not base64": {sign(vectorSecret, "!!!"), embed.ErrCanvasMalformed},
	} {
		_, err := embed.VerifyCanvas(c.signed, secret)
		if c.want != nil && !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	// Nobody may sign with a secret that is not set.
	if _, err := embed.VerifyCanvas(signJSON("", `{"algorithm":"HMACSHA256",`+user+`}`), orglink.Secret{}); !errors.Is(err, embed.ErrCanvasSignature) {
		t.Errorf("an empty secret verifies: %v", err)
	}
	if _, err := embed.VerifyCanvas(vector); !errors.Is(err, embed.ErrCanvasSignature) {
		t.Errorf("no secret verifies: %v", err)
	}
}

func TestCanvasFromRefuses(t *testing.T) {
	secret := orglink.NewSecret(vectorSecret)
	get := httptest.NewRequest(http.MethodGet, "/canvas?signed_request="+url.QueryEscape(vector), nil)
	if _, err := embed.CanvasFrom(get, secret); !errors.Is(err, embed.ErrCanvasMalformed) {
		t.Errorf("GET: %v", err)
	}
	// A query parameter of a POST is not the form's field.
	post := httptest.NewRequest(http.MethodPost, "/canvas?signed_request="+url.QueryEscape(vector), nil)
	if _, err := embed.CanvasFrom(post, secret); !errors.Is(err, embed.ErrCanvasMalformed) {
		t.Errorf("query of a POST: %v", err)
	}
	huge := httptest.NewRequest(http.MethodPost, "/canvas", bytes.NewReader(append([]byte("signed_request="), make([]byte, 5<<20)...)))
	huge.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if _, err := embed.CanvasFrom(huge, secret); !errors.Is(err, embed.ErrCanvasMalformed) {
		t.Errorf("oversized form: %v", err)
	}
}

func FuzzVerifyCanvas(f *testing.F) {
	f.Add(vector)
	f.Add(signJSON(vectorSecret, `{"algorithm":"HMACSHA256","userId":"005x00000012Q9PAAU","context":{"environment":{"record":{"Id":3}}}}`))
	f.Add(".")
	f.Fuzz(func(t *testing.T, signed string) {
		// As it is, and with its envelope signed, so that decoding is reached.
		for _, s := range []string{signed, signJSON(vectorSecret, signed)} {
			req, err := embed.VerifyCanvas(s, orglink.NewSecret(vectorSecret))
			if (req == nil) == (err == nil) {
				t.Fatalf("request %v with error %v", req, err)
			}
			if req != nil {
				_ = req.Environment.RecordID()
			}
		}
	})
}
