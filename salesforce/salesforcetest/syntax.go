package salesforcetest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// syntaxAnswer answers malformed JSON in the words of Salesforce's parser.
func syntaxAnswer(body []byte, err error) answer {
	if len(bytes.TrimSpace(body)) == 0 {
		return failure(http.StatusBadRequest, "JSON_PARSER_ERROR", "The HTTP entity body is required, but this request has no entity body.")
	}
	offset := len(body)
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		offset = int(syntax.Offset)
	case errors.As(err, &kind):
		line, col := position(body, int(kind.Offset))
		return failure(http.StatusBadRequest, "JSON_PARSER_ERROR",
			fmt.Sprintf("Cannot deserialize instance of %s from %s value or request may be missing a required field at [line:%d, column:%d]",
				jsonKind(kind.Type.Kind().String()), strings.ToUpper(kind.Value), line, col))
	}
	line, col := position(body, offset)
	if offset >= len(body) && (syntax == nil || strings.Contains(syntax.Error(), "end of JSON")) {
		return failure(http.StatusBadRequest, "JSON_PARSER_ERROR", fmt.Sprintf("Unexpected end-of-input at [line:%d, column:%d]", line, col))
	}
	ch := body[max(offset-1, 0)]
	return failure(http.StatusBadRequest, "JSON_PARSER_ERROR",
		fmt.Sprintf("Unexpected character ('%c' (code %d)) at [line:%d, column:%d]", ch, ch, line, col))
}

func jsonKind(goKind string) string {
	switch goKind {
	case "struct", "map":
		return "object"
	case "slice":
		return "list"
	case "bool":
		return "boolean"
	default:
		return goKind
	}
}

func position(body []byte, offset int) (line, col int) {
	offset = min(offset, len(body))
	line = 1 + bytes.Count(body[:offset], []byte{'\n'})
	return line, offset - bytes.LastIndexByte(body[:offset], '\n')
}
