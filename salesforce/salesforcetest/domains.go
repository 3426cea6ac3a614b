package salesforcetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// Domains are several orgs behind Salesforce's own host names in one process,
// without a network: https://login.salesforce.com for production orgs,
// https://test.salesforce.com for sandboxes, and each org's My Domain, such as
// https://acme.my.salesforce.com and https://acme--uat.sandbox.my.salesforce.com.
// They are reached through Client alone.
//
//	domains := salesforcetest.NewDomains(t)
//	org := salesforcetest.NewServer(t, salesforcetest.Config{Domains: domains, MyDomain: "acme"})
//	uat := salesforcetest.NewServer(t, salesforcetest.Config{Domains: domains, MyDomain: "acme", Sandbox: "uat", OrgID: "00Dak0000000002"})
//
// An app belongs to the org that configures it; the others know it as one that
// they have not installed. Its methods are safe for concurrent use.
type Domains struct {
	listener *MemoryListener
	http     *http.Server
	client   *http.Client
	served   chan struct{}
	closing  sync.Once
	signer   *signer
	devices  *devices

	mu    sync.Mutex
	orgs  map[string]*Server // by host
	order []*Server
}

// The login hosts.
const (
	loginHostName = "login.salesforce.com"
	testHostName  = "test.salesforce.com"
)

// NewDomains starts an empty set of domains and closes it when the test ends.
// Without a test, t is nil and the caller closes it.
func NewDomains(t testing.TB) *Domains {
	d := &Domains{
		listener: NewMemoryListener(), served: make(chan struct{}), orgs: map[string]*Server{}, signer: &signer{}, devices: newDevices(),
	}
	dial := func(ctx context.Context, network, addr string) (net.Conn, error) {
		host, _, err := net.SplitHostPort(addr)
		if err != nil || !d.knows(host) {
			return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
		}
		return d.listener.DialContext(ctx, network, addr)
	}
	// A connection of DialTLSContext counts as encrypted; in memory nobody
	// listens in.
	d.client = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64, DialContext: dial, DialTLSContext: dial}}
	d.http = &http.Server{
		Handler: http.HandlerFunc(d.serve), ReadHeaderTimeout: time.Minute, MaxHeaderBytes: 64 << 10, ErrorLog: log.New(io.Discard, "", 0),
	}
	go func() {
		defer close(d.served)
		_ = d.http.Serve(d.listener) // ends with http.ErrServerClosed at Close
	}()
	if t != nil {
		t.Cleanup(d.Close)
	}
	return d
}

// Client returns an HTTP client for which Salesforce's host names lead to the
// orgs of the domains; any other name does not exist. It follows redirects and
// keeps no cookies.
func (d *Domains) Client() *http.Client { return d.client }

// Close stops listening and cuts open connections. Closing twice is allowed.
func (d *Domains) Close() {
	d.closing.Do(func() {
		_ = d.http.Close()
		<-d.served
		d.client.CloseIdleConnections()
	})
}

// myDomainHost is the host of an org (help page "My Domain URL Formats").
func myDomainHost(myDomain, sandbox string) string {
	if sandbox == "" {
		return strings.ToLower(myDomain) + ".my.salesforce.com"
	}
	return strings.ToLower(myDomain+"--"+sandbox) + ".sandbox.my.salesforce.com"
}

// join adds an org. Usernames are unique across orgs.
func (d *Domains) join(s *Server) error {
	host := myDomainHost(s.cfg.MyDomain, s.cfg.Sandbox)
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.orgs[host] != nil {
		return fmt.Errorf("salesforcetest: Config.MyDomain: there is an org at %s already", host)
	}
	names, err := s.usernames()
	if err != nil {
		return err
	}
	for _, other := range d.order {
		if other.org.ID() == s.org.ID() {
			return fmt.Errorf("salesforcetest: Config.OrgID: %s is the id of %s already; give each org its own", s.org.ID(), other.URL)
		}
		if (other.cfg.Sandbox != "") != (s.cfg.Sandbox != "") {
			continue // they log in at different hosts
		}
		for _, name := range names {
			if _, err := other.userByName(name); err == nil {
				return fmt.Errorf("salesforcetest: Config.UsernameSuffix: the username %s is taken by the org at %s; usernames are unique across orgs", name, other.URL)
			}
		}
	}
	d.orgs[host] = s
	d.order = append(d.order, s)
	s.URL = "https://" + host
	return nil
}

// leave removes an org that is closed.
func (d *Domains) leave(s *Server) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for host, have := range d.orgs {
		if have == s {
			delete(d.orgs, host)
		}
	}
	for i, have := range d.order {
		if have == s {
			d.order = append(d.order[:i:i], d.order[i+1:]...)
			break
		}
	}
}

func (d *Domains) org(host string) *Server {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.orgs[strings.ToLower(host)]
}

func (d *Domains) knows(host string) bool {
	host = strings.ToLower(host)
	return host == loginHostName || host == testHostName || d.org(host) != nil
}

// behind lists the orgs that log in at a login host.
func (d *Domains) behind(host string) []*Server {
	d.mu.Lock()
	defer d.mu.Unlock()
	var out []*Server
	for _, s := range d.order {
		if (s.cfg.Sandbox != "") == (host == testHostName) {
			out = append(out, s)
		}
	}
	return out
}

// app finds an app of any org.
func (d *Domains) app(clientID string) *App {
	d.mu.Lock()
	orgs := append([]*Server(nil), d.order...)
	d.mu.Unlock()
	for _, s := range orgs {
		if a := s.id.appByID(clientID); a != nil {
			return a
		}
	}
	return nil
}

func (d *Domains) serve(w http.ResponseWriter, r *http.Request) {
	host := strings.ToLower(r.Host)
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	if s := d.org(host); s != nil {
		s.serve(w, r)
		return
	}
	if host != loginHostName && host != testHostName {
		w.WriteHeader(420) // Salesforce Edge has no routing information for the host
		return
	}
	// A login host keeps nothing: it finds the org that a request is about.
	var body []byte
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(io.LimitReader(r.Body, maxLogin+1)); err != nil || len(body) > maxLogin {
			w.WriteHeader(http.StatusRequestEntityTooLarge)
			return
		}
	}
	s, err := d.route(host, r, body)
	if err != nil {
		a := failure(http.StatusServiceUnavailable, "SERVER_UNAVAILABLE", "There is no org behind "+host)
		w.Header().Set("Content-Type", a.contentType)
		w.WriteHeader(a.status)
		_, _ = w.Write(a.body)
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	s.serve(w, r.WithContext(context.WithValue(r.Context(), loginHostKey{}, "https://"+host)))
}

// maxLogin bounds what a login host reads.
const maxLogin = 1 << 20

var errNoOrg = errors.New("no org")
