package salesforce

import (
	"encoding/json"

	"github.com/orglink/orglink/salesforce/sobject"
)

// Duplicate is what a duplicate rule of the org found (DUPLICATES_DETECTED).
type Duplicate struct {
	// Rule is the rule's API name, Object the object that it guards.
	Rule, Object string
	// Message is the text that the org's admin wrote for its users.
	Message string
	// AllowSave tells that AllowDuplicates would let the row through; without
	// it the rule blocks.
	AllowSave bool
	// Matches are the records found, as far as the user may know of them.
	Matches []DuplicateMatch
}

// DuplicateMatch is a record that resembles the refused one.
type DuplicateMatch struct {
	// Rule and Engine tell the matching rule, such as FuzzyMatchEngine.
	Rule, Engine string
	// Confidence is from 0 to 100, or -1 where the engine has none.
	Confidence float64
	// Record has its Id alone, or all its fields with DuplicateDetails.
	Record sobject.Record
}

// Duplicates returns what duplicate rules found, over all details.
func (e *Error) Duplicates() []Duplicate {
	var out []Duplicate
	for _, d := range e.Details {
		if d.Duplicate != nil {
			out = append(out, *d.Duplicate)
		}
	}
	return out
}

// parseDuplicate reads a duplicateResult. What it cannot read it leaves out:
// the refusal stands without it.
func parseDuplicate(raw json.RawMessage) *Duplicate {
	var w struct {
		AllowSave bool   `json:"allowSave"`
		Rule      string `json:"duplicateRule"`
		Object    string `json:"duplicateRuleEntityType"`
		Message   string `json:"errorMessage"`
		Results   []struct {
			Rule    string `json:"rule"`
			Engine  string `json:"matchEngine"`
			Records []struct {
				Confidence *float64        `json:"matchConfidence"`
				Record     json.RawMessage `json:"record"`
			} `json:"matchRecords"`
		} `json:"matchResults"`
	}
	if len(raw) == 0 || json.Unmarshal(raw, &w) != nil {
		return nil
	}
	d := &Duplicate{Rule: w.Rule, Object: w.Object, Message: w.Message, AllowSave: w.AllowSave}
	for _, result := range w.Results {
		for _, match := range result.Records {
			m := DuplicateMatch{Rule: result.Rule, Engine: result.Engine, Confidence: -1}
			if match.Confidence != nil {
				m.Confidence = *match.Confidence
			}
			if json.Unmarshal(match.Record, &m.Record) != nil {
				continue
			}
			d.Matches = append(d.Matches, m)
		}
	}
	return d
}
