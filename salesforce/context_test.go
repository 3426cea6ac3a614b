package salesforce_test

import (
	"net/http"
	"testing"

	"github.com/orglink/orglink/salesforce"
)

func TestHeadersOfConfigContextAndRequest(t *testing.T) {
	o := newOrg(t, answer(200, `[]`))
	c := o.client(t, func(cfg *salesforce.Config) {
		cfg.Header = http.Header{"Sforce-Mru": {"updateMru=false"}, "X-A": {"config"}, "X-B": {"config"}, "X-C": {"config"}, "Authorization": {"mine"}}
	})
	ctx := salesforce.WithHeader(t.Context(), http.Header{"x-b": {"context"}, "x-c": {"context"}, "authorization": {"mine"}})
	ctx = salesforce.WithHeader(ctx, http.Header{"X-D": {"more"}})
	_, err := c.Do(ctx, salesforce.Request{Path: "x", Header: http.Header{"x-c": {"request"}, "AUTHORIZATION": {"mine"}, "X-SFDC-Session": {"mine"}}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Recent(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	h := o.requests()[0].header
	for name, want := range map[string]string{"Sforce-Mru": "updateMru=false", "X-A": "config", "X-B": "context", "X-C": "request", "X-D": "more",
		"Authorization": "Bearer T1", "X-Sfdc-Session": ""} {
		if got := h.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if h := o.requests()[1].header; h.Get("X-B") != "config" || h.Get("X-D") != "" {
		t.Error("a call's headers stayed behind", h)
	}
}
