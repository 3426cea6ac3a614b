package engine

import (
	"strings"

	"github.com/orglink/orglink/salesforce/soql"
)

// OnRead has f called before a request may read an object whose rows show what
// is kept elsewhere, such as tokens. f brings the rows up to date through the
// Org. It is not called inside transactions. OnRead is not for concurrent use
// with requests.
func (o *Org) OnRead(object string, f func()) {
	if o.onRead == nil {
		o.onRead = map[string]func(){}
	}
	o.onRead[strings.ToLower(object)] = f
}

// refresh calls what OnRead was given for the objects that a query may read.
func (o *Org) refresh(q *soql.Query, text string) {
	if len(o.onRead) == 0 {
		return
	}
	if text == "" {
		text = q.String()
	}
	text = strings.ToLower(text)
	for name, f := range o.onRead {
		if strings.Contains(text, name) {
			f()
		}
	}
}
