// Package fakeorg is the program of the same name, which the quickstart runs
// too.
package fakeorg

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/orglink/orglink/salesforce/salesforcetest"
)

// Main runs the program with its arguments and returns its exit status.
func Main(args []string, env func(string) string, stdin io.Reader, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := run(ctx, args, env, stdin, stdout, stderr)
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return 0
	case errors.As(err, new(usageError)):
		fmt.Fprintln(stderr, "fakeorg:", err)
		return 2
	default:
		fmt.Fprintln(stderr, "fakeorg:", err)
		return 1
	}
}

// usageError is a flag or variable that cannot be used.
type usageError struct{ error }

// options are the program's settings.
type options struct {
	addr    string
	seed    string
	records int
	rand    uint64
	// untilEOF ends the program with its standard input, so that it does not
	// outlive the one that started it.
	untilEOF bool
	calls    int
	bulk     time.Duration

	// Who may come in, and how.
	soap, password, rotate, preAuthorized bool
	securityToken, certificate, sandbox   string
	session                               time.Duration

	// What the org has.
	persons, states, currencies bool
}

// config is the org that the options describe. Its app may use every flow
// that is not a switch of its own.
func (o options) config() (salesforcetest.Config, error) {
	seed := salesforcetest.Empty()
	if o.seed == "demo" {
		seed = salesforcetest.Demo(salesforcetest.DemoConfig{Accounts: o.records, RandSeed: o.rand})
	}
	app := salesforcetest.DefaultApp()
	app.Scopes = []string{"api", "id", "web", "refresh_token", "openid"}
	app.DeviceFlow, app.RotateRefreshTokens, app.PreAuthorized = true, o.rotate, o.preAuthorized
	app.RunAs = salesforcetest.AdminUsername
	if o.sandbox != "" {
		app.RunAs += "." + strings.ToLower(o.sandbox)
	}
	if o.certificate != "" {
		text, err := os.ReadFile(o.certificate)
		if err != nil {
			return salesforcetest.Config{}, usageError{fmt.Errorf("-certificate: %w", err)}
		}
		app.Certificate = string(text)
	}
	return salesforcetest.Config{
		Addr: o.addr, Seed: seed, DailyRequests: o.calls, BulkDelay: o.bulk, SessionTimeout: o.session, Sandbox: o.sandbox,
		SOAPLogin: o.soap, PasswordGrant: o.password, SecurityToken: o.securityToken, Apps: []salesforcetest.App{app},
		PersonAccounts: o.persons, StateCodes: o.states, MultiCurrency: o.currencies,
	}, nil
}

// run starts the org, says that it is ready, and serves until ctx ends.
func run(ctx context.Context, args []string, env func(string) string, stdin io.Reader, stdout, stderr io.Writer) error {
	opts, err := parse(args, env, stderr)
	if err != nil {
		return err
	}
	cfg, err := opts.config()
	if err != nil {
		return err
	}
	server, err := salesforcetest.Start(cfg)
	if err != nil {
		return err
	}
	defer server.Close()
	if err := json.NewEncoder(stdout).Encode(server.Ready()); err != nil {
		return fmt.Errorf("print the ready line: %w", err)
	}
	if !opts.untilEOF {
		<-ctx.Done()
		return nil
	}
	closed := make(chan struct{})
	go func() { // ends with the program
		defer close(closed)
		_, _ = io.Copy(io.Discard, stdin)
	}()
	select {
	case <-ctx.Done():
	case <-closed:
	}
	return nil
}

const help = `Usage: fakeorg [flags]

Runs a fake Salesforce org over real HTTP and prints one line of JSON when it
is ready (url, client_id, client_secret, username, password, access_token,
org_id, user_id, api_version). Any loopback redirect URL is accepted. All users
share the one password. It serves until SIGINT or SIGTERM.

Log in by the web-server flow, the device flow or client credentials, and with
the flags below by JWT bearer, username and password, or SOAP. Or take the
access token of the line.

Each flag can also be set as a variable, such as ORGLINK_FAKEORG_ADDR; a flag
wins over its variable.

`

// parse reads flags, and variables for flags that are not given.
func parse(args []string, env func(string) string, stderr io.Writer) (options, error) {
	var opts options
	flags := flag.NewFlagSet("fakeorg", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // one message, printed by main
	flags.StringVar(&opts.addr, "addr", "127.0.0.1:0", "loopback `host:port` to listen on; port 0 picks a free one")
	flags.StringVar(&opts.seed, "seed", "demo", "what the org holds: demo (a CRM full of data) or empty")
	flags.IntVar(&opts.records, "records", 2000, "how many `accounts` the demo org has; related records come on top")
	flags.Uint64Var(&opts.rand, "rand", 1, "`seed` of the demo data; the same one gives the same data")
	flags.IntVar(&opts.calls, "daily-calls", 1_000_000, "how many API calls the org allows in 24 hours; a Developer Edition allows 15000")
	flags.DurationVar(&opts.bulk, "bulk-delay", 0, "how long a Bulk job takes")
	flags.DurationVar(&opts.session, "session-timeout", 2*time.Hour, "how long an access token lives without being used")
	flags.BoolVar(&opts.rotate, "rotate", false, "let each refresh return a new refresh token and end the old one")
	flags.BoolVar(&opts.preAuthorized, "pre-authorized", false, "let an admin have approved all users: no consent page, and JWT bearer for everybody")
	flags.StringVar(&opts.certificate, "certificate", "", "PEM `file` of the certificate or public key that verifies JWT bearer assertions")
	flags.BoolVar(&opts.password, "password-grant", false, "allow the OAuth username-password flow, which new orgs refuse")
	flags.BoolVar(&opts.soap, "soap-login", false, "allow SOAP login, up to version 64.0, which new orgs refuse")
	flags.StringVar(&opts.securityToken, "security-token", "", "what must stand behind the password of these two")
	flags.StringVar(&opts.sandbox, "sandbox", "", "`name` of the sandbox that the org is; usernames end with it")
	flags.BoolVar(&opts.persons, "person-accounts", false, "let accounts be persons: those created with a LastName")
	flags.BoolVar(&opts.states, "state-codes", false, "give addresses a StateCode and a CountryCode")
	flags.BoolVar(&opts.currencies, "multi-currency", false, "give records a CurrencyIsoCode")
	flags.BoolVar(&opts.untilEOF, "until-eof", false, "end when standard input ends")
	err := flags.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(stderr, help)
		flags.SetOutput(stderr)
		flags.PrintDefaults()
		return opts, flag.ErrHelp
	case err != nil:
		return opts, usageError{fmt.Errorf("%w (-h explains)", err)}
	case flags.NArg() > 0:
		return opts, usageError{fmt.Errorf("unexpected argument %q (-h explains)", flags.Arg(0))}
	}
	if err := fromEnv(flags, env); err != nil {
		return opts, usageError{err}
	}
	if err := opts.check(); err != nil {
		return opts, usageError{err}
	}
	return opts, nil
}

func fromEnv(flags *flag.FlagSet, env func(string) string) error {
	given := map[string]bool{}
	flags.Visit(func(f *flag.Flag) { given[f.Name] = true })
	var problems []string
	flags.VisitAll(func(f *flag.Flag) {
		name := "ORGLINK_FAKEORG_" + strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))
		value := env(name)
		if value == "" || given[f.Name] {
			return
		}
		if err := flags.Set(f.Name, value); err != nil {
			problems = append(problems, fmt.Sprintf("%s=%q: %v", name, value, err))
		}
	})
	if problems == nil {
		return nil
	}
	return errors.New(strings.Join(problems, "; "))
}

// check refuses what the org could not do or should not: a fake org hands out
// tokens to anybody who asks, so it stays on this machine.
func (o options) check() error {
	var problems []string
	if o.seed != "demo" && o.seed != "empty" {
		problems = append(problems, fmt.Sprintf("-seed %q is neither demo nor empty", o.seed))
	}
	if o.records < 1 || o.records > 1_000_000 {
		problems = append(problems, fmt.Sprintf("-records %d is not between 1 and 1000000", o.records))
	}
	if o.calls < 1 || o.bulk < 0 || o.session <= 0 {
		problems = append(problems, "-daily-calls and -session-timeout are above 0, and -bulk-delay not negative")
	}
	host, port, err := net.SplitHostPort(o.addr)
	ip := net.ParseIP(host)
	switch n, portErr := strconv.Atoi(port); {
	case err != nil:
		problems = append(problems, fmt.Sprintf("-addr %q is not of the form host:port", o.addr))
	case portErr != nil || n < 0 || n > 65535:
		problems = append(problems, fmt.Sprintf("-addr %q has no port between 0 and 65535", o.addr))
	case host != "localhost" && (ip == nil || !ip.IsLoopback()):
		problems = append(problems, fmt.Sprintf("-addr %q is not a loopback address such as 127.0.0.1:0", o.addr))
	}
	if problems == nil {
		return nil
	}
	return errors.New(strings.Join(problems, "; "))
}
