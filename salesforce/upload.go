package salesforce

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"net/url"
	"path"
	"strings"

	"github.com/orglink/orglink/salesforce/sobject"
)

// File is a file to upload.
type File struct {
	// Name is the file's name with its extension, by which Salesforce knows
	// the type. Required.
	Name string
	// Open opens the content. It is called once for each attempt. Required.
	Open func() (io.ReadCloser, error)
	// Title is shown to people. Defaults to Name without its extension.
	Title string
	// Document makes the file a new version of a ContentDocument. Defaults to
	// none, a new document.
	Document sobject.ID
	// PublishTo shares a new document with a record, or with a library.
	// Defaults to none, the user's own files.
	PublishTo sobject.ID
	// ContentType describes the content. Defaults to what the extension says,
	// and else application/octet-stream.
	ContentType string
	// Fields are more fields of the ContentVersion, such as Description.
	Fields []sobject.Field
}

// Upload stores a file as a ContentVersion, up to 2 GB, without holding it in
// memory. The outcome's ID is that of the ContentVersion; its ContentDocumentId
// has to be read. After an error that IsRetryable the file may have been
// stored all the same.
func (c *Client) Upload(ctx context.Context, f File) (Outcome, error) {
	fields := []sobject.Field{sobject.F("PathOnClient", sobject.TextValue(f.Name)), sobject.F("Title", sobject.TextValue(first(f.Title, strings.TrimSuffix(f.Name, path.Ext(f.Name)))))}
	if f.Document != "" {
		fields = append(fields, sobject.F("ContentDocumentId", sobject.IDValue(f.Document)))
	}
	if f.PublishTo != "" {
		fields = append(fields, sobject.F("FirstPublishLocationId", sobject.IDValue(f.PublishTo)))
	}
	rec := sobject.NewRecord("ContentVersion", append(fields, f.Fields...)...)
	return c.CreateBlob(ctx, rec, "VersionData", f)
}

// CreateBlob creates a record of any object with a base64 field, such as an
// Attachment with its Body, up to 500 MB (2 GB for ContentVersion). Of the file,
// Name, Open and ContentType count.
func (c *Client) CreateBlob(ctx context.Context, rec sobject.Record, field string, f File) (Outcome, error) {
	req, err := blobRequest(rec, field, f)
	if err != nil {
		return Outcome{}, err
	}
	req.Method, req.Path = http.MethodPost, "sobjects/"+url.PathEscape(rec.Object())
	var out wireOutcome
	if _, err = c.call(ctx, req, &out); err != nil {
		return failedOutcome(err), err
	}
	o := out.outcome()
	o.Created = o.Success
	return o, o.Err()
}

// UpdateBlob replaces the content of a base64 field of a record, such as Body of
// an Attachment or a Document, and the fields that rec has, up to 500 MB. Of the
// file, Name, Open and ContentType count. A ContentVersion cannot be changed
// (REST API guide, "Insert or Update Blob Data"): Upload a new version with
// File.Document. After an error that IsRetryable the content may have been
// replaced all the same.
func (c *Client) UpdateBlob(ctx context.Context, id sobject.ID, rec sobject.Record, field string, f File) error {
	if strings.EqualFold(rec.Object(), "ContentVersion") {
		return errors.New("salesforce: upload: a ContentVersion cannot be changed: Upload a new version with File.Document")
	}
	req, err := blobRequest(rec, field, f)
	if err != nil {
		return err
	}
	req.Method = http.MethodPatch
	if req.Path, err = recordPath(rec.Object(), id); err != nil {
		return err
	}
	_, err = c.call(ctx, req, nil)
	return err
}

// blobRequest is the body of a request for one record and a file, whose method
// and path are still to be said.
func blobRequest(rec sobject.Record, field string, f File) (Request, error) {
	if rec.Object() == "" || field == "" || f.Name == "" || f.Open == nil {
		return Request{}, errors.New("salesforce: upload: the object, the field, and the file's Name and Open must be given")
	}
	head, tail, contentType, err := frame(rec, field, f)
	if err != nil {
		return Request{}, fmt.Errorf("salesforce: upload %s %s: %w", rec.Object(), clip(f.Name, 100), err)
	}
	return Request{ContentType: contentType, Header: noAutoAssign(), Operation: "upload", Object: rec.Object(),
		Stream: func() (io.ReadCloser, error) {
			content, err := f.Open()
			if err != nil {
				return nil, err
			}
			return framed{io.MultiReader(bytes.NewReader(head), content, bytes.NewReader(tail)), content}, nil
		}}, nil
}

// framed is a multipart body around an open file.
type framed struct {
	io.Reader
	io.Closer
}

// frame makes what stands before and after a file's content in a multipart
// body: the fields of its record, and the boundaries.
func frame(rec sobject.Record, field string, f File) (head, tail []byte, contentType string, err error) {
	fields, err := recordBody(rec, "Id", field)
	if err != nil {
		return nil, nil, "", err
	}
	// Any name will do (REST API guide, "Insert or Update Blob Data"); these are
	// the ones of its examples.
	entity := "entity_" + strings.ToLower(rec.Object())
	if rec.Object() == "ContentVersion" {
		entity = "entity_content"
	}
	if strings.ContainsAny(entity+field, "\"\r\n") {
		return nil, nil, "", errors.New("the object or the field is no API name")
	}
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	part, err := w.CreatePart(textproto.MIMEHeader{
		"Content-Disposition": {`form-data; name="` + entity + `"`},
		"Content-Type":        {"application/json"},
	})
	if err == nil {
		_, err = part.Write(fields)
	}
	if err != nil {
		return nil, nil, "", err
	}
	// Not FileContentDisposition: Salesforce reads the name as it stands, so
	// quotes and line breaks are replaced and not escaped.
	name := strings.NewReplacer(`"`, "'", "\r", " ", "\n", " ", `\`, "_").Replace(f.Name)
	kind := first(f.ContentType, mime.TypeByExtension(path.Ext(f.Name)), "application/octet-stream")
	if strings.ContainsAny(kind, "\r\n") {
		return nil, nil, "", errors.New("ContentType holds a line break")
	}
	if _, err = w.CreatePart(textproto.MIMEHeader{
		"Content-Disposition": {`form-data; name="` + field + `"; filename="` + name + `"`},
		"Content-Type":        {kind},
	}); err != nil {
		return nil, nil, "", err
	}
	cut := b.Len()
	if err := w.Close(); err != nil {
		return nil, nil, "", err
	}
	return b.Bytes()[:cut:cut], b.Bytes()[cut:], w.FormDataContentType(), nil
}
