package orglink_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/orglink/orglink"
)

func TestSecretNeverShowsItself(t *testing.T) {
	const value = "5Aep861-do-not-print"
	s := orglink.NewSecret(value)
	holder := struct {
		Token orglink.Secret
		Ptr   *orglink.Secret
		inner orglink.Secret // fmt cannot call methods of unexported fields
		deep  map[string]any
	}{s, &s, s, map[string]any{"s": s}}

	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%T %v"} {
		if verb == "%T %v" {
			fmt.Fprintf(&out, verb, s, s)
			continue
		}
		fmt.Fprintf(&out, verb+verb, s, holder)
	}
	slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "secret", s, "holder", holder)
	slog.New(slog.NewTextHandler(&out, nil)).Info("x", "secret", s, "holder", holder)
	text, err := json.Marshal(map[string]any{"s": s, "h": holder})
	if err != nil {
		t.Fatal(err)
	}
	out.Write(text)
	out.WriteString(fmt.Errorf("failed with %v: %w", s, errors.New("x")).Error())
	if strings.Contains(out.String(), value) || strings.Contains(out.String(), fmt.Sprintf("%x", value)) {
		t.Errorf("the value leaked:\n%s", out.String())
	}
	if s.Reveal() != value || s != orglink.NewSecret(value) || s == orglink.NewSecret("other") {
		t.Error("the value is not the one that was wrapped")
	}
	if zero := (orglink.Secret{}); !zero.IsZero() || zero.Reveal() != "" || zero != orglink.NewSecret("") || s.IsZero() {
		t.Error("the zero Secret is not the empty one")
	}
}
