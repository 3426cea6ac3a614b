package connection

import (
	"fmt"
	"html/template"
	"net/http"
	"strings"
)

// page is one of the plain default pages.
type page struct {
	Title, Text, Button string
	Hidden              []field
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
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:34em;margin:15vh auto;padding:0 1em}button{font:inherit;padding:.5em 1em}</style>
</head>
<body>
<h1>{{.Title}}</h1>
<p>{{.Text}}</p>
{{- if .Button}}
<form method="post">
{{- range .Hidden}}
<input type="hidden" name="{{.Name}}" value="{{.Value}}">
{{- end}}
<button>{{.Button}}</button>
</form>
{{- end}}
</body>
</html>
`
