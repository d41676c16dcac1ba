package queueing

import (
	"slices"
	"testing"
)

func TestClimbCheckValue(t *testing.T) {
	got := must[[]int](t)(DefaultHPA(.5, 5000).Climb(10, 900))
	if want := []int{10, 20, 40, 80, 160, 320, 640, 900}; !slices.Equal(got, want) {
		t.Errorf("climb %v, want %v", got, want)
	}
}

func TestClimbCyclesCheckValues(t *testing.T) {
	for target, want := range map[float64]int{.5: 7, .7: 13, .75: 16, .3: 7} {
		if got := must[int](t)(DefaultHPA(target, 5000).ClimbCycles(90)); got != want {
			t.Errorf("cycles to grow 90 times at %g = %d, want %d", target, got, want)
		}
	}
	if got := must[int](t)(DefaultHPA(.5, 5000).ClimbCycles(64)); got != 6 {
		t.Errorf("cycles to grow 64 times = %d, want 6", got)
	}
	_, err := DefaultHPA(.95, 5000).ClimbCycles(90)
	wantError(t, "a target that saturation never exceeds by 10 %", err, ErrInfeasible)
}

func TestDesired(t *testing.T) {
	h := DefaultHPA(.5, 100)
	for _, c := range []struct {
		name           string
		ready, unready int
		load           float64
		want           int
	}{
		{"at the target", 10, 0, 5, 10},
		{"within the tolerance", 10, 0, 5.4, 10},
		{"just over the tolerance", 10, 0, 5.6, 12},
		{"just under the tolerance", 10, 0, 4.4, 9},
		{"saturated", 10, 0, 1000, 20},
		{"four pods for a small one", 1, 0, 1000, 2},
		{"unready pods count as idle", 10, 5, 1000, 20},
		{"enough on the way", 10, 10, 1000, 20},
		{"too many on the way", 10, 30, 1000, 40},
		{"nothing ready", 0, 7, 1000, 7},
		{"idle", 10, 0, 0, 1},
		{"at most the maximum", 80, 0, 80, 100},
	} {
		if got := must[int](t)(h.Desired(c.ready, c.unready, c.load)); got != c.want {
			t.Errorf("%s: %d ready, %d unready, load %g gives %d, want %d", c.name, c.ready, c.unready, c.load, got, c.want)
		}
	}
	low := DefaultHPA(.1, 100)
	if got := must[int](t)(low.Desired(2, 0, 2)); got != 6 {
		t.Errorf("2 saturated pods at a target of 10 %% give %d, want 2 + 4", got)
	}
	if got := must[int](t)(low.Desired(10, 0, 10)); got != 20 {
		t.Errorf("10 saturated pods at a target of 10 %% give %d, want 10 + 100 %%", got)
	}
}

func repeat(load float64, times int) []float64 { return slices.Repeat([]float64{load}, times) }

func TestTrackWaitsForPods(t *testing.T) {
	h := DefaultHPA(.5, 1000)
	got := must[[]Replicas](t)(h.Track(10, 30, repeat(100, 7)))
	// Two syncs from decision to ready; while pods start, idle ones hold the next decision back.
	want := []Replicas{{10, 10}, {10, 10}, {20, 20}, {20, 20}, {40, 40}, {40, 40}, {80, 80}}
	if !slices.Equal(got, want) {
		t.Errorf("track %v, want %v", got, want)
	}
	instant := must[[]Replicas](t)(h.Track(10, 0, repeat(100, 6)))
	if want := []Replicas{{20, 0}, {40, 0}, {80, 0}, {160, 0}, {200, 0}, {200, 0}}; !slices.Equal(instant, want) {
		t.Errorf("track %v, want %v", instant, want)
	}
}

func TestTrackKeepsReplicasForTheStabilizationWindow(t *testing.T) {
	h := DefaultHPA(.5, 1000)
	got := must[[]Replicas](t)(h.Track(10, 0, append(repeat(5, 3), repeat(1, 40)...)))
	// The last desired count of 10 is at sync 2; 300 s later, at sync 22, it still counts, at 23 no more.
	for i, r := range got {
		want := 10
		if i >= 23 {
			want = 2
		}
		if r.Ready != want {
			t.Errorf("sync %d: %d replicas, want %d", i, r.Ready, want)
		}
	}
}

func TestTrackHoldsWhatItFindsForAWindow(t *testing.T) {
	got := must[[]Replicas](t)(DefaultHPA(.5, 1000).Track(10, 0, repeat(1, 22)))
	if got[20].Ready != 10 || got[21].Ready != 2 {
		t.Errorf("replicas at 300 s and 315 s are %d and %d, want 10 and 2", got[20].Ready, got[21].Ready)
	}
}

func TestTrackRemovesStartingPodsFirst(t *testing.T) {
	h := DefaultHPA(.5, 1000)
	h.StabilizationSeconds = 0
	got := must[[]Replicas](t)(h.Track(10, 60, []float64{100, 100, 4, 4}))
	if want := []Replicas{{10, 10}, {10, 10}, {8, 0}, {8, 0}}; !slices.Equal(got, want) {
		t.Errorf("track %v, want %v", got, want)
	}
}

func TestServerlessCheckValues(t *testing.T) {
	wantNear(t, "concurrency", must[float64](t)(ServerlessConcurrency(10_000, .2)), 2000, 1e-9)
	wantNear(t, "Lambda", must[float64](t)(BurstRampSeconds(LambdaBurst(), 10_000, .2)), 10, 1e-9)
	wantNear(t, "Function Compute", must[float64](t)(BurstRampSeconds(FunctionComputeBurst(), 10_000, .2)), 340, 1e-9)
	pods := 100_000.0 / 4
	wantNear(t, "ECI minutes", must[float64](t)(ContainerInstanceBurst().SecondsToPass(pods))/60, 20.8, .051)
}

func TestPrescaleLead(t *testing.T) {
	lead := PrescaleLead{ReadinessSeconds: 90, Provider: ContainerInstanceBurst(), Instances: 300, WarmupSeconds: 60, MarginSeconds: 30}
	wantNear(t, "lead", must[float64](t)(lead.Seconds()), 190, 1e-9)
	lead.Provider.RatePerSec = 0
	_, err := lead.Seconds()
	wantError(t, "a provider that creates no more", err, ErrInfeasible)
}
