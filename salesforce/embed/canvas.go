package embed

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/orglink/orglink"
)

// What can be wrong with a signed request.
var (
	ErrCanvasMalformed = errors.New("embed: canvas: the signed request is malformed")
	ErrCanvasSignature = errors.New("embed: canvas: the signature does not match any of the app's secrets")
)

// maxCanvas bounds a signed request; real ones have some kilobytes.
const maxCanvas = 1 << 20

// CanvasFrom verifies the signed request that Salesforce posts to a canvas
// app. It reads the form field signed_request of a POST, at most 1 MiB.
func CanvasFrom(r *http.Request, secrets ...orglink.Secret) (*CanvasRequest, error) {
	if r.Method != http.MethodPost {
		return nil, fmt.Errorf("%w: it comes by POST, this was %s", ErrCanvasMalformed, clip(r.Method))
	}
	r.Body = http.MaxBytesReader(nil, r.Body, 2*maxCanvas) // form encoding needs room
	if err := r.ParseForm(); err != nil {
		return nil, fmt.Errorf("%w: the form cannot be read", ErrCanvasMalformed)
	}
	return VerifyCanvas(r.PostForm.Get("signed_request"), secrets...)
}

// VerifyCanvas checks a signed request against the app's consumer secret, or
// any of several while a secret is being changed, in constant time, and
// returns what it says. The request carries no time that can be relied on:
// use it once, to open a session of your own bound to its user and org, and do
// not accept it as a credential afterwards.
func VerifyCanvas(signed string, secrets ...orglink.Secret) (*CanvasRequest, error) {
	if len(signed) > maxCanvas {
		return nil, fmt.Errorf("%w: it is larger than 1 MiB", ErrCanvasMalformed)
	}
	signature, envelope, ok := strings.Cut(signed, ".")
	if !ok || envelope == "" {
		return nil, fmt.Errorf("%w: it has no two parts", ErrCanvasMalformed)
	}
	mac, err := base64.StdEncoding.DecodeString(signature)
	if err != nil {
		return nil, fmt.Errorf("%w: its signature is not base64", ErrCanvasMalformed)
	}
	valid := false
	for _, secret := range secrets {
		if secret.IsZero() {
			continue // anybody can sign with an empty secret
		}
		h := hmac.New(sha256.New, []byte(secret.Reveal()))
		h.Write([]byte(envelope))
		valid = hmac.Equal(mac, h.Sum(nil)) || valid
	}
	if !valid {
		return nil, ErrCanvasSignature
	}
	text, err := base64.StdEncoding.DecodeString(envelope)
	if err != nil {
		return nil, fmt.Errorf("%w: its envelope is not base64", ErrCanvasMalformed)
	}
	var wire canvasWire
	if err := json.Unmarshal(text, &wire); err != nil {
		return nil, fmt.Errorf("%w: its envelope is not the JSON of a canvas request", ErrCanvasMalformed)
	}
	if wire.Algorithm != "HMACSHA256" {
		return nil, fmt.Errorf("%w: algorithm %q, not HMACSHA256", ErrCanvasMalformed, clip(wire.Algorithm))
	}
	return wire.request()
}
