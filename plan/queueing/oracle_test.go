package queueing

import (
	"errors"
	"math"
	"testing"
)

// recursiveB is the textbook recursion from one server up: slow, and exact.
func recursiveB(servers int, erlang float64) float64 {
	inverse := 1.0
	for k := 1; k <= servers; k++ {
		inverse = 1 + float64(k)/erlang*inverse
	}
	return 1 / inverse
}

func recursiveC(servers int, erlang float64) float64 {
	b := recursiveB(servers, erlang)
	return b / (1 - erlang/float64(servers)*(1-b))
}

// countedServers tries one server more until Erlang C is low enough.
func countedServers(erlang, target float64) int {
	inverse := 1.0
	for k := 1; ; k++ {
		inverse = 1 + float64(k)/erlang*inverse
		if rho := erlang / float64(k); rho < 1 && 1/inverse/(1-rho*(1-1/inverse)) <= target {
			return k
		}
	}
}

func wantNear(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tolerance) {
		t.Errorf("%s = %.10g, want %.10g +- %g", what, got, want, tolerance)
	}
}

func wantRelative(t *testing.T, what string, got, want, ratio float64) {
	t.Helper()
	wantNear(t, what, got, want, ratio*math.Abs(want))
}

func wantError(t *testing.T, what string, err, target error) {
	t.Helper()
	if !errors.Is(err, target) {
		t.Errorf("%s: error %v, want one that wraps %q", what, err, target)
	}
}

func must[T any](t *testing.T) func(T, error) T {
	t.Helper()
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatalf("unexpected error: %v", err)
		}
		return v
	}
}
