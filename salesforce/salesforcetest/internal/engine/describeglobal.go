package engine

import (
	"slices"
	"strings"
)

// GlobalDescribe is the answer to a describe global.
type GlobalDescribe struct {
	Encoding     string          `json:"encoding"`
	MaxBatchSize int             `json:"maxBatchSize"`
	SObjects     []ObjectSummary `json:"sobjects"`
}

// ObjectSummary is one object of a GlobalDescribe.
type ObjectSummary struct {
	Activateable          bool              `json:"activateable"`
	AssociateEntityType   *string           `json:"associateEntityType"`
	AssociateParentEntity *string           `json:"associateParentEntity"`
	Createable            bool              `json:"createable"`
	Custom                bool              `json:"custom"`
	CustomSetting         bool              `json:"customSetting"`
	DeepCloneable         bool              `json:"deepCloneable"`
	Deletable             bool              `json:"deletable"`
	DeprecatedAndHidden   bool              `json:"deprecatedAndHidden"`
	FeedEnabled           bool              `json:"feedEnabled"`
	HasSubtypes           bool              `json:"hasSubtypes"`
	IsInterface           bool              `json:"isInterface"`
	IsSubtype             bool              `json:"isSubtype"`
	KeyPrefix             *string           `json:"keyPrefix"`
	Label                 string            `json:"label"`
	LabelPlural           string            `json:"labelPlural"`
	Layoutable            bool              `json:"layoutable"`
	Mergeable             bool              `json:"mergeable"`
	MruEnabled            bool              `json:"mruEnabled"`
	Name                  string            `json:"name"`
	Queryable             bool              `json:"queryable"`
	Replicateable         bool              `json:"replicateable"`
	Retrieveable          bool              `json:"retrieveable"`
	Searchable            bool              `json:"searchable"`
	Triggerable           bool              `json:"triggerable"`
	Undeletable           bool              `json:"undeletable"`
	Updateable            bool              `json:"updateable"`
	URLs                  map[string]string `json:"urls"`
}

// DescribeGlobal lists the objects that a session may see, by name.
func (o *Org) DescribeGlobal(s Session, opt DescribeOptions) (*GlobalDescribe, error) {
	o.mu.RLock()
	defer o.mu.RUnlock()
	d := &GlobalDescribe{Encoding: "UTF-8", MaxBatchSize: 200, SObjects: []ObjectSummary{}}
	g := o.grants(s)
	for _, obj := range o.order {
		if access := g.object(obj); access.Read {
			d.SObjects = append(d.SObjects, obj.summary(access, opt))
		}
	}
	slices.SortFunc(d.SObjects, func(a, b ObjectSummary) int { return strings.Compare(a.Name, b.Name) })
	return d, nil
}

// ObjectSummary returns an object's entry of the describe global.
func (o *Org) ObjectSummary(s Session, name string, opt DescribeOptions) (ObjectSummary, error) {
	o.mu.RLock()
	defer o.mu.RUnlock()
	obj := o.object(name)
	if obj == nil || !o.grants(s).object(obj).Read {
		return ObjectSummary{}, notFound()
	}
	return obj.summary(o.grants(s).object(obj), opt), nil
}

func (o *object) summary(a ObjectAccess, opt DescribeOptions) ObjectSummary {
	def := &o.def
	root := opt.Base + "/sobjects/" + def.Name
	sum := ObjectSummary{
		Activateable: def.Activatable, Createable: a.Create && !def.NoCreate, Custom: def.Custom, DeepCloneable: def.DeepClone, Deletable: a.Delete && !def.NoDelete,
		FeedEnabled: def.Feed, KeyPrefix: text(def.KeyPrefix), Label: def.Label, LabelPlural: def.LabelPlural, Layoutable: !def.NoLayout,
		Mergeable: def.Mergeable && a.Edit, MruEnabled: !def.NoRecent, Name: def.Name, Queryable: !def.NoQuery,
		Replicateable: !def.NoReplicate && o.stamp != nil, Retrieveable: !def.NoRetrieve, Searchable: def.Searchable, Triggerable: !def.NoTriggers,
		Undeletable: a.Delete && !def.NoUndelete && !def.NoTrash && !def.NoDelete, Updateable: a.Edit && !def.NoUpdate,
		URLs: map[string]string{"sobject": root, "describe": root + "/describe", "rowTemplate": root + "/{ID}"},
	}
	if def.HidePrefix {
		sum.KeyPrefix = nil
	}
	links := def.Links
	if links == nil && sum.Layoutable {
		links = []string{"approvalLayouts", "compactLayouts", "layouts", "listviews", "quickActions"}
	}
	for _, name := range links {
		switch name {
		case "listviews", "quickActions":
			sum.URLs[name] = root + "/" + name
		case "namedLayouts":
			sum.URLs[name] = root + "/describe/namedLayouts/{LayoutName}"
		case "passwordUtilities":
			sum.URLs[name] = root + "/{ID}/password"
		case "caseArticleSuggestions":
			sum.URLs[name] = root + "/suggestedArticles"
		case "caseRowArticleSuggestions":
			sum.URLs[name] = root + "/{ID}/suggestedArticles"
		default:
			sum.URLs[name] = root + "/describe/" + name
		}
	}
	return sum
}
