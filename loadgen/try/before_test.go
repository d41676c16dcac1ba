package try

import (
	"fmt"
	"strings"
	"testing"
)

// TestBefore holds that a trial goes through what the user does before its journey, keeps what it has got, and says which step belongs to
// which; and that a user who leaves there does not begin.
func TestBefore(t *testing.T) {
	const text = `
steps:
  token: {request: {url: /token}, extract: {code: "json:$.code"}}
  echo: {request: {url: "/echo?t=${code}"}}
storm: {t0: 30s, phases: [{journey: j, at: T0, users: 3, reaction: 2s, before: {journey: k, from: T0-20s, to: T0-5s}}]}
journeys: {k: [token, {if: status == %s, do: [leave]}], j: [echo, {retry: {times: 1, when: status == 200, do: [echo]}}]}`
	for _, c := range []struct{ status, steps, message string }{
		{"500", "token before, echo begin, echo, echo retry", "finished the journey"},
		{"200", "token before", "does not begin its journey"},
	} {
		r := run(t, optionsFor(t, fmt.Sprintf(text, c.status), serveText(t)))
		var words []string
		for _, s := range r.Steps {
			word := s.Step
			if s.Before {
				word += " before"
			}
			words = append(words, strings.TrimSpace(word+" "+s.Wait.Kind))
		}
		if got := strings.Join(words, ", "); got != c.steps || r.Before != "k" || !strings.Contains(r.Ended.Message, c.message) || r.Failure != nil {
			t.Errorf("found %s, before %q, ended %+v, failure %+v, wanted %s and %q", got, r.Before, r.Ended, r.Failure, c.steps, c.message)
		}
		if begun := r.Steps[len(r.Steps)-1]; c.status == "500" && !strings.Contains(begun.Request.URL, "t=abc") {
			t.Errorf("the request is %s, wanted the code that was extracted before", begun.Request.URL)
		}
	}
}
