package salesforcetest

import (
	"bytes"
	"errors"
	"strings"
)

// delimiters are the column delimiters by name.
var delimiters = map[string]byte{"COMMA": ',', "TAB": '\t', "SEMICOLON": ';', "PIPE": '|', "CARET": '^', "BACKQUOTE": '`'}

var lineEnds = map[string]string{"LF": "\n", "CRLF": "\r\n"}

// appendQuoted writes one value, always in quotes.
func appendQuoted(dst []byte, value string) []byte {
	dst = append(dst, '"')
	for i := range len(value) {
		if value[i] == '"' {
			dst = append(dst, '"')
		}
		dst = append(dst, value[i])
	}
	return append(dst, '"')
}

var (
	errCSV     = errors.New("malformed CSV")
	errLineEnd = errors.New("wrong line ending")
)

// csvReader reads uploaded data. It keeps what stands between quotes byte for
// byte, which encoding/csv does not (it folds \r\n), and is strict about line
// ends, as Salesforce is.
type csvReader struct {
	rest []byte
	sep  byte
	crlf bool
	// anyEnd takes both line ends, as the first Bulk API does.
	anyEnd bool
}

// next returns the next row and its raw text without the line end; nil at the
// end. Blank lines are skipped.
func (r *csvReader) next() (row []string, raw []byte, err error) {
	for len(r.rest) > 0 {
		row, raw, err = r.line()
		if err != nil || len(raw) > 0 {
			return row, raw, err
		}
	}
	return nil, nil, nil
}

func (r *csvReader) line() (row []string, raw []byte, err error) {
	data := r.rest
	i := 0
	for {
		var value string
		if i < len(data) && data[i] == '"' {
			var b strings.Builder
			i++
			for {
				n := bytes.IndexByte(data[i:], '"')
				if n < 0 {
					return nil, nil, errCSV
				}
				b.Write(data[i : i+n])
				i += n + 1
				if i >= len(data) || data[i] != '"' {
					break
				}
				b.WriteByte('"')
				i++
			}
			value = b.String()
		} else {
			start := i
			for i < len(data) && data[i] != r.sep && data[i] != '\n' && data[i] != '\r' {
				i++
			}
			value = string(data[start:i])
		}
		row = append(row, value)
		switch {
		case i >= len(data):
			r.rest = nil
			return row, data, nil
		case data[i] == r.sep:
			i++
		case data[i] == '\n':
			if r.crlf && !r.anyEnd {
				return nil, nil, errLineEnd
			}
			r.rest = data[i+1:]
			return row, data[:i], nil
		case data[i] == '\r' && i+1 < len(data) && data[i+1] == '\n':
			if !r.crlf && !r.anyEnd {
				return nil, nil, errLineEnd
			}
			r.rest = data[i+2:]
			return row, data[:i], nil
		default:
			return nil, nil, errCSV
		}
	}
}
