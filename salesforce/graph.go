package salesforce

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
)

// Limits of a request of graphs.
const (
	graphCount = 75
	graphNodes = 500
	graphDepth = 15
	graphKinds = 15
)

// Graph is a composite request that is done as a whole or not at all, of up to
// 500 steps. See Steps for its rules.
type Graph struct {
	Steps
	// ID names the graph in its answer: letters, digits, dashes and
	// underscores, fewer than 40. Defaults to g0, g1 ... by its place.
	ID string
}

// GraphResult is what became of a graph.
type GraphResult struct {
	ID string
	// Success tells that all of it was done; otherwise none of it was.
	Success bool
	CompositeResult
}

var graphID = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,38}$`)

// Graphs sends graphs in one call: up to 75 of them with 500 steps in all,
// each with chains of references up to 15 steps long and up to 15 different
// kinds of steps. What is above a limit is not sent. A graph succeeds or fails
// independently of the others, but after 14 failed ones Salesforce does not
// begin the rest. WriteOptions.AllOrNone has no meaning here: every graph is.
// The error is that of a request which failed as a whole or did not answer
// every step. It is not repeated when its answer is lost. It counts as one
// call.
func (c *Client) Graphs(ctx context.Context, graphs []*Graph, opts WriteOptions) ([]GraphResult, error) {
	ids, err := checkGraphs(graphs)
	if err != nil {
		return nil, fmt.Errorf("salesforce: graphs: nothing was sent: %w", err)
	}
	type wireGraph struct {
		ID    string     `json:"graphId"`
		Steps []wireStep `json:"compositeRequest"`
	}
	var req struct {
		Graphs []wireGraph `json:"graphs"`
	}
	for i, g := range graphs {
		req.Graphs = append(req.Graphs, wireGraph{ids[i], g.wire(c.base, opts)})
	}
	var out struct {
		Graphs []struct {
			ID       string      `json:"graphId"`
			Success  *bool       `json:"isSuccessful"`
			Response wireResults `json:"graphResponse"`
		} `json:"graphs"`
	}
	_, err = c.call(ctx, Request{Method: http.MethodPost, Path: "composite/graph", JSON: req, Header: opts.header(), Operation: "graphs"}, &out)
	if err != nil {
		return nil, err
	}
	results := make([]GraphResult, len(graphs))
	at := make(map[string]int, len(ids))
	for i, id := range ids {
		at[id] = i
	}
	for _, g := range out.Graphs {
		i, ok := at[g.ID]
		if !ok || g.Success == nil {
			return nil, fmt.Errorf("salesforce: graphs: the answer about %q is about no graph, twice about one, or says nothing: %w", g.ID, ErrIncomplete)
		}
		delete(at, g.ID)
		steps, err := g.Response.match(&graphs[i].Steps)
		if err != nil {
			return nil, fmt.Errorf("salesforce: graphs: %s: %w", g.ID, err)
		}
		failed := steps.anyFailed()
		results[i] = GraphResult{ID: g.ID, Success: *g.Success && !failed, CompositeResult: *steps}
		if !results[i].Success {
			results[i].rollBack()
		}
	}
	for id := range at {
		return nil, fmt.Errorf("salesforce: graphs: no answer about %s: %w", id, ErrIncomplete)
	}
	return results, nil
}

// checkGraphs holds graphs against the limits and names them.
func checkGraphs(graphs []*Graph) ([]string, error) {
	var errs []error
	if n := len(graphs); n == 0 || n > graphCount {
		errs = append(errs, fmt.Errorf("%d graphs: a request takes 1 to %d", n, graphCount))
	}
	ids := make([]string, len(graphs))
	taken := map[string]bool{}
	nodes := 0
	for i, g := range graphs {
		ids[i] = g.ID
		if g.ID == "" {
			ids[i] = "g" + strconv.Itoa(i)
		}
		if !graphID.MatchString(ids[i]) || taken[ids[i]] {
			errs = append(errs, fmt.Errorf("graph %d: the ID %q is malformed or taken", i, ids[i]))
		}
		taken[ids[i]] = true
		nodes += len(g.steps)
		if err := g.problems(); err != nil {
			errs = append(errs, fmt.Errorf("graph %s: %w", ids[i], err))
		}
	}
	if nodes > graphNodes {
		errs = append(errs, fmt.Errorf("%d steps: a request of graphs takes at most %d", nodes, graphNodes))
	}
	return ids, errors.Join(errs...)
}

func (g *Graph) problems() error {
	errs := append([]error(nil), g.errs...)
	if len(g.steps) == 0 {
		errs = append(errs, errors.New("it has no steps"))
	}
	kinds := map[string]bool{}
	depths := make([]int, len(g.steps))
	deepest := 0
	for i := range g.steps {
		st := &g.steps[i]
		kinds[st.method+" "+st.object] = true
		for _, used := range st.uses {
			if used < i {
				depths[i] = max(depths[i], depths[used])
			}
		}
		depths[i]++
		deepest = max(deepest, depths[i])
	}
	if deepest > graphDepth {
		errs = append(errs, fmt.Errorf("its references are %d steps deep, at most %d are allowed", deepest, graphDepth))
	}
	if len(kinds) > graphKinds {
		errs = append(errs, fmt.Errorf("%d different kinds of steps (method and object), at most %d are allowed", len(kinds), graphKinds))
	}
	return errors.Join(errs...)
}
