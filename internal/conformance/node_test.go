package conformance

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// nodeFolder copies a folder of testdata into one of the test's and installs
// there what its lock file names. It needs node, npm and the npm registry (or
// npm's cache); without them the test is skipped, or fails when
// ORGLINK_REQUIRE_NODE is set.
func nodeFolder(t *testing.T, name string) string {
	t.Helper()
	missing := func(format string, args ...any) {
		t.Helper()
		if os.Getenv("ORGLINK_REQUIRE_NODE") != "" {
			t.Fatalf(format, args...)
		}
		t.Skipf(format, args...)
	}
	for _, program := range []string{"node", "npm"} {
		if _, err := exec.LookPath(program); err != nil {
			missing("%s is not installed; this test needs it", program)
		}
	}
	dir := t.TempDir()
	files, err := filepath.Glob(filepath.Join("testdata", name, "*.js*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no files in testdata/%s: %v", name, err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(file)), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	npm := exec.CommandContext(t.Context(), "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline")
	npm.Dir = dir
	if text, err := npm.CombinedOutput(); err != nil {
		missing("npm ci: %v (no network?)\n%s", err, text)
	}
	return dir
}
