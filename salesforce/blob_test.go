package salesforce_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/orglink/orglink/salesforce"
	"github.com/orglink/orglink/salesforce/salesforcetest"
	"github.com/orglink/orglink/salesforce/sobject"
)

func TestBlobsInTheFakeOrg(t *testing.T) {
	org, c := fake(t, salesforcetest.Config{})
	account := create(t, org, "Account", salesforcetest.Fields{"Name": "Acme"})
	content := bytes.Repeat([]byte("\x00\xff--boundary\r\nÜ"), 20_000)
	file := filepath.Join(t.TempDir(), "x")
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := c.CreateBlob(t.Context(), sobject.NewRecord("Attachment", sobject.F("ParentId", sobject.IDValue(account)), sobject.F("Name", sobject.TextValue("a.bin")),
		sobject.F("ContentType", sobject.TextValue("text/x-odd"))), "Body", salesforce.File{Name: "a.bin", Open: func() (io.ReadCloser, error) { return os.Open(file) }})
	if err != nil || !out.Created {
		t.Fatal(out, err)
	}
	resp, err := c.Blob(t.Context(), "Attachment", out.ID, "Body")
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(resp.Body)
	if resp.Body.Close(); err != nil || !bytes.Equal(got, content) || resp.Header.Get("Content-Type") != "text/x-odd" {
		t.Errorf("%d bytes of %d, %v, %v", len(got), len(content), resp.Header, err)
	}
	// Its content is replaced, with other fields or alone.
	for _, rec := range []sobject.Record{sobject.NewRecord("Attachment", sobject.F("Description", sobject.TextValue("new"))), sobject.NewRecord("Attachment")} {
		short := strings.Repeat("\r\n--", rec.Len()+1)
		err = c.UpdateBlob(t.Context(), out.ID, rec, "Body", salesforce.File{Name: "b.txt", Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(short)), nil }})
		if err != nil {
			t.Fatal(err)
		}
		resp, err := c.Blob(t.Context(), "Attachment", out.ID, "Body")
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(resp.Body)
		if resp.Body.Close(); err != nil || string(got) != short {
			t.Errorf("%q, %v", got, err)
		}
	}
	if rec, err := c.Get(t.Context(), "Attachment", out.ID, "Description", "Name"); err != nil || textOf(t, rec, "Description") != "new" || textOf(t, rec, "Name") != "a.bin" {
		t.Error(rec, err)
	}
	err = c.UpdateBlob(t.Context(), out.ID, sobject.NewRecord("Attachment"), "Body", salesforce.File{Name: "a.bin", Open: func() (io.ReadCloser, error) { return os.Open(file) }})
	if err != nil {
		t.Fatal(err)
	}
	// The field's own value leads to the same bytes.
	rec, err := c.Get(t.Context(), "Attachment", out.ID, "Body", "BodyLength")
	if err != nil {
		t.Fatal(err)
	}
	resp, err = c.BlobAt(t.Context(), textOf(t, rec, "Body"))
	if err != nil {
		t.Fatal(err)
	}
	n, err := io.Copy(io.Discard, resp.Body)
	length, _ := rec.Value("BodyLength")
	if resp.Body.Close(); err != nil || int(n) != len(content) || length.Raw() != "320000" {
		t.Error(n, length.Raw(), err)
	}
	for _, path := range []string{"", "https://evil.example/services/data/x", "sobjects/x", `iVBORw0KGgo=`} {
		if _, err := c.BlobAt(t.Context(), path); err == nil {
			t.Errorf("%q was taken for a path", path)
		}
	}
	if _, err := c.Blob(t.Context(), "Attachment", out.ID, "Nope"); !errors.Is(err, salesforce.ErrNotFound) {
		t.Error(err)
	}
	if _, err := c.Blob(t.Context(), "Attachment", "00P000000000001", "Body"); !errors.Is(err, salesforce.ErrNotFound) {
		t.Error(err)
	}
	if len(org.Unsupported()) != 0 {
		t.Error(org.Unsupported())
	}
}

// part is one part of a multipart body.
type part struct{ name, file, kind, body string }

func parts(t *testing.T, contentType, body string) (out []part) {
	t.Helper()
	_, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		t.Fatal(err)
	}
	r := multipart.NewReader(strings.NewReader(body), params["boundary"])
	for {
		p, err := r.NextPart()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(p)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, part{p.FormName(), p.FileName(), p.Header.Get("Content-Type"), string(text)})
	}
}

func TestUpload(t *testing.T) {
	n := 0
	o := newOrg(t, func(w http.ResponseWriter, r *http.Request) {
		if n++; n == 1 {
			answer(429, `[]`)(w, r) // the file is opened again
			return
		}
		answer(201, `{"id":"068000000000001AAA","success":true,"errors":[]}`)(w, r)
	})
	opened := 0
	closed := 0
	out, err := o.client(t).Upload(t.Context(), salesforce.File{Name: "Plan \"Q1\"\r\n2026.pdf", PublishTo: "001000000000001", Document: "069000000000001",
		Fields: []sobject.Field{sobject.F("Description", sobject.TextValue("Ü"))},
		Open: func() (io.ReadCloser, error) {
			opened++
			return &counting{strings.NewReader("%PDF"), &closed}, nil
		}})
	if err != nil || out.ID != "068000000000001AAA" || !out.Success || !out.Created || opened != 2 || closed != 2 {
		t.Fatal(out, err, opened, closed)
	}
	for _, r := range o.requests() {
		if r.method != "POST" || r.uri != "/services/data/v66.0/sobjects/ContentVersion" {
			t.Error(r.method, r.uri)
		}
		got := parts(t, r.header.Get("Content-Type"), r.body)
		if len(got) != 2 || got[0].name != "entity_content" || got[0].kind != "application/json" ||
			got[1] != (part{"VersionData", "Plan 'Q1'  2026.pdf", "application/pdf", "%PDF"}) {
			t.Fatalf("%+v", got)
		}
		for _, want := range []string{`"PathOnClient":"Plan \"Q1\"\r\n2026.pdf"`, `"Title":"Plan \"Q1\"\r\n2026"`, `"ContentDocumentId":"069000000000001`, `"FirstPublishLocationId":"001000000000001`, `"Description":"Ü"`} {
			if !strings.Contains(got[0].body, want) {
				t.Errorf("%s lacks %s", got[0].body, want)
			}
		}
	}
}

type counting struct {
	io.Reader
	closed *int
}

func (c *counting) Close() error { *c.closed++; return nil }

func TestUploadFails(t *testing.T) {
	o := newOrg(t, answer(400, `[{"errorCode":"REQUIRED_FIELD_MISSING","message":"m","fields":["PathOnClient"]}]`))
	c := o.client(t)
	text := func(s string) func() (io.ReadCloser, error) {
		return func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(s)), nil }
	}
	if out, err := c.Upload(t.Context(), salesforce.File{Name: "a.txt", Open: text("a")}); !errors.Is(err, salesforce.ErrRequired) || out.Success {
		t.Error(out, err)
	}
	before := len(o.requests())
	gone := errors.New("no such file")
	for name, f := range map[string]salesforce.File{
		"no name": {Open: text("a")}, "no content": {Name: "a.txt"}, "bad type": {Name: "a.txt", ContentType: "a\r\nb", Open: text("a")},
	} {
		if _, err := c.Upload(t.Context(), f); err == nil || len(o.requests()) != before {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, update := range map[string]func() error{
		"of a file": func() error {
			return c.UpdateBlob(t.Context(), "068000000000001AAA", sobject.NewRecord("ContentVersion"), "VersionData", salesforce.File{Name: "a.txt", Open: text("a")})
		},
		"without an id": func() error {
			return c.UpdateBlob(t.Context(), "", sobject.NewRecord("Attachment"), "Body", salesforce.File{Name: "a.txt", Open: text("a")})
		},
		"without a field": func() error {
			return c.UpdateBlob(t.Context(), "00P000000000001AAA", sobject.NewRecord("Attachment"), "", salesforce.File{Name: "a.txt", Open: text("a")})
		},
	} {
		if err := update(); err == nil || len(o.requests()) != before {
			t.Errorf("update %s: %v", name, err)
		}
	}
	_, err := c.Upload(t.Context(), salesforce.File{Name: "a.txt", Open: func() (io.ReadCloser, error) { return nil, gone }})
	if !errors.Is(err, gone) {
		t.Error(err)
	}
}

// A download that breaks off is an error and never a shorter file.
func TestBlobIsCut(t *testing.T) {
	org, c := fake(t, salesforcetest.Config{})
	account := create(t, org, "Account", salesforcetest.Fields{"Name": "Acme"})
	id := create(t, org, "Attachment", salesforcetest.Fields{"ParentId": string(account), "Name": "a", "Body": "aGVsbG8gd29ybGQ="})
	org.Fault(salesforcetest.Fault{Match: salesforcetest.Match{Path: "/services/data/v66.0/sobjects/Attachment", Nth: 1}, Action: salesforcetest.Truncate(20)})
	for try := range 2 {
		resp, err := c.Blob(t.Context(), "Attachment", id, "Body")
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if (try == 0) != (err != nil) || try == 1 && string(got) != "hello world" {
			t.Errorf("try %d: %q, %v", try, got, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Blob(ctx, "Attachment", id, "Body"); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
