package queueing

import (
	"fmt"
	"math"
	"testing"
)

func TestOperationalLaws(t *testing.T) {
	wantNear(t, "L", must[float64](t)(LittleConcurrency(8000, .25)), 2000, 1e-9)
	wantNear(t, "W", must[float64](t)(LittleSeconds(2000, 8000)), .25, 1e-15)
	wantNear(t, "rho", must[float64](t)(Utilization(8000, .005, 50)), .8, 1e-15)
	wantNear(t, "D", must[float64](t)(DemandSeconds(.8, 50, 8000)), .005, 1e-15)
}

func TestClosedNetworkPublished(t *testing.T) {
	// PDQ: 400 requests in 300 threads of 0.444 s.
	c := ClosedNetwork{Stations: []Station{{DemandSeconds: .444, Servers: 300}}}
	r := must[NetworkResult](t)(c.Solve(400))
	wantRelative(t, "X", r.ThroughputPerSec, 675.6757, 1e-7)
	wantRelative(t, "R", r.ResponseSeconds, .5920, 1e-6)
	wantNear(t, "utilization", r.UtilizationRatios[0], 1, 1e-12)
	b := must[Bounds](t)(c.AsymptoticBounds(400))
	wantRelative(t, "bound on X", b.ThroughputPerSec, 300/.444, 1e-12)
	wantRelative(t, "bound on R", b.ResponseSeconds, .592, 1e-12)
	wantRelative(t, "knee", b.KneeUsers, 300, 1e-12)
}

// meanValueAnalysis is the textbook recursion for single servers.
func meanValueAnalysis(demands []float64, think float64, users int) float64 {
	queue, x := make([]float64, len(demands)), 0.0
	for n := 1; n <= users; n++ {
		residence, total := make([]float64, len(demands)), 0.0
		for i, d := range demands {
			residence[i] = d * (1 + queue[i])
			total += residence[i]
		}
		x = float64(n) / (think + total)
		for i := range demands {
			queue[i] = x * residence[i]
		}
	}
	return x
}

func TestClosedNetworkAgainstMeanValueAnalysis(t *testing.T) {
	demands := []float64{.005, .02, .011}
	c := ClosedNetwork{ThinkSeconds: 3}
	for _, d := range demands {
		c.Stations = append(c.Stations, Station{d, 1})
	}
	for _, users := range []int{1, 2, 50, 151, 400, 3000} {
		r := must[NetworkResult](t)(c.Solve(users))
		wantRelative(t, fmt.Sprintf("X of %d users", users), r.ThroughputPerSec, meanValueAnalysis(demands, 3, users), 1e-9)
		wantRelative(t, "Little's law", r.ThroughputPerSec*(r.ResponseSeconds+3), float64(users), 1e-9)
	}
}

// birthDeathThroughput solves the machine repair model M/M/m//N state by state.
func birthDeathThroughput(service, think float64, servers, users int) float64 {
	p, total, flow := 1.0, 1.0, 0.0
	for n := 1; n <= users; n++ {
		rate := float64(min(n, servers)) / service
		p *= float64(users-n+1) / think / rate
		total += p
		flow += p * rate
	}
	return flow / total
}

func TestClosedNetworkAgainstMachineRepair(t *testing.T) {
	for _, c := range []struct {
		servers, users int
		think          float64
	}{{1, 10, 1}, {4, 30, .5}, {20, 15, 1}, {8, 100, 2}} {
		n := ClosedNetwork{Stations: []Station{{.25, c.servers}}, ThinkSeconds: c.think}
		want := birthDeathThroughput(.25, c.think, c.servers, c.users)
		r := must[NetworkResult](t)(n.Solve(c.users))
		wantRelative(t, fmt.Sprintf("X of %+v", c), r.ThroughputPerSec, want, 1e-9)
		if b := must[Bounds](t)(n.AsymptoticBounds(c.users)); r.ThroughputPerSec > b.ThroughputPerSec*(1+1e-12) || r.ResponseSeconds < b.ResponseSeconds*(1-1e-12) {
			t.Errorf("%+v: %+v is outside its bounds %+v", c, r, b)
		}
	}
}

func TestFanOutAndZones(t *testing.T) {
	wantNear(t, "fan-out", must[float64](t)(FanOutRatio(.01, 100)), .634, 5e-4)
	wantRelative(t, "tiny fan-out", must[float64](t)(FanOutRatio(1e-18, 100)), 1e-16, 1e-9)
	wantNear(t, "certain failure", must[float64](t)(FanOutRatio(1, 3)), 1, 0)
	wantNear(t, "no calls", must[float64](t)(FanOutRatio(1, 0)), 0, 0)
	wantNear(t, "3 zones, 1 lost", must[float64](t)(ZoneRedundancy(3, 1)), 1.5, 0)
	_, err := ZoneRedundancy(3, 3)
	wantRangeError(t, "all zones lost", err)
}

func TestRetryAmplification(t *testing.T) {
	wantNear(t, "p .5, r 3", must[float64](t)(RetryAmplification(.5, 3)), 1.875, 1e-15)
	wantNear(t, "p 1, r 3", must[float64](t)(RetryAmplification(1, 3)), 4, 0)
	wantNear(t, "p 0, r 3", must[float64](t)(RetryAmplification(0, 3)), 1, 0)
}

func TestRetryFixedPointConstantFailure(t *testing.T) {
	r := must[RetryLoad](t)(RetryFixedPoint(1000, 3, func(float64) float64 { return .5 }))
	wantRelative(t, "attempts", r.Healthy.AttemptsPerSec, 1875, 1e-9)
	if r.Metastable {
		t.Errorf("one solution called metastable: %+v", r)
	}
}

func TestRetryFixedPointMetastable(t *testing.T) {
	failure := must[func(float64) float64](t)(TimeoutFailure(.01, 100, .1)) // 10 000/s at most
	calm := must[RetryLoad](t)(RetryFixedPoint(2000, 3, failure))
	if calm.Metastable || calm.Healthy.FailureRatio > 1e-3 {
		t.Errorf("2000/s with 3 retries never exceed 10 000/s, got %+v", calm)
	}
	edge := must[RetryLoad](t)(RetryFixedPoint(8000, 3, failure))
	if !edge.Metastable {
		t.Errorf("8000/s with 3 retries have an upper branch, got %+v", edge)
	}
	wantRelative(t, "upper branch", edge.Worst.AttemptsPerSec, 32000, 1e-9)
	wantNear(t, "its failures", edge.Worst.FailureRatio, 1, 1e-12)
	wantRelative(t, "lower branch", edge.Healthy.AttemptsPerSec, 8000, 1e-3)
	for _, b := range []RetryBranch{edge.Healthy, edge.Worst, calm.Healthy} {
		p := failure(b.AttemptsPerSec)
		wantNear(t, "failure share at the fixed point", b.FailureRatio, p, 1e-6)
	}
	none := must[RetryLoad](t)(RetryFixedPoint(8000, 0, failure))
	if none.Metastable {
		t.Errorf("metastable without retries: %+v", none)
	}
}

func TestRetryFixedPointRefusesBadFailureShares(t *testing.T) {
	for _, bad := range []float64{math.NaN(), -.1, 1.1} {
		_, err := RetryFixedPoint(10, 1, func(float64) float64 { return bad })
		wantRangeError(t, fmt.Sprintf("failure share %g", bad), err)
	}
	// It falls with load, so the rounds swing between two loads for ever.
	_, err := RetryFixedPoint(10, 1, func(x float64) float64 {
		if x > 15 {
			return 0
		}
		return 1
	})
	if err == nil {
		t.Error("a failure share that falls with the load was accepted")
	}
}
