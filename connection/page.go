package connection

import (
	"fmt"
	"html/template"
	"net/http"
	"strings"
)

// page is one of the plain default pages.
type page struct {
	Title, Text, Note string
	// Button sends the form, as the answer yes; Other, if any, as no.
	Button, Other string
	Action        string
	Hidden        []field
}

type field struct{ Name, Value string }

func writePage(w http.ResponseWriter, status int, p page) {
	var b strings.Builder
	t, err := template.New("page").Parse(pageText)
	if err == nil {
		err = t.Execute(&b, p)
	}
	if err != nil {
		http.Error(w, p.Text, status)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = fmt.Fprint(w, b.String())
}

const pageText = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{.Title}}</title>
<style>
:root{color-scheme:light dark}
body{font:16px/1.5 system-ui,sans-serif;max-width:34em;margin:12vh auto;padding:0 1em}
h1{font-size:1.5em;line-height:1.25;overflow-wrap:anywhere}
blockquote{margin:1em 0;padding:.25em 1em;border-left:4px solid #8886;white-space:pre-line;overflow-wrap:anywhere}
button{font:inherit;font-weight:600;padding:.6em 1.2em;border:1px solid #0b5cab;border-radius:6px;background:#0b5cab;color:#fff;cursor:pointer;margin:.5em .5em 0 0}
.other{background:transparent;color:inherit;border-color:#888}
:focus-visible{outline:3px solid #0b5cab;outline-offset:2px}
</style>
</head>
<body>
<h1>{{.Title}}</h1>
<p>{{.Text}}</p>
{{- if .Note}}
<blockquote>{{.Note}}</blockquote>
{{- end}}
{{- if .Button}}
<form method="post"{{if .Action}} action="{{.Action}}"{{end}}>
{{- range .Hidden}}
<input type="hidden" name="{{.Name}}" value="{{.Value}}">
{{- end}}
<button name="answer" value="yes">{{.Button}}</button>
{{- if .Other}}
<button name="answer" value="no" class="other">{{.Other}}</button>
{{- end}}
</form>
{{- end}}
</body>
</html>
`
