package standard

import (
	"fmt"
	"strings"

	"github.com/orglink/orglink/salesforce/salesforcetest/internal/engine"
)

// firstOf returns the first of the paths' values that is not null.
func firstOf(paths []string) func(engine.Row) string {
	return func(r engine.Row) string {
		for _, p := range paths {
			if v := r.Text(p); v != "" {
				return v
			}
		}
		return ""
	}
}

// fieldGroup expands a % line.
func fieldGroup(line string, opt Options) (string, error) {
	name, arg, _ := strings.Cut(line, " ")
	switch name {
	case "%viewed":
		return "LastViewedDate datetime ry Last Viewed Date\nLastReferencedDate datetime ry Last Referenced Date\n", nil
	case "%person":
		return "LastName string:80 cu!y Last Name @Name\nFirstName string:40 cuy First Name @Name\n" +
			"Salutation picklist:40 cuy Salutation @Name = " + salutations + "\nName string:121 r!yn Full Name\n", nil
	case "%preferences":
		var b strings.Builder
		for _, p := range strings.Fields(userPreferences) {
			fmt.Fprintf(&b, "UserPreferences%[1]s boolean cugsy %[1]s\n", p)
		}
		return b.String(), nil
	case "%address":
		return addressFields(arg, opt), nil
	case "%permissions":
		if arg == "" {
			arg = "cugsy"
		}
		var b strings.Builder
		for _, p := range systemPermissions {
			fmt.Fprintf(&b, "Permissions%s boolean %s %s\n", p.name, arg, p.label)
		}
		return b.String(), nil
	}
	return "", fmt.Errorf("unknown group %q", line)
}

// addressFields is an address and its components; prefix "-" is none. More
// flags may follow it.
func addressFields(prefix string, opt Options) string {
	prefix, flags, _ := strings.Cut(prefix, " ")
	label := prefix + " "
	if prefix == "-" {
		prefix, label = "", ""
	}
	var b strings.Builder
	for part := range strings.Lines(addressParts) {
		if strings.HasPrefix(part, "Latitude") && opt.StateCodes {
			fmt.Fprintf(&b, "%[1]sStateCode picklist:10 cuR%[4]s %[2]sState/Province Code @%[1]sAddress = %[3]s\n", prefix, label, stateCodes, flags)
			fmt.Fprintf(&b, "%[1]sCountryCode picklist:10 cuR%[4]s %[2]sCountry Code @%[1]sAddress = %[3]s\n", prefix, label, countryCodes, flags)
		}
		name, rest, _ := strings.Cut(part, " ")
		fmt.Fprintf(&b, "%s%s %s", prefix, name, strings.NewReplacer(" cu", " cu"+flags, "<", label, ">", " @"+prefix+"Address").Replace(rest))
	}
	fmt.Fprintf(&b, "%sAddress address r%s %sAddress\n", prefix, flags, label)
	return b.String()
}

const addressParts = `Street textarea:255 cu <Street>
City string:40 cu <City>
State string:80 cu <State/Province>
PostalCode string:20 cu <Zip/Postal Code>
Country string:80 cu <Country>
Latitude double:18,15 cu <Latitude>
Longitude double:18,15 cu <Longitude>
GeocodeAccuracy picklist:40 cuR <Geocode Accuracy> = ` + geocodeAccuracies + `
`
