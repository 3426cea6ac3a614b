package conformance

import (
	"bufio"
	"encoding/json"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/orglink/orglink/salesforce/salesforcetest"
)

// jsProgram has jsforce use the fake org as a process of its own, as tests in
// other languages do: by the line that examples/fakeorg prints.
func jsProgram(t *testing.T, j jsforce) {
	program := filepath.Join(t.TempDir(), "fakeorg")
	if text, err := exec.CommandContext(t.Context(), "go", "build", "-C", "../../examples", "-o", program, "./fakeorg").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, text)
	}
	fake := exec.CommandContext(t.Context(), program, "-addr", "127.0.0.1:0", "-seed", "demo", "-records", "300")
	out, err := fake.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := fake.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err != nil {
		t.Fatal(err)
	}
	var ready salesforcetest.Ready
	if err := json.Unmarshal(line, &ready); err != nil {
		t.Fatalf("%v in %s", err, line)
	}
	var got struct{ First, Limit, Made int }
	j.ask(t, "program", ready, &got, nil)
	if got.First != 300 || got.Limit != 1_000_000 || got.Made != 301 {
		t.Errorf("%+v", got)
	}
	if err := fake.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := fake.Wait(); err != nil {
		t.Errorf("after SIGTERM: %v", err)
	}
}
