package conformance

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/mapping"
	"github.com/orglink/orglink/salesforce"
	"github.com/orglink/orglink/salesforce/salesforcetest"
	"github.com/orglink/orglink/salesforce/sobject"
	"github.com/orglink/orglink/sync/importer"
	"github.com/orglink/orglink/sync/runner"
)

// modelProcess is one life of an importing process in a history: a client, an
// importer and a runner, and what is to go wrong next. Once it is dead,
// nothing of it reaches the org or the database any more.
type modelProcess struct {
	h      *history
	im     *importer.Importer
	run    *runner.Runner
	client *salesforce.Client
	ctx    context.Context
	cancel context.CancelCauseFunc

	mu       sync.Mutex
	dead     bool
	requests map[int]incident // by how many requests from now
	commits  map[int]incident // the same of commits
}

// incident is what happens at a request or a commit.
type incident func(p *modelProcess, at *moment) error

// moment is a request or a commit at which something happens.
type moment struct {
	// do does what was asked for; nil error and no result until then.
	do   func() error
	resp *http.Response  // of a request
	b    *importer.Batch // of a commit
}

func (h *history) newProcess() (*modelProcess, error) {
	p := &modelProcess{h: h, requests: map[int]incident{}, commits: map[int]incident{}}
	p.ctx, p.cancel = context.WithCancelCause(h.ctx)
	var err error
	p.client, err = salesforce.New(salesforce.Config{Tokens: modelTokens{h.org.server, new(atomic.Pointer[salesforce.Token])}, HTTPClient: &http.Client{Transport: p},
		TrustedHosts: []string{strings.TrimPrefix(h.org.server.URL, "http://")}, MaxRetries: -1})
	if err != nil {
		return nil, err
	}
	if p.run, err = runner.New(runner.Config{Leases: modelLeases{h.leases, p}, Owner: "model", TTL: time.Hour, Parallel: 1}); err != nil {
		return nil, err
	}
	cfg := h.cfg
	cfg.Clients, cfg.Selections, cfg.Sink, cfg.Leases, cfg.Progress = p, p, p, p.run, h.progress
	p.im, err = importer.New(cfg)
	return p, err
}

// modelTokens hands out a token of the importer's user, and another when that
// one is rejected.
type modelTokens struct {
	org   *salesforcetest.Server
	token *atomic.Pointer[salesforce.Token]
}

func (m modelTokens) Token(ctx context.Context) (salesforce.Token, error) {
	if t := m.token.Load(); t != nil {
		return *t, nil
	}
	return m.Refresh(ctx, salesforce.Token{})
}

func (m modelTokens) Refresh(context.Context, salesforce.Token) (salesforce.Token, error) {
	t := salesforce.Token{InstanceURL: m.org.URL, Access: orglink.NewSecret(m.org.Token(modelUser))}
	m.token.Store(&t)
	return t, nil
}

func (p *modelProcess) Client(context.Context, orglink.TenantID, orglink.ConnectionID) (*salesforce.Client, error) {
	return p.client, nil
}

func (p *modelProcess) Selections(context.Context, orglink.TenantID, orglink.ConnectionID) ([]mapping.Selection, error) {
	return p.h.org.selections(), nil
}

// die ends the process.
func (p *modelProcess) die() error {
	p.dead = true
	p.h.deaths++
	p.cancel(errKilled)
	return errKilled
}

// next counts a request or commit and returns what is to happen at it.
func (p *modelProcess) next(plan map[int]incident) (incident, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.dead {
		return nil, errKilled
	}
	found := plan[1]
	later := map[int]incident{}
	for n, i := range plan {
		if n > 1 {
			later[n-1] = i
		}
	}
	clear(plan)
	for n, i := range later {
		plan[n] = i
	}
	if found != nil {
		p.h.struck++
	}
	return found, nil
}

// RoundTrip implements http.RoundTripper.
func (p *modelProcess) RoundTrip(req *http.Request) (*http.Response, error) {
	hit, err := p.next(p.requests)
	if err != nil {
		return nil, err
	}
	m := &moment{}
	m.do = func() (err error) {
		m.resp, err = p.h.org.server.Client().Transport.RoundTrip(req)
		return err
	}
	if hit == nil {
		err = m.do()
	} else if err = hit(p, m); err != nil && m.resp != nil {
		_ = m.resp.Body.Close()
	}
	if err != nil {
		return nil, err
	}
	return m.resp, nil
}

// Open implements importer.Sink.
func (p *modelProcess) Open(ctx context.Context, s importer.Stream, fence uint64) (importer.Position, error) {
	if p.dead {
		return "", errKilled
	}
	pos, err := p.h.mirror.Open(ctx, s, fence)
	if err == nil {
		p.h.fences[s.Object] = max(p.h.fences[s.Object], fence)
	}
	return pos, err
}

// Apply implements importer.Sink.
func (p *modelProcess) Apply(ctx context.Context, b importer.Batch) error {
	hit, err := p.next(p.commits)
	if err != nil {
		return err
	}
	m := &moment{b: &b, do: func() error {
		err := p.h.mirror.Apply(ctx, b)
		if err == nil && b.Next != "" {
			p.h.begun[b.Stream.Object] = true
		}
		return err
	}}
	if hit == nil {
		return m.do()
	}
	return hit(p, m)
}

// IDs implements importer.Lister.
func (p *modelProcess) IDs(ctx context.Context, s importer.Stream, after sobject.ID, limit int) ([]sobject.ID, error) {
	return p.h.mirror.IDs(ctx, s, after, limit)
}

// Held implements importer.Holder.
func (p *modelProcess) Held(ctx context.Context, s importer.Stream, ids []sobject.ID, fields []string) (map[sobject.ID]importer.Stored, error) {
	return p.h.mirror.Held(ctx, s, ids, fields)
}

// HeldBetween implements importer.Holder.
func (p *modelProcess) HeldBetween(ctx context.Context, s importer.Stream, from, to time.Time) (int64, error) {
	return p.h.mirror.HeldBetween(ctx, s, from, to)
}

// modelLeases are those of a process: the dead release nothing.
type modelLeases struct {
	runner.LeaseStore
	p *modelProcess
}

func (l modelLeases) Release(ctx context.Context, lease runner.Lease) error {
	if l.p.dead {
		return nil
	}
	return l.LeaseStore.Release(ctx, lease)
}

// The incidents. The org changes at any request; answers are lost, late, cut,
// refused and wrong; processes die before and after everything.
var requestIncidents = []struct {
	name string
	make func(h *history, r *rand.Rand) incident
}{
	{"crash before a request", func(*history, *rand.Rand) incident { return func(p *modelProcess, _ *moment) error { return p.die() } }},
	{"crash after a request", func(*history, *rand.Rand) incident {
		return func(p *modelProcess, at *moment) error { return errors.Join(at.do(), p.die()) }
	}},
	{"lost request", func(*history, *rand.Rand) incident {
		return func(*modelProcess, *moment) error { return io.ErrUnexpectedEOF }
	}},
	{"lost answer", func(*history, *rand.Rand) incident {
		return func(_ *modelProcess, at *moment) error { return errors.Join(at.do(), io.ErrUnexpectedEOF) }
	}},
	{"cut answer", func(_ *history, r *rand.Rand) incident {
		n := r.Int64N(600)
		return func(_ *modelProcess, at *moment) error {
			if err := at.do(); err != nil {
				return err
			}
			at.resp.Body = &cutBody{at.resp.Body, n}
			return nil
		}
	}},
	{"outage", func(*history, *rand.Rand) incident {
		return func(_ *modelProcess, at *moment) error {
			return at.answer(503, "text/html", "<html>maintenance</html>")
		}
	}},
	{"refusal", func(_ *history, r *rand.Rand) incident {
		code := []string{"UNKNOWN_EXCEPTION", "REQUEST_LIMIT_EXCEEDED", "QUERY_TIMEOUT", "INVALID_SESSION_ID"}[r.IntN(4)]
		status := map[string]int{"UNKNOWN_EXCEPTION": 500, "REQUEST_LIMIT_EXCEEDED": 403, "QUERY_TIMEOUT": 400, "INVALID_SESSION_ID": 401}[code]
		return func(_ *modelProcess, at *moment) error {
			return at.answer(status, "application/json", `[{"errorCode":"`+code+`","message":"staged"}]`)
		}
	}},
	{"wrong count", func(*history, *rand.Rand) incident {
		return func(_ *modelProcess, at *moment) error {
			if err := at.do(); err != nil {
				return err
			}
			if at.resp.Header.Get("Sforce-NumberOfRecords") != "" {
				at.resp.Header.Set("Sforce-NumberOfRecords", "977")
			}
			return nil
		}
	}},
	{"failed job", func(h *history, r *rand.Rand) incident {
		state, rows := []string{"Failed", "Aborted"}[r.IntN(2)], r.IntN(3)
		return func(_ *modelProcess, at *moment) error {
			remove := h.org.server.Fault(salesforcetest.Fault{Match: salesforcetest.Match{Method: "POST", Path: "jobs/query", Times: 1}, Action: salesforcetest.EndJob(state, rows, "staged")})
			defer remove()
			return at.do()
		}
	}},
	{"moves", func(h *history, r *rand.Rand) incident {
		n := 1 + r.IntN(3)
		return func(_ *modelProcess, at *moment) error {
			for range n {
				h.note("  meanwhile: " + h.org.move(r))
			}
			return at.do()
		}
	}},
	{"time", func(h *history, r *rand.Rand) incident {
		return func(_ *modelProcess, at *moment) error {
			h.note("  meanwhile: " + h.org.pass(r))
			return at.do()
		}
	}},
}

var commitIncidents = []struct {
	name string
	make func(h *history) incident
}{
	{"crash before a commit", func(h *history) incident {
		return func(p *modelProcess, at *moment) error {
			h.zombies = append(h.zombies, *at.b)
			return p.die()
		}
	}},
	{"crash after a commit", func(*history) incident {
		return func(p *modelProcess, at *moment) error { return errors.Join(at.do(), p.die()) }
	}},
	{"full database", func(*history) incident {
		return func(*modelProcess, *moment) error { return errors.New("no space left") }
	}},
	{"lost commit answer", func(*history) incident {
		return func(_ *modelProcess, at *moment) error { return errors.Join(at.do(), io.ErrUnexpectedEOF) }
	}},
}

// answer answers instead of the org.
func (m *moment) answer(status int, contentType, body string) error {
	m.resp = &http.Response{StatusCode: status, Status: http.StatusText(status), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Content-Type": {contentType}}, Body: io.NopCloser(bytes.NewReader([]byte(body))), ContentLength: int64(len(body))}
	return nil
}

// cutBody ends too early.
type cutBody struct {
	io.ReadCloser
	left int64
}

func (c *cutBody) Read(p []byte) (int, error) {
	if c.left <= 0 {
		return 0, io.ErrUnexpectedEOF
	}
	n, err := c.ReadCloser.Read(p[:min(int64(len(p)), c.left)])
	c.left -= int64(n)
	return n, err
}
