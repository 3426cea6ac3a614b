package connection

import (
	"encoding/binary"
	"encoding/json"

	"github.com/orglink/orglink"
)

// sealer binds what it seals to environment, tenant, row and field: bytes
// copied to another row or another installation's database do not open.
type sealer struct {
	inner       orglink.Sealer // nil: insecure, by the host's decision
	environment string
}

// binding is injective: each part goes with its length.
func (s sealer) binding(tenant orglink.TenantID, row, field string) []byte {
	out := []byte("orglink/connection/1")
	for _, part := range []string{s.environment, string(tenant), row, field} {
		out = binary.BigEndian.AppendUint32(out, uint32(len(part)))
		out = append(out, part...)
	}
	return out
}

func (s sealer) seal(tenant orglink.TenantID, row, field string, plain []byte) ([]byte, error) {
	if s.inner == nil {
		return plain, nil
	}
	return s.inner.Seal(plain, s.binding(tenant, row, field))
}

func (s sealer) open(tenant orglink.TenantID, row, field string, sealed []byte) ([]byte, error) {
	if s.inner == nil {
		return sealed, nil
	}
	return s.inner.Open(sealed, s.binding(tenant, row, field))
}

// credential is a token with the only place it may be sent to. Both are sealed
// together, so that a changed row cannot send a token elsewhere.
type credential struct {
	Token string `json:"t"`
	Host  string `json:"h"`
}

const (
	fieldAccess   = "access"
	fieldRefresh  = "refresh"
	fieldVerifier = "verifier"
)

func (s sealer) sealCredential(tenant orglink.TenantID, id GrantID, field string, c credential) ([]byte, error) {
	plain, err := json.Marshal(c)
	if err != nil {
		return nil, err
	}
	return s.seal(tenant, string(id), field, plain)
}

func (s sealer) openCredential(tenant orglink.TenantID, id GrantID, field string, sealed []byte) (credential, error) {
	plain, err := s.open(tenant, string(id), field, sealed)
	if err != nil {
		return credential{}, err
	}
	var c credential
	if json.Unmarshal(plain, &c) != nil {
		return credential{}, orglink.ErrSealed
	}
	return c, nil
}
