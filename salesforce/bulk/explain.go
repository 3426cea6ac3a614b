package bulk

import (
	"errors"
	"strings"

	"github.com/orglink/orglink/salesforce"
	"github.com/orglink/orglink/salesforce/sobject"
)

// ErrUnsupported: Bulk API 2.0 does not read or write this object, field or
// query, whoever asks. Use the REST API for it, or leave out the fields that
// QueryFields leaves out.
var ErrUnsupported = errors.New("not supported by Bulk API 2.0")

// meant is an error with one more meaning.
type meant struct {
	error
	meaning error
}

func (m meant) Is(target error) bool { return target == m.meaning }
func (m meant) Unwrap() error        { return m.error }

// explain adds the meanings that only the texts of the Bulk API tell.
func explain(err error) error {
	var refused *salesforce.Error
	if err == nil || !errors.As(err, &refused) {
		return err
	}
	text := strings.ToLower(refused.Message)
	for _, t := range []struct {
		part    string
		meaning error
	}{
		{"max bulk v2 query", salesforce.ErrBulkLimit}, // result size stored, jobs per 24 hrs
		{"job creation request exceeds the limit", salesforce.ErrBulkLimit},
		{"not supported by the bulk api", ErrUnsupported},
		{"not supported in bulk query", ErrUnsupported},
		{"aggregate relationships not supported", ErrUnsupported},
		{"implementation restriction", ErrUnsupported},
	} {
		if strings.Contains(text, t.part) && !errors.Is(err, t.meaning) {
			err = meant{err, t.meaning}
		}
	}
	return err
}

// QueryFields returns the names of the fields that a query job of an object
// can select: all but compound ones (address, location), whose components it
// can, and files (base64), which are read one by one through the REST API.
func QueryFields(d *sobject.Describe) []string {
	var names []string
	for _, f := range d.Fields {
		switch f.Type {
		case sobject.TypeAddress, sobject.TypeLocation, sobject.TypeBase64, sobject.TypeComplexValue:
		default:
			names = append(names, f.Name)
		}
	}
	return names
}
