package conformance

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/mapping"
	"github.com/orglink/orglink/salesforce/sobject"
	"github.com/orglink/orglink/sync/importer"
	"github.com/orglink/orglink/sync/importer/importertest"
	"github.com/orglink/orglink/sync/mirror"
	"github.com/orglink/orglink/sync/runner"
)

// oneView shows everybody the same.
type oneView mapping.View

func (v *oneView) View(_ context.Context, _ orglink.Actor, id orglink.IntegrationID) (mapping.View, error) {
	if id != v.Integration {
		return mapping.View{}, errors.New("no such integration")
	}
	return mapping.View(*v), nil
}

func newMirror(t *testing.T, d database, views mirror.Views) *mirror.Mirror {
	t.Helper()
	m, err := mirror.New(d.DB, mirror.Config{SQL: d.Config, Views: views})
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return m
}

func TestMirrorIsASink(t *testing.T) {
	eachDatabase(t, func(t *testing.T, open func(t *testing.T) database) {
		importertest.TestSink(t, func(t *testing.T) importertest.Fixture {
			d := open(t)
			m := newMirror(t, d, nil)
			return importertest.Fixture{Sink: m, Read: func(ctx context.Context, s importer.Stream, id sobject.ID) (importer.Stored, error) {
				return storedRecord(ctx, d, m, s, id)
			}}
		})
	})
}

// storedRecord looks through a view of all columns, and for tombstones into
// the log, which names the survivor.
func storedRecord(ctx context.Context, d database, m *mirror.Mirror, s importer.Stream, id sobject.ID) (importer.Stored, error) {
	var out importer.Stored
	all := mapping.Selection{Object: s.Object}
	for _, c := range s.Columns {
		all.Fields = append(all.Fields, c.Name)
	}
	reading, err := mirror.New(d.DB, mirror.Config{SQL: d.Config, Views: &oneView{Tenant: s.Tenant, Connection: s.Connection, Integration: "i", Objects: []mapping.Selection{all}}})
	if err != nil {
		return out, err
	}
	row, err := reading.Get(ctx, orglink.Actor{Tenant: s.Tenant}, "i", s.Object, id)
	if err == nil {
		out.Exists, out.Record = true, row.Record
		return out, nil
	}
	if !errors.Is(err, mirror.ErrNotFound) {
		return out, err
	}
	var stream, found int64
	if err := d.DB.QueryRowContext(ctx, "SELECT id FROM orglink_mirror_streams WHERE tenant = '"+string(s.Tenant)+"' AND connection = '"+string(s.Connection)+"' AND object = '"+s.Object+"'").Scan(&stream); err != nil {
		return out, nil //nolint:nilerr // not opened: not there
	}
	var kind int64
	row2 := d.DB.QueryRowContext(ctx, fmt.Sprintf("SELECT COUNT(*), COALESCE(MAX(_gone), 0), COALESCE(MAX(_survivor), '') FROM orglink_m%d_%s WHERE id = '%s'", stream, strings.ToLower(s.Object), id))
	if err := row2.Scan(&found, &kind, &out.Survivor); err != nil {
		return out, err
	}
	out.Exists, out.Gone, out.Kind = found > 0, found > 0, importer.Kind(kind)
	return out, nil
}

// shop is a mirror with a few accounts and contacts.
type shop struct {
	*mirror.Mirror
	db     *sql.DB
	view   *oneView
	viewer orglink.Actor
	stream map[string]importer.Stream
}

func described(name string, typ sobject.FieldType, refs ...string) sobject.DescribeField {
	return sobject.DescribeField{Name: name, Type: typ, Length: 255, ReferenceTo: refs}
}

var shopStart = time.Date(2026, 5, 1, 8, 0, 0, 0, time.UTC)

func accountID(n int) sobject.ID { return sobject.MustID(fmt.Sprintf("00100000000%04d", n)) }
func contactID(n int) sobject.ID { return sobject.MustID(fmt.Sprintf("00300000000%04d", n)) }

func openShop(t *testing.T, d database) *shop {
	t.Helper()
	s := &shop{db: d.DB, viewer: orglink.Actor{Tenant: "t"}, view: &oneView{Tenant: "t", Connection: "c", Integration: "i", Objects: []mapping.Selection{
		{Object: "Account", Fields: []string{"Id", "Name", "Industry", "Employees__c", "Later__c"}},
		{Object: "Contact", Fields: []string{"Id", "LastName", "AccountId"}},
		{Object: "Case", Fields: []string{"Id", "Subject"}},
	}}}
	s.Mirror = newMirror(t, d, s.view)
	s.stream = map[string]importer.Stream{
		"Account": {Tenant: "t", Connection: "c", Object: "Account", Columns: []sobject.DescribeField{described("Id", sobject.TypeID), described("Name", sobject.TypeString),
			described("Industry", sobject.TypePicklist), described("Employees__c", sobject.TypeDouble), described("Secret__c", sobject.TypeString), described("SystemModstamp", sobject.TypeDateTime)}},
		"Contact": {Tenant: "t", Connection: "c", Object: "Contact", Columns: []sobject.DescribeField{described("Id", sobject.TypeID), described("LastName", sobject.TypeString),
			described("AccountId", sobject.TypeReference, "Account"), described("SystemModstamp", sobject.TypeDateTime)}},
	}
	var accounts, contacts []importer.Change
	for n := range 25 {
		industry := sobject.TextValue([]string{"Energy", "Banking", "Energy"}[n%3])
		if n%5 == 0 {
			industry = sobject.NullValue()
		}
		accounts = append(accounts, s.account(n, 0, sobject.F("Name", sobject.TextValue(fmt.Sprintf("Name %02d", n))), sobject.F("Industry", industry), sobject.F("Employees__c", sobject.IntValue(int64(n%7))), sobject.F("Secret__c", sobject.TextValue("hush"))))
		contacts = append(contacts, importer.Change{Kind: importer.Full, Object: "Contact", ID: contactID(n), SystemModstamp: shopStart, ReadAt: shopStart,
			Record: sobject.NewRecord("Contact", sobject.F("Id", sobject.IDValue(contactID(n))), sobject.F("LastName", sobject.TextValue("100%_Müller")), sobject.F("AccountId", sobject.IDValue(accountID(n%2))), sobject.F("SystemModstamp", sobject.DateTimeValue(shopStart)))})
	}
	s.apply(t, "Account", true, "", "1", accounts...)
	s.apply(t, "Contact", true, "", "1", contacts...)
	return s
}

func (s *shop) account(n, minute int, fields ...sobject.Field) importer.Change {
	at := shopStart.Add(time.Duration(minute) * time.Minute)
	fields = append([]sobject.Field{sobject.F("Id", sobject.IDValue(accountID(n))), sobject.F("SystemModstamp", sobject.DateTimeValue(at))}, fields...)
	return importer.Change{Kind: importer.Full, Object: "Account", ID: accountID(n), SystemModstamp: at, ReadAt: at, Record: sobject.NewRecord("Account", fields...), Owner: "owner"}
}

func (s *shop) apply(t *testing.T, object string, initial bool, prev, next importer.Position, changes ...importer.Change) {
	t.Helper()
	if _, err := s.Open(t.Context(), s.stream[object], 1); err != nil {
		t.Fatal(err)
	}
	if err := s.Apply(t.Context(), importer.Batch{Stream: s.stream[object], Fence: 1, Prev: prev, Next: next, Initial: initial, Changes: changes}); err != nil {
		t.Fatal(err)
	}
}

func TestMirrorReader(t *testing.T) {
	eachDatabase(t, func(t *testing.T, open func(t *testing.T) database) {
		s := openShop(t, open(t))
		ctx := t.Context()
		t.Run("pages cover everything once", func(t *testing.T) {
			for _, sorts := range [][]mirror.Sort{nil, {{Field: "Industry"}}, {{Field: "Industry", Desc: true}, {Field: "Employees__c"}}, {{Field: "Employees__c", Desc: true}}} {
				var ids []sobject.ID
				q := mirror.Query{Object: "Account", Sort: sorts, Limit: 4, Fields: []string{"Name"}}
				for {
					page, err := s.List(ctx, s.viewer, "i", q)
					if err != nil {
						t.Fatal(err)
					}
					for _, r := range page.Rows {
						if r.Record.Len() != 1 {
							t.Errorf("fields beyond what was asked: %v", r.Record)
						}
						ids = append(ids, r.ID)
					}
					if q.After = page.Next; q.After == "" {
						break
					}
				}
				slices.Sort(ids)
				if n := len(slices.Compact(ids)); len(ids) != 25 || n != 25 {
					t.Errorf("sorted by %v: %d rows, %d different", sorts, len(ids), n)
				}
			}
		})
		t.Run("filters", func(t *testing.T) {
			energy := mirror.Filter{Field: "industry", Op: mirror.Eq, Values: []sobject.Value{sobject.TextValue("Energy")}}
			for what, c := range map[string]struct {
				want  int64
				where []mirror.Filter
			}{
				"all":      {25, nil},
				"equal":    {13, []mirror.Filter{energy}},
				"not":      {12, []mirror.Filter{{Field: "Industry", Op: mirror.Ne, Values: energy.Values}}},
				"null":     {5, []mirror.Filter{{Field: "Industry", Op: mirror.IsNull}}},
				"range":    {8, []mirror.Filter{{Field: "Employees__c", Op: mirror.Ge, Values: []sobject.Value{sobject.TextValue("2")}}, {Field: "Employees__c", Op: mirror.Lt, Values: []sobject.Value{sobject.IntValue(4)}}}},
				"in":       {2, []mirror.Filter{{Field: "Name", Op: mirror.In, Values: []sobject.Value{sobject.TextValue("Name 03"), sobject.TextValue("Name 04"), sobject.TextValue("name 05")}}}},
				"contains": {10, []mirror.Filter{{Field: "Name", Op: mirror.Contains, Values: []sobject.Value{sobject.TextValue("nAME 1")}}}},
			} {
				if n, err := s.Count(ctx, s.viewer, "i", "Account", c.where...); err != nil || n != c.want {
					t.Errorf("%s: %d, %v; want %d", what, n, err, c.want)
				}
			}
		})
		t.Run("groups", func(t *testing.T) {
			groups, err := s.GroupCount(ctx, s.viewer, "i", "Account", "Industry")
			if err != nil || len(groups) != 3 || groups[0].Value.Raw() != "Energy" || groups[0].Count != 13 || groups[1].Count != 7 || !groups[2].Value.IsNull() {
				t.Errorf("%v, %v", groups, err)
			}
		})
		t.Run("search takes wildcards literally", func(t *testing.T) {
			for words, want := range map[string]int{"100%_m": 25, "%": 25, "1%0": 0, "___": 0} {
				if rows, err := s.Search(ctx, s.viewer, "i", "Contact", words, 100); err != nil || len(rows) != want {
					t.Errorf("%q: %d rows, %v; want %d", words, len(rows), err, want)
				}
			}
		})
		t.Run("card", func(t *testing.T) {
			card, err := s.Card(ctx, s.viewer, "i", "Account", accountID(1))
			if err != nil || len(card.Related) != 1 || card.Related[0].Total != 12 || len(card.Related[0].Rows) != 12 || card.Related[0].Field != "AccountId" {
				t.Errorf("%+v, %v", card, err)
			}
		})
		t.Run("what the view does not show is refused everywhere", func(t *testing.T) {
			secret := mirror.Filter{Field: "Secret__c", Op: mirror.Eq, Values: []sobject.Value{sobject.TextValue("hush")}}
			errs := map[string]error{}
			_, errs["get"] = s.Get(ctx, s.viewer, "i", "Account", accountID(1), "Name", "Secret__c")
			_, errs["select"] = s.List(ctx, s.viewer, "i", mirror.Query{Object: "Account", Fields: []string{"Secret__c"}})
			_, errs["filter"] = s.List(ctx, s.viewer, "i", mirror.Query{Object: "Account", Where: []mirror.Filter{secret}})
			_, errs["sort"] = s.List(ctx, s.viewer, "i", mirror.Query{Object: "Account", Sort: []mirror.Sort{{Field: "Secret__c"}}})
			_, errs["count"] = s.Count(ctx, s.viewer, "i", "Account", secret)
			_, errs["group"] = s.GroupCount(ctx, s.viewer, "i", "Account", "Secret__c")
			_, errs["object"] = s.Count(ctx, s.viewer, "i", "Lead")
			_, errs["not imported"] = s.List(ctx, s.viewer, "i", mirror.Query{Object: "Case", Sort: []mirror.Sort{{Field: "Secret__c"}}})
			_, errs["not imported group"] = s.GroupCount(ctx, s.viewer, "i", "Case", "Secret__c")
			_, errs["not imported count"] = s.Count(ctx, s.viewer, "i", "Case", secret)
			_, errs["group's filter"] = s.GroupCount(ctx, s.viewer, "i", "Account", "Industry", secret)
			_, errs["second sort"] = s.List(ctx, s.viewer, "i", mirror.Query{Object: "Account", Sort: []mirror.Sort{{Field: "Name"}, {Field: "secret__C", Desc: true}}})
			_, errs["stored, not selected"] = s.List(ctx, s.viewer, "i", mirror.Query{Object: "Account", Sort: []mirror.Sort{{Field: "SystemModstamp"}}})
			_, errs["own column"] = s.List(ctx, s.viewer, "i", mirror.Query{Object: "Account", Sort: []mirror.Sort{{Field: "_owner"}}})
			_, errs["object's search"] = s.Search(ctx, s.viewer, "i", "Lead", "hush", 10)
			_, errs["object's group"] = s.GroupCount(ctx, s.viewer, "i", "Lead", "Name")
			_, errs["object's card"] = s.Card(ctx, s.viewer, "i", "Lead", accountID(1))
			_, errs["object's get"] = s.Get(ctx, s.viewer, "i", "Lead", accountID(1))
			_, errs["tenant's search"] = s.Search(ctx, orglink.Actor{Tenant: "other"}, "i", "Account", "Name", 10)
			_, errs["tenant's card"] = s.Card(ctx, orglink.Actor{Tenant: "other"}, "i", "Account", accountID(1))
			_, errs["tenant"] = s.Count(ctx, orglink.Actor{Tenant: "other"}, "i", "Account")
			for what, err := range errs {
				if !errors.Is(err, mirror.ErrForbidden) {
					t.Errorf("%s: %v, not ErrForbidden", what, err)
				}
			}
			if rows, err := s.Search(ctx, s.viewer, "i", "Account", "hush", 10); err != nil || len(rows) != 0 {
				t.Errorf("search looked into a hidden field: %v, %v", rows, err)
			}
		})
		t.Run("a receiver's passive fields are not in a card, nor what they relate", func(t *testing.T) {
			all := s.view.Objects
			defer func() { s.view.Objects = all }()
			s.view.Objects = []mapping.Selection{{Object: "Account", Fields: []string{"Id", "Name"}}, {Object: "Contact", Fields: []string{"Id", "LastName"}}}
			card, err := s.Card(ctx, s.viewer, "i", "Account", accountID(1))
			if err != nil || len(card.Related) != 0 || card.Record.Len() != 2 {
				t.Errorf("%+v, %v", card, err)
			}
			page, err := s.List(ctx, s.viewer, "i", mirror.Query{Object: "Account"})
			if err != nil || len(page.Rows) != 25 || page.Rows[0].Record.Len() != 2 {
				t.Errorf("%+v, %v", page, err)
			}
			energy := mirror.Filter{Field: "Industry", Op: mirror.NotNull}
			if _, err := s.Count(ctx, s.viewer, "i", "Account", energy); !errors.Is(err, mirror.ErrForbidden) {
				t.Errorf("a passive field as a filter: %v", err)
			}
			if rows, err := s.Search(ctx, s.viewer, "i", "Account", "Energy", 10); err != nil || len(rows) != 0 {
				t.Errorf("search looked into a passive field: %v, %v", rows, err)
			}
		})
		t.Run("selected but not imported yet", func(t *testing.T) {
			row, err := s.Get(ctx, s.viewer, "i", "Account", accountID(1))
			if v, ok := row.Record.Value("Later__c"); err != nil || !ok || !v.IsNull() || row.Owner != "owner" {
				t.Errorf("%v %v, %v", row, v, err)
			}
			if n, err := s.Count(ctx, s.viewer, "i", "Case"); n != 0 || err != nil {
				t.Errorf("%d, %v", n, err)
			}
		})
	})
}

func TestMirrorLog(t *testing.T) {
	eachDatabase(t, func(t *testing.T, open func(t *testing.T) database) {
		s := openShop(t, open(t))
		name := func(n string) []sobject.Field {
			return []sobject.Field{sobject.F("Name", sobject.TextValue(n)), sobject.F("Employees__c", sobject.NullValue())}
		}
		gone := importer.Change{Kind: importer.Merged, Object: "Account", ID: accountID(2), Survivor: accountID(1), SystemModstamp: shopStart.Add(2 * time.Minute), ReadAt: shopStart.Add(2 * time.Minute)}
		s.apply(t, "Account", false, "1", "2", s.account(1, 1, name("new")...), s.account(90, 1, name("born")...), gone)
		// The same once more: nothing happens.
		s.apply(t, "Account", false, "2", "3", s.account(1, 1, name("new")...), s.account(90, 1, name("born")...), gone)
		s.apply(t, "Account", false, "3", "4", s.account(2, 5, name("back")...))
		entries, err := s.Changes(t.Context(), "t", "c", 0, 1000)
		if err != nil {
			t.Fatal(err)
		}
		if len(entries) != 54 || !entries[0].Initial || entries[0].Kind != mirror.Created {
			t.Fatalf("%d entries, the first %+v", len(entries), entries[0])
		}
		for i, e := range entries {
			if e.Serial != int64(i)+1 || e.StoredAt.IsZero() {
				t.Errorf("entry %d has serial %d, stored %v", i, e.Serial, e.StoredAt)
			}
		}
		rest, err := s.Changes(t.Context(), "t", "c", 50, 1000)
		if err != nil || len(rest) != 4 {
			t.Fatalf("%v, %v", rest, err)
		}
		var kinds []mirror.ChangeKind
		for _, e := range rest {
			kinds = append(kinds, e.Kind)
		}
		if !slices.Equal(kinds, []mirror.ChangeKind{mirror.Updated, mirror.Created, mirror.Merged, mirror.Undeleted}) || rest[2].Survivor != accountID(1) || rest[2].Owner != "owner" {
			t.Errorf("%+v", rest)
		}
		fields := map[string]mirror.FieldChange{}
		for _, f := range rest[0].Fields {
			fields[f.Field] = f
		}
		if f := fields["Name"]; f.Before.Raw() != "Name 01" || f.After.Raw() != "new" {
			t.Errorf("%+v", rest[0].Fields)
		}
		if f := fields["Employees__c"]; f.Before.Raw() != "1" || !f.After.IsNull() || rest[0].Initial {
			t.Errorf("%+v", rest[0])
		}
		if other, err := s.Changes(t.Context(), "T", "c", 0, 10); err != nil || len(other) != 0 {
			t.Errorf("another tenant reads %v, %v", other, err)
		}
	})
}

func TestMirrorAndRunnerWithoutMigrations(t *testing.T) {
	eachDatabase(t, func(t *testing.T, open func(t *testing.T) database) {
		d := open(t)
		m, err := mirror.New(d.DB, mirror.Config{SQL: d.Config, Views: &oneView{Tenant: "t", Connection: "c", Integration: "i", Objects: []mapping.Selection{{Object: "Account", Fields: []string{"Id"}}}}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := m.Open(t.Context(), importer.Stream{Tenant: "t", Connection: "c", Object: "Account"}, 1); !errors.Is(err, mirror.ErrOutdated) {
			t.Errorf("open: %v", err)
		}
		if _, err := m.Count(t.Context(), orglink.Actor{Tenant: "t"}, "i", "Account"); !errors.Is(err, mirror.ErrOutdated) {
			t.Errorf("count: %v", err)
		}
		s, err := runner.NewSQLStore(d.DB, d.Config)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Acquire(t.Context(), "k", "me", time.Second); !errors.Is(err, runner.ErrOutdated) {
			t.Errorf("acquire: %v", err)
		}
	})
}

// A full database is an error, and the position stays.
func TestMirrorOnAFullDatabase(t *testing.T) {
	d := openSQLite(t)
	d.DB.SetMaxOpenConns(1)
	s := openShop(t, d)
	var pages int
	if err := d.DB.QueryRow("PRAGMA page_count").Scan(&pages); err != nil {
		t.Fatal(err)
	}
	run(t, d.DB, fmt.Sprintf("PRAGMA max_page_count = %d", pages+2))
	var many []importer.Change
	for n := range 5000 {
		many = append(many, s.account(1000+n, 1, sobject.F("Name", sobject.TextValue("full"))))
	}
	b := importer.Batch{Stream: s.stream["Account"], Fence: 1, Prev: "1", Next: "2", Changes: many}
	if err := s.Apply(t.Context(), b); err == nil {
		t.Fatal("a full database was no error")
	}
	run(t, d.DB, "PRAGMA max_page_count = 1000000")
	if n, err := s.Count(t.Context(), s.viewer, "i", "Account"); err != nil || n != 25 {
		t.Fatalf("%d, %v", n, err)
	}
	if err := s.Apply(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	if n, err := s.Count(t.Context(), s.viewer, "i", "Account"); err != nil || n != 5025 {
		t.Fatalf("%d, %v", n, err)
	}
}

// A field that changes its type gets a column of the new type beside the old.
func TestMirrorFieldChangesItsType(t *testing.T) {
	eachDatabase(t, func(t *testing.T, open func(t *testing.T) database) {
		s := openShop(t, open(t))
		stream := s.stream["Account"]
		stream.Columns = slices.Clone(stream.Columns)
		stream.Columns[3].Type = sobject.TypeString
		s.stream["Account"] = stream
		s.apply(t, "Account", false, "1", "2", s.account(1, 1, sobject.F("Employees__c", sobject.TextValue("many"))))
		row, err := s.Get(t.Context(), s.viewer, "i", "Account", accountID(1))
		if err != nil {
			t.Fatal(err)
		}
		if v, _ := row.Record.Value("Employees__c"); v.Raw() != "many" || v.Kind() != sobject.Text {
			t.Errorf("%v %q", v.Kind(), v.Raw())
		}
	})
}
