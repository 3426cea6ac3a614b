package conformance

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/orglink/orglink/mapping"
	"github.com/orglink/orglink/salesforce/salesforcetest"
	"github.com/orglink/orglink/salesforce/sobject"
)

const (
	modelUser    = "integration@orglink.example"
	modelProfile = "Model Reader"
	modelFormula = "Formula__c" // moves with the account, without a new SystemModstamp
)

// modelOrg is the org of a history, and what is selected of it. The moves are
// made by its admin; the importer is another user, who sees what the profile
// Integration allows.
type modelOrg struct {
	server   *salesforcetest.Server
	data     *salesforcetest.Org
	fields   map[string]map[string]sobject.FieldType // that exist and are written
	hidden   map[string]bool                         // Object.Field
	selected map[string][]string
	dropped  map[string]bool // objects that are not selected now
	private  map[string]bool
	plain    bool // all of it is seen all the time
	made     int
	count    map[string]int // of moves that did something, by kind
}

var modelObjects = []string{"Account", "Contact", "Thing__c"}

// openModelOrg starts an org with three objects, two of them private.
func openModelOrg(r *rand.Rand, plain bool, late, bulkDelay time.Duration) (*modelOrg, error) {
	start := time.Date(2026, 6, 1, 9, 0, 0, 0, time.UTC)
	server, err := salesforcetest.Start(salesforcetest.Config{Clock: func() time.Time { return start }, VisibilityDelay: late, BulkDelay: bulkDelay,
		DailyRequests: 1 << 30, SessionTimeout: 24 * time.Hour, KeepRequests: 10})
	if err != nil {
		return nil, err
	}
	o := &modelOrg{server: server, plain: plain, data: server.Org(), hidden: map[string]bool{}, dropped: map[string]bool{},
		private: map[string]bool{"Contact": true, "Thing__c": true}, count: map[string]int{},
		fields: map[string]map[string]sobject.FieldType{
			"Account":  {"Name": sobject.TypeString, "Industry": sobject.TypePicklist, "AnnualRevenue": sobject.TypeCurrency, "NumberOfEmployees": sobject.TypeInt, "Description": sobject.TypeTextArea},
			"Contact":  {"LastName": sobject.TypeString, "Email": sobject.TypeEmail, "Birthdate": sobject.TypeDate, "AccountId": sobject.TypeReference},
			"Thing__c": {"Name": sobject.TypeString, "Text__c": sobject.TypeString, "Number__c": sobject.TypeDouble, "When__c": sobject.TypeDateTime, "Flag__c": sobject.TypeBoolean, "Account__c": sobject.TypeReference, modelFormula: sobject.TypeString},
		},
		selected: map[string][]string{},
	}
	if plain {
		clear(o.private)
		delete(o.fields["Thing__c"], modelFormula)
	}
	if err := o.setUp(r, late); err != nil {
		server.Close()
		return nil, err
	}
	return o, nil
}

func (o *modelOrg) setUp(r *rand.Rand, late time.Duration) error {
	err := o.data.DefineObject(salesforcetest.Object{Name: "Thing__c", Fields: []salesforcetest.Field{
		{Name: "Text__c", Type: sobject.TypeString, Length: 255}, {Name: "Number__c", Type: sobject.TypeDouble, Precision: 18, Scale: 4},
		{Name: "When__c", Type: sobject.TypeDateTime}, {Name: "Flag__c", Type: sobject.TypeBoolean},
		{Name: modelFormula, Type: sobject.TypeString, Formula: func(r salesforcetest.Row) string { return r.Text("Text__c") + "/" + r.Text("Account__r.Name") }},
		{Name: "Account__c", Type: sobject.TypeReference, ReferenceTo: []string{"Account"}, Relationship: "Account__r", ChildRelationship: "Things__r"},
	}})
	if err != nil {
		return err
	}
	licences, err := o.data.Query("SELECT Id FROM UserLicense LIMIT 1")
	if err != nil || len(licences) == 0 {
		return fmt.Errorf("%d licences: %w", len(licences), err)
	}
	profile, err := o.data.System().Create("Profile", salesforcetest.Fields{"Name": modelProfile, "UserLicenseId": string(licences[0].ID())})
	if err != nil {
		return err
	}
	o.data.Advance(late) // the profile is a record as others
	rights := salesforcetest.Permissions{System: map[string]bool{"ApiEnabled": true, "ViewAllData": false, "ModifyAllData": false, "ViewSetup": false, "CustomizeApplication": false}, Objects: map[string]salesforcetest.ObjectPermissions{}, Fields: map[string]salesforcetest.FieldPermissions{}}
	for _, object := range modelObjects {
		rights.Objects[object] = salesforcetest.ObjectPermissions{Read: true}
		o.selected[object] = append([]string{"Id", "SystemModstamp"}, o.names(object)...)
		for _, f := range o.names(object) {
			rights.Fields[object+"."+f] = salesforcetest.FieldPermissions{Read: true}
		}
	}
	if err := o.data.SetPermissions(modelProfile, rights); err != nil {
		return err
	}
	_, err = o.data.System().Create("User", salesforcetest.Fields{"Username": modelUser, "Email": modelUser, "LastName": "Integration",
		"CommunityNickname": "integration", "Alias": "integ", "ProfileId": profile, "TimeZoneSidKey": "GMT", "LocaleSidKey": "en_US",
		"EmailEncodingKey": "UTF-8", "LanguageLocaleKey": "en_US", "IsActive": true})
	if err == nil {
		o.data.Advance(late)
		for _, object := range modelObjects {
			err = errors.Join(err, o.create(r, object), o.create(r, object))
		}
	}
	for object := range o.private {
		if err == nil {
			err = o.data.SetPrivate(object, true)
		}
	}
	return err
}

// names are the fields of an object, sorted: a seed tells the history.
func (o *modelOrg) names(object string) []string {
	var out []string
	for name := range o.fields[object] {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

// selections are what is to be imported now.
func (o *modelOrg) selections() []mapping.Selection {
	var out []mapping.Selection
	for _, object := range modelObjects {
		if !o.dropped[object] {
			out = append(out, mapping.Selection{Object: object, Fields: slices.Clone(o.selected[object])})
		}
	}
	return out
}

// comparable are the selected fields that the importer's user sees.
func (o *modelOrg) comparable(object string) []string {
	return slices.DeleteFunc(slices.Clone(o.selected[object]), func(f string) bool {
		_, exists := o.fields[object][f]
		return f != "Id" && f != "SystemModstamp" && !exists || o.hidden[object+"."+f]
	})
}

// seen is what the importer's user sees of an object, by id.
func (o *modelOrg) seen(object string) (map[sobject.ID]sobject.Record, error) {
	rows, err := o.data.As(modelUser).Query("SELECT " + strings.Join(o.comparable(object), ", ") + " FROM " + object)
	out := map[sobject.ID]sobject.Record{}
	for _, r := range rows {
		out[r.ID()] = r
	}
	return out, err
}

// settleRights gives the importer's user all objects back; what happens
// without them is that nothing happens.
func (o *modelOrg) settleRights() error {
	rights := salesforcetest.Permissions{Objects: map[string]salesforcetest.ObjectPermissions{}}
	for _, object := range modelObjects {
		rights.Objects[object] = salesforcetest.ObjectPermissions{Read: true}
		o.dropped[object] = false
	}
	return o.data.SetPermissions(modelProfile, rights)
}

var modelTexts = []any{nil, "plain", "Ünïcödé \U0001F33F", `a "quoted", 'thing'`, "two\nlines", "#N/A", "null", "0", "2026-01-01", "back\\slash", "<b>&amp;</b>", strings.Repeat("long ", 30)}

func (o *modelOrg) value(r *rand.Rand, typ sobject.FieldType) any {
	switch typ {
	case sobject.TypeReference:
		if ids := o.some(r, "Account", 1); len(ids) > 0 && r.IntN(4) > 0 {
			return ids[0]
		}
		return nil
	case sobject.TypeDate:
		return []any{nil, "2026-02-28", "1899-12-31", "2000-02-29"}[r.IntN(4)]
	case sobject.TypeDateTime:
		return []any{nil, time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(1970, 1, 1, 0, 0, 1, 0, time.UTC), time.Date(2039, 12, 31, 23, 59, 59, 0, time.UTC)}[r.IntN(4)]
	case sobject.TypeBoolean:
		return r.IntN(2) == 0
	case sobject.TypeInt:
		return []any{nil, 0, 1, -7, 2147480000}[r.IntN(5)]
	case sobject.TypeDouble, sobject.TypeCurrency:
		return []any{nil, 0, 1, -1.5, 0.25, 12345678901, 99999.75}[r.IntN(7)]
	case sobject.TypePicklist:
		return []any{nil, "Energy", "Banking"}[r.IntN(3)]
	case sobject.TypeEmail:
		return []any{nil, "a@example.com", "b@example.com"}[r.IntN(3)]
	}
	return modelTexts[r.IntN(len(modelTexts))]
}

// some picks up to n records that readers see now, or of those in the bin.
func (o *modelOrg) some(r *rand.Rand, object string, n int) []sobject.ID {
	return o.pick(r, object, "FALSE", n)
}

func (o *modelOrg) pick(r *rand.Rand, object, deleted string, n int) []sobject.ID {
	rows, err := o.data.QueryAll("SELECT Id FROM " + object + " WHERE IsDeleted = " + deleted + " ORDER BY Id")
	if err != nil || len(rows) == 0 {
		return nil
	}
	var out []sobject.ID
	for range n {
		id := rows[r.IntN(len(rows))].ID()
		if !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	return out
}
