package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/orglink/orglink/salesforce/salesforcetest"
)

// runJSON runs the program and returns what it prints with -json.
func runJSON(t *testing.T, binary string, env []string, args ...string) result {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), binary, append(args, "-json")...)
	cmd.Env = append(os.Environ(), env...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v\n%s\n%s", err, errs.String(), failedChecks(out.Bytes()))
	}
	var r result
	if err := json.Unmarshal(out.Bytes(), &r); err != nil {
		t.Fatalf("not one JSON object: %v\n%s", err, out.String())
	}
	return r
}

func TestSecondRunImportsOnlyWhatChanged(t *testing.T) {
	binary := plainBinary(t)
	server := smallOrg(t)
	ready := server.Ready()
	db := filepath.Join(t.TempDir(), "host.db")
	first := runJSON(t, binary, nil, at(server, db)...)
	// The second is told everything by variables.
	second := runJSON(t, binary, []string{"ORGLINK_ORG=" + server.URL, "ORGLINK_CLIENT_ID=" + ready.ClientID, "ORGLINK_CLIENT_SECRET=" + ready.ClientSecret, "ORGLINK_DB=" + db, "ORGLINK_POLL=5ms"})
	if !first.OK || !second.OK || first.Round != 1 || second.Round != 2 {
		t.Fatalf("first %+v\nsecond %+v", first, second)
	}
	if first.Cost.Jobs == 0 || second.Cost.Jobs != 0 {
		t.Errorf("%d Bulk jobs in the first run and %d in the second; everything is read once", first.Cost.Jobs, second.Cost.Jobs)
	}
	if grants, err := server.Org().Grants(ready.Username); err != nil || grants != 1 {
		t.Errorf("%d grants of %s (%v): the second run authorised again", grants, ready.Username, err)
	}
	want := changeResult{Created: 5, Updated: second.Changes.Updated, Deleted: 2, Merged: 1}
	if second.Changes != want || second.Changes.Updated < 7 {
		t.Errorf("changes of the second run %+v, want %+v", second.Changes, want)
	}
}

// Another database that meets an org where one has been at work finds its own
// names and keys.
func TestAnotherDatabaseOnTheSameOrg(t *testing.T) {
	binary := plainBinary(t)
	server := smallOrg(t)
	for _, name := range []string{"one.db", "two.db"} {
		r := runJSON(t, binary, nil, at(server, filepath.Join(t.TempDir(), name))...)
		if !r.OK || r.Round != 1 || r.Exports.Created != 6 || r.Changes.Created != 5 {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

// realOrg is a fake org that does not admit to be one: the program treats it
// as a customer's.
func realOrg(t *testing.T) (*salesforcetest.Server, []string) {
	t.Helper()
	server := smallOrg(t)
	target, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(target)
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/_fake/") {
			http.NotFound(w, r)
			return
		}
		r.Host = target.Host
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(front.Close)
	ready := server.Ready()
	return server, []string{"-org", front.URL, "-client-id", ready.ClientID, "-client-secret", ready.ClientSecret,
		"-trust", "127.0.0.1", "-callback", "http://127.0.0.1:0/salesforce/callback", "-poll", "5ms"}
}

func TestRealOrgIsOnlyRead(t *testing.T) {
	binary := plainBinary(t)
	for _, c := range []struct {
		name   string
		args   []string
		writes bool
	}{
		{"by default", nil, false},
		{"with -write", []string{"-write"}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			server, args := realOrg(t)
			ready := server.Ready()
			status, errs := withPerson(t, binary, append(args, c.args...), func(link string) {
				p := person{username: ready.Username, password: ready.Password}
				if _, _, _, err := p.authorise(t.Context(), link); err != nil {
					t.Error(err)
				}
			})
			if status != 0 {
				t.Fatalf("exit status %d:\n%s", status, errs)
			}
			written := 0
			for _, r := range server.Requests() {
				switch {
				case r.Method == http.MethodGet, strings.HasPrefix(r.Path, "/services/oauth2/"), strings.HasPrefix(r.Path, "/login"), strings.HasPrefix(r.Path, "/setup/"):
				case strings.Contains(r.Path, "/jobs/query"), strings.HasSuffix(r.Path, "/composite"):
				default:
					// Upserts name the object in the path, updates by id in each record.
					records, ours := strings.Count(string(r.Body), `"type":"`), strings.Count(string(r.Body), `"type":"`+usageObject+`"`)
					byID := r.Method == http.MethodPatch && strings.HasSuffix(r.Path, "/composite/sobjects") && records > 0 && records == ours
					if byID || strings.Contains(r.Path, "/composite/sobjects/"+usageObject) {
						written++
						continue
					}
					t.Errorf("%s %s", r.Method, r.Path)
				}
			}
			if (written > 0) != c.writes {
				t.Errorf("%d requests that write", written)
			}
			rows, err := server.Org().Count("SELECT COUNT() FROM " + usageObject + " WHERE Usage_Key__c LIKE 'P1-%'")
			if err != nil || (rows == 6) != c.writes {
				t.Errorf("%d product rows in the org (%v)", rows, err)
			}
		})
	}
}
