package sobject

import (
	"fmt"
	"time"
)

// Time is a time of day, the value of a field of type time: the time since
// midnight, at least 0 and below 24 hours, in milliseconds. It has no date and
// no time zone and is never shifted by one; the Z that Salesforce writes behind
// it means nothing.
type Time time.Duration

// The spellings of a time of day: REST answers (03:04:05.000Z), and without
// zone, fraction or seconds what Bulk files and other surfaces hold.
var timeLayouts = []string{"15:04:05Z", "15:04:05", "15:04Z", "15:04", "15:04:05Z07:00", "15:04:05-0700"}

// ParseTime parses a time of day in any spelling that Salesforce uses. An
// offset other than zero is an error, because a time of day has none.
func ParseTime(s string) (Time, error) {
	for _, layout := range timeLayouts {
		t, err := time.Parse(layout, s)
		if err != nil {
			continue
		}
		if _, offset := t.Zone(); offset != 0 {
			break
		}
		d := t.Sub(time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, t.Location()))
		if d%time.Millisecond != 0 {
			break
		}
		return Time(d), nil
	}
	return 0, fmt.Errorf("sobject: %q is not a time of day such as 15:04:05.000Z", clip(s))
}

// TimeOf returns the time of day of t in t's own location, cut to milliseconds.
func TimeOf(t time.Time) Time {
	h, m, s := t.Clock()
	d := time.Duration(h)*time.Hour + time.Duration(m)*time.Minute + time.Duration(s)*time.Second
	return Time(d + time.Duration(t.Nanosecond()).Truncate(time.Millisecond))
}

// Duration returns the time since midnight.
func (t Time) Duration() time.Duration { return time.Duration(t) }

// String returns the form 15:04:05.000Z, the spelling that REST, Bulk and SOQL
// all take.
func (t Time) String() string {
	d := time.Duration(t)
	return fmt.Sprintf("%02d:%02d:%02d.%03dZ", d/time.Hour, d/time.Minute%60, d/time.Second%60, d/time.Millisecond%1000)
}

// MarshalText implements encoding.TextMarshaler.
func (t Time) MarshalText() ([]byte, error) {
	if t < 0 || time.Duration(t) >= 24*time.Hour {
		return nil, fmt.Errorf("sobject: %s is not a time of day", time.Duration(t))
	}
	return []byte(t.String()), nil
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (t *Time) UnmarshalText(b []byte) error {
	v, err := ParseTime(string(b))
	*t = v
	return err
}

// TimeValue returns a time of day.
func TimeValue(t Time) Value { return TextValue(t.String()) }

// TimeOfDay returns a time of day in any of Salesforce's spellings.
func (v Value) TimeOfDay() (Time, error) {
	if v.kind != Text {
		return 0, v.mismatch(Text)
	}
	return ParseTime(v.text)
}

// TimeOfDay returns a field of type time.
func (r Record) TimeOfDay(name string) (Time, error) { return get(r, name, Value.TimeOfDay) }
