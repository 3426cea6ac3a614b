package standard

import (
	"strings"

	"github.com/orglink/orglink/salesforce/sobject"
)

// Rows are the rows of a new org's value objects, such as OpportunityStage,
// in the order of their picklists.
func Rows() []sobject.Record {
	var out []sobject.Record
	for i, s := range stages {
		out = append(out, sobject.NewRecord("OpportunityStage", text("MasterLabel", s.name), text("ApiName", s.name), sobject.F("IsActive", sobject.BoolValue(true)),
			sobject.F("SortOrder", sobject.IntValue(int64(i+1))), sobject.F("IsClosed", sobject.BoolValue(s.isClosed)), sobject.F("IsWon", sobject.BoolValue(s.isWon)),
			text("ForecastCategory", s.forecast), text("ForecastCategoryName", s.forecastName), text("DefaultProbability", s.probability)))
	}
	for _, v := range []struct {
		object, from, field, flag string
		flagged                   string // values, separated by |
	}{
		{"LeadStatus", lead.fields, "Status", "IsConverted", "Closed - Converted"},
		{"CaseStatus", cases.fields, "Status", "IsClosed", "Closed"},
		{"ContractStatus", contract.fields, "Status", "", ""},
		{"TaskStatus", task.fields, "Status", "IsClosed", "Completed"},
		{"TaskPriority", task.fields, "Priority", "IsHighPriority", "High"},
	} {
		for i, p := range picklist(v.from, v.field) {
			fields := []sobject.Field{text("MasterLabel", p.Label), text("ApiName", p.Value), sobject.F("SortOrder", sobject.IntValue(int64(i+1))),
				sobject.F("IsDefault", sobject.BoolValue(p.DefaultValue))}
			switch v.flag {
			case "":
				fields = append(fields, text("StatusCode", p.Value))
			default:
				fields = append(fields, sobject.F(v.flag, sobject.BoolValue(strings.Contains("|"+v.flagged+"|", "|"+p.Value+"|"))))
			}
			out = append(out, sobject.NewRecord(v.object, fields...))
		}
	}
	return out
}

func text(name, value string) sobject.Field { return sobject.F(name, sobject.TextValue(value)) }

// picklist returns the values of a field of a table.
func picklist(table, field string) []sobject.PicklistValue {
	for line := range strings.Lines(table) {
		if !strings.HasPrefix(line, field+" ") {
			continue
		}
		if f, err := parseField(strings.TrimSpace(line)); err == nil {
			return f.Picklist
		}
	}
	return nil
}

// stage is a new org's opportunity stage.
type stage struct {
	name, probability      string
	forecast, forecastName string
	isClosed, isWon        bool
}

var stages = []stage{
	{"Prospecting", "10", "Pipeline", "Pipeline", false, false},
	{"Qualification", "10", "Pipeline", "Pipeline", false, false},
	{"Needs Analysis", "20", "Pipeline", "Pipeline", false, false},
	{"Value Proposition", "50", "Pipeline", "Pipeline", false, false},
	{"Id. Decision Makers", "60", "Pipeline", "Pipeline", false, false},
	{"Perception Analysis", "70", "Pipeline", "Pipeline", false, false},
	{"Proposal/Price Quote", "75", "Pipeline", "Pipeline", false, false},
	{"Negotiation/Review", "90", "Pipeline", "Pipeline", false, false},
	{"Closed Won", "100", "Closed", "Closed", true, true},
	{"Closed Lost", "0", "Omitted", "Omitted", true, false},
}

// stageNamed returns a stage, the zero stage for an unknown name.
func stageNamed(name string) stage {
	for _, s := range stages {
		if strings.EqualFold(s.name, name) {
			return s
		}
	}
	return stage{}
}
