package exporter

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/orglink/orglink/mapping"
	"github.com/orglink/orglink/salesforce"
	"github.com/orglink/orglink/salesforce/sobject"
)

// Records upserts rows as records of any object: what a name in Config.Maps
// means.
type Records struct {
	// Map translates rows. With an ExternalID rows are upserted by it, and
	// nothing can be written twice.
	Map mapping.Map
	// Reference is for objects without an external id: a text field of the
	// org that takes the row's key and can be filtered by. Rows are looked for
	// by it and created when there is none. Two rows of one key are possible
	// then, if somebody else writes the field at the same moment; a field that
	// is an external id is safer.
	Reference string
	// Refs fill lookups with the records of other rows of the host.
	Refs []Ref
}

// Object implements Exporter.
func (c Records) Object() string { return c.Map.Object }

// Find implements Exporter.
func (c Records) Find(ctx context.Context, b *Batch) error {
	part := &records{Batch: b, cfg: c}
	if err := part.prepare(ctx); err != nil || part.mapper == nil {
		return err
	}
	for _, r := range part.open() {
		r.look = true
	}
	return part.look(ctx)
}

// Export implements Exporter.
func (c Records) Export(ctx context.Context, b *Batch) error {
	return (&records{Batch: b, cfg: c}).export(ctx)
}

// key is the field by which records are found.
func (c Records) key() string {
	if c.Map.ExternalID != "" {
		return c.Map.ExternalID
	}
	return c.Reference
}

func (c Records) check() error {
	switch {
	case c.Map.Object == "":
		return errors.New("Object must be set: say what rows become")
	case c.key() == "":
		return errors.New("ExternalID must be set: rows are upserted by an external id, so that nothing is written twice; where the object has none, set Records.Reference")
	case c.Map.ExternalID != "" && c.Reference != "":
		return errors.New("ExternalID and Reference are both set; keep one of them")
	}
	return checkRefs(c.Refs)
}

// records is a Batch that Records writes.
type records struct {
	*Batch
	cfg      Records
	client   *salesforce.Client
	describe *sobject.Describe
	mapper   *mapping.Mapper
	ext      sobject.DescribeField

	gone, converted, ownerless []*Item // what was refused, for a second look
}

// export gives every row a fate, or returns what ended the step.
func (b *records) export(ctx context.Context) error {
	if err := b.prepare(ctx); err != nil {
		return err
	}
	b.skip()
	if err := b.look(ctx); err != nil {
		return err
	}
	for _, r := range b.open() {
		if err := b.decide(ctx, r); err != nil {
			return err
		}
	}
	return b.send(ctx)
}

// prepare translates rows to records; what cannot be translated is rejected
// before anything is sent.
func (b *records) prepare(ctx context.Context) error {
	if err := b.compile(ctx); err != nil || b.mapper == nil {
		return err
	}
	b.ext = sobject.DescribeField{Name: "Id", Type: sobject.TypeID}
	if f, ok := b.describe.Field(b.cfg.key()); ok {
		b.ext = *f
	}
	if b.blind() && (!b.ext.Createable || !b.ext.Filterable || b.ext.Name == "Id") {
		b.mapper = nil
		b.rejectAll(CodeMap, fmt.Sprintf("%s has no field %s that the connected user may fill and filter by", b.cfg.Map.Object, b.cfg.Reference), "have a Salesforce admin add it or grant Edit on it, and retry")
		return nil
	}
	if err := b.resolve(ctx); err != nil {
		return err
	}
	for _, r := range b.open() {
		b.translate(r)
	}
	return nil
}

// compile holds the map to the object as the writer sees it. Without a mapper
// afterwards, all rows were refused.
func (b *records) compile(ctx context.Context) error {
	m := b.cfg.Map
	var err error
	if b.client, err = b.step.client(ctx, b.writer); err != nil {
		return err
	}
	b.describe, err = b.s.describe(ctx, b.client, b.tenant, b.writer, m.Object)
	if errors.Is(err, salesforce.ErrNotFound) || errors.Is(err, salesforce.ErrInvalidType) {
		b.rejectAll(CodeMap, fmt.Sprintf("the object %s does not exist, or the connected user may not see it", m.Object), "correct the map, or have a Salesforce admin grant access to the object, and retry")
		return nil
	}
	if err != nil {
		return err
	}
	if b.mapper, err = mapping.Compile(m, b.describe); err != nil {
		b.rejectAll(CodeMap, err.Error(), "correct the map, or have a Salesforce admin grant access, and retry")
		return nil
	}
	return nil
}

// record translates a row, or rejects it.
func (b *records) record(r *Item) bool {
	rec, problems := b.mapper.Record(r.entry.Row)
	if r.entry.Op == Delete {
		problems = nil // only the key counts
	}
	if bad := mapping.Blocking(problems); len(bad) > 0 {
		var reasons, fields, remedies []string
		for _, p := range bad {
			reasons, fields = append(reasons, p.Field+": "+p.Reason), append(fields, p.Field)
			if p.Remedy != "" {
				remedies = append(remedies, p.Remedy)
			}
		}
		if remedies == nil {
			remedies = []string{"correct the values in the product"}
		}
		r.reject(CodeUnmappable, strings.Join(reasons, "; "), strings.Join(remedies, "; "), fields...)
		return false
	}
	r.rec = rec
	return true
}

// translate makes a row the record to send.
func (b *records) translate(r *Item) {
	if !b.record(r) {
		return
	}
	rec := r.rec
	for _, f := range r.refs {
		rec = rec.With(f)
	}
	r.blind = b.blind()
	v, ok := rec.Value(b.ext.Name)
	if !ok || v.IsNull() {
		v = sobject.TextValue(r.entry.Key)
	}
	v, err := keyValue(v, b.ext)
	if err != nil {
		r.reject(CodeKey, fmt.Sprintf("%q is no value of the external id field: %v", r.entry.Key, err), "correct the key in the product", b.ext.Name)
		return
	}
	r.rec = rec.With(sobject.F(b.ext.Name, v))
	r.key = b.foldKey(v)
	r.hash = mapping.Hash(r.rec)
	if r.guests != nil {
		r.hash = mapping.Hash(r.rec.With(sobject.F("attendees", sobject.TextValue(fmt.Sprint(r.guests)))))
	}
}

// keyValue gives an external id the type of its field.
func keyValue(v sobject.Value, f sobject.DescribeField) (sobject.Value, error) {
	switch {
	case f.Type == sobject.TypeID:
		id, err := v.ID()
		return sobject.IDValue(id), err
	case f.Type.Numeric():
		text, err := v.Decimal()
		if err != nil {
			return v, fmt.Errorf("the field is a number")
		}
		return sobject.NumberValue(text)
	}
	text := v.Canonical()
	if strings.TrimSpace(text) != text || text == "" {
		return v, errors.New("it is empty, or begins or ends with white space, which Salesforce would cut off")
	}
	if n := len([]rune(text)); f.Length > 0 && n > f.Length {
		return v, fmt.Errorf("it has %d characters, the field takes %d", n, f.Length)
	}
	return sobject.TextValue(text), nil
}

// foldKey is an external id as the org tells it from others.
func (b *records) foldKey(v sobject.Value) string {
	if b.blind() || b.ext.Type == sobject.TypeID || b.ext.CaseSensitive {
		return v.Canonical()
	}
	return strings.ToLower(v.Canonical())
}

// skip settles rows that have not changed since they were last written. A row
// that may have been written meanwhile is not among them.
func (b *records) skip() {
	for _, r := range b.open() {
		if r.entry.Op != Delete && !r.entry.Unsure && r.last.Hash != "" && r.last.Hash == r.hash {
			r.succeed(Unchanged, r.last.Record)
		}
	}
}
