// Package pgxload is a mirror.Loader for PostgreSQL by pgx's COPY, to be copied
// into a host: the core depends on no driver. The *sql.DB must be one of
// github.com/jackc/pgx/v5/stdlib.
package pgxload

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"io"
	"iter"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/stdlib"

	"github.com/orglink/orglink/sync/mirror"
)

// Loader is a mirror.Loader.
type Loader struct{}

var _ mirror.Loader = Loader{}

// Load implements mirror.Loader. Rows travel in COPY's text form, which leaves
// the conversion of numbers and dates to the server.
func (Loader) Load(ctx context.Context, conn *sql.Conn, table string, columns []string, rows iter.Seq2[[]any, error]) error {
	next, stop := iter.Pull2(rows)
	defer stop()
	return conn.Raw(func(c any) error {
		pg, ok := c.(*stdlib.Conn)
		if !ok {
			return fmt.Errorf("pgxload: the connection is a %T, not one of pgx/v5/stdlib", c)
		}
		_, err := pg.Conn().PgConn().CopyFrom(ctx, &textRows{next: next}, "COPY "+table+" ("+strings.Join(columns, ",")+") FROM STDIN")
		return err
	})
}

// textRows reads rows in COPY's text form.
type textRows struct {
	next func() ([]any, error, bool)
	buf  bytes.Buffer
	done bool
}

func (r *textRows) Read(p []byte) (int, error) {
	for r.buf.Len() < len(p) && !r.done {
		row, err, ok := r.next()
		if err != nil {
			return 0, err
		}
		if r.done = !ok; !ok {
			break
		}
		for i, v := range row {
			if i > 0 {
				r.buf.WriteByte('\t')
			}
			if err := r.value(v); err != nil {
				return 0, err
			}
		}
		r.buf.WriteByte('\n')
	}
	if r.buf.Len() == 0 {
		return 0, io.EOF
	}
	return r.buf.Read(p)
}

func (r *textRows) value(v any) error {
	b := r.buf.AvailableBuffer()
	switch v := v.(type) {
	case nil:
		b = append(b, '\\', 'N')
	case string:
		for i := range len(v) {
			switch c := v[i]; c {
			case '\\':
				b = append(b, '\\', '\\')
			case '\t':
				b = append(b, '\\', 't')
			case '\n':
				b = append(b, '\\', 'n')
			case '\r':
				b = append(b, '\\', 'r')
			default:
				b = append(b, c)
			}
		}
	case int64:
		b = strconv.AppendInt(b, v, 10)
	case bool:
		b = strconv.AppendBool(b, v)
	case time.Time:
		b = v.AppendFormat(b, "2006-01-02 15:04:05.999999Z07:00")
	default:
		return fmt.Errorf("pgxload: a value of type %T", v)
	}
	r.buf.Write(b)
	return nil
}
