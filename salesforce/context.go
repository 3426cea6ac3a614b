package salesforce

import (
	"context"
	"maps"
	"net/http"
)

type headerKey struct{}

// WithHeader returns a context whose calls send more headers, such as
// Sforce-Mru or x-sfdc-packageversion-ns. They win over the client's own
// headers and over Config.Header; Request.Header wins over them. A second use
// adds to the first. Authorization cannot be set.
func WithHeader(ctx context.Context, h http.Header) context.Context {
	merged := maps.Clone(contextHeader(ctx))
	if merged == nil {
		merged = make(http.Header, len(h))
	}
	for name, values := range h {
		merged[http.CanonicalHeaderKey(name)] = append([]string(nil), values...)
	}
	return context.WithValue(ctx, headerKey{}, merged)
}

func contextHeader(ctx context.Context) http.Header {
	h, _ := ctx.Value(headerKey{}).(http.Header)
	return h
}

type interactiveKey struct{}

// Interactive returns a context whose calls a person waits for: they pass the
// floor that Config.QuotaFloor sets for background work.
func Interactive(ctx context.Context) context.Context {
	return context.WithValue(ctx, interactiveKey{}, true)
}

// IsInteractive reports whether ctx descends from Interactive.
func IsInteractive(ctx context.Context) bool {
	yes, _ := ctx.Value(interactiveKey{}).(bool)
	return yes
}
