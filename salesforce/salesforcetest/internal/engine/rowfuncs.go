package engine

import (
	"math"
	"strings"
	"time"

	"github.com/orglink/orglink/salesforce/sobject"
	"github.com/orglink/orglink/salesforce/soql"
)

// rowFunc resolves a function of a row that stands in WHERE, GROUP BY or ORDER
// BY: a date function, toLabel or DISTANCE.
func (c *compiler) rowFunc(fn soql.Func) (operand[*version], *Error) {
	switch strings.ToUpper(fn.Name) {
	case "DISTANCE":
		return c.distance(fn)
	case "TOLABEL":
		return c.labelOperand(fn)
	case "CONVERTCURRENCY":
		return operand[*version]{}, c.complain("MALFORMED_QUERY", fn.Name, "", "convertCurrency() can only be used in the SELECT clause")
	}
	f, k, ok := dateFunc(fn.Name)
	if !ok || len(fn.Args) != 1 {
		return operand[*version]{}, c.complain("INVALID_FIELD", fn.Name, "", "unknown function "+fn.Name)
	}
	arg, loc := fn.Args[0], time.UTC
	if inner, isFunc := arg.(soql.Func); isFunc && strings.EqualFold(inner.Name, "convertTimezone") && len(inner.Args) == 1 {
		arg, loc = inner.Args[0], c.env.loc
	}
	in, err := c.rowOperand(arg)
	if err != nil {
		return in, err
	}
	if in.kind != kindDate && in.kind != kindDateTime {
		return in, c.complain("INVALID_FIELD", fn.Name, "", "field '"+in.name+"' does not support date function "+fn.Name)
	}
	return operand[*version]{kind: k, name: fn.Name + "(" + in.name + ")", token: fn.Name, typ: sobject.TypeInt, value: func(v *version) string {
		s := in.value(v)
		if s == "" {
			return ""
		}
		return f(parseStamp(s).In(loc))
	}}, nil
}

// labelOperand is toLabel(field) as WHERE and GROUP BY may have it.
func (c *compiler) labelOperand(fn soql.Func) (operand[*version], *Error) {
	if len(fn.Args) != 1 {
		return operand[*version]{}, malformed("toLabel takes one field")
	}
	in, err := c.rowOperand(fn.Args[0])
	if err != nil {
		return in, err
	}
	var f *field
	if in.p != nil {
		f = in.p.shape
	}
	out := in
	out.name, out.token, out.p = "toLabel("+in.name+")", fn.Name, nil
	out.value = func(v *version) string { return f.label(in.value(v)) }
	return out, nil
}

// distance is DISTANCE(location, GEOLOCATION(lat, lon), 'mi'): the way over the
// earth's surface, by the haversine formula ("Location-Based SOQL Queries").
func (c *compiler) distance(fn soql.Func) (operand[*version], *Error) {
	bad := func(text string) (operand[*version], *Error) {
		return operand[*version]{}, c.complain("MALFORMED_QUERY", fn.Name, "", text)
	}
	if len(fn.Args) != 3 {
		return bad("DISTANCE takes two locations and a unit")
	}
	unit, ok := fn.Args[2].(soql.Value)
	radius := map[string]float64{"mi": 3958.7613, "km": 6371.0088}[unit.Text]
	if !ok || unit.Kind != soql.StringLiteral || radius == 0 {
		return bad("Invalid distance unit: " + unit.Text + ". Valid unit: 'mi' or 'km'")
	}
	var at [2]func(v *version) (lat, lon float64, ok bool)
	for i := range at {
		var err *Error
		if at[i], err = c.place(fn.Args[i]); err != nil {
			return operand[*version]{}, err
		}
	}
	return operand[*version]{kind: kindNumber, name: "DISTANCE", token: fn.Name, typ: sobject.TypeDouble, distance: true, value: func(v *version) string {
		lat1, lon1, ok1 := at[0](v)
		lat2, lon2, ok2 := at[1](v)
		if !ok1 || !ok2 {
			return ""
		}
		return formatNumber(radius*angle(lat1, lon1, lat2, lon2), sobject.TypeDouble, -1)
	}}, nil
}

// angle is the angle between two places on a sphere, in radians.
func angle(lat1, lon1, lat2, lon2 float64) float64 {
	const rad = math.Pi / 180
	s, t := math.Sin((lat2-lat1)*rad/2), math.Sin((lon2-lon1)*rad/2)
	return 2 * math.Asin(math.Min(1, math.Sqrt(s*s+math.Cos(lat1*rad)*math.Cos(lat2*rad)*t*t)))
}

// place reads a location or address field, or GEOLOCATION(lat, lon).
func (c *compiler) place(arg soql.Operand) (func(v *version) (lat, lon float64, ok bool), *Error) {
	switch x := arg.(type) {
	case soql.Func:
		if !strings.EqualFold(x.Name, "GEOLOCATION") || len(x.Args) != 2 {
			break
		}
		var at [2]float64
		for i, a := range x.Args {
			v, ok := a.(soql.Value)
			if !ok || v.Kind != soql.NumberLiteral {
				return nil, c.complain("MALFORMED_QUERY", x.Name, "", "GEOLOCATION takes two numbers")
			}
			at[i] = parseNumber(v.Text)
		}
		if math.Abs(at[0]) > 90 || math.Abs(at[1]) > 180 {
			return nil, c.complain("MALFORMED_QUERY", x.Name, "", "Invalid latitude or longitude")
		}
		return func(*version) (float64, float64, bool) { return at[0], at[1], true }, nil
	case soql.Path:
		p, err := c.resolve(string(x))
		if err != nil {
			return nil, err
		}
		if p.shape == nil || p.shape.kind != kindCompound || p.shape.parts == nil || p.leaf == nil {
			break
		}
		var parts [2]*field
		for i, key := range p.shape.parts.keys {
			switch key {
			case "latitude":
				parts[0] = p.shape.parts.fields[i]
			case "longitude":
				parts[1] = p.shape.parts.fields[i]
			}
		}
		if parts[0] == nil || parts[1] == nil {
			break
		}
		e := c.env
		return func(v *version) (float64, float64, bool) {
			for _, s := range p.steps {
				if v = e.parent(v, s); v == nil {
					return 0, 0, false
				}
			}
			lat, lon := e.read(v, parts[0]), e.read(v, parts[1])
			return parseNumber(lat), parseNumber(lon), lat != "" && lon != ""
		}, nil
	}
	return nil, c.complain("MALFORMED_QUERY", "DISTANCE", "", "DISTANCE takes a location field and GEOLOCATION()")
}
