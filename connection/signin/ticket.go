package signin

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/orglink/orglink"
)

// ticket is what the browser keeps, sealed, while it is at Salesforce. It ties
// the callback to the browser that started (no forged login), and the code and
// the ID token to this sign-in.
type ticket struct {
	Nonce    string           `json:"n"`
	Verifier string           `json:"v"`
	Host     string           `json:"h"`
	Tenant   orglink.TenantID `json:"t,omitempty"`
	User     orglink.UserID   `json:"u,omitempty"` // who pairs himself; "" to sign in
	ReturnTo string           `json:"r,omitempty"`
	Expires  time.Time        `json:"e"`
}

// maxCookie is what every browser keeps of one cookie.
const maxCookie = 4096

// cookieName is different for every sign-in, so that two tabs do not disturb
// each other. The prefix makes browsers insist on Secure and no Domain.
func (s *Service) cookieName(state string) string {
	sum := sha256.Sum256([]byte(state))
	name := "orglink-signin-" + hex.EncodeToString(sum[:8])
	if s.secure {
		return "__Host-" + name
	}
	return name
}

func (s *Service) cookie(state, value string, maxAge int) *http.Cookie {
	return &http.Cookie{
		Name: s.cookieName(state), Value: value, Path: "/", MaxAge: maxAge,
		Secure: s.secure, HttpOnly: true,
		SameSite: http.SameSiteLaxMode, // Salesforce sends the browser back by a top-level GET
	}
}

func (s *Service) seal(state string, t ticket) (*http.Cookie, error) {
	plain, err := json.Marshal(t)
	if err != nil {
		return nil, err
	}
	sealed, err := s.cfg.Sealer.Seal(plain, s.binding(state))
	if err != nil {
		return nil, err
	}
	c := s.cookie(state, base64.RawURLEncoding.EncodeToString(sealed), int(s.cfg.Lifetime/time.Second))
	if len(c.Name)+len(c.Value) > maxCookie {
		return nil, errors.New("the page to return to or the tenant is too long")
	}
	return c, nil
}

// open finds and opens the ticket of a callback. The state is part of the
// binding: a ticket opens for the state it was made with only.
func (s *Service) open(state string, cookies []*http.Cookie) (ticket, bool) {
	if state == "" || len(state) > 256 {
		return ticket{}, false
	}
	name := s.cookieName(state)
	for _, c := range cookies {
		if c.Name != name {
			continue
		}
		var t ticket
		sealed, err := base64.RawURLEncoding.DecodeString(c.Value)
		if err != nil {
			continue
		}
		plain, err := s.cfg.Sealer.Open(sealed, s.binding(state))
		if err == nil && json.Unmarshal(plain, &t) == nil && time.Now().Before(t.Expires) {
			return t, true
		}
	}
	return ticket{}, false
}

// binding is injective: each part goes with its length.
func (s *Service) binding(state string) []byte {
	out := []byte("orglink/signin/1")
	for _, part := range []string{s.cfg.Environment, s.cfg.ClientID, state} {
		out = binary.BigEndian.AppendUint32(out, uint32(len(part)))
		out = append(out, part...)
	}
	return out
}

// localPath reports whether a browser that is sent to p stays on this site.
func localPath(p string) bool {
	if !strings.HasPrefix(p, "/") || strings.HasPrefix(p, "//") {
		return false
	}
	for i := range len(p) {
		// Browsers read a backslash as a slash and drop control characters.
		if p[i] <= ' ' || p[i] == '\\' || p[i] == 0x7f {
			return false
		}
	}
	return len(p) <= 1024
}
