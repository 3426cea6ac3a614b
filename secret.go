package orglink

import (
	"fmt"
	"io"
	"log/slog"
	"unique"
)

const redacted = "[redacted]"

// Secret is a string that does not show itself: fmt (every verb), log/slog,
// encoding/json and encoding.TextMarshaler all print "[redacted]". Only Reveal
// returns the value. The zero Secret is empty. Secrets compare with ==.
type Secret struct {
	// A handle and not a string: fmt cannot call methods of unexported fields,
	// and would print a string in the middle of somebody's %+v.
	value unique.Handle[string]
}

// NewSecret wraps a value.
func NewSecret(value string) Secret {
	if value == "" {
		return Secret{}
	}
	return Secret{value: unique.Make(value)}
}

// Reveal returns the wrapped value. Call it only where the value leaves for
// its destination, such as an Authorization header.
func (s Secret) Reveal() string {
	if s.IsZero() {
		return ""
	}
	return s.value.Value()
}

// IsZero reports whether the secret is empty.
func (s Secret) IsZero() bool { return s == Secret{} }

// String implements fmt.Stringer.
func (s Secret) String() string { return redacted }

// Format implements fmt.Formatter, so that no verb can reach the value.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// LogValue implements slog.LogValuer.
func (s Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText implements encoding.TextMarshaler, and through it JSON.
func (s Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }
