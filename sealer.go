package orglink

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
)

// Sealer encrypts small values before they reach a store. The binding is
// authenticated but not stored: opening with another binding fails, so sealed
// bytes moved to another tenant, row or environment are useless.
//
// Implementations are safe for concurrent use.
type Sealer interface {
	Seal(plain, binding []byte) (sealed []byte, err error)
	Open(sealed, binding []byte) (plain []byte, err error)
}

// ErrSealed is returned when sealed bytes cannot be opened: unknown key,
// another binding, or damage. It never says which of them.
var ErrSealed = errors.New("orglink: sealed value does not open with these keys and this binding")

// Key is one AES-256 key of a KeyRing.
type Key struct {
	// ID is written beside what the key sealed; never reuse one.
	ID uint32
	// Bytes are exactly 32 random bytes.
	Bytes []byte
}

// Format implements fmt.Formatter, so that a key that is printed by mistake, or
// in the middle of a configuration, does not show its bytes.
func (k Key) Format(f fmt.State, _ rune) { _, _ = fmt.Fprintf(f, "key %d %s", k.ID, redacted) }

// LogValue implements slog.LogValuer.
func (k Key) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(k)) }

// KeyRing is a Sealer with AES-256-GCM. It seals with its first key and opens
// with any of them: rotate by putting a new key in front and dropping an old
// one when everything has been sealed again.
type KeyRing struct {
	first uint32
	aeads map[uint32]cipher.AEAD
}

var _ Sealer = (*KeyRing)(nil)

// NewKeyRing returns a ring of the given keys, newest first.
func NewKeyRing(keys ...Key) (*KeyRing, error) {
	if len(keys) == 0 {
		return nil, errors.New("orglink: a key ring needs at least one key of 32 random bytes")
	}
	ring := &KeyRing{first: keys[0].ID, aeads: make(map[uint32]cipher.AEAD, len(keys))}
	for _, k := range keys {
		if len(k.Bytes) != 32 {
			return nil, fmt.Errorf("orglink: key %d has %d bytes, an AES-256 key has 32", k.ID, len(k.Bytes))
		}
		if _, dup := ring.aeads[k.ID]; dup {
			return nil, fmt.Errorf("orglink: key id %d is used twice", k.ID)
		}
		block, err := aes.NewCipher(k.Bytes)
		if err != nil {
			return nil, fmt.Errorf("orglink: key %d: %w", k.ID, err)
		}
		aead, err := cipher.NewGCM(block)
		if err != nil {
			return nil, fmt.Errorf("orglink: key %d: %w", k.ID, err)
		}
		ring.aeads[k.ID] = aead
	}
	return ring, nil
}

// Format implements fmt.Formatter; it tells which keys there are.
func (r *KeyRing) Format(f fmt.State, _ rune) {
	if r == nil {
		_, _ = io.WriteString(f, "no key ring")
		return
	}
	_, _ = fmt.Fprintf(f, "key ring %v %s", slices.Sorted(maps.Keys(r.aeads)), redacted)
}

// Sealed form: 4 bytes of key id, the nonce, then the sealed text with its tag.
const keyIDLen = 4

// Seal implements Sealer.
func (r *KeyRing) Seal(plain, binding []byte) ([]byte, error) {
	aead := r.aeads[r.first]
	out := make([]byte, keyIDLen+aead.NonceSize(), keyIDLen+aead.NonceSize()+len(plain)+aead.Overhead())
	binary.BigEndian.PutUint32(out, r.first)
	nonce := out[keyIDLen:]
	if _, err := rand.Read(nonce); err != nil {
		return nil, fmt.Errorf("orglink: random nonce: %w", err)
	}
	return aead.Seal(out, nonce, plain, binding), nil
}

// Current reports whether bytes were sealed with the first key. What was not
// should be sealed again before its key is dropped.
func (r *KeyRing) Current(sealed []byte) bool {
	return len(sealed) >= keyIDLen && binary.BigEndian.Uint32(sealed) == r.first
}

// Open implements Sealer.
func (r *KeyRing) Open(sealed, binding []byte) ([]byte, error) {
	if len(sealed) < keyIDLen {
		return nil, ErrSealed
	}
	aead, ok := r.aeads[binary.BigEndian.Uint32(sealed)]
	if !ok || len(sealed) < keyIDLen+aead.NonceSize() {
		return nil, ErrSealed
	}
	nonce, text := sealed[keyIDLen:keyIDLen+aead.NonceSize()], sealed[keyIDLen+aead.NonceSize():]
	plain, err := aead.Open(nil, nonce, text, binding)
	if err != nil {
		return nil, ErrSealed
	}
	return plain, nil
}
