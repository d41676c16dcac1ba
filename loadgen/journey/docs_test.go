package journey

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"fsctl/scenarios/template"
)

// TestFunctionsInTheManual renders the example of every function in docs/requests.md. What is drawn or of the clock must look alike.
func TestFunctionsInTheManual(t *testing.T) {
	manual := must(os.ReadFile("../../docs/requests.md"))
	_, table, _ := strings.Cut(string(manual), "### Functions")
	table, _, _ = strings.Cut(table, "Arguments are")
	alike := regexp.MustCompile(`[0-9]|[A-Za-z]`)
	shown := map[string]bool{}
	for _, row := range regexp.MustCompile("(?m)^\\|[^|]*\\| `(\\$\\{([a-z0-9.]+).*?\\})` \\| `(.*)` \\|$").FindAllStringSubmatch(table, -1) {
		example, name, want := row[1], row[2], row[3]
		shown[name] = true
		got := valueOf(t, example, holding(1, 0, "x"))
		switch name {
		case template.UUID, template.RandomInt, template.RandomText, template.NowUnix, template.NowMillis, template.NowISO:
			if name != template.NowISO {
				got, want = alike.ReplaceAllString(got, "x"), alike.ReplaceAllString(want, "x")
			}
			if len(got) != len(want) || name != template.NowISO && got != want {
				t.Errorf("%s gives %q, the manual says %q", example, got, want)
			}
		case template.RandomPick:
			if !strings.Contains(example, "'"+got+"'") || !strings.Contains(example, "'"+want+"'") {
				t.Errorf("%s gives %q, the manual says %q", example, got, want)
			}
		default:
			if got != want {
				t.Errorf("%s gives %q, the manual says %q", example, got, want)
			}
		}
	}
	for _, name := range template.Functions() {
		if !shown[name] {
			t.Errorf("%s is not in the table of functions in docs/requests.md", name)
		}
	}
	// the signature below the table
	_, signature, _ := strings.Cut(string(manual), `X-Signature: "`)
	signature, _, _ = strings.Cut(signature, `"`)
	if got := valueOf(t, signature, holding(1, 0, "x")); len(got) != 64 {
		t.Errorf("%s gives %q", signature, got)
	}
}
