package connection

import (
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/orglink/orglink"
)

// Level tells how a need was met.
type Level string

// The levels of findings.
const (
	Granted Level = "granted"
	// Unclear: it could not be read whether the user has it.
	Unclear Level = "unclear"
	// Warning: missing, and some of the work goes without.
	Warning Level = "warning"
	// Missing: the work cannot be done.
	Missing Level = "missing"
)

// Answer is yes, no, or not readable.
type Answer string

// The answers.
const (
	Unknown Answer = "unknown"
	Yes     Answer = "yes"
	No      Answer = "no"
)

// Finding is one need and how it was met.
type Finding struct {
	Level Level `json:"level"`
	// Subject is an object, Object.Field, or a permission's label.
	Subject string `json:"subject"`
	Text    string `json:"text"`
	// Fix says what a Salesforce admin does about it; "" if nothing.
	Fix string `json:"fix,omitempty"`
}

// Report is the outcome of a Preflight. It is plain data; String renders it.
type Report struct {
	Connection orglink.ConnectionID `json:"connection"`
	Org        Org                  `json:"org"`
	User       SalesforceUser       `json:"user"`
	// Profile is the user's profile, "" if not readable.
	Profile string `json:"profile,omitempty"`
	// Administrator: a System Administrator, or Modify All Data.
	Administrator bool `json:"administrator"`
	// SeesAllRecords tells whether sharing hides nothing from the user.
	SeesAllRecords Answer    `json:"sees_all_records"`
	Findings       []Finding `json:"findings"`
	// EgressIPs are the addresses that the org has to allow where it restricts
	// them: Config.EgressIPs.
	EgressIPs []netip.Prefix `json:"egress_ips,omitempty"`
	Checked   time.Time      `json:"checked"`
}

// OK reports whether nothing that is needed is known to be missing.
func (r Report) OK() bool { return len(r.At(Missing)) == 0 }

// At returns the findings of one level.
func (r Report) At(level Level) []Finding {
	var out []Finding
	for _, f := range r.Findings {
		if f.Level == level {
			out = append(out, f)
		}
	}
	return out
}

// String renders the report as plain text for a Salesforce admin: the verdict,
// then what is missing and how to fix it, then the rest.
func (r Report) String() string {
	var b strings.Builder
	name := r.Org.Name
	if name == "" {
		name = "the org"
	}
	if r.Org.Sandbox {
		name += ", sandbox"
	}
	fmt.Fprintf(&b, "Preflight of %s (%s) as %s", name, r.Org.ID, r.User.Username)
	if r.Profile != "" {
		fmt.Fprintf(&b, ", profile %s", r.Profile)
	}
	b.WriteString("\n")
	missing := r.At(Missing)
	if len(missing) == 0 {
		b.WriteString("Ready: nothing that is needed is missing.\n")
	} else {
		fmt.Fprintf(&b, "Not ready: %d thing(s) missing.\n", len(missing))
	}
	for _, part := range []struct {
		level Level
		title string
	}{{Missing, "Missing"}, {Warning, "Warnings"}, {Unclear, "Not readable"}} {
		list := r.At(part.level)
		if len(list) == 0 {
			continue
		}
		fmt.Fprintf(&b, "\n%s\n", part.title)
		for _, f := range list {
			fmt.Fprintf(&b, "  %s: %s\n", f.Subject, f.Text)
			if f.Fix != "" {
				fmt.Fprintf(&b, "      Fix: %s\n", f.Fix)
			}
		}
	}
	if list := r.At(Granted); len(list) > 0 {
		b.WriteString("\nGranted\n")
		for _, f := range list {
			fmt.Fprintf(&b, "  %s: %s\n", f.Subject, f.Text)
		}
	}
	fmt.Fprintf(&b, "\nSees all records: %s\n", r.SeesAllRecords)
	if len(r.EgressIPs) > 0 {
		b.WriteString("Where the org restricts IP addresses, allow these in Network Access and in the user's profile:")
		for _, p := range r.EgressIPs {
			if p.IsSingleIP() {
				fmt.Fprintf(&b, " %s", p.Addr())
			} else {
				fmt.Fprintf(&b, " %s", p)
			}
		}
		b.WriteString("\n")
	}
	if len(missing) > 0 {
		b.WriteString("An integration user of its own with one permission set is the easiest to keep right.\n")
	}
	return b.String()
}
