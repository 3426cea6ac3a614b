package mapping

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/orglink/orglink/salesforce/sobject"
)

// convert makes a host value one that the field takes, or says why not.
func (f *compiled) convert(x any) (sobject.Value, error) {
	if t, ok := x.(*time.Time); ok && t != nil {
		x = *t
	}
	if t, ok := x.(time.Time); ok && f.field.Type == sobject.TypeDate {
		// The day in the host's own zone: converting to UTC first would move
		// evenings and mornings to another day.
		return f.day(sobject.DateOf(t), nil)
	}
	if list, ok := x.([]string); ok && list != nil {
		return f.choices(list)
	}
	v, err := valueOf(x)
	if err != nil {
		return v, err
	}
	if v.Kind() == sobject.Text {
		if v, err = f.transform(v.Raw()); err != nil {
			return v, err
		}
	}
	if v.IsNull() {
		return f.null()
	}
	return f.typed(v)
}

func (f *compiled) null() (sobject.Value, error) {
	switch {
	case f.fallback != nil:
		return *f.fallback, nil
	case f.field.Type == sobject.TypeBoolean:
		return sobject.Value{}, fmt.Errorf("a checkbox cannot be cleared; write false, leave the key out, or set a default")
	case !f.field.Nillable && !f.field.DefaultedOnCreate && f.path == "":
		return sobject.Value{}, fmt.Errorf("the field is required and the row has no value for it; fill it or set a default")
	}
	return sobject.NullValue(), nil
}

func (f *compiled) transform(s string) (sobject.Value, error) {
	for _, name := range f.Transforms {
		switch name {
		case TransformTrim:
			s = strings.TrimSpace(s)
		case TransformCollapse:
			s = strings.Join(strings.Fields(s), " ")
		case TransformLower:
			s = strings.ToLower(s)
		case TransformUpper:
			s = strings.ToUpper(s)
		}
	}
	if s == "" || f.Picklist == nil {
		return text(s), nil
	}
	to, ok := f.Picklist[s]
	if !ok {
		return sobject.Value{}, fmt.Errorf("the map does not translate %q; add it to the picklist translation", clip(s))
	}
	return text(to), nil
}

// choices joins the values of a multi-select picklist.
func (f *compiled) choices(list []string) (sobject.Value, error) {
	if f.field.Type != sobject.TypeMultiPicklist {
		return sobject.Value{}, fmt.Errorf("a list is written to a multi-select picklist only, and the field is of type %s", f.field.Type)
	}
	var out []string
	for _, s := range list {
		v, err := f.transform(s)
		if err != nil {
			return v, err
		}
		if strings.Contains(v.Raw(), ";") {
			return v, fmt.Errorf("the choice %q holds the separator ;", clip(s))
		}
		if !v.IsNull() {
			out = append(out, v.Raw())
		}
	}
	if len(out) == 0 {
		return f.null()
	}
	return f.typed(sobject.TextValue(strings.Join(out, ";")))
}

// typed checks a value that is not null against the field's type, because
// Salesforce takes the type of a JSON value as it is.
func (f *compiled) typed(v sobject.Value) (sobject.Value, error) {
	switch t := f.field.Type; {
	case v.Kind() == sobject.Nested, v.Kind() == sobject.Children, v.Kind() == sobject.JSON:
		return v, fmt.Errorf("a nested value cannot be written to a field")
	case t == sobject.TypeBoolean:
		b, err := v.Bool()
		return sobject.BoolValue(b), err
	case t.Numeric():
		return f.number(v)
	case t == sobject.TypeDate:
		return f.day(sobject.ParseDate(v.Raw()))
	case t == sobject.TypeDateTime:
		at, err := sobject.ParseDateTime(v.Raw())
		if err == nil {
			err = inRange(at.Year())
		}
		return sobject.DateTimeValue(at), err
	case t == sobject.TypeID || t == sobject.TypeReference:
		id, err := sobject.ParseID(v.Raw())
		return sobject.IDValue(id), err
	case t == sobject.TypeTime || t == sobject.TypeBase64:
		return sobject.TextValue(v.Raw()), nil
	}
	return f.text(v.Raw())
}

func (f *compiled) day(d sobject.Date, err error) (sobject.Value, error) {
	if err == nil {
		err = inRange(d.Year)
	}
	return sobject.DateValue(d), err
}

// inRange refuses years that Salesforce does not store; the zero time.Time is
// the usual one.
func inRange(year int) error {
	if year < 1700 || year > 4000 {
		return fmt.Errorf("the year %d is outside of what Salesforce stores (1700 to 4000); write nil for no date", year)
	}
	return nil
}

func (f *compiled) number(v sobject.Value) (sobject.Value, error) {
	digits, err := v.Decimal()
	if err != nil {
		return v, fmt.Errorf("%q is not a number", clip(v.Raw()))
	}
	if v, err = sobject.NumberValue(digits); err != nil {
		return v, err
	}
	whole, frac, _ := strings.Cut(strings.TrimPrefix(v.Canonical(), "-"), ".")
	if t := f.field.Type; (t == sobject.TypeInt || t == sobject.TypeLong) && frac != "" {
		return v, fmt.Errorf("%s is not a whole number", clip(digits))
	}
	if most := f.field.Precision - f.field.Scale; f.field.Precision > 0 && whole != "0" && len(whole) > most {
		return v, fmt.Errorf("%s has %d digits before the point, the field takes %d", clip(digits), len(whole), most)
	}
	if t := f.field.Type; t == sobject.TypeInt {
		if _, err := strconv.ParseInt(v.Canonical(), 10, 32); err != nil {
			return v, fmt.Errorf("%s does not fit into a whole number of 32 bits", clip(digits))
		}
	}
	return v, nil
}

func (f *compiled) text(s string) (sobject.Value, error) {
	if !utf8.ValidString(s) {
		return sobject.Value{}, fmt.Errorf("the text is not UTF-8")
	}
	switch f.field.Type {
	case sobject.TypePicklist, sobject.TypeMultiPicklist:
		if !f.field.RestrictedPicklist {
			break
		}
		for choice := range strings.SplitSeq(s, ";") {
			if f.field.Type == sobject.TypePicklist {
				choice = s
			}
			if !slices.Contains(f.active, choice) {
				return sobject.Value{}, fmt.Errorf("%q is no active value of the restricted picklist; translate it in the map, or have an admin add it", clip(choice))
			}
		}
		return sobject.TextValue(s), nil
	}
	if most := f.field.Length; most > 0 && utf8.RuneCountInString(s) > most {
		if f.Long != LongTruncate {
			return sobject.Value{}, fmt.Errorf("the text has %d characters, the field takes %d; shorten it, or let the map truncate", utf8.RuneCountInString(s), most)
		}
		s = strings.TrimRight(string([]rune(s)[:most]), " \t\r\n")
	}
	return text(s), nil
}

// clip keeps a customer's long texts out of messages.
func clip(s string) string {
	r := []rune(s)
	if len(r) <= 40 {
		return s
	}
	return string(r[:40]) + "..."
}
