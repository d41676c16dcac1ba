package render

import (
	"bytes"
	"encoding/xml"
	"io"
	"strings"
	"testing"
	"unicode"

	"pgregory.net/rapid"

	"fsctl/report"
)

// failing is a report of a step with samples.
func failing(samples ...report.Sample) *report.Report {
	return &report.Report{Verdict: report.Fail, ExitCode: 99, Reason: "every request failed", Ended: "completed", Steps: []report.Step{{Name: "order", Requests: 4, Errors: 4, Samples: samples}}}
}

func TestSamplesAreShownInEveryForm(t *testing.T) {
	t.Parallel()
	r := failing(
		report.Sample{Kind: "status", Reason: "status 404, wanted 200", AtSeconds: 0.25, Method: "GET", URL: "/x", RequestHeaders: []string{"A: b"}, StatusLine: "HTTP/1.1 404 Not Found", Headers: []string{"Content-Type: text/html"},
			Body: "<html>gone</html>", BodyBytes: 100_000, Redacted: 2},
		report.Sample{Kind: "status", Reason: "status 500, wanted 200", StatusLine: "HTTP/1.1 500 Oops"},
		report.Sample{Kind: "refused", Reason: "refused: connect: connection refused", Method: "GET", URL: "/y"},
		report.Sample{Kind: "reset", Reason: "reset", Method: "GET", URL: "/z"}, report.Sample{Kind: "timeout", Reason: "timeout", Method: "GET", URL: "/never"})
	for name, write := range map[string]func(io.Writer) error{
		"table":    func(w io.Writer) error { return Report(w, r, Style{Width: 80}) },
		"Markdown": func(w io.Writer) error { return Markdown(w, r) },
		"JUnit":    func(w io.Writer) error { return JUnit(w, r) },
	} {
		var out bytes.Buffer
		if err := write(&out); err != nil {
			t.Fatal(err)
		}
		text := strings.NewReplacer("&gt;", ">", "&lt;", "<").Replace(out.String())
		for _, want := range []string{"order: status 404, wanted 200 (250 ms after T0, body of 100 kB, 2 values redacted)", "> GET /x", "> A: b", "< HTTP/1.1 404 Not Found", "< Content-Type: text/html", "< <html>gone</html>",
			"refused: connect: connection refused", "> GET /z"} {
			if !strings.Contains(strings.Join(strings.Fields(text), " "), want) {
				t.Errorf("%s lacks %q:\n%s", name, want, out.String())
			}
		}
		if strings.Contains(text, "Oops") || strings.Contains(text, "/never") {
			t.Errorf("%s shows two of a kind, or more than three:\n%s", name, out.String())
		}
	}
}

// TestNoSampleBreaksAForm shows samples whose texts are anything at all.
func TestNoSampleBreaksAForm(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"]]>", "```\n</details>\n# big", "````", "~~~", "</summary></details><script>", "\x1b[2J", "\u202e", strings.Repeat("long", 300), "a | b", "&amp;"}))
		s := report.Sample{Kind: text.Draw(t, "kind"), Reason: text.Draw(t, "reason"), Method: "GET", URL: text.Draw(t, "url"), StatusLine: text.Draw(t, "line"), Headers: []string{text.Draw(t, "header")}, Body: text.Draw(t, "body")}
		r := failing(s)
		var table, page, junit bytes.Buffer
		for _, err := range []error{Report(&table, r, Style{Width: 60}), Markdown(&page, r), JUnit(&junit, r)} {
			if err != nil {
				t.Fatal(err)
			}
		}
		for line := range strings.Lines(table.String()) {
			if line = strings.TrimSuffix(line, "\n"); visible(line) > 60 || strings.IndexFunc(line, unicode.IsControl) >= 0 {
				t.Fatalf("%q is too wide, or steers a terminal", line)
			}
		}
		if err := xml.Unmarshal(junit.Bytes(), new(junitSuites)); err != nil {
			t.Fatalf("no XML: %v", err)
		}
		_, block, _ := strings.Cut(page.String(), "</summary>\n\n")
		fence, rest, _ := strings.Cut(block, "\n")
		if n := strings.Count(rest, "\n"+fence+"\n"); strings.Trim(fence, "`") != "" || len(fence) < 3 || n != 1 || !strings.HasSuffix(strings.SplitN(rest, "\n"+fence+"\n", 2)[1], "\n</details>\n") {
			t.Fatalf("the block is broken:\n%s", page.String())
		}
		if strings.Count(page.String(), "<details>") != 1 && !strings.Contains(s.Body+s.URL+s.StatusLine+s.Headers[0], "<details>") || strings.Contains(strings.SplitN(page.String(), "\n"+fence, 2)[0], "<script>") {
			t.Fatalf("the block is broken:\n%s", page.String())
		}
	})
}
