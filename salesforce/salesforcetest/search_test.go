package salesforcetest_test

import (
	"net/url"
	"slices"
	"testing"

	"github.com/orglink/orglink/salesforce/salesforcetest"
)

func TestSOSL(t *testing.T) {
	c := start(t, salesforcetest.Config{})
	o := c.s.Org()
	for _, f := range []salesforcetest.Fields{
		{"Name": "Zebra Works", "NumberOfEmployees": 9, "Phone": "044 555"},
		{"Name": "Works of Zebra", "NumberOfEmployees": 2, "Site": "Bern (West)"},
		{"Name": "100%_sure", "NumberOfEmployees": 1},
	} {
		o.Create("Account", f)
	}
	o.Create("Contact", salesforcetest.Fields{"LastName": "Zebra", "Email": "ada@example.com"})
	for find, want := range map[string][]string{
		`FIND {zebra} RETURNING Account(Name), Contact(Name)`:                                              {"Works of Zebra", "Zebra", "Zebra Works"},
		`FIND {Zebra Works} IN NAME FIELDS RETURNING Account(Name)`:                                        {"Works of Zebra", "Zebra Works"},
		`FIND {"Zebra Works"} RETURNING Account(Name)`:                                                     {"Zebra Works"},
		`FIND {zebra AND NOT of} RETURNING Account(Name)`:                                                  {"Zebra Works"},
		`FIND {bern OR ada} IN ALL FIELDS RETURNING Account(Name), Contact(Name)`:                          {"Works of Zebra", "Zebra"},
		`FIND {ada} IN EMAIL FIELDS RETURNING Account(Name), Contact(Name)`:                                {"Zebra"},
		`FIND {044} IN PHONE FIELDS RETURNING Account(Name)`:                                               {"Zebra Works"},
		`FIND {zeb*} RETURNING Account(Name WHERE NumberOfEmployees > 5 AND Name IN ('x', 'Zebra Works'))`: {"Zebra Works"},
		`FIND {zebra} RETURNING Account(Name ORDER BY NumberOfEmployees LIMIT 1)`:                          {"Works of Zebra"},
		`FIND {zebra} RETURNING Account(Name), Contact(Name) LIMIT 1`:                                      {"Zebra Works"},
		`FIND {100%_s} RETURNING Account(Name)`:                                                            {"100%_sure"},
		`FIND {100%__} RETURNING Account(Name)`:                                                            nil,
		`FIND {\(West\)} RETURNING Account(Name)`:                                                          {"Works of Zebra"},
	} {
		var got []string
		for _, r := range c.send("GET", "search?q="+url.QueryEscape(find), "").want(200).object()["searchRecords"].([]any) {
			got = append(got, r.(map[string]any)["Name"].(string))
		}
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", find, got, want)
		}
	}
	for find, code := range map[string]string{
		`FIND {zebra} RETURNING Nope(Id)`:                   "INVALID_TYPE",
		`FIND {zebra} RETURNING Account(Nope)`:              "INVALID_FIELD",
		`FIND {zebra} RETURNING Account(Id WHERE Nope = 1)`: "INVALID_FIELD",
		`FIND {zebra} RETURNING Account(Id`:                 "MALFORMED_SEARCH",
		`FIND {zebra} RETURNING Account(Id) Contact`:        "MALFORMED_SEARCH",
		`FIND {zebra} RETURNING Account(Id) LIMIT 5000`:     "MALFORMED_SEARCH",
		`FIND {z}`:       "MALFORMED_SEARCH",
		`FIND zebra`:     "MALFORMED_SEARCH",
		`FIND {zebra} x`: "MALFORMED_SEARCH",
	} {
		if got := c.send("GET", "search?q="+url.QueryEscape(find), "").want(400).code(); got != code {
			t.Errorf("%s: %s, want %s", find, got, code)
		}
	}
}
