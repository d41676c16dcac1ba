package loadgen

import (
	"math"
	"testing"
	"time"
)

func TestForecast(t *testing.T) {
	const steps = "\nsteps:\n  a: {share: 50%, request: {url: /a}, extract: {state: \"json:$.state\"}}\n  b: {share: 50%, request: {url: /b}}\n"
	for _, c := range []struct {
		name     string
		phases   string
		journey  string
		duration time.Duration
		requests float64
		at       time.Duration
		thinking float64
	}{
		{"a steady stream", "{journey: j, from: T0, to: T0+10s, rate: 100/s, spacing: even}", "[a, b]", 0, 200, 0, 0},
		{"a ramp", "{journey: j, from: T0, to: T0+10s, rate: [0/s, 100/s], spacing: even}", "[a]", 0, 95, 9 * time.Second, 0},
		{"a ramp that is cut", "{journey: j, from: T0, to: T0+10s, rate: [0/s, 100/s], spacing: even}", "[a]", 9 * time.Second, 35, 3 * time.Second, 0},
		{"people who think", "{journey: j, from: T0, to: T0+10s, rate: 100/s, spacing: even}", "[a, {think: 3s}, b]", 0, 200, 3 * time.Second, 300},
		{"a crowd that thinks", "{journey: j, at: T0, users: 1k}", "[a, {think: 3s}, b]", 0, 1000, 0, 1000},
		{"two phases at once", "{journey: j, from: T0-5s, to: T0+5s, rate: 100/s, spacing: even}, {journey: j, at: T0+1s, users: 1k}", "[a]", 0, 1100, time.Second, 0},
		{"rounds", "{journey: j, from: T0, to: T0+20s, rate: 10/s, spacing: even}", "[{repeat: {times: 5, every: 1s, do: [a, b]}}]", 0, 100, 4 * time.Second, 40},
		{"rounds for a while", "{journey: j, from: T0, to: T0+20s, rate: 10/s, spacing: even}", "[{repeat: {for: 3s, every: 1s, do: [a]}}]", 0, 30, 2 * time.Second, 20},
		{"rounds until something happens", "{journey: j, from: T0, to: T0+20s, rate: 10/s, spacing: even}", "[{repeat: {until: \"state == done\", every: 1s, times: 9, do: [a]}}]", 0, 10, 0, 0},
	} {
		text := steps + "storm:\n  t0: 5s\n  phases: [" + c.phases + "]\njourneys: {j: " + c.journey + "}\n"
		f := compile(t, text, func(o *Options) { o.Duration = c.duration }).forecast()
		if math.Abs(f.requestsPerSec-c.requests) > 0.001*c.requests || f.at != c.at || math.Abs(f.thinking-c.thinking) > 0.001*c.thinking {
			t.Errorf("%s: %g requests/s at %v and %g users who think, wanted %g at %v and %g", c.name, f.requestsPerSec, f.at, f.thinking, c.requests, c.at, c.thinking)
		}
	}
}

// TestExpectedRequestsAreOfTheUsersWhoCome holds the requests that are expected to the users who were drawn: 200 at random are some more or fewer.
func TestExpectedRequestsAreOfTheUsersWhoCome(t *testing.T) {
	const text = `
steps: {a: {request: {url: /a}}, b: {request: {url: /b}}, s: {request: {url: /s}}}
storm: {t0: 5s, phases: [{journey: {a: 80%, b: 20%}, from: T0, to: T0+10s, rate: 20/s}, {journey: b, at: T0, users: 7, before: {journey: s, from: T0-4s, to: T0}}]}
journeys: {a: [a], b: [b, b], s: [s]}
`
	for _, duration := range []time.Duration{0, 9 * time.Second} {
		s := compile(t, text, func(o *Options) { o.Seed, o.Duration = 3, duration })
		streams, came := s.Scenario.Storm.Streams(), map[string]float64{}
		for c := s.Walk(); ; {
			a, ok := c.Next()
			if !ok {
				break
			}
			stream := streams[a.Phase]
			came[stream.Journey]++
			if stream.Before != nil {
				came[stream.Before.Journey]++
			}
		}
		if came["a"] == 160 {
			t.Error("as many users came as the rate says, wanted a seed that shows the difference")
		}
		requests, _ := s.Expected()
		for step, want := range map[string]float64{"a": came["a"], "b": 2 * came["b"], "s": came["s"]} {
			if got := requests[step].Mid(); math.Abs(got-want) > 1e-9 {
				t.Errorf("cut at %v: %g requests of %s, wanted %g", duration, got, step, want)
			}
		}
	}
}
