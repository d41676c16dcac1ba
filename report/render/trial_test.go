package render

import (
	"bytes"
	"io"
	"regexp"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/diff"

	"fsctl/loadgen/try"
)

// sampleTrial is a trial that failed at its second request.
func sampleTrial() *try.Result {
	return &try.Result{Scenario: "live-drop", Target: "http://127.0.0.1:8080", Journey: "buyer", User: 7, Seed: 1,
		Notes: []string{"step order is a transaction: what it orders at the target is a real order"},
		Steps: []try.Step{
			{Number: 1, Step: "login", Request: try.Request{Method: "POST", URL: "http://127.0.0.1:8080/login", Headers: []string{"Host: 127.0.0.1:8080", "Content-Type: application/json"}, Body: try.Body{Text: "{\n  \"user\": \"u7\"\n}", Bytes: 12}},
				Answer:     try.Answer{StatusLine: "HTTP/1.1 200 OK", Status: 200, Headers: []string{"Set-Cookie: sid=(redacted); Path=/"}, Body: try.Body{Text: "{\n  \"token\": \"(redacted)\"\n}", Bytes: 24}, WaitingSeconds: 0.011, TookSeconds: 0.012, Redirects: 2, RedirectedTo: "GET /home"},
				Connection: try.Connection{Opened: true, Seconds: 0.003, TLSSeconds: 0.002}, Extracted: []try.Extracted{{Variable: "token", From: "json:$.token", Value: "(redacted)", OK: true}, {Variable: "voucher", From: "json:$.voucher", Found: "no $.voucher", Optional: true}},
				Outcome: "ok", Redacted: 2},
			{Number: 2, Step: "order", Transaction: true, Wait: try.Wait{Seconds: 3, Kind: try.Thinking}, Request: try.Request{Method: "POST", URL: "http://127.0.0.1:8080/orders"},
				Answer:     try.Answer{StatusLine: "HTTP/1.1 500 Internal Server Error", Status: 500, Body: try.Body{Text: "stack trace\n    at line 1", Bytes: 123456, Cut: true}, TookSeconds: 0.25, Resent: 1},
				Counted:    []try.Counted{{Counter: "refused", From: "status == 500", Added: 1}, {Counter: "risk_checks", From: "json:$.risk", Added: 0.25}},
				Connection: try.Connection{Reused: true}, Extracted: []try.Extracted{{Variable: "order_id", From: "json:$.order_id", Found: "a body that is not JSON"}},
				Checks:  []try.Check{{Check: "status in 200,409", Found: "status 500"}, {Check: "body contains stack", Held: true}},
				Outcome: "failed", Failed: true, Reason: "check: status in 200,409", Wanted: "status in 200,409", Found: "status 500"},
			{Number: 3, Step: "status", Wait: try.Wait{Seconds: 0.5, Kind: try.Polling, Waited: true}, Request: try.Request{Method: "GET", URL: "http://127.0.0.1:8080/status"},
				Answer: try.Answer{Error: "read tcp 127.0.0.1:1: i/o timeout", Class: "timeout", TookSeconds: 30}, Connection: try.Connection{Reused: true}, Outcome: "error", Failed: true, Reason: "timeout"},
			{Number: 4, Step: "image", Wait: try.Wait{Seconds: 0.5, Kind: try.Repeating}, Request: try.Request{Method: "GET", URL: "http://127.0.0.1:8080/image"},
				Answer: try.Answer{StatusLine: "HTTP/1.1 200 OK", Status: 200, Body: try.Body{Binary: true, Bytes: 2300}, TookSeconds: 0.001}, Connection: try.Connection{Opened: true, Seconds: 0.001}, Outcome: "placed"},
		},
		Ended:   try.Ended{How: try.Finished, Message: "the user finished the journey"},
		Failure: &try.Failure{Number: 2, Step: "order", Why: "check status in 200,409 failed: found status 500"}, ExitCode: 1}
}

// nastyTrial has texts as no one should have them.
func nastyTrial() *try.Result {
	r := sampleTrial()
	long := strings.Repeat("抢购x", 60)
	r.Scenario, r.Journey, r.Target = long, "a\x1b[31mb\nc", long
	r.Notes = append(r.Notes, long, "")
	s := &r.Steps[1]
	s.Step, s.Request.URL, s.Answer.StatusLine = long, long+strings.Repeat("a b", 99), "\x1b[2J"+long
	s.Answer.Text = strings.Repeat(" ", 70) + "x" + long + "\n```\n</details>\x00"
	s.Answer.Headers = []string{strings.Repeat("h", 300), ""}
	s.Checks = append(s.Checks, try.Check{Check: long, Found: long})
	r.Steps = append(r.Steps, try.Step{})
	r.Ended.Message, r.Failure.Why = long, "\t"+long
	return r
}

// trialText is what people see of a trial.
func trialText(t testing.TB, r *try.Result, s Style) string {
	return text(t, func(w io.Writer) error {
		if err := TrialBegins(w, r, s); err != nil {
			return err
		}
		for i := range r.Steps {
			v := &r.Steps[i]
			if v.Wait.Seconds > 0 {
				if err := TrialWaits(w, v, s); err != nil {
					return err
				}
			}
			if err := TrialSends(w, v, s); err != nil {
				return err
			}
			if err := TrialAnswers(w, v, s); err != nil {
				return err
			}
		}
		return TrialEnds(w, r, s)
	})
}

// A trial is readable at any width, in any colour, and whatever the target says.
func TestTrialFitsTheTerminal(t *testing.T) {
	escape := regexp.MustCompile("\x1b\\[[0-9;]*m")
	for _, width := range []int{30, 40, 80, 120} {
		for name, r := range map[string]*try.Result{"sample": sampleTrial(), "nasty": nastyTrial(), "empty": {}} {
			got := trialText(t, r, Style{Width: width})
			for line := range strings.SplitSeq(got, "\n") {
				if visible(line) > width || strings.TrimRight(line, " ") != line {
					t.Errorf("%s at width %d: a line of %d columns, or with blanks at its end: %q", name, width, visible(line), line)
				}
			}
			if strings.ContainsAny(got, "\x1b\x00\t") || strings.Contains(got, "\n\n\n") {
				t.Errorf("%s at width %d has signs it must not have:\n%s", name, width, got)
			}
			painted := trialText(t, r, Style{Width: width, Color: true})
			if escape.ReplaceAllString(painted, "") != got {
				t.Errorf("%s at width %d: without its colours the text is another:\n%s", name, width, diff.Diff("plain", []byte(got), "painted", []byte(escape.ReplaceAllString(painted, ""))))
			}
		}
	}
}

// No text of a target ends a block of the Markdown form.
func TestTrialMarkdownBlocks(t *testing.T) {
	got := text(t, func(w io.Writer) error { return TrialMarkdown(w, nastyTrial()) })
	for block := range strings.SplitSeq(got, "<details>") {
		if lines := strings.Split(strings.TrimSpace(block), "\n"); strings.Contains(block, "stack") && (len(lines) < 6 || lines[len(lines)-1] != "</details>") {
			t.Errorf("a block ends early:\n%s", block)
		}
	}
	if n := strings.Count(got, "\n</details>\n"); n != 5 || !strings.Contains(got, "\n````\n") || bytes.ContainsAny([]byte(got), "\x1b\x00") {
		t.Errorf("%d blocks, or signs they must not have:\n%s", n, got)
	}
}

func FuzzExactly(f *testing.F) {
	f.Add("  \"a\":  1", 12)
	f.Add("抢购 a\x1b[31mb", 1)
	f.Fuzz(func(t *testing.T, s string, width int) {
		p := &page{Style: Style{Width: leastWidth + width&63}}
		p.exactly("  < ", "      ", s)
		got := p.text.String()
		letters := strings.NewReplacer(" ", "", "\n", "")
		if strings.Replace(letters.Replace(got), "<", "", 1) != letters.Replace(printable(s)) {
			t.Errorf("%q lost letters: %q", s, got)
		}
		for line := range strings.SplitSeq(got, "\n") {
			if visible(line) > p.width() {
				t.Errorf("%q is %d columns wide, wanted %d", line, visible(line), p.width())
			}
		}
	})
}
