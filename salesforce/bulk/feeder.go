package bulk

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"iter"
	"slices"
	"strings"

	"github.com/orglink/orglink/salesforce/sobject"
)

// ErrNotRestartable: rows had to be sent again, but the source gave other rows
// than before.
var ErrNotRestartable = errors.New("the rows are not the same when they are ranged over again")

// encoder makes CSV of rows, one by one.
type encoder struct {
	cfg    LoadConfig
	csv    *sobject.CSVWriter
	buf    bytes.Buffer
	set    columnSet
	header int // bytes of the header
}

func (e *encoder) restart() error {
	e.buf.Reset()
	e.csv = sobject.NewCSVWriter(&e.buf, e.set.columns...)
	err := e.csv.Flush() // the header
	e.header = e.buf.Len()
	return err
}

// encode returns a row as CSV, which is valid until the next call, and its key.
// An error is the row's own.
func (e *encoder) encode(rec sobject.Record) (row []byte, key string, err error) {
	key, keyErr := rowKey(e.cfg.Key, rec)
	if keyErr != nil {
		return nil, "", keyErr
	}
	if err := fits(e.cfg.Object, rec); err != nil {
		return nil, key, err
	}
	e.buf.Reset()
	if err := errors.Join(e.csv.Write(rec), e.csv.Flush()); err != nil {
		return nil, key, errors.Join(err, e.restart()) // half a row may be left in it
	}
	switch row := e.buf.Bytes(); {
	case len(row) == 1:
		return nil, key, errors.New("the row is empty")
	case e.header+len(row) > e.cfg.MaxBytes:
		return nil, key, fmt.Errorf("the row has %d bytes, more than a job takes", len(row))
	default:
		return row, key, nil
	}
}

// rowKey returns the caller's key of a row: the text of its key column, with
// ids in their long form.
func rowKey(column string, rec sobject.Record) (string, error) {
	if column == "" {
		return "", nil
	}
	v, _ := rec.Path(column)
	if v.Raw() == "" {
		return "", fmt.Errorf("the row has no key: %s is empty", column)
	}
	if strings.EqualFold(column, "Id") {
		id, err := sobject.ParseID(v.Raw())
		return string(id), err
	}
	return v.Raw(), nil
}

// feeder gives out the rows of one set of columns, and can go back to an
// earlier one by ranging over the source again.
type feeder struct {
	enc    encoder
	rows   Rows
	first  bool                                      // of all sets: takes rows without fields
	accept func(key string)                          // a row is used for the first time
	refuse func(sobject.Record, string, error) error // a row cannot be sent

	next  func() (sobject.Record, error, bool)
	stop  func()
	at    int // rows used since the source began
	most  int // the most that at ever was
	bad   int // rows refused since the source began
	worst int

	have bool // a row waits
	row  []byte
	key  string

	start    int // where the segment began that was written last
	startSum uint64
	seed     maphash.Seed

	columns []string // of the last row, and their key
	setKey  string
}

func newFeeder(cfg LoadConfig, set columnSet, rows Rows) (*feeder, error) {
	f := &feeder{enc: encoder{cfg: cfg, set: set}, rows: rows, start: -1, seed: maphash.MakeSeed()}
	return f, f.enc.restart()
}

func (f *feeder) close() {
	if f.stop != nil {
		f.stop()
	}
	f.next, f.stop = nil, nil
}

// peek reports whether there is a row, and makes it ready.
func (f *feeder) peek(ctx context.Context) (bool, error) {
	if f.next == nil {
		f.next, f.stop = iter.Pull2(f.rows)
		f.at, f.bad, f.have = 0, 0, false
	}
	for !f.have {
		if ctx.Err() != nil {
			return false, ctx.Err()
		}
		rec, err, ok := f.next()
		if !ok || err != nil {
			return false, err
		}
		if !f.mine(rec) {
			continue
		}
		f.row, f.key, err = f.enc.encode(rec)
		if err == nil {
			f.have = true
			break
		}
		if f.bad++; f.bad > f.worst {
			f.worst = f.bad
			if err := f.refuse(rec, f.key, err); err != nil {
				return false, err
			}
		}
	}
	return true, nil
}

// mine reports whether a row has the feeder's set of columns.
func (f *feeder) mine(rec sobject.Record) bool {
	if f.enc.set.key == "" {
		return true
	}
	columns := columnsOf(rec)
	if len(columns) == 0 {
		return f.first
	}
	if !slices.Equal(columns, f.columns) {
		f.columns, f.setKey = columns, setKey(columns)
	}
	return f.setKey == f.enc.set.key
}

// use takes the row that peek made ready.
func (f *feeder) use() {
	f.have = false
	if f.at++; f.at > f.most {
		f.most = f.at
		f.accept(f.key)
	}
}

// rewind goes to a row by its number.
func (f *feeder) rewind(ctx context.Context, to int) error {
	if f.next != nil && f.at == to {
		return nil
	}
	f.close()
	for f.next == nil || f.at < to {
		more, err := f.peek(ctx)
		if err != nil {
			return err
		}
		if !more {
			return ErrNotRestartable
		}
		if f.at < to {
			f.use()
		}
	}
	return nil
}

// write writes a file of rows from a row on, header first, of at most MaxBytes
// bytes, and returns how many rows fitted.
func (f *feeder) write(ctx context.Context, w io.Writer, start int) (rows int, err error) {
	if err := f.rewind(ctx, start); err != nil {
		return 0, err
	}
	out := bufio.NewWriterSize(w, 64<<10)
	header := sobject.NewCSVWriter(out, f.enc.set.columns...)
	if err := header.Flush(); err != nil {
		return 0, err
	}
	for size := f.enc.header; ; {
		more, err := f.peek(ctx)
		if err != nil {
			return rows, err
		}
		if rows == 0 {
			if err := f.same(start, more); err != nil {
				return 0, err
			}
		}
		if size += len(f.row); !more || size > f.enc.cfg.MaxBytes {
			if f.at < f.most { // fewer rows than the last time
				return rows, ErrNotRestartable
			}
			return rows, out.Flush()
		}
		if _, err := out.Write(f.row); err != nil {
			return rows, err
		}
		f.use()
		rows++
	}
}

// same compares the first row of a file that is written again with what it
// was.
func (f *feeder) same(start int, more bool) error {
	sum := maphash.Bytes(f.seed, f.row)
	if !more || f.start == start && f.startSum != sum {
		return ErrNotRestartable
	}
	f.start, f.startSum = start, sum
	return nil
}
