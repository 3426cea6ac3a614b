package engine

import (
	"strings"
	"time"

	"github.com/orglink/orglink/salesforce/soql"
)

// span returns the days that a relative date means, from inclusive to
// exclusive, both midnights in the user's time zone (SOQL and SOSL Reference,
// "Date Formats and Date Literals"). Weeks begin on Sunday, fiscal years in
// January.
func span(v soql.Value, now time.Time) (from, to time.Time, ok bool) {
	word := strings.ToUpper(v.Text)
	today := midnight(now)
	day := func(a, b int) (time.Time, time.Time, bool) {
		return today.AddDate(0, 0, a), today.AddDate(0, 0, b), true
	}
	switch word {
	case "YESTERDAY":
		return day(-1, 0)
	case "TODAY":
		return day(0, 1)
	case "TOMORROW":
		return day(1, 2)
	case "LAST_90_DAYS":
		return day(-90, 1)
	case "NEXT_90_DAYS":
		return day(1, 91)
	case "LAST_N_DAYS":
		return day(-v.N, 1)
	case "NEXT_N_DAYS":
		return day(1, v.N+1)
	case "N_DAYS_AGO":
		return day(-v.N, -v.N+1)
	}
	word = strings.ReplaceAll(word, "FISCAL_", "")
	unit := func(a, b int, name string) (time.Time, time.Time, bool) {
		start, ok := floor(today, strings.TrimSuffix(name, "S"))
		if !ok {
			return today, today, false
		}
		u := strings.TrimSuffix(name, "S")
		return shift(start, u, a), shift(start, u, b), true
	}
	if name, found := strings.CutPrefix(word, "LAST_N_"); found {
		return unit(-v.N, 0, name)
	}
	if name, found := strings.CutPrefix(word, "NEXT_N_"); found {
		return unit(1, v.N+1, name)
	}
	if name, found := strings.CutPrefix(word, "N_"); found {
		if name, found = strings.CutSuffix(name, "_AGO"); found {
			return unit(-v.N, -v.N+1, name)
		}
	}
	if name, found := strings.CutPrefix(word, "LAST_"); found {
		return unit(-1, 0, name)
	}
	if name, found := strings.CutPrefix(word, "THIS_"); found {
		return unit(0, 1, name)
	}
	if name, found := strings.CutPrefix(word, "NEXT_"); found {
		return unit(1, 2, name)
	}
	return today, today, false
}

func midnight(t time.Time) time.Time {
	y, m, d := t.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, t.Location())
}

// floor returns the first day of the unit that holds t.
func floor(t time.Time, unit string) (time.Time, bool) {
	y, m, _ := t.Date()
	switch unit {
	case "WEEK":
		return t.AddDate(0, 0, -int(t.Weekday())), true
	case "MONTH":
	case "QUARTER":
		m = (m-1)/3*3 + 1
	case "YEAR":
		m = 1
	default:
		return t, false
	}
	return time.Date(y, m, 1, 0, 0, 0, 0, t.Location()), true
}

func shift(t time.Time, unit string, n int) time.Time {
	switch unit {
	case "WEEK":
		return t.AddDate(0, 0, 7*n)
	case "MONTH":
		return t.AddDate(0, n, 0)
	case "QUARTER":
		return t.AddDate(0, 3*n, 0)
	default:
		return t.AddDate(n, 0, 0)
	}
}

// dateFunc returns a date function's result in stored form, and its kind;
// false for a name that is none.
func dateFunc(name string) (func(t time.Time) string, kind, bool) {
	number := func(f func(t time.Time) int) (func(t time.Time) string, kind, bool) {
		return func(t time.Time) string { return itoa(f(t)) }, kindNumber, true
	}
	switch strings.ToUpper(name) {
	case "CALENDAR_YEAR", "FISCAL_YEAR":
		return number(time.Time.Year)
	case "CALENDAR_QUARTER", "FISCAL_QUARTER":
		return number(func(t time.Time) int { return (int(t.Month())-1)/3 + 1 })
	case "CALENDAR_MONTH", "FISCAL_MONTH":
		return number(func(t time.Time) int { return int(t.Month()) })
	case "DAY_IN_MONTH":
		return number(time.Time.Day)
	case "DAY_IN_WEEK":
		return number(func(t time.Time) int { return int(t.Weekday()) + 1 })
	case "DAY_IN_YEAR":
		return number(time.Time.YearDay)
	case "HOUR_IN_DAY":
		return number(time.Time.Hour)
	case "WEEK_IN_MONTH":
		return number(func(t time.Time) int { return (t.Day()-1)/7 + 1 })
	case "WEEK_IN_YEAR":
		return number(func(t time.Time) int { return (t.YearDay()-1)/7 + 1 })
	case "DAY_ONLY":
		return func(t time.Time) string { return t.Format(time.DateOnly) }, kindDate, true
	}
	return nil, 0, false
}
