package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
)

// Another process of this program plays a part where the environment says so:
// the server, so that its memory is not measured, and the reading whose
// resident memory is.
const partVariable = "ORGLINK_BENCH_PART"

// playPart does what the environment asks for; done is false where it asks for
// nothing.
func playPart() (done bool, err error) {
	part := strings.Fields(os.Getenv(partVariable))
	if len(part) == 0 {
		return false, nil
	}
	rows, err := strconv.Atoi(part[1])
	switch {
	case err != nil:
	case part[0] == "serve":
		err = serve(rows)
	case part[0] == "org":
		err = serveOrg()
	case part[0] == "accounts":
		err = serveAccounts(rows)
	case part[0] == "import":
		err = runImport(rows, part[2:])
	default:
		err = readResident(part[2], part[3], rows)
	}
	return true, err
}

func process(ctx context.Context, part ...any) (*exec.Cmd, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, self)
	cmd.Env = append(os.Environ(), partVariable+"="+strings.TrimSpace(fmt.Sprintln(part...)))
	cmd.Stderr = os.Stderr
	return cmd, nil
}

// startServer starts a server's process. stop ends it.
func startServer(ctx context.Context, rows int) (at addresses, stop func() error, err error) {
	cmd, err := process(ctx, "serve", rows)
	if err != nil {
		return at, nil, err
	}
	in, err := cmd.StdinPipe()
	if err != nil {
		return at, nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return at, nil, err
	}
	if err := cmd.Start(); err != nil {
		return at, nil, err
	}
	stop = func() error { return errors.Join(in.Close(), cmd.Wait()) }
	line, err := bufio.NewReader(out).ReadString('\n')
	if err == nil {
		_, err = fmt.Sscan(line, &at.Plain, &at.Gzip, &at.Slow)
	}
	if err != nil {
		return at, nil, errors.Join(fmt.Errorf("the server does not say where it is: %w", err), stop())
	}
	return at, stop, nil
}

// resident runs a reading in a process of its own and returns what it measured
// there.
func resident(ctx context.Context, decoder, url string, rows int) (result, error) {
	var out result
	cmd, err := process(ctx, "read", rows, decoder, url)
	if err != nil {
		return out, err
	}
	raw, err := cmd.Output()
	if err == nil {
		err = json.Unmarshal(raw, &out)
	}
	if err != nil {
		return out, fmt.Errorf("%d rows by %s: %w", rows, decoder, err)
	}
	return out, nil
}

// readResident is that process.
func readResident(decoder, url string, rows int) error {
	readers, err := bulkReaders(url)
	if err != nil {
		return err
	}
	for _, r := range readers {
		if r.name != decoder {
			continue
		}
		s, err := pass(context.Background(), r, rows)
		if err != nil {
			return err
		}
		return json.NewEncoder(os.Stdout).Encode(result{Suite: "client", Workload: "bulk-resident", Decoder: decoder, Rows: rows,
			RecordsPerSecond: float64(rows) / s.seconds, AllocsPerRecord: float64(s.allocs) / float64(rows), PeakHeapBytes: s.peak, PeakResidentBytes: peakResident()})
	}
	return fmt.Errorf("there is no decoder %q", decoder)
}

// peakResident returns the most memory that this process had resident, or 0
// where the system does not tell (it is Linux that does).
func peakResident() uint64 {
	f, err := os.Open("/proc/self/status")
	if err != nil {
		return 0
	}
	defer f.Close()
	text, err := io.ReadAll(f)
	if err != nil {
		return 0
	}
	_, after, _ := strings.Cut(string(text), "VmHWM:")
	var kilobytes uint64
	if _, err := fmt.Sscan(after, &kilobytes); err != nil {
		return 0
	}
	return kilobytes << 10
}
