package salesforcetest

import (
	"encoding/json"
	"strings"

	"github.com/orglink/orglink/salesforce/salesforcetest/internal/engine"
)

// DuplicateRule is a duplicate rule: records that have the same text in all of
// its fields as another record of the object, apart from case, are refused
// with DUPLICATES_DETECTED and their matches. A write passes a rule that does
// not block with the header Sforce-Duplicate-Rule-Header: allowSave=true. Bulk
// has no such header.
type DuplicateRule struct {
	// Name is the API name; default Standard_{object}_Duplicate_Rule.
	Name string
	// MatchRule is the API name of its matching rule; default
	// Standard_{object}_Match_Rule_v1_0.
	MatchRule string
	// Message is the text for users; default Salesforce's own.
	Message string
	// Fields are compared; at least one.
	Fields []string
	// Block refuses whatever the header says.
	Block bool
}

// AddDuplicateRule adds a duplicate rule to an object. Records that are there
// already may break it.
func (o *Org) AddDuplicateRule(object string, r DuplicateRule) error {
	o.tb().Helper()
	if r.Name == "" {
		r.Name = "Standard_" + object + "_Duplicate_Rule"
	}
	if r.MatchRule == "" {
		r.MatchRule = "Standard_" + object + "_Match_Rule_v1_0"
	}
	return o.check("AddDuplicateRule "+object, o.s.org.AddDuplicateRule(object, engine.DuplicateRule{
		Name: r.Name, MatchRule: r.MatchRule, Message: r.Message, Fields: r.Fields, Block: r.Block,
	}))
}

// duplicateResult is what an error of a duplicate rule tells.
type duplicateResult struct {
	AllowSave bool          `json:"allowSave"`
	Rule      string        `json:"duplicateRule"`
	Object    string        `json:"duplicateRuleEntityType"`
	Message   string        `json:"errorMessage"`
	Results   []matchResult `json:"matchResults"`
}

type matchResult struct {
	Object  string        `json:"entityType"`
	Errors  []string      `json:"errors"`
	Engine  string        `json:"matchEngine"`
	Records []matchRecord `json:"matchRecords"`
	Rule    string        `json:"rule"`
	Size    int           `json:"size"`
	Success bool          `json:"success"`
}

type matchRecord struct {
	Additional []string        `json:"additionalInformation"`
	Diffs      []string        `json:"fieldDiffs"`
	Confidence json.RawMessage `json:"matchConfidence"`
	Record     json.RawMessage `json:"record"`
}

// duplicateResult words what a rule found: the ids of the matches, or all
// their fields if the request asks for them.
func (c *call) duplicateResult(found *engine.DuplicateResult) *duplicateResult {
	if found == nil {
		return nil
	}
	fields := []string{"Id"}
	if c.duplicateHeader("includeRecordDetails") {
		fields = nil
	}
	m := matchResult{Object: found.Object, Errors: []string{}, Engine: "ExactMatchEngine", Rule: found.Rule.MatchRule, Success: true, Records: []matchRecord{}}
	for _, id := range found.Matches {
		res, err := c.data().Get(found.Object, id, fields)
		if err != nil {
			continue // hidden from the user
		}
		m.Records = append(m.Records, matchRecord{Additional: []string{}, Diffs: []string{}, Confidence: json.RawMessage("100.0"),
			Record: res.AppendJSON(nil, 0, engine.JSONOptions{Base: c.base()})})
	}
	m.Size = len(m.Records)
	message := found.Rule.Message
	if message == "" {
		message = "You're creating a duplicate record. We recommend you use an existing record instead."
	}
	return &duplicateResult{AllowSave: !found.Rule.Block, Rule: found.Rule.Name, Object: found.Object, Message: message, Results: []matchResult{m}}
}

// duplicateHeader reads one of the switches of Sforce-Duplicate-Rule-Header.
func (c *call) duplicateHeader(name string) bool {
	for _, part := range strings.FieldsFunc(c.header.Get("Sforce-Duplicate-Rule-Header"), func(r rune) bool { return r == ';' || r == ',' }) {
		key, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		if strings.EqualFold(key, name) {
			return strings.EqualFold(strings.TrimSpace(value), "true")
		}
	}
	return false
}

// writeOptions are what the headers of a request ask of its writes.
func (c *call) writeOptions(allOrNone bool) engine.WriteOptions {
	return engine.WriteOptions{AllOrNone: allOrNone, AllowDuplicates: c.duplicateHeader("allowSave"),
		AutoAssign: !strings.EqualFold(c.header.Get("Sforce-Auto-Assign"), "FALSE")}
}
