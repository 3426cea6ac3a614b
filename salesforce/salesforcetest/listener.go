package salesforcetest

import (
	"context"
	"errors"
	"net"
	"sync"
)

// MemoryListener is a listener without a network: what it accepts is what its
// own DialContext opened, through net.Pipe. A server on it works inside a
// testing/synctest bubble, where real sockets would stop the fake clock.
type MemoryListener struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

// NewMemoryListener returns a listener for Config.Listener.
func NewMemoryListener() *MemoryListener {
	return &MemoryListener{conns: make(chan net.Conn), done: make(chan struct{})}
}

var errListenerClosed = errors.New("salesforcetest: the listener is closed")

// Accept implements net.Listener.
func (l *MemoryListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener. Connections that are open stay open.
func (l *MemoryListener) Close() error {
	l.once.Do(func() { close(l.done) })
	return nil
}

// Addr implements net.Listener.
func (l *MemoryListener) Addr() net.Addr { return memoryAddr{} }

// DialContext opens a connection to the listener; the network and the address
// are ignored, so that it fits http.Transport.
func (l *MemoryListener) DialContext(ctx context.Context, _, _ string) (net.Conn, error) {
	client, server := net.Pipe()
	select {
	case l.conns <- server:
		return client, nil
	case <-l.done:
		return nil, errListenerClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// memoryAddr is the address of every MemoryListener: a loopback one, because
// clients may insist on that for http.
type memoryAddr struct{}

func (memoryAddr) Network() string { return "pipe" }
func (memoryAddr) String() string  { return "127.0.0.1:80" }
