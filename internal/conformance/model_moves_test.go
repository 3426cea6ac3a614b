package conformance

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/orglink/orglink/salesforce/salesforcetest"
	"github.com/orglink/orglink/salesforce/sobject"
)

var errRefused = errors.New("refused")

// modelMoves are what people and admins do in the org, by weight. A move that
// the org refuses (there is nothing left to delete) is none.
var modelMoves = []struct {
	weight int
	name   string
	move   func(o *modelOrg, r *rand.Rand, object string) error
}{
	{10, "create", (*modelOrg).create},
	{22, "update", (*modelOrg).update},
	{13, "delete", (*modelOrg).delete},
	{9, "undelete", (*modelOrg).undelete},
	{4, "hard delete", (*modelOrg).hardDelete},
	{5, "merge", (*modelOrg).merge},
	{14, "share", (*modelOrg).share},
	{6, "private", (*modelOrg).setPrivate},
	{2, "object permission", (*modelOrg).permit},
	{5, "field permission", (*modelOrg).permitField},
	{5, "select", (*modelOrg).choose},
	{2, "drop object", func(o *modelOrg, _ *rand.Rand, object string) error {
		o.dropped[object] = !o.dropped[object]
		return nil
	}},
	{4, "add field", (*modelOrg).addField},
	{5, "remove field", (*modelOrg).removeField},
}

// modelHides are the moves that no query of changes tells of.
var modelHides = map[string]bool{"share": true, "private": true, "object permission": true}

// move makes one move and tells what it was.
func (o *modelOrg) move(r *rand.Rand) string {
	total := 0
	for _, m := range modelMoves {
		total += m.weight
	}
	n, object := r.IntN(total), modelObjects[r.IntN(len(modelObjects))]
	for _, m := range modelMoves {
		if n -= m.weight; n >= 0 {
			continue
		}
		err := errRefused
		if !o.plain || !modelHides[m.name] {
			err = m.move(o, r, object)
		}
		if err != nil {
			return m.name + " " + object + ": refused"
		}
		o.count[m.name]++
		return m.name + " " + object
	}
	return ""
}

func (o *modelOrg) values(r *rand.Rand, object string, chance int) salesforcetest.Fields {
	out := salesforcetest.Fields{}
	for _, name := range o.names(object) {
		if r.IntN(chance) > 0 || name == modelFormula {
			continue
		}
		v := o.value(r, o.fields[object][name])
		if name == "Name" || name == "LastName" {
			v = fmt.Sprintf("%s renamed %d", object, r.IntN(1000)) // required
		}
		out[name] = v
	}
	return out
}

func (o *modelOrg) create(r *rand.Rand, object string) error {
	for range 1 + r.IntN(5) {
		f := o.values(r, object, 2)
		o.made++
		switch name := fmt.Sprintf("%s %d", object, o.made); object {
		case "Contact":
			f["LastName"] = name
		default:
			f["Name"] = name
		}
		id, err := o.data.Create(object, f)
		if err != nil {
			return err
		}
		if o.private[object] && r.IntN(4) > 0 {
			if err := o.data.Share(id, modelUser, true); err != nil {
				return err
			}
		}
	}
	return nil
}

func (o *modelOrg) update(r *rand.Rand, object string) error {
	err := errRefused
	for _, id := range o.some(r, object, 1+r.IntN(4)) {
		if e := o.data.Update(id, o.values(r, object, 3)); e == nil {
			err = nil
		}
	}
	return err
}

func (o *modelOrg) delete(r *rand.Rand, object string) error {
	ids := o.some(r, object, 1+r.IntN(2))
	if len(ids) == 0 {
		return errRefused
	}
	return o.data.Delete(ids...)
}

func (o *modelOrg) undelete(r *rand.Rand, _ string) error {
	for _, n := range r.Perm(len(modelObjects)) { // wherever there is something
		if ids := o.pick(r, modelObjects[n], "TRUE", 1); len(ids) > 0 {
			return o.data.Undelete(ids...)
		}
	}
	return errRefused
}

// hardDelete removes a record for good, from the bin or not.
func (o *modelOrg) hardDelete(r *rand.Rand, object string) error {
	ids := o.pick(r, object, []string{"TRUE", "FALSE"}[r.IntN(2)], 1)
	if len(ids) == 0 {
		return errRefused
	}
	return o.data.HardDelete(ids...)
}

func (o *modelOrg) merge(r *rand.Rand, object string) error {
	if object == "Thing__c" {
		object = "Account"
	}
	ids := o.some(r, object, 3)
	if len(ids) < 2 {
		return errRefused
	}
	return o.data.Merge(ids[0], ids[1:]...)
}

func (o *modelOrg) share(r *rand.Rand, object string) error {
	ids := o.some(r, object, 1+r.IntN(2))
	if len(ids) == 0 {
		return errRefused
	}
	for _, id := range ids {
		if err := o.data.Share(id, modelUser, r.IntN(2) == 0); err != nil {
			return err
		}
	}
	return nil
}

func (o *modelOrg) setPrivate(_ *rand.Rand, object string) error {
	o.private[object] = !o.private[object]
	return o.data.SetPrivate(object, o.private[object])
}

func (o *modelOrg) permit(r *rand.Rand, object string) error {
	all := r.IntN(3) == 0
	return o.data.SetPermissions(modelProfile, salesforcetest.Permissions{Objects: map[string]salesforcetest.ObjectPermissions{object: {Read: all || r.IntN(2) == 0, ViewAll: all}}})
}

func (o *modelOrg) permitField(r *rand.Rand, object string) error {
	names := o.names(object)
	name := names[r.IntN(len(names))]
	// These cannot be hidden: the org needs them.
	if name == "Name" || name == "LastName" {
		return errRefused
	}
	return o.see(object, name, o.hidden[object+"."+name])
}

func (o *modelOrg) see(object, field string, visible bool) error {
	o.hidden[object+"."+field] = !visible
	return o.data.SetPermissions(modelProfile, salesforcetest.Permissions{Fields: map[string]salesforcetest.FieldPermissions{object + "." + field: {Read: visible}}})
}

// choose selects a field, or no longer.
func (o *modelOrg) choose(r *rand.Rand, object string) error {
	names := o.names(object)
	name := names[r.IntN(len(names))]
	if i := slices.Index(o.selected[object], name); i >= 0 {
		o.selected[object] = slices.Delete(slices.Clone(o.selected[object]), i, i+1)
	} else {
		o.selected[object] = append(o.selected[object], name)
	}
	return nil
}

// addField adds one of two fields, of any type: one that was removed may come
// back as another.
func (o *modelOrg) addField(r *rand.Rand, object string) error {
	if object == "Contact" {
		object = "Thing__c"
	}
	name := fmt.Sprintf("Extra%d__c", 1+r.IntN(2))
	if _, there := o.fields[object][name]; there {
		return errRefused
	}
	f := []salesforcetest.Field{
		{Type: sobject.TypeString, Length: 255, Default: "default"}, {Type: sobject.TypeDouble, Precision: 18, Scale: 2, Default: "5"},
		{Type: sobject.TypeBoolean, Default: "true"}, {Type: sobject.TypeDate}, {Type: sobject.TypeString, Length: 255},
	}[r.IntN(5)]
	f.Name = name
	if err := o.data.AddField(object, f); err != nil {
		return err
	}
	o.fields[object][name] = f.Type
	if !slices.Contains(o.selected[object], name) {
		o.selected[object] = append(o.selected[object], name)
	}
	return o.see(object, name, r.IntN(5) > 0)
}

func (o *modelOrg) removeField(r *rand.Rand, _ string) error {
	for _, n := range r.Perm(2 * len(modelObjects)) {
		object, name := modelObjects[n/2], fmt.Sprintf("Extra%d__c", 1+n%2)
		if _, there := o.fields[object][name]; there {
			delete(o.fields[object], name)
			return o.data.RemoveField(object, name)
		}
	}
	return errRefused
}

// pass lets time go by: mostly little, at times days.
func (o *modelOrg) pass(r *rand.Rand) string {
	d := []time.Duration{time.Second, 7 * time.Second, time.Minute, 11 * time.Minute, 61 * time.Minute, 7 * time.Hour, 16 * 24 * time.Hour}[min(r.IntN(7), r.IntN(8), 6)]
	if o.plain {
		d = min(d, 24*time.Hour) // the log of deletions goes back for 15 days
	}
	d += time.Duration(r.IntN(2000)) * time.Millisecond
	o.data.Advance(d)
	o.count["pass"]++
	return "pass " + d.String()
}
