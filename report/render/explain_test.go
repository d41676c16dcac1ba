package render

import (
	"bytes"
	"strings"
	"testing"
)

func TestExplanationsText(t *testing.T) {
	t.Parallel()
	_, list, _ := pageOf(t, "taobao-double11")
	for _, e := range list {
		if e.Field != "demand.busy_mean_qps" {
			continue
		}
		for _, width := range []int{0, 40} {
			var out bytes.Buffer
			if err := Explanations(&out, list[:20], Style{Width: width}); err != nil {
				t.Fatal(err)
			}
			for line := range strings.Lines(out.String()) {
				if n := visible(strings.TrimSuffix(line, "\n")); n > (Style{Width: width}).width() {
					t.Errorf("width %d: a line of %d columns: %s", width, n, line)
				}
			}
			text := strings.Join(strings.Fields(out.String()), " ")
			for _, want := range []string{"demand.busy_mean_qps = 2666.6667 1/s", "busy_share * users * active * actions / busy_window",
				"0.8 * 10000000 * 0.2 * 30 / 18000 = 2666.6667", "source", "error", "assumed"} {
				if !strings.Contains(text, want) {
					t.Errorf("width %d: no %q in\n%s", width, want, out.String())
				}
			}
		}
	}
}

func TestExplanationsDocument(t *testing.T) {
	t.Parallel()
	p, list, _ := pageOf(t, "kuaishou-live-drop")
	var out bytes.Buffer
	if err := ExplanationsMarkdown(&out, p, list); err != nil {
		t.Fatal(err)
	}
	for _, e := range list {
		if !strings.Contains(out.String(), code(e.Filled)) {
			t.Errorf("the document lacks %s", e.Field)
		}
	}
	if n := strings.Count(out.String(), "\n## services.live.cpu\\_cores\n"); n != 1 {
		t.Errorf("the six figures of an estimate have %d headings, wanted one", n)
	}
}
