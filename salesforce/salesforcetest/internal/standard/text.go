package standard

import (
	"math"
	"strconv"
	"strings"
	"time"
)

func boolText(b bool) string { return strconv.FormatBool(b) }

func dateTimeText(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000-0700") }

func moneyText(f float64) string {
	return decimalText(strconv.FormatFloat(math.Round(f*100)/100, 'f', -1, 64))
}

// decimalText writes a number as the API prints doubles: 10 is 10.0.
func decimalText(s string) string {
	if !strings.Contains(s, ".") {
		return s + ".0"
	}
	return s
}
