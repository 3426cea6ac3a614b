package salesforce

import (
	"bufio"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// gzipBytes compresses a body, once for all attempts.
func gzipBytes(body []byte) ([]byte, error) {
	var out bytes.Buffer
	zw := gzip.NewWriter(&out)
	if _, err := zw.Write(body); err != nil {
		return nil, err
	}
	if err := zw.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// gzipStream compresses a stream while it is read, a block at a time and
// without a goroutine.
type gzipStream struct {
	src   io.ReadCloser
	zw    *gzip.Writer
	ready bytes.Buffer
	block []byte
	err   error
}

func newGzipStream(src io.ReadCloser) *gzipStream {
	g := &gzipStream{src: src, block: make([]byte, 32<<10)}
	g.zw = gzip.NewWriter(&g.ready)
	return g
}

func (g *gzipStream) Read(p []byte) (int, error) {
	for g.ready.Len() == 0 && g.err == nil {
		n, err := g.src.Read(g.block)
		_, _ = g.zw.Write(g.block[:n]) // a bytes.Buffer takes everything
		if errors.Is(err, io.EOF) {
			_ = g.zw.Close()
		}
		g.err = err
	}
	if g.ready.Len() > 0 {
		return g.ready.Read(p)
	}
	return 0, g.err
}

func (g *gzipStream) Close() error { return g.src.Close() }

// decompress replaces the body of an answer that the transport left encoded,
// which it does when a caller asked for an encoding by hand, or a gateway
// encodes unasked.
func decompress(resp *http.Response) error {
	encoding := strings.ToLower(strings.TrimSpace(resp.Header.Get("Content-Encoding")))
	open := map[string]func(*bufio.Reader) (io.Reader, error){
		"gzip":    func(r *bufio.Reader) (io.Reader, error) { return gzip.NewReader(r) },
		"x-gzip":  func(r *bufio.Reader) (io.Reader, error) { return gzip.NewReader(r) },
		"deflate": inflate,
	}[encoding]
	switch {
	case encoding == "" || encoding == "identity":
		return nil
	case open == nil:
		return fmt.Errorf("salesforce: the answer has the encoding %q, which was not asked for", clip(encoding, 40))
	}
	resp.Body = &decoded{raw: resp.Body, in: bufio.NewReader(resp.Body), open: open}
	resp.Header.Del("Content-Encoding")
	resp.Header.Del("Content-Length")
	resp.ContentLength, resp.Uncompressed = -1, true
	return nil
}

// inflate reads deflate as RFC 9110 means it, in a zlib wrapper, and as some
// servers send it, without.
func inflate(r *bufio.Reader) (io.Reader, error) {
	head, err := r.Peek(2)
	if err != nil {
		return nil, err
	}
	if head[0]&0x0f == 8 && (uint(head[0])<<8|uint(head[1]))%31 == 0 {
		return zlib.NewReader(r)
	}
	return flate.NewReader(r), nil
}

// decoded opens its decoder at the first read, so that an answer without a
// body stays one.
type decoded struct {
	raw  io.ReadCloser
	in   *bufio.Reader
	open func(*bufio.Reader) (io.Reader, error)
	out  io.Reader
	err  error
}

func (d *decoded) Read(p []byte) (int, error) {
	if d.err != nil {
		return 0, d.err
	}
	if d.out == nil {
		if _, d.err = d.in.Peek(1); d.err == nil {
			d.out, d.err = d.open(d.in)
		}
		if d.err != nil {
			return 0, d.err
		}
	}
	return d.out.Read(p)
}

func (d *decoded) Close() error { return d.raw.Close() }

// limitedBody ends with ErrTooLarge instead of passing on more than left bytes.
type limitedBody struct {
	io.ReadCloser
	left, limit int64
}

func (b *limitedBody) Read(p []byte) (int, error) {
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.ReadCloser.Read(p)
	if int64(n) > b.left {
		n, err = int(b.left), fmt.Errorf("salesforce: the answer holds more than %d bytes: %w", b.limit, ErrTooLarge)
	}
	b.left -= int64(n)
	return n, err
}
