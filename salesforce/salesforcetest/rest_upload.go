package salesforcetest

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strings"

	"github.com/orglink/orglink/salesforce/sobject"
)

// takeMultipart turns a multipart body into the record that it stands for: one
// part of JSON, and one part for each base64 field, by the field's name (REST
// guide, "Insert or Update Blob Data"). Other bodies stay as they are.
func (c *call) takeMultipart() *answer {
	kind, params, err := mime.ParseMediaType(c.header.Get("Content-Type"))
	if err != nil || kind != "multipart/form-data" {
		return nil
	}
	bad := func(message string) *answer {
		a := failure(http.StatusBadRequest, "INVALID_MULTIPART_REQUEST", message)
		return &a
	}
	var body []byte
	blobs := map[string][]byte{}
	r := multipart.NewReader(bytes.NewReader(c.body), params["boundary"])
	for {
		part, err := r.NextRawPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return bad("The multipart message is malformed.")
		}
		content, err := io.ReadAll(part)
		if err != nil {
			return bad("The multipart message is malformed.")
		}
		if strings.HasPrefix(part.Header.Get("Content-Type"), "application/json") && body == nil {
			body = content
			continue
		}
		blobs[part.FormName()] = content
	}
	if body == nil {
		return bad("The multipart message has no part with the record's fields.")
	}
	rec, err := parseFields(body)
	if err != nil {
		a := syntaxAnswer(body, err)
		return &a
	}
	for name, content := range blobs {
		rec = rec.With(sobject.F(name, sobject.TextValue(base64.StdEncoding.EncodeToString(content))))
	}
	c.body, err = rec.MarshalJSON()
	if err != nil {
		return bad("The multipart message is malformed.")
	}
	return nil
}

func parseFields(body []byte) (sobject.Record, error) {
	var rec sobject.Record
	err := rec.UnmarshalJSON(body)
	return rec, err
}
