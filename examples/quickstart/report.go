package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// result is what the program did, as it prints it.
type result struct {
	OK bool `json:"ok"`
	// Round counts the runs on one database; the second imports only what
	// changed since the first.
	Round   int            `json:"round"`
	Org     string         `json:"org"`
	Objects []objectResult `json:"objects"`
	Changes changeResult   `json:"changes"`
	Company companyResult  `json:"company"`
	Exports exportResult   `json:"exports"`
	Users   userResult     `json:"users"`
	Cost    costResult     `json:"cost"`
	Checks  []check        `json:"checks"`
	Skipped []string       `json:"skipped,omitempty"`
}

type objectResult struct {
	Object string `json:"object"`
	Fields int    `json:"fields"`
	// Read counts the rows that this run read, Mirror what the mirror holds
	// and Org what the org counts.
	Read   int64 `json:"read"`
	Mirror int64 `json:"mirror"`
	Org    int64 `json:"org"`
}

type changeResult struct {
	Created int `json:"created"`
	Updated int `json:"updated"`
	Deleted int `json:"deleted"`
	Merged  int `json:"merged"`
}

type companyResult struct {
	Name    string         `json:"name"`
	Link    string         `json:"link"`
	Related map[string]int `json:"related"`
}

type exportResult struct {
	Created   int         `json:"created"`
	Updated   int         `json:"updated"`
	Unchanged int         `json:"unchanged"`
	Rejected  []rejection `json:"rejected"`
}

type rejection struct {
	Key    string `json:"key"`
	Code   string `json:"code"`
	Reason string `json:"reason"`
}

type userResult struct {
	Paired   int      `json:"paired"`
	Created  int      `json:"created"`
	Refused  int      `json:"refused"`
	NewOwner newOwner `json:"new_owner"`
}

// newOwner is the person whose account appeared with their first record.
type newOwner struct {
	Email       string `json:"email,omitempty"`
	ProductUser string `json:"product_user,omitempty"`
}

type costResult struct {
	Calls   int64   `json:"api_calls"`
	Jobs    int64   `json:"bulk_jobs"`
	Seconds float64 `json:"seconds"`
}

// check is one number that must be what the org says.
type check struct {
	What string `json:"what"`
	Got  string `json:"got"`
	Want string `json:"want"`
	OK   bool   `json:"ok"`
}

// expect records a check.
func (r *result) expect(what string, got, want any) {
	g, w := fmt.Sprint(got), fmt.Sprint(want)
	r.Checks = append(r.Checks, check{what, g, w, g == w})
}

// failed lists the checks that did not hold.
func (r *result) failed() []check {
	var out []check
	for _, c := range r.Checks {
		if !c.OK {
			out = append(out, c)
		}
	}
	return out
}

func (r *result) print(w io.Writer) {
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(t, "\nobject\tfields\tread\tin the mirror\tin the org\t\n")
	for _, o := range r.Objects {
		fmt.Fprintf(t, "%s\t%d\t%d\t%d\t%d\t\n", o.Object, o.Fields, o.Read, o.Mirror, o.Org)
	}
	_ = t.Flush()

	rows := [][2]string{
		{"changes", fmt.Sprintf("%d created, %d updated, %d deleted, %d merged", r.Changes.Created, r.Changes.Updated, r.Changes.Deleted, r.Changes.Merged)},
		{"company", fmt.Sprintf("%s %s %s", r.Company.Name, related(r.Company.Related), r.Company.Link)},
		{"exports", fmt.Sprintf("%d created, %d updated, %d unchanged, %d rejected", r.Exports.Created, r.Exports.Updated, r.Exports.Unchanged, len(r.Exports.Rejected))},
	}
	for _, x := range r.Exports.Rejected {
		rows = append(rows, [2]string{"", fmt.Sprintf("%s: %s: %s", x.Key, x.Code, x.Reason)})
	}
	rows = append(rows, [2]string{"users", fmt.Sprintf("%d paired, %d accounts created, %d refused", r.Users.Paired, r.Users.Created, r.Users.Refused)})
	if r.Users.NewOwner.Email != "" {
		rows = append(rows, [2]string{"", r.Users.NewOwner.Email + " appeared with a first record"})
	}
	rows = append(rows,
		[2]string{"cost", fmt.Sprintf("%d API calls, %d Bulk jobs, %.1f seconds", r.Cost.Calls, r.Cost.Jobs, r.Cost.Seconds)})
	for _, s := range r.Skipped {
		rows = append(rows, [2]string{"skipped", s})
	}
	fmt.Fprintln(w)
	for _, row := range rows {
		fmt.Fprintf(w, "%-9s %s\n", row[0], strings.TrimSpace(row[1]))
	}
	fmt.Fprintln(w)
	for _, c := range r.failed() {
		fmt.Fprintf(w, "WRONG     %s: got %s, the org says %s\n", c.What, c.Got, c.Want)
	}
	if r.OK {
		fmt.Fprintf(w, "Every one of %d numbers is what the org says it must be.\n", len(r.Checks))
	}
}

func related(counts map[string]int) string {
	var parts []string
	for _, o := range selected {
		if n, ok := counts[o]; ok {
			parts = append(parts, fmt.Sprintf("%d %s", n, o))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return "(" + strings.Join(parts, ", ") + ")"
}
