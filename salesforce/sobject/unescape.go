package sobject

import (
	"bytes"
	"unicode/utf16"
	"unicode/utf8"
)

// unescape replaces the escapes of a validated JSON string in place and
// returns the shorter text. A lone surrogate becomes U+FFFD.
func unescape(b []byte) []byte {
	w := 0
	for r := 0; r < len(b); {
		if b[r] != '\\' {
			run := bytes.IndexByte(b[r:], '\\')
			if run < 0 {
				run = len(b) - r
			}
			w += copy(b[w:], b[r:r+run])
			r += run
			continue
		}
		c := b[r+1]
		if c != 'u' {
			b[w] = unescaped(c)
			r, w = r+2, w+1
			continue
		}
		char := hex4(b[r+2:])
		r += 6
		if utf16.IsSurrogate(char) {
			low := rune(-1)
			if r+6 <= len(b) && b[r] == '\\' && b[r+1] == 'u' {
				low = hex4(b[r+2:])
			}
			if char = utf16.DecodeRune(char, low); char != utf8.RuneError {
				r += 6
			}
		}
		w += utf8.EncodeRune(b[w:w+utf8.RuneLen(char)], char)
	}
	return b[:w]
}

func unescaped(c byte) byte {
	switch c {
	case 'b':
		return '\b'
	case 'f':
		return '\f'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	}
	return c
}

func hex4(b []byte) rune {
	return hexDigit(b[0])<<12 | hexDigit(b[1])<<8 | hexDigit(b[2])<<4 | hexDigit(b[3])
}

// appendValid appends text with U+FFFD for every byte that is no UTF-8.
func appendValid(to, text []byte) []byte {
	for len(text) > 0 {
		r, size := utf8.DecodeRune(text)
		to = utf8.AppendRune(to, r)
		text = text[size:]
	}
	return to
}
