package link_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/salesforce/sobject"
	"github.com/orglink/orglink/sync/link"
	"github.com/orglink/orglink/sync/link/linktest"
)

func TestMemoryRefusals(t *testing.T) {
	linktest.TestRefusals(t, func(*testing.T) linktest.RefusalStore { return link.NewMemory() })
}

func TestSuiteFindsBrokenRefusals(t *testing.T) {
	for name, s := range map[string]linktest.RefusalStore{
		"missing tenant filter": anyTenant{link.NewMemory()},
		"one key a record":      &oneRefusal{Memory: link.NewMemory(), last: map[sobject.ID]string{}},
		"ignored context":       deafRefusals{link.NewMemory()},
		"kept when erased":      &keptRefusals{Memory: link.NewMemory()},
	} {
		if err := linktest.RefusalFailure(t.Context(), s); err == nil {
			t.Errorf("%s: the suite did not notice", name)
		}
	}
}

type anyTenant struct{ *link.Memory }

func (s anyTenant) Refused(ctx context.Context, _ orglink.TenantID, c orglink.ConnectionID, o string, ids []sobject.ID) (map[sobject.ID][]string, error) {
	return s.Memory.Refused(ctx, "tenant-2", c, o, ids)
}

type oneRefusal struct {
	*link.Memory
	last map[sobject.ID]string
}

func (s *oneRefusal) Refuse(ctx context.Context, t orglink.TenantID, c orglink.ConnectionID, o string, id sobject.ID, key string) error {
	s.last[id] = key
	return s.Memory.Refuse(ctx, t, c, o, id, key)
}

func (s *oneRefusal) Refused(ctx context.Context, t orglink.TenantID, c orglink.ConnectionID, o string, ids []sobject.ID) (map[sobject.ID][]string, error) {
	got, err := s.Memory.Refused(ctx, t, c, o, ids)
	for id := range got {
		got[id] = []string{s.last[id]}
	}
	return got, err
}

type deafRefusals struct{ *link.Memory }

func (s deafRefusals) Refuse(ctx context.Context, t orglink.TenantID, c orglink.ConnectionID, o string, id sobject.ID, key string) error {
	return s.Memory.Refuse(context.WithoutCancel(ctx), t, c, o, id, key)
}

type keptRefusals struct{ *link.Memory }

func (s *keptRefusals) Erase(context.Context, orglink.TenantID) error { return nil }

// product is a host's list of companies.
type product struct {
	mu       sync.Mutex
	list     []link.Company
	of       map[sobject.ID]string // companies that Add made
	enriched []string
	fail     error
}

func (p *product) Find(_ context.Context, tenant orglink.TenantID, by link.Attribute, values []string) ([]link.Company, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []link.Company
	for _, c := range p.list {
		v := map[link.Attribute]string{link.ByRecord: string(c.Record), link.ByDomain: link.FoldDomain(c.Website), link.ByName: link.FoldName(c.Name)}[by]
		if tenant == "acme" && slices.Contains(values, v) {
			out = append(out, c)
		}
	}
	return out, p.fail
}

func (p *product) Add(_ context.Context, _ orglink.TenantID, a link.Account) (link.Company, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	key, ok := p.of[a.ID]
	if !ok {
		key = fmt.Sprintf("new-%d", len(p.of)+1)
		p.of[a.ID] = key
		p.list = append(p.list, link.Company{Key: key, Name: a.Name, Website: a.Website})
	}
	return link.Company{Key: key, Name: a.Name}, nil
}

func (p *product) Enrich(_ context.Context, _ orglink.TenantID, key string, a link.Account) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.enriched = append(p.enriched, key+"="+a.Name)
	return nil
}

func accountID(n int) sobject.ID { return sobject.MustID(fmt.Sprintf("001A%011d", n)) }

func accounts(list ...link.Account) iter.Seq2[link.Account, error] {
	return func(yield func(link.Account, error) bool) {
		for _, a := range list {
			if !yield(a, nil) {
				return
			}
		}
	}
}

type matching struct {
	t     *testing.T
	m     *link.Matcher
	store *link.Memory
	host  *product
}

func newMatching(t *testing.T, companies ...link.Company) *matching {
	t.Helper()
	w := &matching{t: t, store: link.NewMemory(), host: &product{list: companies, of: map[sobject.ID]string{}}}
	var err error
	if w.m, err = link.NewMatcher(link.MatcherConfig{Store: w.store, Refusals: w.store, Companies: w.host}); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *matching) plan(list ...link.Account) []link.Match {
	w.t.Helper()
	out, err := w.m.Plan(w.t.Context(), "acme", "c", accounts(list...))
	if err != nil {
		w.t.Fatal(err)
	}
	if len(out) != len(list) {
		w.t.Fatalf("%d of %d accounts are in the plan", len(out), len(list))
	}
	return out
}

func TestMatching(t *testing.T) {
	companies := []link.Company{
		{Key: "acme", Name: "ACME Inc.", Website: "https://www.acme.example.net/about"},
		{Key: "known", Name: "Somebody Else", Record: accountID(2)},
		{Key: "mueller", Name: "Müller & Söhne GmbH"},
		{Key: "twin1", Name: "Twin Ltd", Website: "twin.test"}, {Key: "twin2", Name: "Twin", Website: "twin.test"},
		{Key: "mail", Name: "Corner Shop", Website: "shop@gmail.com"},
		{Key: "moved", Name: "Globex", Website: "globex.test"},
		{Key: "parent", Name: "Parent Holdings", Website: "parent.test"},
	}
	for name, c := range map[string]struct {
		account link.Account
		action  link.Action
		key     string
	}{
		"website and name":          {link.Account{Name: "Acme", Website: "acme.example.net"}, link.Paired, "acme"},
		"the host stores the id":    {link.Account{ID: accountID(2), Name: "Other", Website: "other.test"}, link.Paired, "known"},
		"only the name":             {link.Account{Name: "Mueller und Soehne"}, link.Review, ""},
		"two companies":             {link.Account{Name: "Twin", Website: "http://twin.test"}, link.Review, ""},
		"a shared mail domain":      {link.Account{Name: "Quite Different", Website: "gmail.com"}, link.Added, ""},
		"same name, other websites": {link.Account{Name: "Globex Corporation", Website: "globex-other.test"}, link.Review, ""},
		"a subsidiary's name":       {link.Account{Name: "Daughter One", Website: "parent.test"}, link.Review, ""},
		"nobody":                    {link.Account{Name: "Initech", Website: "initech.test"}, link.Added, ""},
		"nothing to compare":        {link.Account{}, link.Added, ""},
		"only a legal form":         {link.Account{Name: "GmbH"}, link.Added, ""},
	} {
		w := newMatching(t, companies...)
		if c.account.ID == "" {
			c.account.ID = accountID(1)
		}
		got := w.plan(c.account)[0]
		if got.Action != c.action || got.Key != c.key || got.Why == "" {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestTwoAccountsOfOneCompany(t *testing.T) {
	w := newMatching(t, link.Company{Key: "acme", Name: "Acme", Website: "acme.test"})
	plan := w.plan(link.Account{ID: accountID(1), Name: "Acme", Website: "acme.test"}, link.Account{ID: accountID(2), Name: "Acme Ltd.", Website: "www.acme.test"})
	for _, a := range plan {
		if a.Action != link.Review || len(a.Candidates) != 1 {
			t.Errorf("guessed: %+v", a)
		}
	}
	// One that is clearly better is no guess, and the other is still shown.
	plan = w.plan(link.Account{ID: accountID(1), Name: "Acme", Website: "acme.test"}, link.Account{ID: accountID(2), Name: "Acme"})
	if plan[0].Action != link.Paired || plan[1].Action != link.Review {
		t.Errorf("%+v", plan)
	}
}

func TestApplyTwiceIsOnce(t *testing.T) {
	w := newMatching(t, link.Company{Key: "acme", Name: "Acme", Website: "acme.test"}, link.Company{Key: "globex", Name: "Globex"})
	list := []link.Account{{ID: accountID(1), Name: "Acme", Website: "acme.test"}, {ID: accountID(2), Name: "Initech"}, {ID: accountID(3), Name: "Globex"}}
	plan := w.plan(list...)
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			if _, err := w.m.Apply(t.Context(), "acme", "c", plan); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	got := w.plan(list...)
	if got[0].Action != link.Kept || got[0].Key != "acme" || got[1].Action != link.Kept || got[1].Key != "new-1" || got[2].Action != link.Review || len(w.host.of) != 1 {
		t.Errorf("%+v, %v", got, w.host.of)
	}
	if !slices.Contains(w.host.enriched, "acme=Acme") {
		t.Errorf("enriched %v", w.host.enriched)
	}
	// A person decides; another plan respects it.
	if err := w.m.Refuse(t.Context(), "acme", "c", accountID(3), "globex"); err != nil {
		t.Fatal(err)
	}
	if got = w.plan(list...); got[2].Action != link.Added {
		t.Errorf("proposed again: %+v", got[2])
	}
	if err := w.m.Pair(t.Context(), "acme", "c", list[2], "globex"); err != nil {
		t.Fatal(err)
	}
	if err := w.m.Pair(t.Context(), "acme", "c", list[1], "globex"); !errors.Is(err, link.ErrTaken) {
		t.Errorf("a second account of one company: %v", err)
	}
	if err := w.m.Pair(t.Context(), "acme", "c", list[2], "acme"); !errors.Is(err, link.ErrTaken) {
		t.Errorf("a second company of one account: %v", err)
	}
	if err := w.m.Unpair(t.Context(), "acme", "c", "acme"); err != nil {
		t.Fatal(err)
	}
	if got = w.plan(list...); got[0].Action != link.Added {
		t.Errorf("paired again after it was unpaired: %+v", got[0])
	}
	out, err := w.m.Apply(t.Context(), "acme", "c", plan) // an old plan
	if err != nil || out.Paired+out.Added+out.Kept+out.Review+out.Left+len(out.Overtaken) != 3 {
		t.Errorf("%+v, %v", out, err)
	}
}

func TestPlanFails(t *testing.T) {
	w := newMatching(t)
	broken := errors.New("broken")
	bad := func(yield func(link.Account, error) bool) {
		if yield(link.Account{ID: accountID(1)}, nil) {
			yield(link.Account{}, broken)
		}
	}
	if got, err := w.m.Plan(t.Context(), "acme", "c", bad); !errors.Is(err, broken) || got != nil {
		t.Errorf("half a list makes the plan %v, %v", got, err)
	}
	w.host.fail = broken
	if _, err := w.m.Plan(t.Context(), "acme", "c", accounts(link.Account{ID: accountID(1), Name: "x"})); !errors.Is(err, broken) {
		t.Error(err)
	}
	if _, err := link.NewMatcher(link.MatcherConfig{Sure: 2}); err == nil || !strings.Contains(err.Error(), "Store") || !strings.Contains(err.Error(), "Sure") {
		t.Error(err)
	}
}

func TestFold(t *testing.T) {
	for in, want := range map[string]string{
		"https://www.Acme.example.net:443/x?y": "acme.example.net", "acme.test": "acme.test", "info@acme.test": "acme.test", "WWW.acme.test.": "acme.test",
		"http://127.0.0.1": "", "localhost": "", "": "", "not a domain": "", "gmail.com": "", "http://%zz": "", "a..b": "", "https://user:pw@acme.test/": "acme.test",
	} {
		if got := link.FoldDomain(in); got != want {
			t.Errorf("the domain of %q is %q, want %q", in, got, want)
		}
	}
	for in, want := range map[string]string{
		"ACME Inc.": "acme", "The Acme Company, LLC": "acme", "Müller & Söhne GmbH": "mueller soehne", "L'Oréal S.A.": "loreal", "GmbH": "gmbh", "  ": "", "7-Eleven": "7 eleven", "日本電気": "日本電気",
	} {
		if got := link.FoldName(in); got != want {
			t.Errorf("the name %q is folded to %q, want %q", in, got, want)
		}
	}
}

func FuzzFold(f *testing.F) {
	f.Add("https://www.acme.test/")
	f.Add("Müller & Söhne GmbH")
	f.Fuzz(func(t *testing.T, s string) {
		if d := link.FoldDomain(s); link.FoldDomain(d) != d {
			t.Errorf("the domain of %q is %q, and of that %q", s, d, link.FoldDomain(d))
		}
		if n := link.FoldName(s); link.FoldName(n) != n {
			t.Errorf("the name %q becomes %q, and that %q", s, n, link.FoldName(n))
		}
	})
}
