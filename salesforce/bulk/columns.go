package bulk

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/orglink/orglink/salesforce/sobject"
)

// checkColumns compares the columns of a job with a describe, if there is one.
func checkColumns(cfg IngestConfig) error {
	seen := map[string]bool{}
	var errs []error
	for _, column := range cfg.Columns {
		if lower := strings.ToLower(column); column == "" || seen[lower] {
			errs = append(errs, fmt.Errorf("column %q is empty or given twice", column))
		} else {
			seen[lower] = true
		}
		if cfg.Describe != nil {
			errs = append(errs, checkColumn(cfg, column))
		}
	}
	if cfg.Describe != nil && !strings.EqualFold(cfg.Describe.Name, cfg.Object) {
		errs = append(errs, fmt.Errorf("the describe is of %s, the job of %s", cfg.Describe.Name, cfg.Object))
	}
	return errors.Join(errs...)
}

func checkColumn(cfg IngestConfig, column string) error {
	if _, after, polymorphic := strings.Cut(column, ":"); polymorphic {
		column = after
	}
	head, _, dotted := strings.Cut(column, ".")
	at := slices.IndexFunc(cfg.Describe.Fields, func(f sobject.DescribeField) bool {
		if dotted {
			return strings.EqualFold(f.RelationshipName, head)
		}
		return strings.EqualFold(f.Name, column)
	})
	if at < 0 {
		return fmt.Errorf("%s has no field for the column %s, or hides it from this user", cfg.Object, column)
	}
	f := cfg.Describe.Fields[at]
	key := f.Type == sobject.TypeID || !dotted && cfg.Operation == Upsert && strings.EqualFold(f.Name, cfg.ExternalID)
	writable := f.Updateable && cfg.Operation != Insert || f.Createable && cfg.Operation != Update
	switch {
	case f.Type == sobject.TypeBase64:
		return fmt.Errorf("%s.%s is a file: the Bulk API takes none, upload it through the REST API", cfg.Object, f.Name)
	case f.Type == sobject.TypeAddress, f.Type == sobject.TypeLocation:
		return fmt.Errorf("%s.%s is compound: write its components", cfg.Object, f.Name)
	case !key && !writable:
		return fmt.Errorf("%s.%s cannot be written by this user in an %s", cfg.Object, f.Name, cfg.Operation)
	}
	return nil
}

// columnSet is one set of columns that rows have.
type columnSet struct {
	columns []string
	key     string // tells sets apart, whatever the order of the columns
}

// columnsOf returns the columns that a record needs: its fields, and those of
// nested parents by their paths.
func columnsOf(rec sobject.Record) []string { return appendColumns(nil, rec, "") }

func appendColumns(out []string, rec sobject.Record, prefix string) []string {
	for name, v := range rec.Fields() {
		if parent, ok := v.Record(); ok {
			out = appendColumns(out, parent, prefix+name+".")
			continue
		}
		out = append(out, prefix+name)
	}
	return out
}

func setKey(columns []string) string {
	lower := make([]string, len(columns))
	for i, c := range columns {
		lower[i] = strings.ToLower(c)
	}
	slices.Sort(lower)
	return strings.Join(lower, ",")
}

// maxSets is how many different sets of columns the rows of an insert may have.
const maxSets = 100

// plan finds out the columns of rows by going through all of them. An update
// leaves a field alone that a row lacks, so that one set of all columns serves
// every row. An insert would store null where the org has a default: there
// each set of columns becomes its own jobs.
func plan(cfg LoadConfig, rows Rows) ([]columnSet, error) {
	if len(cfg.Columns) > 0 {
		return []columnSet{{columns: cfg.Columns}}, nil
	}
	if cfg.Operation == Delete || cfg.Operation == HardDelete {
		return []columnSet{{columns: []string{"Id"}}}, nil
	}
	var sets []columnSet
	union := columnSet{}
	have := map[string]bool{}
	for rec, err := range rows {
		if err != nil {
			return nil, fmt.Errorf("bulk: rows of %s: %w", cfg.Object, err)
		}
		columns := columnsOf(rec)
		key := setKey(columns)
		if have["set "+key] || len(columns) == 0 {
			continue
		}
		have["set "+key] = true
		sets = append(sets, columnSet{columns, key})
		for _, c := range columns {
			if lower := strings.ToLower(c); !have[lower] {
				have[lower] = true
				union.columns = append(union.columns, c)
			}
		}
	}
	if cfg.Operation == Insert {
		if len(sets) == 0 {
			return []columnSet{{columns: []string{"Id"}}}, nil // for rows without fields, which are refused
		}
		if len(sets) > maxSets {
			return nil, fmt.Errorf("bulk: the rows of %s have %d different sets of columns, more than %d: give Columns", cfg.Object, len(sets), maxSets)
		}
		return sets, nil
	}
	union.columns = dropNullParents(union.columns)
	if len(union.columns) == 0 {
		union.columns = []string{"Id"}
	}
	return []columnSet{union}, nil
}

// dropNullParents leaves out a column such as Account, which a row that clears
// the lookup has, where the rows that set it have Account.Ext__c.
func dropNullParents(columns []string) []string {
	return slices.DeleteFunc(columns, func(c string) bool {
		return slices.ContainsFunc(columns, func(o string) bool {
			return len(o) > len(c) && o[len(c)] == '.' && strings.EqualFold(o[:len(c)], c)
		})
	})
}
