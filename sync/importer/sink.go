package importer

import (
	"context"
	"errors"
	"strings"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/salesforce/sobject"
)

// Stream is what is read once however many integrations select it: one object
// of one connection, with the union of their fields.
type Stream struct {
	Tenant     orglink.TenantID
	Connection orglink.ConnectionID
	// Object is the API name.
	Object string
	// Columns are the selected fields as the org describes them now, Id and
	// SystemModstamp among them, in the describe's order. A column may appear
	// that an earlier Open did not have; one that disappeared is no longer
	// written.
	Columns []sobject.DescribeField
}

// Key names the stream for leases and locks.
func (s Stream) Key() string {
	return "import/" + escape.Replace(string(s.Tenant)) + "/" + escape.Replace(string(s.Connection)) + "/" + s.Object
}

// escape keeps two streams from having one key: hosts choose ids as they like.
var escape = strings.NewReplacer("%", "%25", "/", "%2F")

// Position says where a stream stands. It is opaque to everyone but the
// importer, holds no record data, and is a short text of UTF-8; the empty
// Position is the beginning.
type Position string

// Batch is what a sink applies at once: changes of one stream that lead from
// one position to the next.
type Batch struct {
	Stream Stream
	// Fence is the number of the lease under which the batch was read. Zero
	// in a batch without Next, which no lease covers.
	Fence uint64
	// Prev is the position that the batch starts from; Next the one that
	// holds once the changes are stored. An empty Next means that the batch
	// moves nothing (a record refreshed on request): Prev is then not looked
	// at.
	Prev, Next Position
	// Initial tells that the changes are a first reading of what was there
	// before, not news.
	Initial bool
	// Changes may be empty: then only the position moves. One record may
	// appear more than once; later ones apply after earlier ones.
	Changes []Change
}

// Sink keeps what is imported. The sink owns position and fence: they move
// with the data in one transaction, or not at all.
//
// A sink without transactions is wrapped by [AtLeastOnce]. A new
// implementation is checked by importertest. Implementations are safe for
// concurrent use by different streams.
type Sink interface {
	// Open makes the stream ready to be written with its columns, remembers
	// the fence if it is the highest so far, and returns the stored
	// position. A fence lower than the remembered one is ErrFenced.
	Open(ctx context.Context, s Stream, fence uint64) (Position, error)
	// Apply stores the changes by the version rule (see [Version]) and moves
	// the position. It returns ErrFenced when a higher fence was seen, and
	// ErrConflict when Prev is not the stored position; nothing is stored in
	// either case, nor when it fails in any other way.
	Apply(ctx context.Context, b Batch) error
}

var (
	// ErrFenced is returned by sinks to a worker whose lease has passed to
	// another: it must stop.
	ErrFenced = errors.New("importer: a newer worker has the stream; stop")
	// ErrConflict is returned by sinks when a batch does not start where the
	// stream stands: open the stream again and read on from there.
	ErrConflict = errors.New("importer: the batch does not start at the stored position; open the stream again")
)
