package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"net"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

// config is everything that can be set: a flag, or the variable named after it
// (-client-id is ORGLINK_CLIENT_ID). Flags win.
type config struct {
	org, clientID, clientSecret string
	username, password          string
	db, key                     string
	fields                      selectors
	callback                    string
	accounts                    int
	trust                       string
	browser, json, write        bool
	lag, poll                   time.Duration
}

const help = `quickstart does Orglink's whole job once: it connects an org, reviews and
imports a selection, follows changes, exports product rows, pairs users, and
checks every number against the org.

Without -org it starts a fake org as a process of its own and throws
everything away at the end.

  go run -C examples ./quickstart
  go run -C examples ./quickstart -org URL -client-id ID [-client-secret S] [-db FILE]

Flags, each also a variable (-client-id is ORGLINK_CLIENT_ID):

`

func parseConfig(args []string, getenv func(string) string, out io.Writer) (*config, error) {
	c := &config{}
	fs := flag.NewFlagSet("quickstart", flag.ContinueOnError)
	fs.SetOutput(io.Discard) // one message, printed by the caller
	fs.StringVar(&c.org, "org", "", "`URL` of an org that is already running: a fake one's, a My Domain, or a login host")
	fs.StringVar(&c.clientID, "client-id", "", "consumer key of the app in that org")
	fs.StringVar(&c.clientSecret, "client-secret", "", "its consumer secret, if it has one")
	fs.StringVar(&c.username, "username", "", "who connects, at a fake org (default: its administrator)")
	fs.StringVar(&c.password, "password", "", "that user's password")
	fs.StringVar(&c.db, "db", "", "SQLite `FILE` (or file: URI) to keep; needs -org (default: a temporary one)")
	fs.Var(&c.fields, "fields", "`OBJECT=FIELD,FIELD...` to import only these fields of an object; more objects after a semicolon; Account also gets Name, Description and OwnerId (default: all that can be imported)")
	fs.StringVar(&c.key, "key", "", "sealing key, 64 hex digits (default: kept in FILE.key)")
	fs.StringVar(&c.callback, "callback", "", "callback `URL` as configured in the app (default http://localhost:8484/salesforce/callback at a real org, any free port at a fake one)")
	fs.StringVar(&c.trust, "trust", "", "one more `HOST` that tokens may go to besides Salesforce's own, such as a gateway's")
	fs.IntVar(&c.accounts, "accounts", 2000, "how many accounts the fake org begins with, 20 to 200000")
	fs.BoolVar(&c.browser, "browser", false, "print the link and wait for a person, instead of playing the admin")
	fs.BoolVar(&c.json, "json", false, "print the result as one JSON object")
	fs.BoolVar(&c.write, "write", false, "write to a real org: export the product rows (a fake org is always written to)")
	fs.DurationVar(&c.lag, "lag", time.Second, "how far an incremental import stays behind the org's clock")
	fs.DurationVar(&c.poll, "poll", 100*time.Millisecond, "the shortest wait between two looks at a Bulk job or the org's clock")
	switch err := fs.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(out, help)
		fs.SetOutput(out)
		fs.PrintDefaults()
		return nil, err
	case err != nil:
		return nil, fmt.Errorf("%w (-h explains)", err)
	case fs.NArg() > 0:
		return nil, fmt.Errorf("%q is not understood; every setting is a flag (-h explains)", fs.Arg(0))
	}
	if err := fromEnvironment(fs, getenv); err != nil {
		return nil, err
	}
	return c, c.check()
}

// fromEnvironment sets the flags that were not given from their variables.
func fromEnvironment(fs *flag.FlagSet, getenv func(string) string) error {
	given := map[string]bool{}
	fs.Visit(func(f *flag.Flag) { given[f.Name] = true })
	var errs []error
	fs.VisitAll(func(f *flag.Flag) {
		name := "ORGLINK_" + strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))
		if v := getenv(name); v != "" && !given[f.Name] {
			if err := f.Value.Set(v); err != nil {
				errs = append(errs, fmt.Errorf("%s: %w", name, err))
			}
		}
	})
	return errors.Join(errs...)
}

func (c *config) check() error {
	var errs []error
	if c.org == "" {
		switch {
		case c.db != "":
			errs = append(errs, errors.New("-db needs -org: without it the fake org lives only as long as this run, and a database kept from it would describe an org that is gone"))
		case c.clientID != "" || c.clientSecret != "":
			errs = append(errs, errors.New("-client-id and -client-secret need -org: the fake org that is started has its own"))
		}
	} else {
		if u, err := url.Parse(c.org); err != nil || u.Host == "" || u.Scheme != "https" && !loopback(u) {
			errs = append(errs, fmt.Errorf("-org %q is not the URL of an org; it looks like https://acme.my.salesforce.com, or http://127.0.0.1:PORT for a fake one", c.org))
		}
		if c.clientID == "" {
			errs = append(errs, errors.New("-org needs -client-id: the consumer key of the app that the org knows"))
		}
		c.org = strings.TrimRight(c.org, "/")
	}
	if c.accounts < 20 || c.accounts > 200_000 {
		errs = append(errs, errors.New("-accounts is from 20 to 200000, not "+strconv.Itoa(c.accounts)))
	}
	if c.lag < 0 || c.poll <= 0 {
		errs = append(errs, errors.New("-lag is not negative, and -poll is above zero"))
	}
	if c.browser && c.json && !isTerminal(os.Stderr) {
		errs = append(errs, errors.New("-browser prints its link on standard error when -json is set, which is not a terminal"))
	}
	return errors.Join(errs...)
}

// selectors are the fields of some objects, as -fields gives them.
type selectors map[string][]string

// String implements flag.Value.
func (s *selectors) String() string {
	var parts []string
	for _, object := range slices.Sorted(maps.Keys(*s)) {
		parts = append(parts, object+"="+strings.Join((*s)[object], ","))
	}
	return strings.Join(parts, ";")
}

// Set implements flag.Value.
func (s *selectors) Set(text string) error {
	if *s == nil {
		*s = selectors{}
	}
	for part := range strings.SplitSeq(text, ";") {
		object, list, ok := strings.Cut(part, "=")
		var fields []string
		for f := range strings.SplitSeq(list, ",") {
			if f = strings.TrimSpace(f); f != "" {
				fields = append(fields, f)
			}
		}
		if object = strings.TrimSpace(object); !ok || object == "" || len(fields) == 0 {
			return fmt.Errorf("%q is not of the form Account=Name,Industry", part)
		}
		(*s)[object] = fields
	}
	return nil
}

func loopback(u *url.URL) bool {
	ip := net.ParseIP(u.Hostname())
	return u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
}

func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
