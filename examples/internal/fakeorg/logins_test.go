package fakeorg

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/orglink/orglink/salesforce/salesforcetest"
)

func serve(t *testing.T, args ...string) (*salesforcetest.Server, salesforcetest.Ready) {
	t.Helper()
	opts, err := parse(append([]string{"-seed", "empty"}, args...), func(string) string { return "" }, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := opts.config()
	if err != nil {
		t.Fatal(err)
	}
	s := salesforcetest.NewServer(t, cfg)
	return s, s.Ready()
}

func post(t *testing.T, s *salesforcetest.Server, path, contentType, body string) (int, string) {
	t.Helper()
	resp, err := s.Client().Post(s.URL+path, contentType, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

// Each way to log in is there, or behind its flag.
func TestLogins(t *testing.T) {
	const form, xml = "application/x-www-form-urlencoded", "text/xml"
	app := func(r salesforcetest.Ready, v url.Values) string {
		v.Set("client_id", r.ClientID)
		v.Set("client_secret", r.ClientSecret)
		return v.Encode()
	}
	for name, tt := range map[string]struct {
		flags      []string
		path, kind string
		body       func(salesforcetest.Ready) string
		without    int
		wants      string
	}{
		"client credentials": {nil, "/services/oauth2/token", form, func(r salesforcetest.Ready) string { return app(r, url.Values{"grant_type": {"client_credentials"}}) }, 200, "access_token"},
		"device": {nil, "/services/oauth2/token", form, func(r salesforcetest.Ready) string {
			return app(r, url.Values{"response_type": {"device_code"}, "scope": {"openid api"}})
		}, 200, "user_code"},
		"password": {[]string{"-password-grant", "-security-token", "T0KEN"}, "/services/oauth2/token", form, func(r salesforcetest.Ready) string {
			return app(r, url.Values{"grant_type": {"password"}, "username": {r.Username}, "password": {r.Password + "T0KEN"}})
		}, 400, "access_token"},
		"SOAP": {[]string{"-soap-login", "-sandbox", "uat"}, "/services/Soap/u/64.0", xml, func(r salesforcetest.Ready) string {
			return `<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body><login><username>` + r.Username + `</username><password>` + r.Password + `</password></login></e:Body></e:Envelope>`
		}, 500, "<sandbox>true</sandbox>"},
	} {
		t.Run(name, func(t *testing.T) {
			s, ready := serve(t, tt.flags...)
			if status, body := post(t, s, tt.path, tt.kind, tt.body(ready)); status != 200 || !strings.Contains(body, tt.wants) {
				t.Errorf("with %v: %d %s", tt.flags, status, body)
			}
			s, ready = serve(t)
			if status, body := post(t, s, tt.path, tt.kind, tt.body(ready)); status != tt.without {
				t.Errorf("without: %d %s", status, body)
			}
		})
	}
}

func TestCertificateFlag(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "app.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "RSA PUBLIC KEY", Bytes: x509.MarshalPKCS1PublicKey(&key.PublicKey)})
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	serve(t, "-certificate", file, "-pre-authorized", "-rotate")
	opts, err := parse([]string{"-certificate", file + ".missing"}, func(string) string { return "" }, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := opts.config(); !errors.As(err, new(usageError)) || !strings.Contains(err.Error(), "-certificate") {
		t.Errorf("%v", err)
	}
}
