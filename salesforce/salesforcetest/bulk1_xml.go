package salesforcetest

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"

	"github.com/orglink/orglink/salesforce/sobject"
)

// xmlRecords reads a batch of XML: <sObjects><sObject><Name>A</Name>...
// xsi:nil="true" makes a null; a parent is <Rel><sObject><Key>...
func xmlRecords(object string, body []byte) ([]sobject.Record, string) {
	d := xml.NewDecoder(bytes.NewReader(body))
	var recs []sobject.Record
	for {
		tok, err := d.Token()
		switch {
		case errors.Is(err, io.EOF):
			return recs, ""
		case err != nil:
			return nil, "InvalidBatch : Failed to parse XML content"
		}
		start, ok := tok.(xml.StartElement)
		if !ok || start.Name.Local == "sObjects" {
			continue
		}
		if start.Name.Local != "sObject" {
			return nil, "InvalidBatch : Failed to parse XML content"
		}
		rec, err := xmlRecord(d, object, 0)
		if err != nil {
			return nil, "InvalidBatch : Failed to parse XML content"
		}
		recs = append(recs, rec)
	}
}

var errXML = errors.New("malformed XML")

// xmlRecord reads what stands inside of an sObject element.
func xmlRecord(d *xml.Decoder, object string, depth int) (sobject.Record, error) {
	rec := sobject.NewRecord(object)
	if depth > 5 {
		return rec, errXML
	}
	for {
		tok, err := d.Token()
		if err != nil {
			return rec, err
		}
		switch t := tok.(type) {
		case xml.EndElement:
			return rec, nil
		case xml.StartElement:
			v, err := xmlValue(d, t, depth)
			if err != nil {
				return rec, err
			}
			if strings.EqualFold(t.Name.Local, "type") && depth > 0 {
				rec = sobject.NewRecord(v.Raw(), fieldsOf(rec)...)
				continue
			}
			rec = rec.With(sobject.F(t.Name.Local, v))
		}
	}
}

func fieldsOf(rec sobject.Record) (out []sobject.Field) {
	for name, v := range rec.Fields() {
		out = append(out, sobject.F(name, v))
	}
	return out
}

func xmlValue(d *xml.Decoder, start xml.StartElement, depth int) (sobject.Value, error) {
	null := false
	for _, a := range start.Attr {
		null = null || a.Name.Local == "nil" && a.Value == "true"
	}
	var text strings.Builder
	for {
		tok, err := d.Token()
		if err != nil {
			return sobject.Value{}, err
		}
		switch t := tok.(type) {
		case xml.CharData:
			text.Write(t)
		case xml.StartElement:
			if t.Name.Local != "sObject" {
				return sobject.Value{}, errXML
			}
			parent, err := xmlRecord(d, "", depth+1)
			if err != nil {
				return sobject.Value{}, err
			}
			if err := d.Skip(); err != nil { // to the end of the relationship
				return sobject.Value{}, err
			}
			return sobject.RecordValue(parent), nil
		case xml.EndElement:
			if null && text.Len() == 0 {
				return sobject.NullValue(), nil
			}
			return sobject.TextValue(text.String()), nil
		}
	}
}
