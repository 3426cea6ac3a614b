package salesforce

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/orglink/orglink/salesforce/sobject"
)

// Search runs a SOSL search, such as
//
//	"FIND {" + salesforce.EscapeSOSL(name) + "} IN NAME FIELDS RETURNING Account(Id, Name), Lead"
//
// and returns what was found, object by object, at most 2,000 records in all.
// The org's index lags behind writes by seconds to minutes, so a search is no
// way to find out whether a record exists already.
func (c *Client) Search(ctx context.Context, sosl string) ([]sobject.Record, error) {
	req := Request{Path: "search", Query: url.Values{"q": {sosl}}, Operation: "search"}
	return c.search(ctx, req)
}

// The fields that a search looks into, for SearchRequest.In.
const (
	SearchAll     = "ALL"
	SearchName    = "NAME"
	SearchEmail   = "EMAIL"
	SearchPhone   = "PHONE"
	SearchSidebar = "SIDEBAR"
)

// SearchRequest is a search without SOSL.
type SearchRequest struct {
	// Text is what to look for, at least two characters. Required. Stars and
	// question marks are wildcards, quotes make phrases, and AND, OR and AND
	// NOT combine; EscapeSOSL takes that meaning away.
	Text string `json:"q"`
	// In is one of SearchAll and its kin. Defaults to the org's choice, all
	// fields.
	In string `json:"in,omitempty"`
	// Fields are returned of every object that names none of its own; the Id
	// alone by default. It needs Objects.
	Fields []string `json:"fields,omitempty"`
	// Objects are what to look for; all searchable ones by default.
	Objects []SearchObject `json:"sobjects,omitempty"`
	// Limit bounds the whole result and LimitPerObject that of each object; up
	// to 2,000, which is the default.
	Limit          int `json:"overallLimit,omitempty"`
	LimitPerObject int `json:"defaultLimit,omitempty"`
	// Offset skips records, up to 2,000; for a single object.
	Offset int `json:"offset,omitempty"`
	// SpellCorrection may be switched off; on by default.
	SpellCorrection *bool `json:"spellCorrection,omitempty"`
}

// SearchObject is one object of a SearchRequest.
type SearchObject struct {
	Name   string   `json:"name"`
	Fields []string `json:"fields,omitempty"`
	// Where is a SOQL condition, such as "IsConverted = false".
	Where string `json:"where,omitempty"`
	// OrderBy is such as "Name DESC NULLS_LAST".
	OrderBy string `json:"orderBy,omitempty"`
	Limit   int    `json:"limit,omitempty"`
}

// SearchWith runs a search that is given as parameters. What Search says of
// the index holds here too.
func (c *Client) SearchWith(ctx context.Context, search SearchRequest) ([]sobject.Record, error) {
	var errs []error
	if strings.TrimSpace(search.Text) == "" {
		errs = append(errs, errors.New("Text is empty"))
	}
	if len(search.Fields) > 0 && len(search.Objects) == 0 {
		errs = append(errs, errors.New("Fields need Objects to be fields of"))
	}
	for _, o := range search.Objects {
		if o.Name == "" {
			errs = append(errs, errors.New("an object has no Name"))
		}
	}
	if search.Offset > 0 && len(search.Objects) != 1 {
		errs = append(errs, errors.New("Offset needs exactly one object"))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("salesforce: search: %w", err)
	}
	return c.search(ctx, Request{Method: http.MethodPost, Path: "parameterizedSearch", JSON: search, Operation: "search", Idempotent: true})
}

func (c *Client) search(ctx context.Context, req Request) ([]sobject.Record, error) {
	var found searchRecords
	if _, err := c.call(ctx, req, &found); err != nil {
		return nil, err
	}
	return found, nil
}

// searchRecords are the records of an answer: an object since version 37, an
// array before.
type searchRecords []sobject.Record

func (r *searchRecords) UnmarshalJSON(raw []byte) error {
	if len(raw) > 0 && raw[0] == '[' {
		return json.Unmarshal(raw, (*[]sobject.Record)(r))
	}
	var whole struct {
		Records *[]sobject.Record `json:"searchRecords"`
	}
	if err := json.Unmarshal(raw, &whole); err != nil {
		return err
	}
	if whole.Records == nil {
		return fmt.Errorf("the answer has no searchRecords: %w", ErrIncomplete)
	}
	*r = *whole.Records
	return nil
}

// EscapeSOSL makes a text a search term that is looked for as it stands, for
// use between the braces of FIND: the characters that SOSL reserves get a
// backslash, and line breaks and other control characters become blanks. The
// words AND, OR and NOT are put into lower case, which takes their meaning and
// changes no result, because searches do not see case.
func EscapeSOSL(text string) string {
	var b strings.Builder
	for _, r := range text {
		switch {
		case strings.ContainsRune(`?&|!{}[]()^~*:\"'+-`, r):
			b.WriteByte('\\')
			b.WriteRune(r)
		case r < ' ' || r == 0x7f:
			b.WriteByte(' ')
		default:
			b.WriteRune(r)
		}
	}
	words := strings.Split(b.String(), " ")
	for i, w := range words {
		if w == "AND" || w == "OR" || w == "NOT" {
			words[i] = strings.ToLower(w)
		}
	}
	return strings.Join(words, " ")
}
