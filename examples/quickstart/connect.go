package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/connection"
)

// The product's customer, and who administers it there.
const (
	tenant = orglink.TenantID("acme")
	owners = orglink.GroupID("revenue")
	others = orglink.GroupID("support")
)

var admin = orglink.Actor{Tenant: tenant, User: "ada@acme.example", Group: owners, Admin: true}

// callbackServer is the part of the product's web server that Salesforce
// sends the browser back to.
type callbackServer struct {
	url      string
	listener net.Listener
	server   *http.Server
	done     chan callbackResult
}

type callbackResult struct {
	connection connection.Connection
	err        error
}

func newCallback(c *config, o *org) (*callbackServer, error) {
	at := c.callback
	if at == "" {
		if at = "http://localhost:8484/salesforce/callback"; o.Fake {
			at = "http://127.0.0.1:0/salesforce/callback"
		}
	}
	u, err := url.Parse(at)
	if err != nil || u.Scheme != "http" || u.Port() == "" || !loopback(u) || u.Path != "/salesforce/callback" {
		return nil, fmt.Errorf("-callback %q: it looks like http://localhost:8484/salesforce/callback", at)
	}
	listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", u.Host)
	if err != nil {
		return nil, fmt.Errorf("listen for the callback: %w", err)
	}
	if u.Port() == "0" {
		u.Host = listener.Addr().String()
	}
	return &callbackServer{url: u.String(), listener: listener, done: make(chan callbackResult, 1)}, nil
}

// serve mounts the library's routes.
func (s *callbackServer) serve(m *connection.Manager) error {
	routes, err := m.Handler(connection.HandlerConfig{
		Actor: func(*http.Request) (orglink.Actor, error) { return admin, nil }, // a product looks at its session
		Connected: func(w http.ResponseWriter, r *http.Request, c connection.Connection) {
			fmt.Fprintf(w, "<h1>Connected</h1><p>You may close this page.</p>")
			s.done <- callbackResult{connection: c}
		},
		Failed: func(w http.ResponseWriter, r *http.Request, err error) {
			http.Error(w, connection.Explain(err), http.StatusBadRequest)
			s.done <- callbackResult{err: err}
		},
	})
	if err != nil {
		return err
	}
	s.server = &http.Server{Handler: http.StripPrefix("/salesforce", routes), ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = s.server.Serve(s.listener) }() // ends with Close
	return nil
}

// Close lets the page that is being shown reach its browser first.
func (s *callbackServer) Close() {
	if s.server == nil {
		_ = s.listener.Close()
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	if s.server.Shutdown(ctx) != nil {
		_ = s.server.Close()
	}
}

// connect authorises the team connection, unless an earlier run did.
func (j *job) connect(ctx context.Context) error {
	known, err := j.Connections.List(ctx, tenant)
	if err != nil {
		return err
	}
	for _, c := range known {
		if c.Type == (connection.Team{}).Name() && c.State != connection.Disconnected {
			j.connection = c
		}
	}
	if j.connection.ID == "" || j.connection.State == connection.NeedsReauthorization {
		if err := j.authorise(ctx); err != nil {
			return err
		}
	}
	health, err := j.Connections.Check(ctx, tenant, j.connection.ID)
	if err != nil {
		return err
	}
	if !health.OK() {
		return fmt.Errorf("the connection to %s does not work: %s", j.connection.Title(), health.Message)
	}
	j.result.Org = string(j.connection.Org.ID)
	j.p.Done("connected   %s, verified by a live call", j.connection.Title())
	return nil
}

// authorise goes through Salesforce's pages, or lets a person do it.
func (j *job) authorise(ctx context.Context) error {
	if err := j.callback.serve(j.Connections); err != nil {
		return err
	}
	begun, err := j.Connections.Start(ctx, admin, connection.StartRequest{LoginHost: j.o.URL, Connection: j.connection.ID})
	if err != nil {
		return err
	}
	if j.c.browser || !j.o.Fake {
		j.p.Done("Open this link in a browser where you may sign in to the org:\n\n  %s\n", begun.URL)
	} else {
		person := person{username: j.o.Username, password: j.o.Password}
		at, page, status, err := person.authorise(ctx, begun.URL)
		if err != nil {
			return fmt.Errorf("%s signs in at %s: %w", person.username, j.o.URL, err)
		}
		if !strings.HasPrefix(at.String(), j.callback.url) {
			return fmt.Errorf("%s signs in: the journey ended at %s with status %d: %s; check -client-id", person.username, at.Host, status, cmp.Or(problemOn(page), headline(page)))
		}
	}
	select {
	case got := <-j.callback.done:
		if got.err != nil {
			return got.err
		}
		j.connection = got.connection
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(time.Until(begun.Expires)):
		return errors.New("nobody followed the link in time")
	}
}

// explain adds to an error what a person can do about it.
func explain(err error) error {
	if strings.Contains(err.Error(), "database or disk is full") {
		return fmt.Errorf("%w\nThe database is full. Nothing is half-written: make room (max_page_count, or the disk) and run again with the same -db", err)
	}
	if errors.As(err, new(*connection.Error)) {
		return fmt.Errorf("%w\n%s", err, connection.Explain(err))
	}
	return err
}
