package sobject

import (
	"fmt"
	"time"
)

// Date is a calendar date. It has no time zone and is never shifted by one.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// ParseDate parses 2006-01-02.
func ParseDate(s string) (Date, error) {
	if d, ok := quickDate(s); ok {
		return d, nil
	}
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return Date{}, fmt.Errorf("sobject: %q is not a date of the form 2006-01-02", clip(s))
	}
	return DateOf(t), nil
}

// DateOf returns the date of t in t's own location.
func DateOf(t time.Time) Date {
	y, m, d := t.Date()
	return Date{y, m, d}
}

// String returns the form 2006-01-02.
func (d Date) String() string { return fmt.Sprintf("%04d-%02d-%02d", d.Year, int(d.Month), d.Day) }

// IsZero reports whether d is the zero Date.
func (d Date) IsZero() bool { return d == Date{} }

// MarshalText implements encoding.TextMarshaler.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (d *Date) UnmarshalText(b []byte) error {
	v, err := ParseDate(string(b))
	*d = v
	return err
}

// The spellings of a date-time: REST answers (+0000), Bulk results (Z), and
// what other Salesforce surfaces write.
var dateTimeLayouts = []string{
	"2006-01-02T15:04:05.000-0700",
	"2006-01-02T15:04:05.000Z07:00",
	"2006-01-02T15:04:05Z07:00",
	"2006-01-02T15:04:05-0700",
	"2006-01-02T15:04Z07:00",
	"2006-01-02T15:04-0700",
}

// ParseDateTime parses a date-time in any spelling that Salesforce uses and
// returns it in UTC. A date alone is an error, because it names no instant.
func ParseDateTime(s string) (time.Time, error) {
	if t, ok := quickDateTime(s); ok {
		return t, nil
	}
	for _, layout := range dateTimeLayouts {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("sobject: %q is not a date-time such as 2006-01-02T15:04:05.000+0000", clip(s))
}

// FormatDateTime returns t in UTC with milliseconds and a Z, the spelling that
// REST, Bulk and SOQL all take.
func FormatDateTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
