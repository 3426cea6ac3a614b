// Command quickstart does Orglink's whole job once, from connecting an org to
// pairing its users, the way a product would: through the public API, over
// HTTP, with a database of its own. See -h.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/orglink/orglink/examples/internal/fakeorg"
)

// fakeOrgCommand is the first argument with which the program runs itself as
// the fake org.
const fakeOrgCommand = "fake-org"

func main() {
	if len(os.Args) > 1 && os.Args[1] == fakeOrgCommand {
		os.Exit(fakeorg.Main(os.Args[2:], os.Getenv, os.Stdin, os.Stdout, os.Stderr))
	}
	os.Exit(quickstart(os.Args[1:]))
}

func quickstart(args []string) int {
	c, err := parseConfig(args, os.Getenv, os.Stderr)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "quickstart:", err)
		return 2
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	p := newProgress(c.json)
	r, err := run(ctx, c, p)
	if err != nil {
		p.Done("") // end a line that is being rewritten
		fmt.Fprintln(os.Stderr, "quickstart:", explain(err))
		return 1
	}
	if c.json {
		out := json.NewEncoder(os.Stdout)
		out.SetIndent("", "  ")
		err = out.Encode(r)
	} else {
		r.print(os.Stdout)
	}
	if err != nil || !r.OK {
		return 1
	}
	return 0
}

// run does the job, stage by stage. Every stage begins by looking at what an
// earlier run has left, so that one that was cut off goes on.
func run(ctx context.Context, c *config, p *progress) (*result, error) {
	begun := time.Now()
	o, err := findOrg(ctx, c)
	if err != nil {
		return nil, err
	}
	defer o.Stop()
	db, done, err := openDatabase(ctx, c)
	if err != nil {
		return nil, err
	}
	defer done()
	callback, err := newCallback(c, o)
	if err != nil {
		return nil, err
	}
	defer callback.Close()
	keys, err := sealer(c)
	if err != nil {
		return nil, err
	}
	meter := &meter{}
	h, err := wire(ctx, db, settings{config: c, org: o, sealer: keys, callback: callback.url, meter: meter, progress: p})
	if err != nil {
		return nil, err
	}
	j := &job{host: h, db: db, c: c, o: o, p: p, callback: callback, meter: meter, write: o.Fake || c.write, result: &result{}}
	if err := j.readOrgMeter(ctx); err != nil {
		return nil, err
	}
	for _, stage := range []func(context.Context) error{
		j.connect, j.preflight, j.review, j.importAll, j.letPeopleWork, j.openCompany, j.export, j.pairUsers, j.verify, j.checkCalls, j.closeRound,
	} {
		if err := stage(ctx); err != nil {
			return nil, err
		}
	}
	j.result.Cost.Calls, j.result.Cost.Jobs = meter.calls.Load(), meter.jobs.Load()
	j.result.Cost.Seconds = time.Since(begun).Seconds()
	j.result.OK = len(j.result.failed()) == 0
	return j.result, nil
}
