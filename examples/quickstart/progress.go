package main

import (
	"fmt"
	"io"
	"os"
	"sync"
)

// progress tells what goes on: a line for each thing done and, on a terminal,
// one that is rewritten while something runs. It is safe for concurrent use.
type progress struct {
	mu       sync.Mutex
	out      io.Writer
	terminal bool
	open     bool // a rewritten line stands without its end
}

// newProgress writes to standard output, or to standard error when that holds
// the JSON object.
func newProgress(json bool) *progress {
	out := os.Stdout
	if json {
		out = os.Stderr
		if !isTerminal(out) {
			return &progress{out: io.Discard}
		}
	}
	return &progress{out: out, terminal: isTerminal(out)}
}

// Done reports something that was done.
func (p *progress) Done(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clear()
	fmt.Fprintf(p.out, format+"\n", args...)
}

// Now shows what is going on, on a terminal.
func (p *progress) Now(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.terminal {
		return
	}
	p.clear()
	fmt.Fprintf(p.out, "  "+format, args...)
	p.open = true
}

func (p *progress) clear() {
	if p.open {
		fmt.Fprint(p.out, "\r\033[K")
		p.open = false
	}
}
