package main

import (
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"strings"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"
	"golang.org/x/oauth2"
	"golang.org/x/sync/errgroup"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/connection"
)

const (
	refreshes      = 320 // in one pass
	refreshGrants  = 64
	refreshWorkers = 16
)

// refreshing measures refreshes of rotating tokens, many grants at once: with
// the grants in PostgreSQL, with them in memory, only what a refresh does in
// PostgreSQL, and only the token requests. What bounds the first shows by the
// others. Without a database its rows are missing and stderr says so.
func refreshing(ctx context.Context, s settings, org theOrg) ([]result, error) {
	s.rows = refreshes
	memory := connection.NewMemoryTokenStore()
	inMemory, err := newRefresher(ctx, org, connection.NewMemoryStore(), memory)
	if err != nil {
		return nil, err
	}
	readers := []reader{{name: "orglink-memory", read: inMemory.refresh}, {name: "token-requests", read: org.tokenRequests}}
	store, drop, err := openPostgres(ctx)
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench: refreshes through PostgreSQL are left out; name a database with ORGLINK_POSTGRES:", err)
		return measure(ctx, "connection", "refresh", s, readers)
	}
	defer drop()
	inPostgres, err := newRefresher(ctx, org, store, store.Tokens())
	if err != nil {
		return nil, err
	}
	return measure(ctx, "connection", "refresh", s, append([]reader{
		{name: "orglink-postgresql", read: inPostgres.refresh},
		{name: "postgresql-only", read: func(ctx context.Context) (int, error) { return storeWork(ctx, store.Tokens()) }},
	}, readers...))
}

func postgresURL() string {
	if at := os.Getenv("ORGLINK_POSTGRES"); at != "" {
		return at
	}
	return "postgres://postgres@127.0.0.1:5432/test?sslmode=disable"
}

// separator comes before a further parameter of a URL.
func separator(url string) string {
	if strings.Contains(url, "?") {
		return "&"
	}
	return "?"
}

// openPostgres makes a schema of its own, which drop removes.
func openPostgres(ctx context.Context) (*connection.SQLStore, func(), error) {
	at := postgresURL()
	admin, err := sql.Open("pgx", at)
	if err != nil {
		return nil, nil, err
	}
	schema := "bench_" + strings.ToLower(rand.Text()[:12])
	if _, err := admin.ExecContext(ctx, "CREATE SCHEMA "+schema); err != nil {
		return nil, nil, err
	}
	db, err := sql.Open("pgx", at+separator(at)+"search_path="+schema)
	if err != nil {
		return nil, nil, err
	}
	db.SetMaxOpenConns(refreshWorkers)
	db.SetMaxIdleConns(refreshWorkers)
	drop := func() {
		_ = db.Close()
		_, _ = admin.ExecContext(context.WithoutCancel(ctx), "DROP SCHEMA "+schema+" CASCADE")
		_ = admin.Close()
	}
	store, err := connection.NewSQLStore(db, orglink.SQLConfig{Dialect: orglink.PostgreSQL})
	if err == nil {
		err = store.Migrate(ctx)
	}
	if err != nil {
		drop()
		return nil, nil, err
	}
	return store, drop, nil
}

// refresher refreshes the grants of some connections again and again.
type refresher struct {
	sources []*connection.TokenSource
	tokens  []*oauth2.Token
}

func newRefresher(ctx context.Context, org theOrg, store connection.Store, tokens connection.TokenStore) (*refresher, error) {
	m, err := org.manager(store, tokens)
	if err != nil {
		return nil, err
	}
	var r refresher
	for i := range refreshGrants {
		actor := orglink.Actor{Tenant: orglink.TenantID(fmt.Sprint("tenant-", i)), User: "ada", Admin: true}
		auth, err := m.Start(ctx, actor, connection.StartRequest{})
		if err != nil {
			return nil, err
		}
		query, err := org.signIn(ctx, auth.URL)
		if err != nil {
			return nil, err
		}
		c, err := m.Finish(ctx, actor, query)
		if err != nil {
			return nil, err
		}
		source := m.TokenSource(c.Tenant, c.ID)
		token, err := source.Token()
		if err != nil {
			return nil, err
		}
		r.sources, r.tokens = append(r.sources, source), append(r.tokens, token)
	}
	return &r, nil
}

func (r *refresher) refresh(ctx context.Context) (int, error) {
	return spread(ctx, func(ctx context.Context, i int) (err error) {
		r.tokens[i], err = r.sources[i].Rejected(ctx, r.tokens[i])
		return err
	})
}

// spread does a piece of work for each grant in turn, refreshes of them in all,
// by refreshWorkers at once.
func spread(ctx context.Context, work func(ctx context.Context, grant int) error) (int, error) {
	group, ctx := errgroup.WithContext(ctx)
	for w := range refreshWorkers {
		group.Go(func() error {
			for i := w; i < refreshes; i += refreshWorkers {
				if err := work(ctx, i%refreshGrants); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return refreshes, group.Wait()
}

// storeWork is what one refresh asks of its store: the lease, the grant twice,
// the intent, the tokens, and the lease's end.
func storeWork(ctx context.Context, tokens connection.TokenStore) (int, error) {
	return spread(ctx, func(ctx context.Context, i int) error {
		id := connection.GrantID(fmt.Sprint("work-", i))
		lease, err := tokens.Acquire(ctx, "bench", id, "bench", time.Minute)
		if err != nil {
			return err
		}
		for range 2 {
			g, err := tokens.Load(ctx, "bench", id)
			if err != nil {
				g = connection.Grant{Tenant: "bench", ID: id, Access: make([]byte, 300), Refresh: make([]byte, 200)}
			}
			g.Fence = lease.Fence
			if _, err := tokens.CompareAndSwap(ctx, g); err != nil {
				return err
			}
		}
		return tokens.Release(ctx, lease)
	})
}

// tokenRequests asks the org for tokens with nothing around it.
func (o theOrg) tokenRequests(ctx context.Context) (int, error) {
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {"key"}, "client_secret": {"secret"}}.Encode()
	client := &http.Client{Transport: transport}
	return spread(ctx, func(ctx context.Context, _ int) error {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, o.url+"/services/oauth2/token", strings.NewReader(form))
		if err != nil {
			return err
		}
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		return discard(client.Do(req))
	})
}

// signIn plays a person on the login page and returns the callback's query.
func (o theOrg) signIn(ctx context.Context, address string) (url.Values, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	browser := &http.Client{Jar: jar, Transport: transport, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if r.URL.Path == "/callback" {
			return http.ErrUseLastResponse
		}
		return nil
	}}
	form := url.Values{"username": {o.user}, "pw": {o.password}, "startURL": {strings.TrimPrefix(address, o.url)}}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, o.url+"/login", strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := browser.Do(req)
	if err := discard(resp, err); err != nil && resp == nil {
		return nil, err
	}
	back, err := url.Parse(resp.Header.Get("Location"))
	if err == nil && back.Query().Get("code") == "" {
		err = fmt.Errorf("the browser ended at %q with status %d", back, resp.StatusCode)
	}
	return back.Query(), err
}
