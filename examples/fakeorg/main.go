// Command fakeorg runs a fake Salesforce org on a loopback port, for tests in
// any language and for trying things out.
//
//	go run -C examples ./fakeorg -addr 127.0.0.1:8484 -seed demo
//
// When it is ready it prints one line of JSON: url, client_id, client_secret,
// username, password, access_token, org_id, user_id and api_version. It serves
// until it gets SIGINT or SIGTERM.
package main

import (
	"os"

	"github.com/orglink/orglink/examples/internal/fakeorg"
)

func main() { os.Exit(fakeorg.Main(os.Args[1:], os.Getenv, os.Stdin, os.Stdout, os.Stderr)) }
