package sobject

import (
	"errors"
	"io"
)

// PageReader reads the records of one page of a query's answer.
type PageReader struct{ r io.Reader }

// PageOption changes how a PageReader reads.
type PageOption func(*PageReader)

// Embedded lets other bytes follow the page.
func Embedded() PageOption { return func(*PageReader) {} }

// NewPageReader returns a reader of the page that r streams.
func NewPageReader(r io.Reader, opts ...PageOption) *PageReader { return &PageReader{r} }

// Read returns the next record, or io.EOF after the last.
func (p *PageReader) Read() (Record, error) { return Record{}, errors.New("sobject: not decoded yet") }

// TotalSize returns totalSize.
func (p *PageReader) TotalSize() (int, bool) { return 0, false }

// NextURL returns nextRecordsUrl.
func (p *PageReader) NextURL() string { return "" }

// Done returns done.
func (p *PageReader) Done() bool { return true }

// Partial reports whether child sets of the record have further pages.
func (r Record) Partial() bool { return false }
