package sobject

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// notAvailable is what the Bulk API takes for "clear this field".
const notAvailable = "#N/A"

// CSVWriter writes records as a Bulk API upload: a header row, LF line ends,
// and the three states of a field told apart: a field that a record lacks is an
// empty value, which leaves it alone on update and upsert; a null, or an empty
// text, is #N/A, which clears it.
type CSVWriter struct {
	w       *bufio.Writer
	columns []string
	begun   bool
}

// NewCSVWriter returns a writer of the given columns. A column such as
// Account.Ext__c takes the field of a nested record, or a flat field of that
// name.
func NewCSVWriter(w io.Writer, columns ...string) *CSVWriter {
	return &CSVWriter{w: bufio.NewWriterSize(w, 64<<10), columns: slices.Clone(columns)}
}

// Write writes one row. A record with a field that has no column is refused,
// and so are child records, other JSON, and the text #N/A, which would clear
// its field.
func (c *CSVWriter) Write(r Record) error {
	if err := c.header(); err != nil {
		return err
	}
	if err := c.covered(r, ""); err != nil {
		return err
	}
	for i, name := range c.columns {
		if i > 0 {
			if err := c.w.WriteByte(','); err != nil {
				return err
			}
		}
		v, ok := r.Path(name)
		if !ok {
			continue
		}
		text, err := csvText(v)
		if err != nil {
			return fmt.Errorf("sobject: CSV of %s.%s: %w", r.Object(), name, err)
		}
		if err := c.put(text); err != nil {
			return err
		}
	}
	return c.w.WriteByte('\n')
}

// Flush writes what is buffered, and the header when there was no row.
func (c *CSVWriter) Flush() error {
	if err := c.header(); err != nil {
		return err
	}
	return c.w.Flush()
}

func (c *CSVWriter) header() error {
	if c.begun {
		return nil
	}
	c.begun = true
	for i, name := range c.columns {
		if i > 0 {
			if err := c.w.WriteByte(','); err != nil {
				return err
			}
		}
		if err := c.put(name); err != nil {
			return err
		}
	}
	return c.w.WriteByte('\n')
}

// covered makes sure that every field has a column.
func (c *CSVWriter) covered(r Record, prefix string) error {
	for name, v := range r.Fields() {
		path := prefix + name
		if parent, ok := v.Record(); ok {
			if err := c.covered(parent, path+"."); err != nil {
				return err
			}
			continue
		}
		if !slices.ContainsFunc(c.columns, func(column string) bool {
			// A null parent clears the lookup through any of its columns.
			return strings.EqualFold(column, path) || v.IsNull() && len(column) > len(path) && column[len(path)] == '.' && strings.EqualFold(column[:len(path)], path)
		}) {
			return fmt.Errorf("sobject: CSV of %s: no column for the field %s", r.Object(), path)
		}
	}
	return nil
}

func csvText(v Value) (string, error) {
	switch v.Kind() {
	case Null:
		return notAvailable, nil
	case Text:
		switch v.Raw() {
		case "":
			return notAvailable, nil
		case notAvailable:
			return "", errors.New("the text #N/A cannot be uploaded: it would clear the field")
		}
		return v.Raw(), nil
	case Number, Boolean:
		return v.Raw(), nil
	default:
		return "", fmt.Errorf("a value that is %s does not fit into CSV", v.Kind())
	}
}

// put writes one value, in quotes where it needs them.
func (c *CSVWriter) put(text string) error {
	if !strings.ContainsAny(text, ",\"\r\n") && strings.TrimSpace(text) == text {
		_, err := c.w.WriteString(text)
		return err
	}
	_, err := c.w.WriteString(`"` + strings.ReplaceAll(text, `"`, `""`) + `"`)
	return err
}
