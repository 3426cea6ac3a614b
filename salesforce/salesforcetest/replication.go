package salesforcetest

import (
	"net/http"
	"strings"
	"time"

	"github.com/orglink/orglink/salesforce/sobject"
)

const stampForm = "2006-01-02T15:04:05.000+0000"

func stamp(t time.Time) string { return t.UTC().Format(stampForm) }

// window reads the start and end of getUpdated and getDeleted.
func (c *call) window() (start, end time.Time, refused *answer) {
	for _, p := range []struct {
		name string
		at   *time.Time
	}{{"start", &start}, {"end", &end}} {
		// A plus sign that was not escaped arrives as a blank.
		text := strings.ReplaceAll(c.query.Get(p.name), " ", "+")
		t, err := sobject.ParseDateTime(text)
		if err != nil {
			a := failure(http.StatusBadRequest, "INVALID_REPLICATION_DATE", "The "+p.name+" date is missing or malformed: "+text)
			return start, end, &a
		}
		*p.at = t
	}
	return start, end, nil
}

func (c *call) updated() answer {
	o, refused := c.object()
	if refused != nil {
		return *refused
	}
	start, end, refused := c.window()
	if refused != nil {
		return *refused
	}
	ids, latest, err := c.s.org.Updated(c.user, o.Name, start, end)
	if err != nil {
		return c.refusal(err)
	}
	if ids == nil {
		ids = []sobject.ID{}
	}
	return jsonAnswer(http.StatusOK, struct {
		IDs    []sobject.ID `json:"ids"`
		Latest string       `json:"latestDateCovered"`
	}{ids, stamp(latest)})
}

func (c *call) deleted() answer {
	o, refused := c.object()
	if refused != nil {
		return *refused
	}
	start, end, refused := c.window()
	if refused != nil {
		return *refused
	}
	rows, earliest, latest, err := c.s.org.Deleted(c.user, o.Name, start, end)
	if err != nil {
		return c.refusal(err)
	}
	type gone struct {
		ID   string `json:"id"`
		Date string `json:"deletedDate"`
	}
	out := struct {
		Records  []gone `json:"deletedRecords"`
		Earliest string `json:"earliestDateAvailable"`
		Latest   string `json:"latestDateCovered"`
	}{[]gone{}, stamp(earliest), stamp(latest)}
	for _, d := range rows {
		out.Records = append(out.Records, gone{string(d.ID), stamp(d.Date)})
	}
	return jsonAnswer(http.StatusOK, out)
}
