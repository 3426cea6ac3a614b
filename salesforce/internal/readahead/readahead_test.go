package readahead

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"time"
)

// stream is a body that notes how it is used.
type stream struct {
	io.Reader
	read   atomic.Int64
	closed atomic.Int32
	stop   chan struct{}
}

func (s *stream) Read(p []byte) (int, error) {
	n, err := s.Reader.Read(p)
	s.read.Add(int64(n))
	return n, err
}

func (s *stream) Close() error { s.closed.Add(1); return nil }

func newStream(r io.Reader) *stream { return &stream{Reader: r, stop: make(chan struct{})} }

func data(n int) []byte {
	b := make([]byte, n)
	r := rand.New(rand.NewPCG(1, 2))
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

func TestWhatIsReadIsWhatCame(t *testing.T) {
	var spare Spare
	for _, n := range []int{0, 1, blockSize - 1, blockSize, blockSize + 1, 5*blockSize + 7, 40 * blockSize} {
		want := data(n)
		for name, src := range map[string]io.Reader{"whole": bytes.NewReader(want), "halves": iotest.HalfReader(bytes.NewReader(want)), "end with data": iotest.DataErrReader(bytes.NewReader(want))} {
			body := newStream(src)
			r := New(body, func() {}, &spare)
			got, err := io.ReadAll(r)
			if err != nil || !bytes.Equal(got, want) {
				t.Errorf("%d bytes, %s: got %d, %v", n, name, len(got), err)
			}
			if _, err := r.Read(make([]byte, 1)); err != io.EOF { //nolint:errorlint // as io.Reader says
				t.Errorf("after the end: %v", err)
			}
			if err := errors.Join(r.Close(), r.Close()); err != nil || body.closed.Load() != 1 {
				t.Errorf("closed %d times, %v", body.closed.Load(), err)
			}
		}
	}
}

func TestABreakComesAfterTheDataBeforeIt(t *testing.T) {
	broke := errors.New("connection reset")
	want := data(3*blockSize + 5)
	for _, end := range []error{broke, io.ErrUnexpectedEOF} {
		r := New(newStream(io.MultiReader(bytes.NewReader(want), iotest.ErrReader(end))), func() {}, new(Spare))
		got, err := io.ReadAll(r)
		if !errors.Is(err, end) || !bytes.Equal(got, want) {
			t.Errorf("%d bytes, %v", len(got), err)
		}
		r.Close()
	}
}

type forever struct{}

func (forever) Read(p []byte) (int, error) { return len(p), nil }

func TestItReadsOnlySoFarAhead(t *testing.T) {
	body := newStream(forever{})
	r := New(body, func() {}, new(Spare))
	defer r.Close()
	if _, err := io.ReadFull(r, make([]byte, 10)); err != nil {
		t.Fatal(err)
	}
	last := int64(-1)
	for now := body.read.Load(); now != last; now = body.read.Load() {
		last = now
		time.Sleep(20 * time.Millisecond)
	}
	if last > blocks*blockSize {
		t.Errorf("%d bytes were read ahead", last)
	}
}

// A body that waits for bytes is let go by cancel, and the goroutine is gone
// when Close returns.
func TestCloseWaitsForTheGoroutine(t *testing.T) {
	before := runtime.NumGoroutine()
	for range 50 {
		body := newStream(nil)
		body.Reader = waiting{body.stop}
		r := New(body, func() { close(body.stop) }, new(Spare))
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
		full := New(newStream(forever{}), func() {}, new(Spare))
		if _, err := full.Read(make([]byte, 1)); err != nil {
			t.Fatal(err)
		}
		full.Close()
	}
	if after := runtime.NumGoroutine(); after > before {
		t.Errorf("%d goroutines before, %d after", before, after)
	}
}

type waiting struct{ stop chan struct{} }

func (w waiting) Read([]byte) (int, error) {
	<-w.stop
	return 0, errors.New("cancelled")
}
