package salesforcetest_test

import (
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/orglink/orglink/salesforce/salesforcetest"
	"github.com/orglink/orglink/salesforce/sobject"
)

// misuses are calls that no org can do. The line that is told is at most two
// below the name.
var misuses = map[string]func(*salesforcetest.Server) error{
	"unknown user":   func(s *salesforcetest.Server) error { return s.Org().DeactivateUser("nobody@example.com") },
	"unknown object": func(s *salesforcetest.Server) error { _, err := s.Org().Create("Nope__c", nil); return err },
	"unknown field": func(s *salesforcetest.Server) error {
		_, err := s.Org().Create("Account", fields("Nope__c", 1))
		return err
	},
	"bad value": func(s *salesforcetest.Server) error {
		_, err := s.Org().Create("Account", fields("Name", s))
		return err
	},
	"bad field type": func(s *salesforcetest.Server) error { return s.Org().AddField("Account", field("X__c", "nonsense")) },
	"bad field name": func(s *salesforcetest.Server) error {
		return s.Org().AddField("Account", field("1 x", sobject.TypeString))
	},
	"field of no object": func(s *salesforcetest.Server) error {
		return s.Org().AddField("Nope__c", field("X__c", sobject.TypeString))
	},
	"object twice": func(s *salesforcetest.Server) error {
		return s.Org().DefineObject(salesforcetest.Object{Name: "Account"})
	},
	"bad object name": func(s *salesforcetest.Server) error {
		return s.Org().DefineObject(salesforcetest.Object{Name: "My Thing"})
	},
	"reference to none": func(s *salesforcetest.Server) error {
		return s.Org().AddField("Account", field("X__c", sobject.TypeReference))
	},
	"bad query":      func(s *salesforcetest.Server) error { _, err := s.Org().Query("SELECT Nope FROM Account"); return err },
	"bad count":      func(s *salesforcetest.Server) error { _, err := s.Org().Count("SELECT"); return err },
	"unknown id":     func(s *salesforcetest.Server) error { _, err := s.Org().Get("zzz000000000001AAA"); return err },
	"delete nothing": func(s *salesforcetest.Server) error { return s.Org().Delete("001ak0000099999AAA") },
	"rule that is none": func(s *salesforcetest.Server) error {
		return s.Org().AddRule("Account", salesforcetest.Rule{Name: "x"})
	},
	"unknown holder":    func(s *salesforcetest.Server) error { return s.Org().HideField("nobody", "Account", "Name") },
	"app without an id": func(s *salesforcetest.Server) error { return s.Org().SetApp(salesforcetest.App{}) },
	"unknown app":       func(s *salesforcetest.Server) error { return s.Org().BlockApp("nope", true) },
	"bad range": func(s *salesforcetest.Server) error {
		return s.Org().RestrictIP(salesforcetest.AdminUsername, "10.0.0.x")
	},
	"grants of nobody": func(s *salesforcetest.Server) error { _, err := s.Org().Grants("nobody"); return err },
	"as nobody":        func(s *salesforcetest.Server) error { s.Org().As("nobody"); return errAs },
	"lock of nothing":  func(s *salesforcetest.Server) error { s.Org().LockRows("zzz000000000001AAA"); return errAs },
	"bad glob": func(s *salesforcetest.Server) error {
		s.Fault(salesforcetest.Fault{Match: salesforcetest.Match{Path: "sobjects/[a"}})
		return errAs
	},
	"unknown limit": func(s *salesforcetest.Server) error {
		s.Fault(salesforcetest.Fault{Action: salesforcetest.Exhaust("DailyNonsense")})
		return errAs
	},
	"canvas of nobody": func(s *salesforcetest.Server) error {
		_, err := s.CanvasRequest(salesforcetest.Canvas{Username: "nobody"})
		return err
	},
	"person of a contact": func(s *salesforcetest.Server) error {
		_, err := s.Org().AddRecordType("Contact", salesforcetest.RecordType{DeveloperName: "X", Person: true})
		return err
	},
	"depends on a text": func(s *salesforcetest.Server) error {
		return s.Org().AddField("Account", salesforcetest.Field{Name: "X__c", Type: sobject.TypePicklist, Controller: "Name"})
	},
	"token of nobody": func(s *salesforcetest.Server) error { s.Token("nobody"); return errAs },
}

type silent struct{}

func (silent) Error() string { return "salesforcetest: told by the test alone" }

// errAs stands for calls that return no error.
var errAs error = silent{}

func fields(name string, v any) salesforcetest.Fields { return salesforcetest.Fields{name: v} }

func field(name string, kind sobject.FieldType) salesforcetest.Field {
	return salesforcetest.Field{Name: name, Type: kind}
}

// A misuse fails the test, and tells the line of the test that did it. A
// failing test is run in a process of its own.
func TestMisuseTellsTheCallersLine(t *testing.T) {
	if name := os.Getenv("ORGLINK_MISUSE"); name != "" {
		for _, name := range strings.Split(name, ",") {
			t.Run(name, func(t *testing.T) { _ = misuses[name](salesforcetest.NewServer(t, salesforcetest.Config{})) })
		}
		return
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for name := range misuses {
		names = append(names, name)
	}
	slices.Sort(names)
	cmd := exec.Command(self, "-test.run=^TestMisuseTellsTheCallersLine$")
	cmd.Env = append(os.Environ(), "ORGLINK_MISUSE="+strings.Join(names, ","))
	out, err := cmd.CombinedOutput()
	if err == nil {
		t.Fatalf("nothing failed: %s", out)
	}
	_, file, _, _ := runtime.Caller(0)
	source, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(source), "\n")
	for _, name := range names {
		m := regexp.MustCompile(`(?s)--- FAIL: TestMisuseTellsTheCallersLine/` + strings.ReplaceAll(name, " ", "_") + ` .*?\n\s+(\w+\.go):(\d+): (salesforcetest: [^\n]*)`).FindStringSubmatch(string(out))
		if m == nil {
			t.Errorf("%s did not fail: %s", name, out)
			continue
		}
		n, _ := strconv.Atoi(m[2])
		if m[1] != "misuse_test.go" || n < 3 || n > len(lines) || !strings.Contains(strings.Join(lines[n-3:n], " "), strconv.Quote(name)+":") {
			t.Errorf("%s is told at %s:%s: %s", name, m[1], m[2], m[3])
		}
	}
}

// Without a test the error comes back, and nothing panics.
func TestMisuseWithoutATest(t *testing.T) {
	s, err := salesforcetest.Start(salesforcetest.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for name, f := range misuses {
		if err := f(s); err == nil || !strings.HasPrefix(err.Error(), "salesforcetest: ") {
			t.Errorf("%s: %v", name, err)
		}
	}
	defer func() {
		if recover() == nil {
			t.Error("NewServer without a test took a wrong config")
		}
	}()
	salesforcetest.NewServer(nil, salesforcetest.Config{Addr: "nonsense"})
}
