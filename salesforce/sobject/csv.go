package sobject

import (
	"errors"
	"io"
)

var errNotYet = errors.New("sobject: not decoded yet")

// CSVReader reads records from the CSV of Bulk API results.
type CSVReader struct{ r io.Reader }

// NewCSVReader returns a reader of records of an object.
func NewCSVReader(r io.Reader, object string) *CSVReader { return &CSVReader{r} }

// Read returns the next record, or io.EOF after the last.
func (c *CSVReader) Read() (Record, error) { return Record{}, errNotYet }

// CSVWriter writes records as the CSV of Bulk API uploads.
type CSVWriter struct{ w io.Writer }

// NewCSVWriter returns a writer of the given columns.
func NewCSVWriter(w io.Writer, columns []string, insert bool) *CSVWriter { return &CSVWriter{w} }

// Write writes one row.
func (c *CSVWriter) Write(r Record) error { return errNotYet }

// Flush writes what is buffered.
func (c *CSVWriter) Flush() error { return errNotYet }
