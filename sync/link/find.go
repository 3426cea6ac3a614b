package link

import (
	"context"
	"fmt"

	"github.com/orglink/orglink"
)

// findings are companies by what they were found by.
type findings map[Attribute]map[string][]Company

// attributes are what an account can be found by.
func attributes(a Account) map[Attribute]string {
	return map[Attribute]string{ByRecord: string(a.ID), ByDomain: FoldDomain(a.Website), ByName: FoldName(a.Name)}
}

func attributesOf(c Company) map[Attribute]string {
	return map[Attribute]string{ByRecord: string(c.Record), ByDomain: FoldDomain(c.Website), ByName: FoldName(c.Name)}
}

// find looks up the companies that some of the accounts may be.
func (m *Matcher) find(ctx context.Context, tenant orglink.TenantID, accounts []Account, some []int) (findings, error) {
	out := findings{}
	for _, by := range []Attribute{ByRecord, ByDomain, ByName} {
		out[by] = map[string][]Company{}
		seen := map[string]bool{"": true}
		var values []string
		for _, i := range some {
			if v := attributes(accounts[i])[by]; !seen[v] {
				seen[v] = true
				values = append(values, v)
			}
		}
		if len(values) == 0 {
			continue
		}
		found, err := m.cfg.Companies.Find(ctx, tenant, by, values)
		if err != nil {
			return nil, fmt.Errorf("link: find companies by %s: %w", by, err)
		}
		for _, c := range found {
			if err := checkKey(c.Key); err != nil {
				return nil, err
			}
			// A host that searches more widely than asked does no harm.
			if v := attributesOf(c)[by]; seen[v] && v != "" {
				out[by][v] = append(out[by][v], c)
			}
		}
	}
	return out, nil
}

func (f findings) keys() []string {
	seen := map[string]bool{}
	var out []string
	for _, values := range f {
		for _, list := range values {
			for _, c := range list {
				if !seen[c.Key] {
					seen[c.Key] = true
					out = append(out, c.Key)
				}
			}
		}
	}
	return out
}

// of returns the companies that an account may be, each once.
func (f findings) of(a Account) []Company {
	seen := map[string]bool{}
	var out []Company
	for _, by := range []Attribute{ByRecord, ByDomain, ByName} {
		v := attributes(a)[by]
		if v == "" {
			continue
		}
		for _, c := range f[by][v] {
			if !seen[c.Key] {
				seen[c.Key] = true
				out = append(out, c)
			}
		}
	}
	return out
}
