package salesforcetest

import (
	"net/http"
	"strings"

	"github.com/orglink/orglink/salesforce/salesforcetest/internal/engine"
)

// queryPlan is one way to run a query (REST guide, "Get Feedback on Query
// Performance").
type queryPlan struct {
	Cardinality  int         `json:"cardinality"`
	Fields       []string    `json:"fields"`
	Leading      string      `json:"leadingOperationType"`
	Notes        []queryNote `json:"notes"`
	RelativeCost float64     `json:"relativeCost"`
	Rows         int         `json:"sobjectCardinality"`
	Object       string      `json:"sobjectType"`
}

type queryNote struct {
	Description string   `json:"description"`
	Fields      []string `json:"fields"`
	Table       string   `json:"tableEnumOrId"`
}

// explain tells how a query would be run: by the indexes of its filter, if it
// has any, and by a scan of the table.
func (c *call) explain(all bool) answer {
	res, err := c.queryText(strings.TrimRight(c.query.Get("explain"), " \t\r\n"), engine.QueryOptions{All: all})
	if err != nil {
		return c.refusal(err)
	}
	rows := 0
	for _, n := range c.s.org.RecordCount(c.user, []string{res.Object()}) {
		rows = n.Count
	}
	scan := queryPlan{Cardinality: res.TotalSize(), Fields: []string{}, Leading: "TableScan", RelativeCost: 1.5, Rows: rows, Object: res.Object(), Notes: []queryNote{}}
	if !all {
		scan.Notes = append(scan.Notes, queryNote{"Not considering filter for optimization because unindexed", []string{"IsDeleted"}, res.Object()})
	}
	plans := []queryPlan{scan}
	if fields := res.Indexes(); len(fields) > 0 {
		byIndex := scan
		byIndex.Fields, byIndex.Leading, byIndex.RelativeCost = fields, "Index", 0
		if rows > 0 {
			byIndex.RelativeCost = float64(res.TotalSize()) / float64(rows)
		}
		plans = []queryPlan{byIndex, scan}
	}
	return jsonAnswer(http.StatusOK, struct {
		Plans []queryPlan `json:"plans"`
	}{plans})
}
