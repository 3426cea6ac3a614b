package orglink_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestIncidentsAreTested holds docs/incidents.md to the tree: each row names
// tests that exist, and each scenario named by an incident has its row.
func TestIncidentsAreTested(t *testing.T) {
	text, err := os.ReadFile("docs/incidents.md")
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile("`([a-z0-9/]*)\\.(Test[A-Za-z0-9]+)(?:/([^`]+))?`")
	rows, subtests := 0, map[string]bool{}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		cells := strings.Split(strings.Trim(line, "|"), "|")
		if !strings.HasPrefix(line, "|") || strings.HasPrefix(line, "| ---") || strings.TrimSpace(cells[0]) == "Incident" {
			continue
		}
		if rows++; len(cells) != 4 {
			t.Errorf("%s: %d cells, want 4: incident, what happened, here, test", line, len(cells))
			continue
		}
		tests := named.FindAllStringSubmatch(cells[3], -1)
		if len(tests) == 0 || len(tests) != strings.Count(cells[3], "`")/2 {
			t.Errorf("%s: the last cell must name tests as `folder.TestName/subtest`", line)
		}
		for _, m := range tests {
			folder, function, subtest := m[1], m[2], m[3]
			source := testsOf(t, folder)
			if !strings.Contains(source, "func "+function+"(") {
				t.Errorf("%s: there is no %s in the tests of %q", cells[0], function, folder)
			}
			if subtest != "" && !strings.Contains(source, `"`+subtest+`"`) {
				t.Errorf("%s: there is no subtest %q in the tests of %q", cells[0], subtest, folder)
			}
			subtests[subtest] = true
		}
	}
	if rows < 50 {
		t.Errorf("only %d rows were found", rows)
	}
	scenario := regexp.MustCompile(`(?m)^\t(?:bites\(t, |t\.Run\()"([^"]+)"`)
	files, err := filepath.Glob("salesforce/incidents*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range scenario.FindAllStringSubmatch(string(source), -1) {
			if !subtests[m[1]] {
				t.Errorf("%s: %q is not in docs/incidents.md", file, m[1])
			}
		}
	}
}

// testsOf returns the text of all tests in a folder.
func testsOf(t *testing.T, folder string) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(filepath.FromSlash(folder), "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(text)
	}
	return all.String()
}
