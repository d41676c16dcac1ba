package queueing

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
)

func wantRangeError(t *testing.T, what string, err error) {
	t.Helper()
	var r *RangeError
	if !errors.As(err, &r) {
		t.Errorf("%s: error %v, want a RangeError", what, err)
		return
	}
	if r.Parameter == "" || r.Want == "" {
		t.Errorf("%s: error %q does not say what was wanted", what, err)
	}
}

func wantFinite(t failer, what string, values ...float64) {
	t.Helper()
	for i, v := range values {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			t.Fatalf("%s: value %d is %g", what, i+1, v)
		}
	}
}

func TestRangeErrorSaysFoundAndWanted(t *testing.T) {
	_, err := NewMMc(-3, 0.1, 0)
	for _, part := range []string{"arrival rate [1/s] is -3, want 0 or in [1e-15, 1e15]", "servers is 0, want in [1, 2147483647]"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("error %q lacks %q", err, part)
		}
	}
}

// Every float argument of every function, given what no formula can take.
func TestNoFunctionTakesBadNumbers(t *testing.T) {
	q := newQueue(t, 2, 1, 3)
	h := DefaultHPA(.5, 100)
	queue := func(a, s float64) error { _, err := NewMMc(a, s, 3); return err }
	none := func(_ any, err error) error { return err }
	take := map[string]func(bad float64) error{
		"ErlangB":             func(x float64) error { return none(ErlangB(3, x)) },
		"ErlangC":             func(x float64) error { return none(ErlangC(3, x)) },
		"OfferedErlang":       func(x float64) error { return none(OfferedErlang(3, x)) },
		"MinServersErlangC 1": func(x float64) error { return none(MinServersErlangC(x, .5)) },
		"MinServersErlangC 2": func(x float64) error { return none(MinServersErlangC(3, x)) },
		"SquareRoot 1":        func(x float64) error { return none(SquareRootStaffing(x, .5)) },
		"SquareRoot 2":        func(x float64) error { return none(SquareRootStaffing(3, x)) },
		"HalfinWhittWait":     func(x float64) error { return none(HalfinWhittWait(x)) },
		"HalfinWhittBeta":     func(x float64) error { return none(HalfinWhittBeta(x)) },
		"NewMMc 1":            func(x float64) error { return queue(x, 1) },
		"NewMMc 2":            func(x float64) error { return queue(1, x) },
		"WaitTail":            func(x float64) error { return none(q.WaitTail(x)) },
		"ResponseTail":        func(x float64) error { return none(q.ResponseTail(x)) },
		"WaitQuantile":        func(x float64) error { return none(q.WaitQuantile(x)) },
		"ResponseQuantile":    func(x float64) error { return none(q.ResponseQuantile(x)) },
		"MG1 1":               func(x float64) error { return none(MG1MeanWaitSeconds(x, 1, 1)) },
		"MG1 2":               func(x float64) error { return none(MG1MeanWaitSeconds(.5, x, 1)) },
		"MG1 3":               func(x float64) error { return none(MG1MeanWaitSeconds(.5, 1, x)) },
		"MGc":                 func(x float64) error { return none(MGcMeanWait(q, x)) },
		"AllenCunneen 1":      func(x float64) error { return none(AllenCunneenMeanWaitSeconds(q, x, 1)) },
		"AllenCunneen 2":      func(x float64) error { return none(AllenCunneenMeanWaitSeconds(q, 1, x)) },
		"Drain 1":             func(x float64) error { return none(DrainSeconds(x, 1, 2)) },
		"Drain 2":             func(x float64) error { return none(DrainSeconds(1, x, 2)) },
		"Drain 3":             func(x float64) error { return none(DrainSeconds(1, 1, x)) },
		"Fluid":               func(x float64) error { return none(FluidBacklog(x, nil)) },
		"Flow 1":              func(x float64) error { return none(FluidBacklog(0, []Flow{{x, 1, 1}})) },
		"Flow 2":              func(x float64) error { return none(FluidBacklog(0, []Flow{{1, x, 1}})) },
		"Flow 3":              func(x float64) error { return none(FluidBacklog(0, []Flow{{1, 1, x}})) },
		"Spike 1":             func(x float64) error { return none(Spike{x, 1, 1}.Against(9)) },
		"Spike 2":             func(x float64) error { return none(Spike{1, x, 1}.Against(9)) },
		"Spike 3":             func(x float64) error { return none(Spike{1, 1, x}.Against(9)) },
		"Spike 4":             func(x float64) error { return none(Spike{1, 1, 1}.Against(x)) },
		"Bucket 1":            func(x float64) error { return none(TokenBucket{x, 1}.MaxPassed(1)) },
		"Bucket 2":            func(x float64) error { return none(TokenBucket{1, x}.SecondsToPass(1)) },
		"Bucket 3":            func(x float64) error { return none(TokenBucket{1, 1}.MaxPassed(x)) },
		"Bucket 4":            func(x float64) error { return none(TokenBucket{1, 1}.SecondsToPass(x)) },
		"InstanceLimit":       func(x float64) error { return none(InstanceLimitPerSec(x, 3, 1)) },
		"Zipf":                func(x float64) error { return none(NewZipf(3, x)) },
		"ShardLoad 1":         func(x float64) error { return none(ShardLoadPerSec(x, .1, 3)) },
		"ShardLoad 2":         func(x float64) error { return none(ShardLoadPerSec(1, x, 3)) },
		"DatabaseReads 1":     func(x float64) error { return none(DatabaseReadsPerSec(x, .1)) },
		"DatabaseReads 2":     func(x float64) error { return none(DatabaseReadsPerSec(1, x)) },
		"HPA target":          func(x float64) error { return none(DefaultHPA(x, 9).Desired(1, 1, 1)) },
		"HPA load":            func(x float64) error { return none(h.Desired(1, 1, x)) },
		"HPA growth":          func(x float64) error { return none(h.ClimbCycles(x)) },
		"HPA start":           func(x float64) error { return none(h.Track(1, x, []float64{1})) },
		"HPA track":           func(x float64) error { return none(h.Track(1, 1, []float64{x})) },
		"Lead 1":              func(x float64) error { return none(PrescaleLead{ReadinessSeconds: x}.Seconds()) },
		"Lead 2":              func(x float64) error { return none(PrescaleLead{Instances: x}.Seconds()) },
		"Burst":               func(x float64) error { return none(BurstRampSeconds(LambdaBurst(), x, 1)) },
		"Little 1":            func(x float64) error { return none(LittleConcurrency(x, 1)) },
		"Little 2":            func(x float64) error { return none(LittleConcurrency(1, x)) },
		"LittleSeconds 1":     func(x float64) error { return none(LittleSeconds(x, 1)) },
		"LittleSeconds 2":     func(x float64) error { return none(LittleSeconds(1, x)) },
		"Utilization 1":       func(x float64) error { return none(Utilization(x, 1, 1)) },
		"Utilization 2":       func(x float64) error { return none(Utilization(1, x, 1)) },
		"Demand 1":            func(x float64) error { return none(DemandSeconds(x, 1, 1)) },
		"Demand 2":            func(x float64) error { return none(DemandSeconds(1, 1, x)) },
		"Network 1":           func(x float64) error { return none(ClosedNetwork{[]Station{{x, 1}}, 1}.Solve(1)) },
		"Network 2":           func(x float64) error { return none(ClosedNetwork{[]Station{{1, 1}}, x}.AsymptoticBounds(1)) },
		"FanOut":              func(x float64) error { return none(FanOutRatio(x, 1)) },
		"Amplification":       func(x float64) error { return none(RetryAmplification(x, 1)) },
		"RetryFixedPoint":     func(x float64) error { return none(RetryFixedPoint(x, 1, func(float64) float64 { return 0 })) },
		"TimeoutFailure 1":    func(x float64) error { return none(TimeoutFailure(x, 1, 1)) },
		"TimeoutFailure 2":    func(x float64) error { return none(TimeoutFailure(1, 1, x)) },
		"MinServers 1":        func(x float64) error { return none(MinServers(Staffing{ArrivalPerSec: x, ServiceSeconds: 1})) },
		"MinServers 2":        func(x float64) error { return none(MinServers(Staffing{ArrivalPerSec: 1, ServiceSeconds: x})) },
		"MinServers 3": func(x float64) error {
			return none(MinServers(Staffing{ArrivalPerSec: 1, ServiceSeconds: 1, MaxUtilizationRatio: x}))
		},
		"MinServers 4": func(x float64) error {
			return none(MinServers(Staffing{ArrivalPerSec: 1, ServiceSeconds: 1, MaxWaitRatio: x}))
		},
		"MinServers 5": func(x float64) error {
			return none(MinServers(Staffing{ArrivalPerSec: 1, ServiceSeconds: 1, LatencyQuantile: x, MaxLatencySeconds: 9}))
		},
	}
	for name, call := range take {
		for _, bad := range []float64{math.NaN(), math.Inf(1), math.Inf(-1), -1, 1e300} {
			wantRangeError(t, fmt.Sprintf("%s given %g", name, bad), call(bad))
		}
	}
}

func TestNoFunctionTakesBadCounts(t *testing.T) {
	none := func(_ any, err error) error { return err }
	for name, err := range map[string]error{
		"ErlangB":       none(ErlangB(-1, 1)),
		"ErlangC":       none(ErlangC(0, 0)),
		"OfferedErlang": none(OfferedErlang(0, .1)),
		"too much load": none(OfferedErlang(100, 1-1e-12)),
		"NewMMc":        none(NewMMc(1, 1, -5)),
		"MGc":           none(MGcMeanWait(MMc{}, .5)),
		"MDc":           none(MDcMeanWait(MMc{})),
		"InstanceLimit": none(InstanceLimitPerSec(1, 0, 0)),
		"NewZipf":       none(NewZipf(0, 1)),
		"ShardLoad":     none(ShardLoadPerSec(1, .1, 0)),
		"HPA ready":     none(DefaultHPA(.5, 9).Desired(-1, 0, 1)),
		"HPA start":     none(DefaultHPA(.5, 9).Climb(0, 5)),
		"HPA track":     none(DefaultHPA(.5, 9).Track(0, 1, nil)),
		"HPA max":       none(DefaultHPA(.5, 0).Desired(1, 0, 1)),
		"HPA zero":      none(HPA{}.ClimbCycles(2)),
		"Utilization":   none(Utilization(1, 1, 0)),
		"Demand":        none(DemandSeconds(1, 0, 1)),
		"no stations":   none(ClosedNetwork{}.Solve(1)),
		"no users":      none(ClosedNetwork{Stations: []Station{{1, 1}}}.Solve(0)),
		"many users":    none(ClosedNetwork{Stations: []Station{{1, 1}}}.Solve(10_001)),
		"no servers":    none(ClosedNetwork{Stations: []Station{{1, 0}}}.AsymptoticBounds(1)),
		"FanOut":        none(FanOutRatio(.1, -1)),
		"Zones":         none(ZoneRedundancy(0, 0)),
		"Retries":       none(RetryAmplification(.1, -1)),
		"Timeout":       none(TimeoutFailure(1, 0, 1)),
	} {
		wantRangeError(t, name, err)
	}
}
