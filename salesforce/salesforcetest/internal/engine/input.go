package engine

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/orglink/orglink/salesforce/sobject"
)

// ParseRecord reads one JSON object of a request body. attributes.type names
// the object and wins over the given name; other attributes are ignored. A
// body that is no JSON object is a JSON_PARSER_ERROR.
func ParseRecord(object string, body []byte) (sobject.Record, error) {
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	t, err := dec.Token()
	if errors.Is(err, io.EOF) {
		return sobject.Record{}, parserError("The HTTP entity body is required, but this request has no entity body.")
	}
	if err != nil || t != json.Delim('{') {
		return sobject.Record{}, syntax(body, dec, err)
	}
	rec, err := parseObject(object, dec, 0)
	if err != nil {
		return sobject.Record{}, syntax(body, dec, err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return sobject.Record{}, syntax(body, dec, err)
	}
	return rec, nil
}

func parserError(text string) *Error {
	return &Error{Status: 400, Code: "JSON_PARSER_ERROR", Message: text}
}

// syntax words a JSON error as Salesforce's parser does.
func syntax(body []byte, dec *json.Decoder, err error) error {
	var own *Error
	if errors.As(err, &own) {
		return own
	}
	at := int(dec.InputOffset())
	var s *json.SyntaxError
	var whole any
	if errors.As(json.Unmarshal(body, &whole), &s) {
		at = int(s.Offset) - 1
		if s.Error() == "unexpected end of JSON input" {
			at = len(body)
		}
	}
	at = min(max(at, 0), len(body))
	line := 1 + bytes.Count(body[:at], []byte("\n"))
	col := at - bytes.LastIndexByte(body[:at], '\n')
	if at >= len(body) {
		return parserError(fmt.Sprintf("Unexpected end-of-input: expected close marker at [line:%d, column:%d]", line, col))
	}
	return parserError(fmt.Sprintf("Unexpected character ('%c' (code %d)): was expecting a valid JSON value at [line:%d, column:%d]", body[at], body[at], line, col))
}

// parseObject reads the rest of an object whose brace was read.
func parseObject(object string, dec *json.Decoder, depth int) (sobject.Record, error) {
	if depth > 20 {
		return sobject.Record{}, parserError("JSON nests too deep")
	}
	var fields []sobject.Field
	for dec.More() {
		t, err := dec.Token()
		if err != nil {
			return sobject.Record{}, err
		}
		name, _ := t.(string)
		if strings.EqualFold(name, "attributes") {
			var attributes struct{ Type string }
			if err := dec.Decode(&attributes); err != nil {
				return sobject.Record{}, err
			}
			if attributes.Type != "" {
				object = attributes.Type
			}
			continue
		}
		v, err := parseValue(dec, depth)
		if err != nil {
			return sobject.Record{}, err
		}
		fields = append(fields, sobject.F(name, v))
	}
	if _, err := dec.Token(); err != nil {
		return sobject.Record{}, err
	}
	return sobject.NewRecord(object, fields...), nil
}

func parseValue(dec *json.Decoder, depth int) (sobject.Value, error) {
	t, err := dec.Token()
	if err != nil {
		return sobject.Value{}, err
	}
	switch x := t.(type) {
	case nil:
		return sobject.NullValue(), nil
	case string:
		return sobject.TextValue(x), nil
	case bool:
		return sobject.BoolValue(x), nil
	case json.Number:
		return sobject.NumberValue(x.String())
	}
	if t == json.Delim('{') {
		rec, err := parseObject("", dec, depth+1)
		return sobject.RecordValue(rec), err
	}
	for dec.More() { // an array has no meaning in a record
		if _, err := parseValue(dec, depth+1); err != nil {
			return sobject.Value{}, err
		}
	}
	_, err = dec.Token()
	return sobject.JSONValue("[]"), err
}
