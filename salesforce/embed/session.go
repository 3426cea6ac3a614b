package embed

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/salesforce/sobject"
)

// What can be wrong with the session of a canvas app.
var (
	// ErrNoSession: the browser brings no session, or an expired one. The tab
	// has to be opened again.
	ErrNoSession = errors.New("embed: canvas: no session; open the tab in Salesforce again")
	// ErrReplayed: the signed request has opened a session before.
	ErrReplayed = errors.New("embed: canvas: the signed request was used before")
)

// Sessions keep a canvas app's user signed in inside Salesforce's iframe,
// where browsers block third-party cookies. Their cookie is partitioned
// (CHIPS): the browser keeps it for the product inside this Salesforce site
// only, and it is not the session of the product's own pages. It needs https.
// It holds the session itself, sealed; nothing is stored at the host.
type Sessions struct {
	// Sealer and Environment are required: see orglink.NewKeyRing; a session
	// opens in the environment it was made in.
	Sealer      orglink.Sealer
	Environment string
	// Lifetime is how long a session lasts. Salesforce posts a new signed
	// request whenever the tab is opened. Defaults to two hours, at most a day.
	Lifetime time.Duration
	// Used records that a signed request, by its digest, has opened a session
	// and reports whether it was the first time; what it remembers may be
	// dropped after until. A signed request carries no time of its own, so
	// without Used whoever copies one can open a session with it for as long
	// as the app's secret lives. One row with a unique key will do.
	Used func(ctx context.Context, digest string, until time.Time) (first bool, err error)
}

// CanvasSession is who works inside Salesforce, and where.
type CanvasSession struct {
	Org  sobject.ID `json:"o"`
	User sobject.ID `json:"u"`
	// Record is the record whose page the app was opened on, "" if none.
	Record sobject.ID `json:"r,omitempty"`
	// Instance is the address of the org, "" where the app's settings filter
	// it away.
	Instance string    `json:"i,omitempty"`
	Expires  time.Time `json:"e"`
}

// usedFor is how long a signed request is remembered as used.
const usedFor = 400 * 24 * time.Hour

// cookieCanvas's prefix makes browsers insist on Secure, Path=/ and no Domain.
const cookieCanvas = "__Host-orglink-canvas"

// Open verifies the signed request that Salesforce posted (see CanvasFrom),
// sets the session's cookie and returns both. Answer with a redirect to a page
// of the app by GET, so that reloading does not post the request again.
func (s Sessions) Open(w http.ResponseWriter, r *http.Request, secrets ...orglink.Secret) (*CanvasRequest, CanvasSession, error) {
	if err := s.check(); err != nil {
		return nil, CanvasSession{}, err
	}
	req, err := CanvasFrom(r, secrets...)
	if err != nil {
		return nil, CanvasSession{}, err
	}
	if req.OrgID == "" {
		return nil, CanvasSession{}, fmt.Errorf("%w: it names no organization: let the app's settings pass the organization block", ErrCanvasMalformed)
	}
	now := time.Now()
	if s.Used != nil {
		sum := sha256.Sum256([]byte(r.PostForm.Get("signed_request")))
		first, err := s.Used(r.Context(), base64.RawURLEncoding.EncodeToString(sum[:]), now.Add(usedFor))
		if err != nil {
			return nil, CanvasSession{}, fmt.Errorf("embed: canvas: remember the signed request: %w", err)
		}
		if !first {
			return nil, CanvasSession{}, ErrReplayed
		}
	}
	out := CanvasSession{Org: req.OrgID, User: req.UserID, Record: req.Environment.RecordID(), Expires: now.Add(s.lifetime()).UTC().Truncate(time.Second)}
	if req.Client != nil {
		out.Instance = req.Client.InstanceURL
	}
	plain, err := json.Marshal(out)
	if err != nil {
		return nil, CanvasSession{}, err
	}
	sealed, err := s.Sealer.Seal(plain, s.binding())
	if err != nil {
		return nil, CanvasSession{}, fmt.Errorf("embed: canvas: seal the session: %w", err)
	}
	http.SetCookie(w, canvasCookie(base64.RawURLEncoding.EncodeToString(sealed), int(s.lifetime()/time.Second)))
	return req, out, nil
}

// From returns the session that a request from inside the iframe brings, or
// ErrNoSession. Requests that change something need the protection against
// other sites that every cookie session needs, such as
// http.CrossOriginProtection.
func (s Sessions) From(r *http.Request) (CanvasSession, error) {
	if err := s.check(); err != nil {
		return CanvasSession{}, err
	}
	c, err := r.Cookie(cookieCanvas)
	if err != nil || len(c.Value) > 4096 {
		return CanvasSession{}, ErrNoSession
	}
	var out CanvasSession
	sealed, err := base64.RawURLEncoding.DecodeString(c.Value)
	if err != nil {
		return CanvasSession{}, ErrNoSession
	}
	plain, err := s.Sealer.Open(sealed, s.binding())
	if err != nil || json.Unmarshal(plain, &out) != nil || !time.Now().Before(out.Expires) {
		return CanvasSession{}, ErrNoSession
	}
	return out, nil
}

// Close ends the session in this browser.
func (s Sessions) Close(w http.ResponseWriter) { http.SetCookie(w, canvasCookie("", -1)) }

func canvasCookie(value string, maxAge int) *http.Cookie {
	return &http.Cookie{
		Name: cookieCanvas, Value: value, Path: "/", MaxAge: maxAge,
		Secure: true, HttpOnly: true, Partitioned: true,
		SameSite: http.SameSiteNoneMode, // the iframe's site is not the page's
	}
}

func (s Sessions) lifetime() time.Duration {
	if s.Lifetime == 0 {
		return 2 * time.Hour
	}
	return s.Lifetime
}

func (s Sessions) check() error {
	var problems []string
	if s.Sealer == nil {
		problems = append(problems, "Sealer is missing: see orglink.NewKeyRing")
	}
	if s.Environment == "" {
		problems = append(problems, `Environment is missing: a name such as "production"`)
	}
	if s.Lifetime < 0 || s.Lifetime > 24*time.Hour {
		problems = append(problems, fmt.Sprintf("Lifetime is %s; it is at most a day", s.Lifetime))
	}
	if len(problems) > 0 {
		return errors.New("embed: canvas: sessions: " + strings.Join(problems, "; "))
	}
	return nil
}

func (s Sessions) binding() []byte {
	out := []byte("orglink/embed/canvas/1")
	out = binary.BigEndian.AppendUint32(out, uint32(len(s.Environment)))
	return append(out, s.Environment...)
}
