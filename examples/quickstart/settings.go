package main

import (
	"context"
	"fmt"
	"net/url"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/connection"
	"github.com/orglink/orglink/mapping"
	"github.com/orglink/orglink/sync/exporter"
	"github.com/orglink/orglink/sync/importer"
	"github.com/orglink/orglink/sync/integration"
	"github.com/orglink/orglink/sync/mirror"
	"github.com/orglink/orglink/sync/runner"
	"github.com/orglink/orglink/usersync"
)

// host is what the product has of the library.
type host struct {
	Connections  *connection.Manager
	Integrations *integration.Service
	Importer     *importer.Importer
	Mirror       *mirror.Mirror
	Runner       *runner.Runner
	Outbox       *exporter.SQLOutbox
	Exporter     *exporter.Service
	Users        *usersync.Service
}

// settings are what wiring depends on.
type settings struct {
	config   *config
	org      *org
	sealer   orglink.Sealer
	callback string
	meter    *meter
	progress *progress
}

func (s settings) apps() []connection.App {
	return []connection.App{{ClientID: s.org.ClientID, ClientSecret: orglink.NewSecret(s.org.ClientSecret)}}
}

// trusted lets tokens go to a fake org, which is no host of Salesforce's, and
// where the user says.
func trusted(c *config, o *org) (hosts []string) {
	if u, err := url.Parse(o.URL); err == nil && o.Fake {
		hosts = append(hosts, u.Host)
	}
	if c.trust != "" {
		hosts = append(hosts, c.trust)
	}
	return hosts
}

// estimator is the importer, which is made after the integrations that it
// reads.
func estimator(h *host) integration.Estimator {
	return integration.EstimatorFunc(func(ctx context.Context, t orglink.TenantID, c orglink.ConnectionID, s []mapping.Selection) (orglink.Estimate, error) {
		return h.Importer.Estimate(ctx, t, c, s)
	})
}

// migrate brings every store's tables up to date.
func migrate(ctx context.Context, stores ...interface{ Migrate(context.Context) error }) error {
	for _, s := range stores {
		if err := s.Migrate(ctx); err != nil {
			return fmt.Errorf("migrate: %w", err)
		}
	}
	return nil
}

// imported shows the importer's progress.
func (p *progress) imported(now importer.Progress) {
	if now.Total > 0 {
		p.Now("%s: %s, %d of %d rows", now.Object, now.Phase, now.Done, now.Total)
		return
	}
	p.Now("%s: %s", now.Object, now.Phase)
}
