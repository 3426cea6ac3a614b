package salesforcetest

import (
	"errors"
	"net/http"
	"regexp"
	"strings"

	"github.com/orglink/orglink/salesforce/salesforcetest/internal/engine"
)

// Limits of composite graphs.
const (
	maxGraphs       = 75
	maxGraphNodes   = 500
	maxGraphDepth   = 15
	maxGraphKinds   = 15
	maxGraphsFailed = 14
)

type graphRequest struct {
	Graphs []struct {
		ID string `json:"graphId"`
		compositeRequest
	} `json:"graphs"`
}

type graphResult struct {
	ID       string `json:"graphId"`
	Response struct {
		R []compositeResult `json:"compositeResponse"`
	} `json:"graphResponse"`
	Success bool `json:"isSuccessful"`
}

var (
	graphID = regexp.MustCompile(`^[A-Za-z0-9][^.]{0,38}$`)
	// graphPath is /sobjects/{object}, with an id or a key and its value.
	graphPath = regexp.MustCompile(`^sobjects/[^/]+(/[^/]+){0,2}$`)
)

const rolledBackText = "The transaction was rolled back since another operation in the same transaction failed."

// graphs runs composite graphs, each of which succeeds or fails as a whole.
func (c *call) graphs() answer {
	var req graphRequest
	if refused := c.decode(&req); refused != nil {
		return *refused
	}
	if refused := req.check(); refused != nil {
		return *refused
	}
	out := struct {
		Graphs []graphResult `json:"graphs"`
	}{Graphs: []graphResult{}}
	failures := 0
	for _, g := range req.Graphs {
		res := graphResult{ID: g.ID}
		if failures > maxGraphsFailed {
			for _, sub := range g.Subrequest {
				res.Response.R = append(res.Response.R, halted(sub.ReferenceID, "Processing was halted because too many graphs failed."))
			}
			out.Graphs = append(out.Graphs, res)
			continue
		}
		var err error
		if res.Response.R, res.Success, err = c.atOnce(g.compositeRequest); err != nil {
			return c.refusal(err)
		}
		if !res.Success {
			failures++
		}
		out.Graphs = append(out.Graphs, res)
	}
	return jsonAnswer(http.StatusOK, out)
}

// check refuses what fails the whole request.
func (r *graphRequest) check() *answer {
	bad := func(code, message string) *answer { a := failure(http.StatusBadRequest, code, message); return &a }
	if len(r.Graphs) == 0 {
		return bad("JSON_PARSER_ERROR", "The graphs parameter must hold at least one graph.")
	}
	if len(r.Graphs) > maxGraphs {
		return bad("LIMIT_EXCEEDED", "The request exceeds the maximum of 75 graphs.")
	}
	ids, nodes := map[string]bool{}, 0
	for _, g := range r.Graphs {
		if !graphID.MatchString(g.ID) || ids[g.ID] {
			return bad("INVALID_INPUT", "The graphId '"+g.ID+"' is not valid or not unique.")
		}
		ids[g.ID] = true
		if nodes += len(g.Subrequest); nodes > maxGraphNodes {
			return bad("LIMIT_EXCEEDED", "The request exceeds the maximum of 500 nodes.")
		}
		if refused := g.checkReferences(); refused != nil {
			return refused
		}
		kinds, depths := map[string]bool{}, map[string]int{}
		for _, sub := range g.Subrequest {
			version, rest, ok := cutVersion(sub.URL)
			if !ok || !graphPath.MatchString(rest) {
				return bad("INVALID_INPUT", "The URL '"+sub.URL+"' cannot be used in a composite graph.")
			}
			kinds[version+" "+strings.ToUpper(sub.Method)+" "+strings.Split(rest, "/")[1]] = true
			for _, text := range []string{sub.URL, string(sub.Body)} {
				for _, m := range reference.FindAllStringSubmatch(text, -1) {
					ref := m[1][:strings.IndexAny(m[1]+".", ".[")]
					depths[sub.ReferenceID] = max(depths[sub.ReferenceID], depths[ref])
				}
			}
			if depths[sub.ReferenceID]++; depths[sub.ReferenceID] > maxGraphDepth {
				return bad("LIMIT_EXCEEDED", "The graph exceeds the maximum depth of 15.")
			}
		}
		if len(kinds) > maxGraphKinds {
			return bad("LIMIT_EXCEEDED", "The graph exceeds the maximum of 15 different nodes.")
		}
	}
	return nil
}

// atOnce runs subrequests as one transaction. When one fails, the others are
// answered as rolled back.
func (c *call) atOnce(req compositeRequest) (results []compositeResult, ok bool, err error) {
	results = make([]compositeResult, len(req.Subrequest))
	sch, ready, failed := c.s.schemaFor(c.user), c.ahead(req), -1
	err = c.s.org.Transact(c.user, func(tx *engine.Tx) error {
		known := map[string]any{}
		for i := range req.Subrequest {
			results[i] = c.subrequest(req, i, known, ready, tx, sch)
			if results[i].Status >= 400 || rowsFailed(req.Subrequest[i].URL, results[i]) {
				failed = i
				return errRollback
			}
		}
		return nil
	})
	if err != nil && !errors.Is(err, errRollback) {
		return nil, false, err
	}
	if failed < 0 {
		return results, true, nil
	}
	for i := range results {
		if i != failed {
			results[i] = halted(req.Subrequest[i].ReferenceID, rolledBackText)
		}
	}
	return results, false, nil
}
