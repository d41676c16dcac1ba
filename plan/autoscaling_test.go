package plan

import (
	"reflect"
	"strings"
	"testing"
)

// Order submission grows 90 times: 7 cycles at 50 %, 13 at 70 %, 16 at 75 %.
func TestAutoscalerOfTheLiveDrop(t *testing.T) {
	a := newPlan(t, load(t, "kuaishou-live-drop"), Options{Trials: 100}).Autoscaling
	finite(t, "autoscaling", reflect.ValueOf(*a))
	if a.Step != "order" {
		t.Errorf("%s grows the most, want order", a.Step)
	}
	near(t, "growth", a.Growth, 90, 1e-9)
	for i, want := range []int{7, 13, 16} {
		c := a.Climbs[i]
		if c.Cycles != want {
			t.Errorf("%d cycles at %g, want %d", c.Cycles, c.TargetRatio, want)
		}
		near(t, "seconds", c.Seconds, float64(want)*(15+30), 1e-12)
		near(t, "seconds with nodes", c.SecondsWithNodes, float64(want)*(15+30+240), 1e-12)
	}
	for _, part := range []string{"90 times", "7 cycles at 50 %", "16 at 75 %", "298 ms after the opening", "must be scheduled"} {
		if !strings.Contains(a.Because, part) {
			t.Errorf("because %q, want %q in it", a.Because, part)
		}
	}
}

func TestServiceScaling(t *testing.T) {
	const order = "workload.event={transaction: 1800}" // 2533.33/s + 133.33/s x 1800 = 242533/s after 2666.67/s
	for _, c := range []struct {
		name, scaling string
		from, to      float64
		cycles        int // -1 for never
		because       string
	}{
		{"climbing", "policy: hpa, target: 50%, max: 9999", 7, 607, 7, "late by 105 s"},
		{"with a minimum", "policy: hpa, target: 50%, min: 300, max: 9999", 300, 607, 2, "with min 607 it is on time, with min 304 one cycle late"},
		{"with enough", "policy: hpa, target: 50%, min: 700, max: 9999", 700, 700, 0, "enough of them run already"},
		{"with too little", "policy: hpa, target: 50%, max: 100", 7, 607, 7, "its max is 100 pods"},
		{"in its tolerance", "policy: hpa, target: 95%, max: 9999", 4, 320, -1, "never"},
		{"scheduled", "policy: scheduled, lead: 10m", 5, 434, 7, "there at T0"},
		{"fixed", "policy: none", 5, 434, 7, "it does not scale"},
	} {
		sc := flags(t, "workload.peak=1", order, "services.app.wait=100%", "services.app.start=0s", "estate={scaling: [{service: app, "+c.scaling+"}]}")
		a := newPlan(t, sc, Options{Trials: 50}).Autoscaling
		s := a.Services[0]
		got := s.Climbs[0]
		if s.FromInstances != c.from || s.ToInstances != c.to || got.Cycles != max(0, c.cycles) || got.Stuck != (c.cycles < 0) || !strings.Contains(s.Because, c.because) {
			t.Errorf("%s: %g to %g in %+v, %q, want %g to %g in %d cycles, %q", c.name, s.FromInstances, s.ToInstances, got, s.Because, c.from, c.to, c.cycles, c.because)
		}
	}
}

// A service that an autoscaler must bring up is a warning; one that is scheduled is not.
func TestAutoscalerWarning(t *testing.T) {
	const scaling = "estate={scaling: [{service: app, policy: POLICY}]}"
	for policy, want := range map[string]bool{"hpa, target: 50%, max: 9999": true, "scheduled, lead: 1h": false, "none": false} {
		p := newPlan(t, flags(t, "workload.event={transaction: 900}", "services.app.start=0s", strings.Replace(scaling, "POLICY", policy, 1)), Options{Trials: 50})
		if got := warning(p, "autoscaler-late"); (got != "") != want {
			t.Errorf("%s: warning %q, want one: %v", policy, got, want)
		}
	}
}

func TestNothingGrows(t *testing.T) {
	a := newPlan(t, flags(t, "workload.peak=1", "estate={zones: 1}"), Options{Trials: 50}).Autoscaling
	if a.Growth != 1 || a.Climbs[0].Cycles != 0 || a.Climbs[0].Stuck || !strings.Contains(a.Because, "does not grow") {
		t.Errorf("%+v, want nothing that grows", a)
	}
}
