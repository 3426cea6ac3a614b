package fakeorg

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The program as a process: it is ready after one line of JSON, answers with
// the token from it, and ends with status 0 on SIGTERM.
func TestProgram(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a binary")
	}
	bin := filepath.Join(t.TempDir(), "fakeorg")
	if out, err := exec.Command("go", "build", "-o", bin, "../../fakeorg").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	cmd := exec.Command(bin, "-records", "30")
	cmd.Env = append(os.Environ(), "ORGLINK_FAKEORG_ADDR=127.0.0.1:0")
	cmd.Stderr = os.Stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Process.Kill() }()
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	var ready map[string]string
	if err := json.Unmarshal([]byte(line), &ready); err != nil {
		t.Fatalf("ready line %q: %v", line, err)
	}
	for _, key := range []string{"url", "client_id", "client_secret", "username", "password", "access_token", "org_id", "user_id", "api_version"} {
		if ready[key] == "" {
			t.Errorf("the ready line has no %s: %s", key, line)
		}
	}
	if got := count(t, ready, "Account"); got != 30 {
		t.Errorf("%d accounts, want 30", got)
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case err := <-ended:
		if err != nil {
			t.Errorf("after SIGTERM: %v, want status 0", err)
		}
	case <-time.After(10 * time.Second):
		t.Error("still running 10 s after SIGTERM")
	}
}

func count(t *testing.T, ready map[string]string, object string) int {
	t.Helper()
	req, err := http.NewRequest(http.MethodGet, ready["url"]+"/services/data/v"+ready["api_version"]+"/query?q=SELECT+COUNT()+FROM+"+object, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+ready["access_token"])
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	var answer struct {
		TotalSize int `json:"totalSize"`
	}
	if err := json.Unmarshal(body, &answer); err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("count %s: %s: %s", object, resp.Status, body)
	}
	return answer.TotalSize
}

func TestEmptyOrg(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	r, w := io.Pipe()
	done := make(chan error, 1)
	go func() {
		done <- run(ctx, []string{"-seed", "empty"}, func(string) string { return "" }, nil, w, io.Discard)
	}()
	line, err := bufio.NewReader(r).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	var ready map[string]string
	if err := json.Unmarshal([]byte(line), &ready); err != nil {
		t.Fatal(err)
	}
	if got := count(t, ready, "Account"); got != 0 {
		t.Errorf("an empty org has %d accounts", got)
	}
	if got := count(t, ready, "User"); got != 1 {
		t.Errorf("an empty org has %d users, want the administrator", got)
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestBadSettings(t *testing.T) {
	for _, c := range []struct {
		name string
		args []string
		env  map[string]string
		want string
	}{
		{"unknown flag", []string{"-seeds", "demo"}, nil, "-seeds"},
		{"argument", []string{"demo"}, nil, `"demo"`},
		{"seed", []string{"-seed", "full"}, nil, "neither demo nor empty"},
		{"records", []string{"-records", "0"}, nil, "-records 0"},
		{"not a number", []string{"-records", "many"}, nil, "many"},
		{"address", []string{"-addr", "localhost"}, nil, "host:port"},
		{"port", []string{"-addr", "127.0.0.1:99999"}, nil, "65535"},
		{"public address", []string{"-addr", "0.0.0.0:80"}, nil, "loopback"},
		{"variable", nil, map[string]string{"ORGLINK_FAKEORG_RECORDS": "x"}, "ORGLINK_FAKEORG_RECORDS"},
		{"two at once", []string{"-seed", "full", "-records", "-1"}, nil, "; -records"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := parse(c.args, func(k string) string { return c.env[k] }, io.Discard)
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("error %v, want one line with %q", err, c.want)
			}
			if !errors.As(err, new(usageError)) {
				t.Errorf("%T is not a usageError", err)
			}
		})
	}
}

func TestFlagsWinOverVariables(t *testing.T) {
	env := map[string]string{"ORGLINK_FAKEORG_SEED": "empty", "ORGLINK_FAKEORG_RECORDS": "7"}
	opts, err := parse([]string{"-records", "9"}, func(k string) string { return env[k] }, io.Discard)
	if err != nil || opts.seed != "empty" || opts.records != 9 {
		t.Errorf("options %+v, error %v", opts, err)
	}
	var out strings.Builder
	if _, err := parse([]string{"-h"}, func(string) string { return "" }, &out); !errors.Is(err, flag.ErrHelp) || !strings.Contains(out.String(), "-records") {
		t.Errorf("-h: error %v, text %q", err, out.String())
	}
}
