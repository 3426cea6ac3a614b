package mirror

import (
	"context"
	"fmt"
	"strings"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/internal/sqlkit"
	"github.com/orglink/orglink/salesforce/sobject"
)

// part is one of the tables that hold the columns of a stream. Most streams
// have one. Objects with hundreds of fields need more where a row has to fit
// into a page of the database; the parts are joined by id.
type part struct {
	name   string // quoted
	places []int  // of table.columns
}

// partName has the stream's number, because a connection's id and an object's
// name together are longer than some databases allow.
func (m *Mirror) partName(t *table, n int) string {
	name := fmt.Sprintf("m%d", t.stream)
	if n > 0 {
		name += fmt.Sprintf("p%d", n)
	}
	return m.quote(fit(m.db.Table(name + "_" + strings.ToLower(t.object))))
}

// divide sorts the columns in use into their parts.
func (m *Mirror) divide(t *table) {
	t.parts = []part{{name: m.partName(t, 0)}}
	at := map[int]int{0: 0}
	for i, c := range t.columns {
		if c.name == "id" {
			continue
		}
		n, known := at[c.part]
		if !known {
			n = len(t.parts)
			at[c.part] = n
			t.parts = append(t.parts, part{name: m.partName(t, c.part)})
		}
		t.parts[n].places = append(t.parts[n].places, i)
	}
	t.from = t.parts[0].name
	for _, p := range t.parts[1:] {
		t.from += " LEFT JOIN " + p.name + " USING (" + m.quote("id") + ")"
	}
}

// createPart creates a table with the columns of some fields.
func (m *Mirror) createPart(ctx context.Context, x sqlkit.Execer, t *table, n int, fields []string) error {
	system := len(systemColumns)
	if n > 0 {
		system = 1
	}
	defs := make([]string, system)
	for i := range defs {
		defs[i] = m.quote(systemColumns[i]) + " " + m.db.Type(systemTypes[i]) + " NOT NULL"
	}
	_, err := m.db.Exec(ctx, x, "CREATE TABLE IF NOT EXISTS "+m.partName(t, n)+" ("+strings.Join(append(defs, fields...), ", ")+", PRIMARY KEY ("+m.quote("id")+"))")
	return err
}

// weight is how many bytes of a page a full column takes at most, when all
// that can be is kept outside of it: MariaDB keeps up to 40 bytes of a text
// inside, and refuses tables whose columns could overflow a page together;
// PostgreSQL moves out what is longer than 24 bytes, and refuses the row.
func (m *Mirror) weight(t sobject.FieldType) int {
	c := classOf(t)
	if m.db.Dialect() == orglink.PostgreSQL {
		switch c {
		case text, number:
			return 24
		}
		return 9
	}
	switch {
	case t == sobject.TypeID || t == sobject.TypeReference:
		return 76
	case c == text:
		return 44
	case c == number:
		return 32
	}
	return 10
}

// pageRoom is what the fields of one part may take together. Pages are 8 kB
// for one row; the system columns take up to 1 kB.
const pageRoom = 6800

// rooms tells how full the parts are.
type rooms struct {
	used      []int
	unlimited bool
}

func (m *Mirror) room(t *table) *rooms {
	r := &rooms{used: []int{0}, unlimited: m.db.Dialect() == orglink.SQLite}
	for _, c := range t.places {
		for len(r.used) <= c.part {
			r.used = append(r.used, 0)
		}
		if c.name != "id" {
			r.used[c.part] += m.weight(c.typ)
		}
	}
	return r
}

// take finds a part with room for a column, perhaps a new one.
func (r *rooms) take(weight int) int {
	for n := range r.used {
		if r.unlimited || r.used[n]+weight <= pageRoom {
			r.used[n] += weight
			return n
		}
	}
	r.used = append(r.used, weight)
	return len(r.used) - 1
}
