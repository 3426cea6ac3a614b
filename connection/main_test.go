package connection_test

import (
	"bytes"
	"fmt"
	"io"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
)

// printed is everything that the suite printed, and what must not be in it.
var printed struct {
	sync.Mutex
	text    bytes.Buffer
	secrets map[string]bool
}

type printedWriter struct{}

func (printedWriter) Write(p []byte) (int, error) {
	printed.Lock()
	defer printed.Unlock()
	return printed.text.Write(p)
}

// TestMain runs the suite with its output copied, and greps it afterwards for
// every token, code, secret, verifier, state and assertion that travelled.
func TestMain(m *testing.M) {
	stdout := os.Stdout
	r, w, err := os.Pipe()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Stdout = w
	copied := make(chan error)
	go func() {
		_, err := io.Copy(io.MultiWriter(stdout, printedWriter{}), r)
		copied <- err
	}()
	code := m.Run()
	os.Stdout = stdout
	w.Close()
	if err := <-copied; err != nil {
		fmt.Fprintln(os.Stderr, "the output could not be copied:", err)
		code = 1
	}
	printed.Lock()
	text := printed.text.String()
	leaks := 0
	for s := range printed.secrets {
		if strings.Contains(text, s) || strings.Contains(text, url.QueryEscape(s)) {
			leaks++
		}
	}
	if leaks > 0 {
		fmt.Fprintf(os.Stderr, "FAIL: %d of %d secrets are in what the suite printed\n", leaks, len(printed.secrets))
		code = 1
	}
	os.Exit(code)
}

// travelled remembers secrets for the end of the suite.
func travelled(secrets map[string]bool) {
	printed.Lock()
	defer printed.Unlock()
	if printed.secrets == nil {
		printed.secrets = map[string]bool{}
	}
	for s := range secrets {
		printed.secrets[s] = true
	}
}
