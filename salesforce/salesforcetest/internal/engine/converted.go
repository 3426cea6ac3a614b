package engine

// convertedLead refuses changes of leads that were converted, unless the user
// has View and Edit Converted Leads.
func (tx *Tx) convertedLead(obj *object, r *record) []RowError {
	if obj.def.Name != "Lead" || tx.s.System {
		return nil
	}
	f := obj.field("IsConverted")
	if f == nil || r.cur.cell(f) != "true" || tx.g.system("AllowViewEditConvertedLeads") {
		return nil
	}
	return []RowError{{Code: "CANNOT_UPDATE_CONVERTED_LEAD", Message: "cannot reference converted lead", Fields: []string{}}}
}
