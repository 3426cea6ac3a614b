// Package readme_test checks that the example in the project's README compiles.
package readme_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func TestExampleCompiles(t *testing.T) {
	text, err := os.ReadFile("../../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	block := regexp.MustCompile("(?s)```go\n(.*?)```").FindSubmatch(text)
	if block == nil {
		t.Fatal("the README has no Go example")
	}
	if n := strings.Count(string(block[1]), "\n"); n > 25 {
		t.Errorf("the example has %d lines", n)
	}
	source := `package main

import (
	"context"
	"database/sql"
	"errors"
	"net/http"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/connection"
	"github.com/orglink/orglink/sync/importer"
	"github.com/orglink/orglink/sync/integration"
	"github.com/orglink/orglink/sync/mirror"
	"github.com/orglink/orglink/sync/runner"
)

func main() { _ = serve }

` + string(block[1])
	dir, err := os.MkdirTemp(".", "_compiled-") //nolint:usetesting // it must lie in the module
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.WriteFile(filepath.Join(dir, "main.go"), []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("go", "vet", "./"+filepath.Base(dir)).CombinedOutput(); err != nil {
		t.Errorf("the example does not compile: %v\n%s", err, out)
	}
}
