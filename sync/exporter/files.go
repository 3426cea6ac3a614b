package exporter

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/orglink/orglink/mapping"
	"github.com/orglink/orglink/salesforce"
	"github.com/orglink/orglink/salesforce/sobject"
	"github.com/orglink/orglink/salesforce/soql"
)

// Files attaches files to records: a row is one file, uploaded once, whatever
// changes come later (Update and Upsert are the same), and Delete deletes it
// with its versions. Each upload is one request.
type Files struct {
	// Reference is a text field of ContentVersion that takes the row's key and
	// can be filtered by. Files are looked for by it before they are uploaded.
	Reference string
	// To names the record that a file is attached to; Salesforce stays empty.
	// Defaults to none: the file is its owner's.
	To []Ref
	// File returns what to upload; PublishTo is set from To. It is called for
	// each attempt. An error with a method RetryAfter() time.Duration lets the
	// row wait, another one rejects it.
	File func(ctx context.Context, e Entry) (salesforce.File, error)
}

var _ Exporter = Files{}

// Object implements Exporter.
func (f Files) Object() string { return "ContentVersion" }

func (f Files) check() error {
	var errs []error
	if f.Reference == "" || f.File == nil {
		errs = append(errs, errors.New("Reference and File must be set"))
	}
	for _, r := range f.To {
		if r.Host == "" || r.Salesforce != "" {
			errs = append(errs, fmt.Errorf("To: %+v must name a Host and no Salesforce field", r))
		}
	}
	return errors.Join(errs...)
}

// Find implements Exporter.
func (f Files) Find(ctx context.Context, b *Batch) error {
	_, err := f.look(ctx, b)
	return err
}

// Export implements Exporter.
func (f Files) Export(ctx context.Context, b *Batch) error {
	for _, r := range b.open() {
		if r.last.Record != "" && r.entry.Op != Delete {
			r.succeed(Unchanged, r.last.Record)
		}
	}
	documents, err := f.look(ctx, b)
	if err != nil {
		return err
	}
	homes, err := f.homes(ctx, b)
	if err != nil {
		return err
	}
	c, err := b.Client(ctx)
	if err != nil {
		return err
	}
	for _, r := range b.open() {
		found := !r.found.IsZero()
		switch {
		case r.entry.Op == Delete && !found:
			r.succeed(Deleted, "")
			if !r.entry.Unsure {
				r.done.Outcome = Unchanged
			}
		case r.entry.Op == Delete:
			err = b.try(ctx, []*Item{r}, func(ctx context.Context, _ []*Item) ([]salesforce.Outcome, error) {
				return c.DeleteAll(ctx, []sobject.ID{documents[r]}, salesforce.WriteOptions{})
			}, b.judgeOne)
		case found && r.entry.Unsure:
			r.verified = true
			r.succeed(Created, r.found.ID())
		case found:
			r.succeed(Unchanged, r.found.ID())
			r.write = &mapping.Written{Key: r.entry.Key, Record: r.found.ID()}
		default:
			err = f.upload(ctx, b, c, r, homes[r])
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// look finds the files that the org has, and the documents they are versions
// of.
func (f Files) look(ctx context.Context, b *Batch) (map[*Item]sobject.ID, error) {
	rows := b.open()
	if len(rows) == 0 {
		return nil, nil
	}
	d, err := b.Describe(ctx, "ContentVersion")
	if err != nil {
		return nil, err
	}
	field, ok := d.Field(f.Reference)
	if !ok || !field.Createable || !field.Filterable {
		b.rejectAll(CodeMap, fmt.Sprintf("ContentVersion has no field %s that the connected user may fill and filter by", f.Reference), "have a Salesforce admin add it or grant Edit on it, and retry")
		return nil, nil
	}
	c, err := b.Client(ctx)
	if err != nil {
		return nil, err
	}
	byKey := make(map[string]*Item, len(rows))
	var keys []string
	for _, r := range rows {
		if _, err := keyValue(sobject.TextValue(r.entry.Key), *field); err != nil {
			r.reject(CodeKey, fmt.Sprintf("%q is no value of %s: %v", r.entry.Key, f.Reference, err), "correct the key in the product", f.Reference)
			continue
		}
		r.looked, r.blind, byKey[r.entry.Key] = true, true, r
		keys = append(keys, soql.Quote(r.entry.Key))
	}
	documents := make(map[*Item]sobject.ID)
	for len(keys) > 0 {
		n := fitting(keys)
		for rec, err := range c.Query(ctx, "SELECT Id, ContentDocumentId, "+field.Name+" FROM ContentVersion WHERE "+field.Name+" IN ("+strings.Join(keys[:n], ",")+")") {
			if err != nil {
				return nil, fmt.Errorf("read back files: %w", err)
			}
			v, _ := rec.Value(field.Name)
			if r := byKey[v.Raw()]; r != nil {
				r.found = rec
				documents[r], _ = rec.Ref("ContentDocumentId")
			}
		}
		keys = keys[n:]
	}
	return documents, nil
}

// homes finds the records that files are attached to, or lets files wait.
func (f Files) homes(ctx context.Context, b *Batch) (map[*Item]sobject.ID, error) {
	known, err := b.lookRefs(ctx, f.To)
	if err != nil {
		return nil, err
	}
	out := make(map[*Item]sobject.ID)
	for _, r := range b.open() {
		for _, ref := range f.To {
			keys, err := refKeys(r.entry.Row[ref.Host])
			if r.entry.Op == Delete || r.done != nil || out[r] != "" || err == nil && len(keys) == 0 {
				continue
			}
			if err != nil || len(keys) > 1 {
				r.reject(CodeUnmappable, fmt.Sprintf("the row holds no single key in %s", ref.Host), "correct the value in the product")
				continue
			}
			id, err := known.id(ref, keys[0])
			if err != nil {
				b.waitFor(r, Ref{Salesforce: ref.Host}, err)
				continue
			}
			out[r] = id
		}
	}
	return out, nil
}

func (f Files) upload(ctx context.Context, b *Batch, c *salesforce.Client, r *Item, home sobject.ID) error {
	file, err := f.File(ctx, r.entry)
	if err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	if err == nil && (file.Name == "" || file.Open == nil) {
		err = errors.New("it needs a Name and Open")
	}
	if err != nil {
		b.noFile(r, err)
		return nil
	}
	var unread error
	open := file.Open
	file.Open = func() (io.ReadCloser, error) {
		content, err := open()
		unread = err
		return content, err
	}
	file.PublishTo = home
	file.Fields = append(file.Fields[:len(file.Fields):len(file.Fields)], sobject.F(f.Reference, sobject.TextValue(r.entry.Key)))
	if owner := r.as.Owner; owner != "" {
		file.Fields = append(file.Fields, sobject.F("OwnerId", sobject.IDValue(sobject.ID(owner))))
	}
	return b.try(ctx, []*Item{r}, func(ctx context.Context, _ []*Item) ([]salesforce.Outcome, error) {
		o, err := c.Upload(ctx, file)
		if unread != nil {
			b.noFile(r, unread)
			return nil, nil
		}
		return []salesforce.Outcome{o}, err
	}, b.judgeOne)
}

// noFile settles a row whose file the host could not give.
func (b *Batch) noFile(r *Item, err error) {
	reason := &Reason{Code: CodeUnmappable, Message: "the file cannot be read: " + err.Error(), Remedy: "make it readable, and retry"}
	var wait interface{ RetryAfter() time.Duration }
	if errors.As(err, &wait) {
		b.retry(r, later, reason, r.entry.Unsure)
		return
	}
	r.settle(Settlement{State: Rejected, Reason: reason})
}
