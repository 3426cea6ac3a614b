package mapping

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"slices"
	"strings"

	"github.com/orglink/orglink/salesforce/sobject"
)

// Written is what was last written of one host row: its key, the record that
// it became, and the hash of that write. With neither record nor hash the row
// was deleted.
type Written struct {
	Key    string
	Record sobject.ID
	Hash   string
}

// Hash returns a short text that is equal for records with equal fields and
// values, whatever the order of the fields and the spelling of numbers, and
// different otherwise. Case counts in values, not in names. It is stable
// across releases; what it changes to in one is in the changelog.
func Hash(rec sobject.Record) string {
	type field struct {
		name  string
		value sobject.Value
	}
	fields := make([]field, 0, rec.Len())
	for name, v := range rec.Fields() {
		fields = append(fields, field{strings.ToLower(name), v})
	}
	slices.SortFunc(fields, func(a, b field) int { return strings.Compare(a.name, b.name) })
	// Every part goes in with its length, so that no two lists of parts are
	// one text.
	buf := part(make([]byte, 0, 512), strings.ToLower(rec.Object()))
	for _, f := range fields {
		buf = append(part(buf, f.name), byte(f.value.Kind()))
		text := f.value.Canonical()
		if inner, ok := f.value.Record(); ok {
			text = Hash(inner)
		} else if children, ok := f.value.Children(); ok && !f.value.IsNull() {
			for _, c := range children.Records {
				text += Hash(c)
			}
		}
		buf = part(buf, text)
	}
	sum := sha256.Sum256(buf)
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

func part(buf []byte, s string) []byte {
	return append(binary.AppendUvarint(buf, uint64(len(s))), s...)
}
