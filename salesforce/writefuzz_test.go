package salesforce_test

import (
	"net/http"
	"testing"

	"github.com/orglink/orglink/salesforce"
	"github.com/orglink/orglink/salesforce/sobject"
)

// FuzzWriteAnswers: whatever an org answers to writes of many records, nothing
// panics, there is one outcome for each record, and a success has the answer's
// word for it, and no error beside it.
func FuzzWriteAnswers(f *testing.F) {
	for _, seed := range []string{
		`[{"id":"001000000000001AAA","success":true,"errors":[]},{"success":false,"errors":[{"statusCode":"X","message":"m","fields":[]}]}]`,
		`{"compositeResponse":[{"body":{"id":"001000000000001AAA","success":true,"errors":[]},"httpHeaders":{},"httpStatusCode":201,"referenceId":"r0"},{"body":[{"id":"001000000000001AAA","success":true,"errors":[]}],"httpStatusCode":200,"referenceId":"r1"}]}`,
		`{"graphs":[{"graphId":"g0","graphResponse":{"compositeResponse":[{"body":null,"httpStatusCode":204,"referenceId":"r0"}]},"isSuccessful":true}]}`,
		`{"hasErrors":true,"results":[{"referenceId":"r1","errors":[{"statusCode":"INVALID_EMAIL_ADDRESS","message":"m","fields":["Email"]}]}]}`,
		`{"hasErrors":false,"results":[{"referenceId":"r0","id":"001000000000001AAA"},{"referenceId":"r1","id":"001000000000002AAA"}]}`,
		`[{"duplicateResult":{"allowSave":true,"matchResults":[{"matchRecords":[{"matchConfidence":1e9,"record":{"Id":"001000000000001AAA"}}]}]},"errorCode":"DUPLICATES_DETECTED","message":"m"}]`,
		`[null,{"success":null}]`, `{}`, `[]`, ``, `null`, `{"compositeResponse":null}`,
	} {
		f.Add(200, seed)
		f.Add(400, seed)
	}
	f.Fuzz(func(t *testing.T, status int, body string) {
		if status < 200 || status > 599 {
			return
		}
		c := offline(t, func(r *http.Request) (*http.Response, error) { return reply(r, status, body), nil }, func(cfg *salesforce.Config) { cfg.MaxRetries = -1 })
		ctx, recs := t.Context(), []sobject.Record{account(text("Name", "a")), account(text("Name", "b"))}
		judge := func(what string, rows []salesforce.Outcome, err error) {
			for _, o := range rows {
				if o.Success && (len(o.Errors) > 0 || !o.Sent || o.Err() != nil) || !o.Success && o.Err() == nil {
					t.Errorf("%s: %+v", what, o)
				}
			}
		}
		rows, err := c.CreateAll(ctx, recs, salesforce.WriteOptions{})
		judge("collection", rows, err)
		if len(rows) != 2 {
			t.Error(len(rows))
		}
		tree, err := c.CreateTree(ctx, "Account", []salesforce.TreeNode{{Record: recs[0]}, {Record: recs[1]}}, salesforce.WriteOptions{})
		judge("tree", tree, err)
		if len(tree) != 2 || err == nil && (!tree[0].Success || !tree[1].Success) {
			t.Error(tree, err)
		}
		b := salesforce.Composite{Options: salesforce.WriteOptions{AllOrNone: len(body)%2 == 0}}
		one, many := b.Create(recs[0]), b.CreateAll(recs[:1], false)
		if result, err := c.Composite(ctx, &b); err == nil {
			o := result.Of(one).Outcome()
			inner, innerErr := result.Of(many).Outcomes()
			judge("composite", append(inner, o), nil)
			if result.Err() == nil && (!o.Success || innerErr != nil || !inner[0].Success) || b.Options.AllOrNone && result.Err() != nil && o.Success {
				t.Errorf("composite: %+v %+v %v", o, inner, result.Err())
			}
			_ = result.Of(one).Halted()
			_, _ = result.Of(many).Records()
		}
		var g salesforce.Graph
		node := g.Create(recs[0])
		if results, err := c.Graphs(ctx, []*salesforce.Graph{&g}, salesforce.WriteOptions{}); err == nil {
			if o := results[0].Of(node).Outcome(); o.Success != results[0].Success {
				t.Errorf("graph: %+v %+v", o, results[0])
			}
		}
		_, _ = c.GetAll(ctx, "Account", []sobject.ID{"001000000000001AAA"}, "Name")
		_, _ = c.Upsert(ctx, "Key__c", "1", recs[0])
	})
}
