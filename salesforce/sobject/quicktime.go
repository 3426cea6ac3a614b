package sobject

import "time"

// The spellings that nearly every value has are read by hand, five times as
// fast as by package time. What they do not understand is left to it.

// quickDate reads 2006-01-02.
func quickDate(s string) (Date, bool) {
	if len(s) != len("2006-01-02") || s[4] != '-' || s[7] != '-' {
		return Date{}, false
	}
	y, m, d := number(s[:4]), number(s[5:7]), number(s[8:])
	if y < 0 || m < 1 || m > 12 || d < 1 || d > daysIn(y, m) {
		return Date{}, false
	}
	return Date{y, time.Month(m), d}, true
}

// quickDateTime reads 2006-01-02T15:04:05.000+0000, also with Z for the zone.
func quickDateTime(s string) (time.Time, bool) {
	const withoutZone = len("2006-01-02T15:04:05.000")
	if len(s) < withoutZone || s[withoutZone:] != "+0000" && s[withoutZone:] != "Z" ||
		s[10] != 'T' || s[13] != ':' || s[16] != ':' || s[19] != '.' {
		return time.Time{}, false
	}
	d, ok := quickDate(s[:10])
	hour, minute, second, milli := number(s[11:13]), number(s[14:16]), number(s[17:19]), number(s[20:23])
	if !ok || uint(hour) > 23 || uint(minute) > 59 || uint(second) > 59 || milli < 0 {
		return time.Time{}, false
	}
	return time.Date(d.Year, d.Month, d.Day, hour, minute, second, milli*int(time.Millisecond), time.UTC), true
}

// number reads digits, or returns -1.
func number(s string) int {
	n := 0
	for i := range len(s) {
		c := s[i] - '0'
		if c > 9 {
			return -1
		}
		n = 10*n + int(c)
	}
	return n
}

func daysIn(year, month int) int {
	switch month {
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}
