package salesforce_test

import (
	"errors"
	"net/http"
	"testing"

	"github.com/orglink/orglink/salesforce"
	"github.com/orglink/orglink/salesforce/salesforcetest"
)

func TestVersionStatus(t *testing.T) {
	_, c := fake(t, salesforcetest.Config{})
	s, err := c.CheckVersion(t.Context())
	if err != nil || s != (salesforce.VersionStatus{Version: "66.0", Label: "Spring '26", Oldest: "31.0", Newest: "66.0", Served: true}) {
		t.Errorf("%+v, %v", s, err)
	}
	o := newOrg(t, answer(200, `[{"version":"9.0"},{"label":"Spring '26","version":"66.0"},{"version":"60.0"},{"label":"Summer '22","version":"55.0"}]`))
	status := func(version string) salesforce.VersionStatus {
		t.Helper()
		s, err := o.client(t, func(cfg *salesforce.Config) { cfg.APIVersion = version }).CheckVersion(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	if s := status("55.0"); !s.Served || !s.Aging || s.Label != "Summer '22" || s.Oldest != "9.0" || s.Newest != "66.0" {
		t.Errorf("%+v", s)
	}
	if s := status("57.0"); s.Served || s.Aging {
		t.Errorf("%+v", s)
	}
	if s := status("67.0"); s.Served || s.Aging { // ahead of the org
		t.Errorf("%+v", s)
	}
	o = newOrg(t, answer(200, `[]`))
	if _, err := o.client(t).CheckVersion(t.Context()); !errors.Is(err, salesforce.ErrIncomplete) {
		t.Error(err)
	}
}

func TestNegotiatedVersion(t *testing.T) {
	org := salesforcetest.NewServer(t, salesforcetest.Config{APIVersion: "64.0"})
	cfg := salesforce.Config{Tokens: salesforce.StaticToken(org.URL, org.Ready().AccessToken), HTTPClient: org.Client(), TrustedHosts: []string{org.URL[len("http://"):]}}
	for wanted, want := range map[string]string{"": "64.0", "70.0": "64.0", "64.0": "64.0", "59.0": "59.0"} {
		cfg.APIVersion = wanted
		c, err := salesforce.NewNegotiated(t.Context(), cfg)
		if err != nil || c.APIVersion() != want {
			t.Errorf("%q: %v", wanted, err)
			continue
		}
		if _, err := c.Describe(t.Context(), "Account"); err != nil {
			t.Error(err)
		}
	}
	cfg.APIVersion = "30.0" // retired
	if _, err := salesforce.NewNegotiated(t.Context(), cfg); !errors.Is(err, salesforce.ErrVersion) {
		t.Error(err)
	}
	cfg.APIVersion = "x"
	if _, err := salesforce.NewNegotiated(t.Context(), cfg); err == nil {
		t.Error("a bad config was taken")
	}
}

func TestRetiringVersionIsToldToTheObserver(t *testing.T) {
	const text = `299 - "This API is deprecated and will be removed by Summer '22. Please see https://help.salesforce.com/articleView?id=000351312 for details."`
	var calls []salesforce.Call
	c := offline(t, func(r *http.Request) (*http.Response, error) {
		resp := reply(r, 200, `[]`)
		if r.URL.Path != "/services/data/" {
			resp.Header.Set("Warning", text)
		}
		return resp, nil
	}, func(cfg *salesforce.Config) {
		cfg.APIVersion, cfg.Observer = "21.0", func(call salesforce.Call) { calls = append(calls, call) }
	})
	_, err1 := c.Recent(t.Context(), 0)
	_, err2 := c.Versions(t.Context())
	if err := errors.Join(err1, err2); err != nil || len(calls) != 2 || calls[0].Warning != text || calls[1].Warning != "" {
		t.Errorf("%+v, %v", calls, err)
	}
}
