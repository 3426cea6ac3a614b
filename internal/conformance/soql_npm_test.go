package conformance

import (
	"bytes"
	"encoding/json"
	"os/exec"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/orglink/orglink/salesforce/soql"
)

// TestSOQLAgainstAnIndependentParser compares what soql.Parse accepts and
// refuses with soql-parser-js, from npm. For statements that both accept, the
// other parser must also read the printed form as it reads the original. It
// needs node, npm and the npm registry (or npm's cache); without them it is
// skipped, or fails when ORGLINK_REQUIRE_NODE is set.
func TestSOQLAgainstAnIndependentParser(t *testing.T) {
	var texts []string
	texts = append(append(texts, soqlAccepted...), soqlRefused...)
	for _, d := range soqlDifferences {
		texts = append(texts, d.texts...)
	}
	printed := make([]string, len(texts))
	for i, text := range texts {
		if q, err := soql.Parse(text); err == nil {
			printed[i] = q.String()
		}
	}
	answers := parseWithNode(t, append(slices.Clone(texts), printed...))
	theirs := make(map[string]nodeParse, len(texts))
	for i, text := range texts {
		theirs[text] = answers[i]
		again := answers[len(texts)+i]
		if printed[i] == "" || !answers[i].OK {
			continue
		}
		if !again.OK {
			t.Errorf("%s\nprints as %s\nwhich soql-parser-js refuses: %s", text, printed[i], again.Error)
		} else if !reflect.DeepEqual(canonical(answers[i].Tree), canonical(again.Tree)) {
			t.Errorf("%s\nprints as %s\nwhich soql-parser-js reads otherwise:\n%v\n%v", text, printed[i], answers[i].Tree, again.Tree)
		}
	}
	check := func(text string, orglink, other bool) {
		t.Helper()
		_, err := soql.Parse(text)
		if (err == nil) != orglink {
			t.Errorf("%q: soql.Parse says %v, want accepted %v", text, err, orglink)
		}
		if theirs[text].OK != other {
			t.Errorf("%q: soql-parser-js accepts %v (%s), want %v", text, theirs[text].OK, theirs[text].Error, other)
		}
	}
	for _, text := range soqlAccepted {
		check(text, true, true)
	}
	for _, text := range soqlRefused {
		check(text, false, false)
	}
	for _, d := range soqlDifferences {
		for _, text := range d.texts {
			check(text, d.orglink, !d.orglink)
		}
	}
}

// nodeParse is what the other parser made of one statement.
type nodeParse struct {
	OK    bool           `json:"ok"`
	Error string         `json:"error"`
	Tree  map[string]any `json:"tree"`
}

// parseWithNode runs soql-parser-js over statements.
func parseWithNode(t *testing.T, texts []string) []nodeParse {
	t.Helper()
	dir := nodeFolder(t, "soql")
	input, err := json.Marshal(texts)
	if err != nil {
		t.Fatal(err)
	}
	var out, complaints bytes.Buffer
	node := exec.CommandContext(t.Context(), "node", "parse.js")
	node.Dir, node.Stdin, node.Stdout, node.Stderr = dir, bytes.NewReader(input), &out, &complaints
	if err := node.Run(); err != nil {
		t.Fatalf("node parse.js: %v\n%s", err, complaints.String())
	}
	var answers []nodeParse
	if err := json.Unmarshal(out.Bytes(), &answers); err != nil || len(answers) != len(texts) {
		t.Fatalf("%d answers for %d statements: %v", len(answers), len(texts), err)
	}
	return answers
}

// canonical takes from the other parser's tree what differs in spelling only:
// parentheses without meaning, ASC where nothing else was said, the case of
// keywords, the form of a literal.
func canonical(tree any) any {
	switch v := tree.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for key, value := range v {
			switch {
			case key == "openParen" || key == "closeParen" || key == "rawValue" || key == "literalType":
			case key == "order" && value == "ASC":
			case key == "operator" && value == "<>":
				out[key] = "!="
			case key == "value" || key == "operator" || key == "functionName" || key == "fn" || key == "usingScope" || key == "dateLiteralVariable":
				out[key] = canonicalText(value)
			default:
				out[key] = canonical(value)
			}
		}
		if len(out) == 0 {
			return nil // left of a NOT, where only a parenthesis stood
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, value := range v {
			out[i] = canonical(value)
		}
		return out
	}
	return tree
}

func canonicalText(value any) any {
	text, ok := value.(string)
	if !ok {
		return canonical(value)
	}
	if strings.HasPrefix(text, "'") {
		return strings.NewReplacer(`\"`, `"`, `\t`, "\t").Replace(text)
	}
	return strings.ToUpper(text)
}
