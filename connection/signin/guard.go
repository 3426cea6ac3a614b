package signin

import (
	"fmt"
	"io"
	"net/http"

	"github.com/orglink/orglink/salesforce"
)

// maxAnswer bounds what is read of any answer: tokens, discovery, keys.
const maxAnswer = 1 << 20

// guard lets requests go to Salesforce's hosts only, also those whose address
// came from a discovery document, and bounds every answer.
type guard struct {
	next    http.RoundTripper // nil: http.DefaultTransport
	trusted []string
}

func (g *guard) RoundTrip(r *http.Request) (*http.Response, error) {
	if _, err := salesforce.CheckURL(r.URL.Scheme+"://"+r.URL.Host, g.trusted...); err != nil {
		if r.Body != nil {
			_ = r.Body.Close()
		}
		return nil, err
	}
	next := g.next
	if next == nil {
		next = http.DefaultTransport
	}
	resp, err := next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	if r.Method == http.MethodGet && resp.StatusCode != http.StatusOK {
		// A discovery document or keys: what is not there must not look like
		// keys that do not fit, nor get into a message.
		_ = resp.Body.Close()
		return nil, fmt.Errorf("HTTP status %d", resp.StatusCode)
	}
	resp.Body = struct {
		io.Reader
		io.Closer
	}{io.LimitReader(resp.Body, maxAnswer), resp.Body}
	return resp, nil
}
