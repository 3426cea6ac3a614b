package sobject

// Canonical returns Raw with numbers in one spelling (1.0 and 1e0 are 1), so
// that equal numbers have equal text. It is what to hash or to compare across
// REST and Bulk answers.
func (v Value) Canonical() string {
	if v.kind == Number {
		return canonicalNumber(v.text)
	}
	return v.text
}
