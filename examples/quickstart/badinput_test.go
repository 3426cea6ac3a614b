package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/connection"
	"github.com/orglink/orglink/salesforce/salesforcetest"
)

// plainBinary is the program as a user builds it.
func plainBinary(t *testing.T) string {
	t.Helper()
	if testing.Short() {
		t.Skip("builds a binary")
	}
	binary := filepath.Join(t.TempDir(), "quickstart")
	if out, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	return binary
}

// smallOrg is a fake org whose clock runs fast.
func smallOrg(t *testing.T) *salesforcetest.Server {
	t.Helper()
	begun := time.Now()
	return salesforcetest.NewServer(t, salesforcetest.Config{
		Seed:  salesforcetest.Demo(salesforcetest.DemoConfig{Accounts: small}),
		Clock: func() time.Time { return begun.Add(40 * time.Since(begun)) },
	})
}

// attempt runs the program and returns its exit status and standard error.
func attempt(t *testing.T, binary string, args ...string) (int, string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary, args...)
	var errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = io.Discard, &errs
	err := cmd.Run()
	if err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), errs.String()
}

func at(s *salesforcetest.Server, db string, more ...string) []string {
	r := s.Ready()
	return append([]string{"-org", s.URL, "-client-id", r.ClientID, "-client-secret", r.ClientSecret, "-db", db, "-poll", "5ms"}, more...)
}

// TestBadInput gives the program what it cannot use. Each ends in one message
// that says what was wrong and what to do, and a rerun goes on.
func TestBadInput(t *testing.T) {
	binary := plainBinary(t)
	text := filepath.Join(t.TempDir(), "notes.txt")
	if err := os.WriteFile(text, []byte(strings.Repeat("no database at all\n", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	org := smallOrg(t)
	hidden := smallOrg(t)
	hidden.Org().HideField("System Administrator", "Account", "Rating")
	db := func(name string) string { return filepath.Join(t.TempDir(), name) }
	for _, c := range []struct {
		name   string
		args   []string
		status int
		want   []string
	}{
		{"unknown flag", []string{"-nope"}, 2, []string{"-nope"}},
		{"argument", []string{"now"}, 2, []string{`"now"`, "-h"}},
		{"a database without an org", []string{"-db", "x.db"}, 2, []string{"-db needs -org", "an org that is gone"}},
		{"no client id", []string{"-org", org.URL}, 2, []string{"-client-id", "consumer key"}},
		{"an org that is no URL", []string{"-org", "acme", "-client-id", "x"}, 2, []string{`"acme"`, "https://acme.my.salesforce.com"}},
		{"unreachable org", []string{"-org", "http://127.0.0.1:1", "-client-id", "x"}, 1, []string{"http://127.0.0.1:1", "does not answer"}},
		{"wrong password", at(org, db("a.db"), "-password", "wrong"), 1, []string{"admin@orglink.example", "the login page says", "password"}},
		{"unknown app", []string{"-org", org.URL, "-client-id", "nobody"}, 1, []string{"client"}},
		{"wrong secret", []string{"-org", org.URL, "-client-id", org.Ready().ClientID, "-client-secret", "wrong"}, 1, []string{"credentials"}},
		{"unknown field", at(org, db("b.db"), "-fields", "Account=Name,Nope__c"), 1, []string{"Account.Nope__c", "does not exist, or", "permission set"}},
		{"hidden field", at(hidden, db("c.db"), "-fields", "Account=Rating"), 1, []string{"Account.Rating", "field-level security"}},
		{"fields without an object", at(org, db("d.db"), "-fields", "Name"), 2, []string{"Account=Name,Industry"}},
		{"no database", at(org, text), 1, []string{text, "not a SQLite database", "-db"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			status, errs := attempt(t, binary, c.args...)
			if status != c.status {
				t.Errorf("exit status %d, want %d", status, c.status)
			}
			for _, want := range c.want {
				if !strings.Contains(errs, want) {
					t.Errorf("the message does not mention %q:\n%s", want, errs)
				}
			}
			if n := strings.Count(errs, "\n"); n > 3 || strings.Contains(errs, "goroutine ") {
				t.Errorf("not one clear message but %d lines:\n%s", n, errs)
			}
			if r := org.Ready(); strings.Contains(errs, r.ClientSecret) || strings.Contains(errs, r.AccessToken) || strings.Contains(errs, r.Password) {
				t.Errorf("a secret is in the message:\n%s", errs)
			}
		})
	}
	if got, err := os.ReadFile(text); err != nil || !strings.HasPrefix(string(got), "no database at all") {
		t.Errorf("the file that is no database was changed: %v", err)
	}
}

// TestFullDatabase lets the database run full at many sizes, and goes on with
// room.
func TestFullDatabase(t *testing.T) {
	binary := plainBinary(t)
	calm := newScene(t, build(t))
	if err := calm.run(); err != nil {
		t.Fatal(err)
	}
	want := calm.state()
	full := 0
	for _, pages := range []string{"30", "60", "90", "150", "250"} {
		s := newScene(t, binary)
		status, errs := attempt(t, binary, at(s.server, "file:"+s.db+"?_pragma=max_page_count("+pages+")")...)
		if status == 0 {
			continue // it was room enough
		}
		full++
		if status != 1 || !strings.Contains(errs, "full") || !strings.Contains(errs, "run again") {
			t.Errorf("%s pages: status %d, message %s", pages, status, errs)
		}
		if err := s.run(); err != nil {
			t.Fatalf("%s pages, the run with room: %v", pages, err)
		}
		if diff := cmp.Diff(want, s.state()); diff != "" {
			t.Errorf("%s pages: the end state differs (-undisturbed +full):\n%s", pages, diff)
		}
	}
	if full < 3 {
		t.Errorf("only %d sizes were too small", full)
	}
}

// TestConsent plays people with a browser who do not do what the page asks.
func TestConsent(t *testing.T) {
	binary := plainBinary(t)
	server := smallOrg(t)
	ready := server.Ready()
	db := filepath.Join(t.TempDir(), "host.db")
	tamper := func(change func(query url.Values)) func(t *testing.T, link string) {
		return func(t *testing.T, link string) {
			p := person{username: ready.Username, password: ready.Password, stop: func(u *url.URL) bool { return u.Query().Has("code") }}
			callback, _, _, err := p.authorise(t.Context(), link)
			if err != nil {
				t.Fatal(err)
			}
			query := callback.Query()
			change(query)
			callback.RawQuery = query.Encode()
			resp, err := http.Get(callback.String())
			if err != nil {
				t.Fatal(err)
			}
			_ = resp.Body.Close()
		}
	}
	for _, c := range []struct {
		name string
		act  func(t *testing.T, link string)
		want string
	}{
		{"denied consent", func(t *testing.T, link string) {
			p := person{username: ready.Username, password: ready.Password, deny: true}
			if _, _, _, err := p.authorise(t.Context(), link); err != nil {
				t.Fatal(err)
			}
		}, "Access was not granted"},
		{"tampered state", tamper(func(q url.Values) { q.Set("state", q.Get("state")+"x") }), "was not started here, or its link was altered"},
		{"a callback for another tenant", tamper(func(q url.Values) { q.Set("state", foreignState(t, server, db)) }), "another company's account"},
	} {
		t.Run(c.name, func(t *testing.T) {
			status, errs := withPerson(t, binary, at(server, db, "-browser"), func(link string) { c.act(t, link) })
			if status != 1 || !strings.Contains(errs, c.want) {
				t.Errorf("exit status %d, message:\n%s\nwant 1 and %q", status, errs, c.want)
			}
		})
	}
	t.Run("a rerun goes on", func(t *testing.T) {
		if status, errs := attempt(t, binary, at(server, db)...); status != 0 {
			t.Errorf("exit status %d:\n%s", status, errs)
		}
	})
	t.Run("reused state", func(t *testing.T) {
		var used string
		for _, r := range server.Requests() {
			if r.Path == "/services/oauth2/authorize" && strings.HasSuffix(r.Query.Get("redirect_uri"), "/salesforce/callback") {
				used = r.Query.Get("state") // the last one led to the connection
			}
		}
		h := reopen(t, server, db)
		_, err := h.Connections.Finish(t.Context(), admin, url.Values{"state": {used}, "code": {"x"}})
		if !strings.Contains(connection.Explain(err), "has been used already") {
			t.Errorf("error %v: %s", err, connection.Explain(err))
		}
	})
}

// foreignState is the state of an authorisation that another tenant started in
// the same product.
func foreignState(t *testing.T, server *salesforcetest.Server, db string) string {
	t.Helper()
	begun, err := reopen(t, server, db).Connections.Start(t.Context(), orglink.Actor{Tenant: "globex", User: "eve", Admin: true}, connection.StartRequest{LoginHost: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(begun.URL)
	if err != nil {
		t.Fatal(err)
	}
	return u.Query().Get("state")
}

var printedLink = regexp.MustCompile(`http://127\.0\.0\.1:\S+/services/oauth2/authorize\S*`)

// withPerson runs the program, and hands the link that it prints to a person.
func withPerson(t *testing.T, binary string, args []string, act func(link string)) (int, string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary, args...)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if found := printedLink.FindString(lines.Text()); found != "" {
			act(found)
			break
		}
	}
	_, _ = io.Copy(io.Discard, out)
	_ = cmd.Wait()
	return cmd.ProcessState.ExitCode(), errs.String()
}
