package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strconv"
	"time"
)

// org is what the program knows of the org before it connects.
type org struct {
	URL          string `json:"url"`
	ClientID     string `json:"client_id"`
	ClientSecret string `json:"client_secret"`
	Username     string `json:"username"`
	Password     string `json:"password"`
	AccessToken  string `json:"access_token"`
	APIVersion   string `json:"api_version"`
	// Fake tells that the org is a fake one, where the program may play the
	// people who work in it.
	Fake bool `json:"fake"`
	// Stop ends the process of an org that was started here.
	Stop func() `json:"-"`
}

// findOrg starts a fake org, or looks at the one that was named.
func findOrg(ctx context.Context, c *config) (*org, error) {
	if c.org == "" {
		return startOrg(ctx, c.accounts)
	}
	o := &org{URL: c.org, Stop: func() {}}
	if u, err := url.Parse(c.org); err == nil && loopback(u) {
		if err := askReady(ctx, o); err != nil {
			return nil, err
		}
	}
	o.URL, o.ClientID, o.ClientSecret = c.org, c.clientID, c.clientSecret
	if c.username != "" {
		o.Username = c.username
	}
	if c.password != "" {
		o.Password = c.password
	}
	return o, nil
}

// askReady asks a loopback address whether it is a fake org; real orgs answer
// such a path with their own 404.
func askReady(ctx context.Context, o *org) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, o.URL+"/_fake/ready", nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return fmt.Errorf("the org at %s does not answer: %w; is it running?", o.URL, err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return nil
	}
	if err := json.NewDecoder(io.LimitReader(resp.Body, 1<<16)).Decode(o); err != nil {
		return fmt.Errorf("the org at %s answers strangely: %w", o.URL, err)
	}
	return nil
}

// startOrg runs this program again as a fake org. The child ends when its
// standard input closes, so that it does not outlive this process.
func startOrg(ctx context.Context, accounts int) (*org, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, self, fakeOrgCommand, "-addr", "127.0.0.1:0", "-seed", "demo", "-records", strconv.Itoa(accounts), "-until-eof")
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the fake org: %w", err)
	}
	o := &org{Fake: true, Stop: func() { _ = stdin.Close(); _ = cmd.Wait() }}
	line, err := bufio.NewReader(stdout).ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, o)
	}
	if err != nil {
		o.Stop()
		return nil, errors.Join(errors.New("the fake org did not come up"), err)
	}
	return o, nil
}
