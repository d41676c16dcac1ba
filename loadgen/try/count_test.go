package try

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"fsctl/loadgen"
)

// TestCountersAndLeave holds that a trial shows what an answer adds to the scenario's own counters, and that its user left by the action.
func TestCountersAndLeave(t *testing.T) {
	const text = `
steps:
  ready: {request: {url: /ready}, count: {asked: "status == 200", state: "json:$.state"}}
  gone: {request: {url: /gone}, count: {gone: "status == 409", alive: "status == 200"}, check: ["status 409"]}
  again: {request: {url: /token}}
storm: {t0: 1s, phases: [{journey: j, at: T0, users: 3}]}
journeys: {j: [ready, gone, {if: status == 409, do: [leave]}, again]}`
	for _, engine := range []string{loadgen.EngineWire, loadgen.EngineVegeta} {
		o := optionsFor(t, text, serveText(t))
		o.Engine = engine
		r := run(t, o)
		if len(r.Steps) != 2 || r.Ended.How != Finished || !strings.Contains(r.Ended.Message, "left by the action leave") || r.Failure != nil {
			t.Fatalf("%s: %d steps, ended %+v, failure %+v", engine, len(r.Steps), r.Ended, r.Failure)
		}
		for i, want := range [][]Counted{{{"asked", "status == 200", 1}, {"state", "json:$.state", 0}}, {{"alive", "status == 200", 0}, {"gone", "status == 409", 1}}} {
			if got := r.Steps[i].Counted; !slices.Equal(got, want) {
				t.Errorf("%s: request %d counts %+v, wanted %+v", engine, i+1, got, want)
			}
		}
		shown, err := json.Marshal(r.Steps[1])
		if err != nil || !strings.Contains(string(shown), `"counted":[{"counter":"alive","from":"status == 200","added":0},{"counter":"gone"`) {
			t.Errorf("%s: %v, shown as %s", engine, err, shown)
		}
	}
}
