package connection

import (
	"encoding/binary"
	"encoding/json"

	"github.com/orglink/orglink"
)

// sealer binds what it seals to environment, tenant, connection, row and field:
// bytes copied to another row or another installation's database do not open.
type sealer struct {
	inner       orglink.Sealer // nil: insecure, by the host's decision
	environment string
}

// bound is what sealed bytes belong to besides the environment.
type bound struct {
	tenant     orglink.TenantID
	connection orglink.ConnectionID // "" for what comes before a connection
	row, field string
}

// binding is injective: each part goes with its length.
func (s sealer) binding(p bound) []byte {
	out := []byte("orglink/connection/1")
	for _, part := range []string{s.environment, string(p.tenant), string(p.connection), p.row, p.field} {
		out = binary.BigEndian.AppendUint32(out, uint32(len(part)))
		out = append(out, part...)
	}
	return out
}

func (s sealer) seal(p bound, plain []byte) ([]byte, error) {
	if s.inner == nil {
		return plain, nil
	}
	return s.inner.Seal(plain, s.binding(p))
}

func (s sealer) open(p bound, sealed []byte) ([]byte, error) {
	if s.inner == nil {
		return sealed, nil
	}
	return s.inner.Open(sealed, s.binding(p))
}

// stale reports whether bytes were sealed with a key other than the newest. A
// sealer that cannot tell seals anew each time.
func (s sealer) stale(sealed []byte) bool {
	if s.inner == nil {
		return false
	}
	ring, ok := s.inner.(interface{ Current(sealed []byte) bool })
	return !ok || !ring.Current(sealed)
}

// credential is what a token is asked for with, or a token, and the only place
// it may be sent to. Both are sealed together, so that a changed row cannot
// send a token elsewhere.
type credential struct {
	Token string `json:"t"`
	Host  string `json:"h"`
}

// The fields of a grant. What a new token is asked for with has a name for
// each flow, so that no row can turn one kind into another.
const (
	fieldAccess   = "access"
	fieldRefresh  = "refresh"
	fieldVerifier = "verifier"
)

func (f Flow) field() string {
	if f == WebServer {
		return fieldRefresh
	}
	return string(f)
}

func boundOf(g Grant, field string) bound { return bound{g.Tenant, g.Connection, string(g.ID), field} }

func (s sealer) sealCredential(p bound, c credential) ([]byte, error) {
	plain, err := json.Marshal(c)
	if err != nil {
		return nil, err
	}
	return s.seal(p, plain)
}

func (s sealer) openCredential(p bound, sealed []byte) (credential, error) {
	plain, err := s.open(p, sealed)
	if err != nil {
		return credential{}, err
	}
	var c credential
	if json.Unmarshal(plain, &c) != nil {
		return credential{}, orglink.ErrSealed
	}
	return c, nil
}
