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

// CodeTwice is the reason of a row that may have been published and that
// nobody can look up.
const CodeTwice = "ORGLINK_MAY_BE_THERE"

// Events publishes rows as platform events. An event that was published cannot
// be looked up, so a row whose answer was lost cannot be verified: it is
// published again or parked, as Again says. Each row is one event, whatever was
// published before, so each needs a key of its own; Update and Delete are
// rejected.
type Events struct {
	// Map translates rows; its Object is the event, such as Order_Shipped__e.
	// It has no ExternalID.
	Map mapping.Map
	// Key is a field of the event that takes the row's key, by which
	// subscribers recognise an event that comes twice. Defaults to none.
	Key string
	// Again publishes a row again that may have been published, so that
	// subscribers get each at least once. Defaults to parking it for a person:
	// they get each at most once, until he retries it.
	Again bool
}

var _ Exporter = Events{}

// Object implements Exporter.
func (e Events) Object() string { return e.Map.Object }

// Find implements Exporter: every row is a new event.
func (e Events) Find(context.Context, *Batch) error { return nil }

func (e Events) check() error {
	var errs []error
	if !strings.HasSuffix(strings.ToLower(e.Map.Object), "__e") {
		errs = append(errs, fmt.Errorf("Object is %q; platform events end in __e", e.Map.Object))
	}
	if e.Map.ExternalID != "" {
		errs = append(errs, errors.New("ExternalID is set; events have none, see Key"))
	}
	if e.Again && e.Key == "" {
		errs = append(errs, errors.New("Again needs a Key, by which subscribers recognise an event that comes twice"))
	}
	return errors.Join(errs...)
}

// Export implements Exporter.
func (e Events) Export(ctx context.Context, b *Batch) error {
	p := &records{Batch: b, cfg: Records{Map: e.Map}}
	if err := p.compile(ctx); err != nil || p.mapper == nil {
		return err
	}
	f, ok := p.describe.Field(e.Key)
	if e.Key != "" && (!ok || !f.Createable) {
		b.rejectAll(CodeMap, fmt.Sprintf("%s has no field %s that the connected user may fill", e.Map.Object, e.Key), "have a Salesforce admin add it or grant Edit on it, and retry")
		return nil
	}
	for _, r := range b.open() {
		switch {
		case r.entry.Op != Upsert:
			r.reject(CodeUnmappable, fmt.Sprintf("a platform event that was published cannot be changed (%s)", r.entry.Op), "discard the row")
		case r.entry.Unsure && r.entry.Attempts > 1 && !e.Again: // a first attempt is a person's retry
			r.settle(Settlement{State: Parked, Unsure: true, Reason: &Reason{Code: CodeTwice, Message: "the event may have been published; the answer was lost",
				Remedy: "retry the row if its subscribers have not had it, or if having it twice does no harm; discard it otherwise"}})
		case !p.record(r):
		case e.Key != "":
			v, err := keyValue(sobject.TextValue(r.entry.Key), *f)
			if err != nil {
				r.reject(CodeKey, fmt.Sprintf("%q is no value of %s: %v", r.entry.Key, e.Key, err), "correct the key in the product", e.Key)
				break
			}
			r.rec = r.rec.With(sobject.F(f.Name, v))
		}
	}
	return b.try(ctx, b.open(), func(ctx context.Context, rows []*Item) ([]salesforce.Outcome, error) {
		recs := make([]sobject.Record, len(rows))
		for i, r := range rows {
			recs[i] = r.rec
		}
		return p.client.CreateAll(ctx, recs, salesforce.WriteOptions{})
	}, func(r *Item, o salesforce.Outcome) error {
		err := b.judgeOne(r, o)
		r.write = nil // an event is no record to link
		return err
	})
}
