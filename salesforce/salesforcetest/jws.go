package salesforcetest

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"math/big"
	"strconv"
	"strings"
	"sync"
)

// signer signs ID tokens and JWT access tokens with RS256. Keys are made when
// first needed: most orgs of a test never sign.
type signer struct {
	mu   sync.Mutex
	keys []signingKey // the last one signs
}

type signingKey struct {
	id  string
	key *rsa.PrivateKey
}

// jwk is a key of the key set.
type jwk struct {
	Type      string `json:"kty"`
	Modulus   string `json:"n"`
	Exponent  string `json:"e"`
	Algorithm string `json:"alg"`
	Use       string `json:"use"`
	ID        string `json:"kid"`
}

// current returns the key that signs.
func (s *signer) current() signingKey {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.keys) == 0 {
		s.add()
	}
	return s.keys[len(s.keys)-1]
}

// rotate makes a new key; tokens signed by older ones stay verifiable.
func (s *signer) rotate() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.add()
}

func (s *signer) add() {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err) // crypto/rand does not fail, and 2048 is a fine size
	}
	// Salesforce's key ids are small numbers.
	s.keys = append(s.keys, signingKey{strconv.Itoa(210 + 2*len(s.keys)), key})
}

// set lists the public keys.
func (s *signer) set() []jwk {
	s.current()
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]jwk, len(s.keys))
	for i, k := range s.keys {
		out[i] = jwk{
			Type: "RSA", Modulus: segment(k.key.N.Bytes()), Exponent: segment(big.NewInt(int64(k.key.E)).Bytes()),
			Algorithm: "RS256", Use: "sig", ID: k.id,
		}
	}
	return out
}

// sign writes claims as a signed JWT.
func (s *signer) sign(header map[string]any, claims any) string {
	k := s.current()
	header["alg"], header["kid"] = "RS256", k.id
	text := segment(encode(header)) + "." + segment(encode(claims))
	sum := sha256.Sum256([]byte(text))
	sig, err := rsa.SignPKCS1v15(nil, k.key, crypto.SHA256, sum[:])
	if err != nil {
		panic(err) // a SHA-256 digest always fits a 2048-bit key
	}
	return text + "." + segment(sig)
}

func segment(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

var errNotJWT = errors.New("not a signed JWT")

// signedJWT is a JWT whose signature is yet to be checked.
type signedJWT struct {
	algorithm string
	claims    map[string]any
	text      string // what is signed
	signature []byte
}

// parseJWT takes a JWT apart.
func parseJWT(text string) (signedJWT, error) {
	parts := strings.Split(text, ".")
	if len(parts) != 3 {
		return signedJWT{}, errNotJWT
	}
	var raw [3][]byte
	for i, p := range parts {
		b, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(p, "="))
		if err != nil {
			return signedJWT{}, errNotJWT
		}
		raw[i] = b
	}
	var header struct {
		Alg string `json:"alg"`
	}
	if json.Unmarshal(raw[0], &header) != nil {
		return signedJWT{}, errNotJWT
	}
	out := signedJWT{algorithm: header.Alg, text: parts[0] + "." + parts[1], signature: raw[2]}
	d := json.NewDecoder(bytes.NewReader(raw[1]))
	d.UseNumber()
	if d.Decode(&out.claims) != nil || out.claims == nil {
		return signedJWT{}, errNotJWT
	}
	return out, nil
}

// verify checks an RS256 signature.
func (j signedJWT) verify(key *rsa.PublicKey) bool {
	sum := sha256.Sum256([]byte(j.text))
	return j.algorithm == "RS256" && key != nil && rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], j.signature) == nil
}

func (j signedJWT) str(claim string) string {
	s, _ := j.claims[claim].(string)
	return s
}

// seconds reads a time claim: a number, or a string as in Salesforce's own
// example of an assertion.
func (j signedJWT) seconds(claim string) (int64, bool) {
	var text string
	switch v := j.claims[claim].(type) {
	case json.Number:
		text = v.String()
	case string:
		text = v
	default:
		return 0, false
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || f < 0 || f > 1<<40 {
		return 0, false
	}
	return int64(f), true
}

// audiences reads the aud claim: a string or a list.
func (j signedJWT) audiences() []string {
	switch v := j.claims["aud"].(type) {
	case string:
		return []string{v}
	case []any:
		var out []string
		for _, a := range v {
			if s, ok := a.(string); ok {
				out = append(out, s)
			}
		}
		return out
	}
	return nil
}

// shortHash is the at_hash of a token: the left half of its SHA-256.
func shortHash(token string) string {
	sum := sha256.Sum256([]byte(token))
	return segment(sum[:len(sum)/2])
}

// userCode returns a random code that a person can type: eight letters and
// digits that are not mistaken for each other.
func userCode() string {
	const alphabet = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
	var raw [8]byte
	_, _ = rand.Read(raw[:])
	n := binary.BigEndian.Uint64(raw[:])
	out := make([]byte, 8)
	for i := range out {
		out[i] = alphabet[n&31]
		n >>= 5
	}
	return string(out)
}
