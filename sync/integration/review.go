package integration

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/mapping"
	"github.com/orglink/orglink/salesforce"
	"github.com/orglink/orglink/salesforce/sobject"
	"github.com/orglink/orglink/salesforce/soql"
)

// Review is what a person looks at before saving a draft.
type Review struct {
	Name       string
	Connection orglink.ConnectionID
	Owner      orglink.GroupID
	// Objects are what would be imported, in the order of the draft.
	Objects []ObjectReview
	// Companies is the number of Accounts that the connected user sees; 0
	// when Account is not chosen.
	Companies int64
	// Groups get access beside the owner.
	Groups []orglink.GroupID
	// Estimate is what the first import would cost; zero without an
	// Estimator.
	Estimate orglink.Estimate
	// Missing and Problems are what stands in the way; problems that are
	// notes do not.
	Missing  []Missing
	Problems []mapping.Problem
}

// ObjectReview is one object of a Review.
type ObjectReview struct {
	Object string
	Label  string
	// Fields is how many fields would be imported, with the ones that always
	// are.
	Fields int
	// Selection names them.
	Selection mapping.Selection
}

// Ready reports whether the draft can be saved.
func (r Review) Ready() bool { return len(r.Missing) == 0 && len(mapping.Blocking(r.Problems)) == 0 }

// Review checks a draft against the org and tells what saving it would mean.
// What is wrong with the draft is in the Review; the error is for a refusal,
// or an org or store that does not answer. It costs one call per 25 objects,
// one for the count of companies, and those of the Estimator.
func (s *Service) Review(ctx context.Context, actor orglink.Actor, draft Draft) (Review, error) {
	draft = draft.tidy(actor)
	if err := s.mayOwn(ctx, actor, draft.Owner); err != nil {
		return Review{}, err
	}
	r := Review{Name: draft.Name, Connection: draft.Connection, Owner: draft.Owner, Groups: slices.Clone(draft.Groups), Missing: draft.Missing(), Problems: draft.problems()}
	refused, err := s.shareProblems(ctx, actor.Tenant, draft)
	if err != nil {
		return r, err
	}
	r.Problems = append(r.Problems, refused...)
	if draft.Connection == "" || len(draft.Objects) == 0 {
		return r, nil
	}
	got, err := s.resolve(ctx, actor.Tenant, draft)
	if err != nil {
		return r, err
	}
	r.Problems = append(r.Problems, got.problems...)
	for _, sel := range got.selections {
		o := ObjectReview{Object: sel.Object, Fields: len(sel.Fields), Selection: sel}
		if d := got.describe(sel.Object); d != nil {
			o.Label = d.Label
		}
		r.Objects = append(r.Objects, o)
	}
	if _, chosen := fieldsOf(got.selections, "Account"); chosen {
		if r.Companies, err = got.client.Count(ctx, soql.SelectCount().From("Account").String()); err != nil {
			return r, fmt.Errorf("integration: review: count the companies: %w", err)
		}
	}
	if s.cfg.Estimator != nil && len(got.selections) > 0 && r.Ready() {
		if r.Estimate, err = s.cfg.Estimator.Estimate(ctx, actor.Tenant, draft.Connection, cloneSelections(got.selections)); err != nil {
			return r, fmt.Errorf("integration: review: estimate the import: %w", err)
		}
	}
	return r, nil
}

// resolved is a draft's choice as the org sees it.
type resolved struct {
	client     *salesforce.Client
	describes  map[string]*sobject.Describe
	chosen     []mapping.ObjectSelection
	selections []mapping.Selection
	problems   []mapping.Problem
}

func (r resolved) describe(object string) *sobject.Describe {
	for name, d := range r.describes {
		if strings.EqualFold(name, object) {
			return d
		}
	}
	return nil
}

// resolve asks the org about the objects of a draft.
func (s *Service) resolve(ctx context.Context, tenant orglink.TenantID, draft Draft) (resolved, error) {
	var out resolved
	var objects []string
	var sels []mapping.ObjectSelection
	for _, o := range draft.Objects {
		if o.Object != "" && o.Fields != nil { // the others are Missing
			objects, sels = append(objects, o.Object), append(sels, o)
		}
	}
	var err error
	if out.client, err = s.cfg.Connections.Client(ctx, tenant, draft.Connection); err != nil {
		return out, fmt.Errorf("integration: connection %s: %w", draft.Connection, err)
	}
	if out.describes, err = out.client.DescribeMany(ctx, objects); err != nil {
		return out, fmt.Errorf("integration: connection %s: describe the chosen objects: %w", draft.Connection, err)
	}
	out.selections, out.problems = mapping.ResolveAll(sels, out.describes)
	for _, sel := range sels {
		d := out.describe(sel.Object)
		if d == nil {
			continue // a problem already
		}
		frozen, err := mapping.Freeze(sel, d)
		if err != nil {
			out.problems = append(out.problems, mapping.Problem{Object: sel.Object, Reason: err.Error(), Remedy: "correct the selection"})
			continue
		}
		frozen.Object = d.Name
		out.chosen = append(out.chosen, frozen)
	}
	return out, nil
}

func fieldsOf(list []mapping.Selection, object string) ([]string, bool) {
	return mapping.View{Objects: list}.Fields(object)
}
