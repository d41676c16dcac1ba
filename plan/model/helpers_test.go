package model

import (
	"math"
	"os"
	"testing"

	"fsctl/scenarios"
)

// flags returns the scenario of plan's flags with the first example's figures.
func flags(t testing.TB, set ...string) *scenarios.Scenario {
	t.Helper()
	text, err := os.ReadFile("../flags.yaml")
	if err != nil {
		t.Fatal(err)
	}
	all := append([]string{"workload.users=10M", "workload.active=20%", "workload.actions=30", "workload.peak=2..3"}, set...)
	sc, err := scenarios.Parse("flags", text, all...)
	if err != nil {
		t.Fatal(err)
	}
	return sc
}

func near(t testing.TB, what string, got, want, relative float64) {
	t.Helper()
	if math.Abs(got-want) > relative*math.Abs(want) {
		t.Errorf("%s is %.9g, want %.9g within %g", what, got, want, relative)
	}
}
