package sqlkit_test

import (
	"database/sql"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/internal/sqlkit"
)

func open(t *testing.T, dialect orglink.Dialect) *sqlkit.DB {
	t.Helper()
	d, err := sqlkit.Open(&sql.DB{}, orglink.SQLConfig{Dialect: dialect})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestRewriteKeepsQuotedText(t *testing.T) {
	const q = `SELECT a, '?{x}' FROM {grant} WHERE "b?" = ? AND c = ?`
	for dialect, want := range map[orglink.Dialect]string{
		orglink.PostgreSQL: `SELECT a, '?{x}' FROM orglink_grant WHERE "b?" = $1 AND c = $2`,
		orglink.SQLite:     `SELECT a, '?{x}' FROM orglink_grant WHERE "b?" = ? AND c = ?`,
	} {
		if got := open(t, dialect).Rewrite(q); got != want {
			t.Errorf("%s: got  %s\nwant %s", dialect, got, want)
		}
	}
}

func TestOpenReportsEveryProblem(t *testing.T) {
	_, err := sqlkit.Open(nil, orglink.SQLConfig{Dialect: "oracle", Prefix: "Bad-"})
	if err == nil {
		t.Fatal("accepted")
	}
	for _, want := range []string{"*sql.DB is nil", `"oracle"`, `"Bad-"`} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error does not mention %s: %v", want, err)
		}
	}
}

func TestMicrosKeepTheInstant(t *testing.T) {
	in := time.Date(2026, 3, 4, 5, 6, 7, 891234000, time.FixedZone("x", 3600))
	if got := sqlkit.Time(sqlkit.Micros(in)); !got.Equal(in) {
		t.Errorf("got %v, want %v", got, in)
	}
	if !sqlkit.Time(sqlkit.Micros(time.Time{})).IsZero() {
		t.Error("the zero time did not survive")
	}
}

func TestRenderIsPlainSQL(t *testing.T) {
	src := fstest.MapFS{"migrations/0001_init.sql": {Data: []byte("CREATE TABLE {x} (id ${id} NOT NULL, n ${int});\n")}}
	for _, dialect := range []orglink.Dialect{orglink.PostgreSQL, orglink.SQLite, orglink.MariaDB} {
		out, err := fs.ReadFile(sqlkit.Render(open(t, dialect), "x", src), "0001_init.sql")
		if err != nil {
			t.Fatal(err)
		}
		if text := string(out); strings.Contains(text, "${") || strings.Contains(text, "{x}") || !strings.Contains(text, "orglink_x") || !strings.Contains(text, "orglink_schema") {
			t.Errorf("%s: not plain SQL:\n%s", dialect, text)
		}
	}
}
