package sobject

import "time"

// The spellings that nearly every value has are read by hand, five times as
// fast as by package time. What they do not understand is left to it.

// quickDate reads 2006-01-02.
func quickDate(s string) (Date, bool) {
	if len(s) != len("2006-01-02") || s[4] != '-' || s[7] != '-' {
		return Date{}, false
	}
	y, m, d := 100*two(s, 0)+two(s, 2), two(s, 5), two(s, 8)
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
	hour, minute, second, centi, last := two(s, 11), two(s, 14), two(s, 17), two(s, 20), two(s, 21)
	if !ok || uint(hour) > 23 || uint(minute) > 59 || uint(second) > 59 || centi < 0 || last < 0 {
		return time.Time{}, false
	}
	seconds := int64(86_400*daysSince1970(d) + 3600*hour + 60*minute + second)
	return time.Unix(seconds, int64(10*centi+last%10)*int64(time.Millisecond)).UTC(), true
}

// daysSince1970 counts the days of the Gregorian calendar up to a valid date.
// Years are taken to begin in March, so that the leap day is their last.
func daysSince1970(d Date) int {
	const perCycle, cycle, toMarch1st0000 = 146_097, 400, 719_468
	year, month := d.Year+cycle, int(d.Month)-3 // a cycle more, so that nothing is negative
	if month < 0 {
		year, month = year-1, month+12
	}
	inYear := (153*month+2)/5 + d.Day - 1
	inCycle := year % cycle
	return year/cycle*perCycle + inCycle*365 + inCycle/4 - inCycle/100 + inYear - perCycle - toMarch1st0000
}

// two reads two digits at a place, or returns a number that is negative enough
// to spoil whatever it is added to.
func two(s string, at int) int {
	tens, units := s[at]-'0', s[at+1]-'0'
	if tens > 9 || units > 9 {
		return -100_000
	}
	return int(tens)*10 + int(units)
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
