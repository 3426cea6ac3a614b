package orglink_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/orglink/orglink"

// mayImport is the direction in which data moves: each package, and what of
// the library its code may import. "" is the root package. A package below
// another (a conformance suite, an internal part) may also import its parent
// and whatever its parent may.
var mayImport = map[string][]string{
	"":                          {},
	"internal/sqlkit":           {""},
	"salesforce/sobject":        {""},
	"salesforce/soql":           {"", "salesforce/sobject"},
	"salesforce":                {"", "salesforce/sobject", "salesforce/soql"},
	"salesforce/bulk":           {"", "salesforce/sobject", "salesforce/soql", "salesforce"},
	"salesforce/embed":          {"", "salesforce/sobject", "salesforce/soql", "salesforce"},
	"salesforce/salesforcetest": {"", "salesforce/sobject", "salesforce/soql"}, // never the client it tests
	"mapping":                   {"", "salesforce/sobject", "salesforce/soql"},
	"connection":                clientSide,
	"usersync":                  clientSide,
	"sync/importer":             clientSide,
	"sync/exporter":             clientSide,
	"sync/link":                 clientSide,
	"sync/integration":          append([]string{"connection"}, clientSide...),
	"sync/mirror":               append([]string{"sync/importer"}, clientSide...),
	"sync/runner":               {"", "internal/sqlkit"},
}

// clientSide is what the packages on top of the client share. They do not
// import each other: they meet through small interfaces of their own.
var clientSide = []string{"", "internal/sqlkit", "mapping", "salesforce", "salesforce/bulk", "salesforce/sobject", "salesforce/soql"}

// Third-party modules of the core; a new one needs its reason in docs/design.
var (
	coreDependencies = []string{
		"github.com/hashicorp/go-retryablehttp", "golang.org/x/oauth2", "golang.org/x/sync", "golang.org/x/time",
		"github.com/coreos/go-oidc/v3",
	}
	testDependencies = []string{"github.com/google/go-cmp", "github.com/jarcoal/httpmock"}
)

type imports struct {
	pkg, file string
	test      bool
	paths     []string
}

func TestImportDirections(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range coreFiles(t) {
		allowed, known := allowedFor(f.pkg)
		if !known {
			t.Errorf("%s: package %q is not in the map of import directions", f.file, f.pkg)
			continue
		}
		seen[f.pkg] = true
		for _, p := range f.paths {
			ours, isOurs := strings.CutPrefix(p, module)
			if !isOurs {
				continue
			}
			ours = strings.TrimPrefix(ours, "/")
			if f.test && !strings.HasPrefix(f.pkg, "salesforce/salesforcetest") {
				continue // tests meet in the fake org
			}
			before, _, inside := strings.Cut(ours, "/internal/")
			if ours != f.pkg && !slices.Contains(allowed, ours) && !(inside && (f.pkg == before || strings.HasPrefix(f.pkg, before+"/"))) {
				t.Errorf("%s imports %s; it may import only %q", f.file, p, allowed)
			}
		}
	}
	for pkg := range mayImport {
		if !seen[pkg] {
			t.Errorf("package %q of the map does not exist", pkg)
		}
	}
}

// allowedFor returns what a package may import, by its nearest known parent.
func allowedFor(pkg string) ([]string, bool) {
	if allowed, ok := mayImport[pkg]; ok {
		return allowed, true
	}
	for parent := path.Dir(pkg); parent != "."; parent = path.Dir(parent) {
		if allowed, ok := mayImport[parent]; ok {
			return append([]string{parent}, allowed...), true
		}
	}
	return nil, false
}

func TestDependencies(t *testing.T) {
	for _, f := range coreFiles(t) {
		for _, p := range f.paths {
			first, _, _ := strings.Cut(p, "/")
			if !strings.Contains(first, ".") || strings.HasPrefix(p, module) {
				continue
			}
			ok := slices.ContainsFunc(coreDependencies, func(m string) bool { return p == m || strings.HasPrefix(p, m+"/") })
			ok = ok || f.test && slices.ContainsFunc(testDependencies, func(m string) bool { return p == m || strings.HasPrefix(p, m+"/") })
			if !ok {
				t.Errorf("%s imports %s, which is not a dependency the core may have", f.file, p)
			}
		}
	}
}

func TestFilesStaySmallAndPackagesIntroduceThemselves(t *testing.T) {
	introduced := map[string]bool{}
	for _, f := range coreFiles(t) {
		text, err := os.ReadFile(f.file)
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(string(text), "\n"); n > 600 {
			t.Errorf("%s has %d lines; one subject a file, usually 80-200 lines", f.file, n)
		}
		introduced[f.pkg] = introduced[f.pkg] || filepath.Base(f.file) == "doc.go"
	}
	for pkg, ok := range introduced {
		if !ok {
			t.Errorf("package %q has no doc.go", pkg)
		}
	}
}

// coreFiles lists the Go files of this module, without nested modules.
func coreFiles(t *testing.T) []imports {
	t.Helper()
	var out []imports
	err := filepath.WalkDir(".", func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			name := d.Name()
			if name != "." && (strings.HasPrefix(name, ".") || name == "testdata") {
				return fs.SkipDir
			}
			if _, err := os.Stat(filepath.Join(file, "go.mod")); err == nil && file != "." {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(file, ".go") {
			return nil
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		pkg := filepath.ToSlash(filepath.Dir(file))
		if pkg == "." {
			pkg = ""
		}
		f := imports{pkg: pkg, file: file, test: strings.HasSuffix(file, "_test.go")}
		for _, spec := range parsed.Imports {
			p, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			f.paths = append(f.paths, p)
		}
		out = append(out, f)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
