package salesforcetest

import (
	"strings"

	"github.com/orglink/orglink/salesforce/salesforcetest/internal/engine"
	"github.com/orglink/orglink/salesforce/sobject"
)

// entities is an org that holds nothing but EntityDefinition: one row for each
// object that the user sees (Tooling API guide, "EntityDefinition").
func (c *call) entities() (*engine.Org, error) {
	d, err := c.s.org.DescribeGlobal(c.user, c.describeOptions())
	if err != nil {
		return nil, err
	}
	org, err := engine.New(engine.Config{OrgID: c.s.org.ID(), Now: c.s.org.Now})
	if err != nil {
		return nil, err
	}
	def := engine.Object{Name: "EntityDefinition", KeyPrefix: "4ie", NoTrash: true, NoAudit: true, NoLayout: true, NoRecent: true, NoReplicate: true, NoQueryMore: true}
	for _, name := range []string{"DurableId", "QualifiedApiName", "DeveloperName", "Label", "MasterLabel", "PluralLabel", "KeyPrefix", "NamespacePrefix"} {
		def.Fields = append(def.Fields, engine.Field{Name: name, Type: sobject.TypeString, NameField: name == "QualifiedApiName"})
	}
	flags := []string{"IsCustomSetting", "IsLayoutable", "IsQueryable", "IsReplicateable", "IsRetrieveable", "IsSearchable", "IsTriggerable", "IsDeprecatedAndHidden", "IsCustomizable"}
	for _, name := range flags {
		def.Fields = append(def.Fields, engine.Field{Name: name, Type: sobject.TypeBoolean})
	}
	if err := org.DefineObject(def); err != nil {
		return nil, err
	}
	recs := make([]sobject.Record, len(d.SObjects))
	custom := 0
	for i, o := range d.SObjects {
		durable := o.Name
		if o.Custom {
			custom++
			durable = numbered("01I", custom).Short()
		}
		text := func(name, value string) sobject.Field { return sobject.F(name, sobject.TextValue(value)) }
		yes := func(name string, value bool) sobject.Field { return sobject.F(name, sobject.BoolValue(value)) }
		recs[i] = sobject.NewRecord(def.Name, text("DurableId", durable), text("QualifiedApiName", o.Name), text("DeveloperName", strings.TrimSuffix(o.Name, "__c")),
			text("Label", o.Label), text("MasterLabel", o.Label), text("PluralLabel", o.LabelPlural),
			yes("IsCustomSetting", o.CustomSetting), yes("IsLayoutable", o.Layoutable), yes("IsQueryable", o.Queryable), yes("IsReplicateable", o.Replicateable),
			yes("IsRetrieveable", o.Retrieveable), yes("IsSearchable", o.Searchable), yes("IsTriggerable", o.Triggerable),
			yes("IsDeprecatedAndHidden", o.DeprecatedAndHidden), yes("IsCustomizable", o.Layoutable))
		if o.KeyPrefix != nil {
			recs[i] = recs[i].With(text("KeyPrefix", *o.KeyPrefix))
		}
	}
	_, err = org.Load(def.Name, recs)
	return org, err
}

// queryText runs a query its object is: EntityDefinition is none of the data.
func (c *call) queryText(soql string, opt engine.QueryOptions) (*engine.Result, error) {
	if c.tx == nil && strings.EqualFold(fromObject(soql), "EntityDefinition") {
		org, err := c.entities()
		if err != nil {
			return nil, err
		}
		return org.QueryText(system(), soql, opt)
	}
	return c.data().QueryText(soql, opt)
}
