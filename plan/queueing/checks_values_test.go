package queueing_test

import (
	"fmt"
	"math"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"

	"fsctl/plan"
	"fsctl/plan/queueing"
	"fsctl/scenarios"
)

const (
	independent = "independent"
	simfaas     = "SimFaaS, arXiv:2102.08904"
)

func sections(t *testing.T) []section {
	return []section{
		{"Demand", demandChecks(t)},
		{"Operational laws", operationalChecks(t)},
		{"Erlang, M/M/c", waitingChecks(t)},
		{"M/G/c", generalChecks(t)},
		{"Staffing", staffingChecks(t)},
		{"Universal Scalability Law", scalabilityChecks(t)},
		{"Fluid queue, hot keys, cache", flowChecks(t)},
		{"Autoscaler, serverless, provider limits", growthChecks(t)},
		{"Redundancy, fan-out, retries, uncertainty", riskChecks(t)},
	}
}

func demandChecks(t *testing.T) []check {
	const rule = "2/8 rule, back-end planning documents"
	sc := try[*scenarios.Scenario](t)(scenarios.Load("taobao-double11"))
	d := try[*plan.Plan](t)(plan.New(sc, plan.Options{Trials: 1})).Demand
	coupons := try[*scenarios.Scenario](t)(scenarios.Load("century-mart-coupons"))
	c := try[*plan.Plan](t)(plan.New(coupons, plan.Options{Trials: 1})).Demand
	return []check{
		{"requests a day, 10 M users, 20 % active, 30 actions", rule, "60e6", d.RequestsPerDay, ""},
		{"day mean [1/s]", rule, "694.44", d.DayMeanQPS, ""},
		{"busy mean, 80 % in 5 h [1/s]", rule, "2666.67", d.BusyMeanQPS, ""},
		{"busy mean, 80 % in 4.8 h [1/s]", rule, "2777.78", d.BusyMeanQPS * 5 / 4.8, ""},
		{"peak at 2 times [1/s]", rule, "5333", d.PeakQPS.Low, ""},
		{"peak at 3 times [1/s]", rule, "8000", d.PeakQPS.High, ""},
		{"550 M in three days, mean [1/s]", "Century Mart", "2122", c.DayMeanQPS, ""},
		{"550 M in three days, busy mean [1/s]", "Century Mart", "8148", c.BusyMeanQPS, ""},
	}
}

func operationalChecks(t *testing.T) []check {
	closed := queueing.ClosedNetwork{Stations: []queueing.Station{{DemandSeconds: .444, Servers: 300}}}
	r := try[queueing.NetworkResult](t)(closed.Solve(400))
	return []check{
		{"throughput of 400 requests, 300 threads, 0.444 s [1/s]", "PDQ manual", "675.6757", r.ThroughputPerSec, ""},
		{"their response time [s]", "PDQ manual", "0.5920", r.ResponseSeconds, ""},
	}
}

func waitingChecks(t *testing.T) []check {
	const tables, octave = "Erlang B tables", "GNU Octave, package queueing"
	var list []check
	for _, c := range []struct {
		servers int
		want    string
	}{{1, "0.0101"}, {5, "1.3608"}, {10, "4.4612"}, {50, "37.9014"}} {
		list = append(list, check{fmt.Sprintf("load of %d server(s) at 1 %% loss [erlang]", c.servers), tables, c.want,
			try[float64](t)(queueing.OfferedErlang(c.servers, .01)), ""})
	}
	wait := func(erlang float64, servers int) float64 { return try[float64](t)(queueing.ErlangC(servers, erlang)) }
	queue := func(rate, seconds float64, servers int) queueing.MMc {
		return try[queueing.MMc](t)(queueing.NewMMc(rate, seconds, servers))
	}
	two, four := queue(9, .2, 2), queue(9, .2, 4)
	p99 := try[float64](t)(queue(75, .01, 1).ResponseQuantile(.99))
	list = append(list,
		check{"C(2 erlang, 3 servers)", "by hand, 4/9", "0.444444444", wait(2, 3), ""},
		check{"C(8 erlang, 10 servers)", independent, "0.409180", wait(8, 10), ""},
		check{"C(90 erlang, 100 servers)", independent, "0.216940", wait(90, 100), ""},
		check{"Lq, 9/s at 5/s, 2 servers", octave, "7.674", two.MeanQueueLength(), ""},
		check{"R, 9/s at 5/s, 2 servers [s]", octave, "1.053", two.MeanResponseSeconds(), ""},
		check{"Lq, 9/s at 5/s, 4 servers", octave, "0.105", four.MeanQueueLength(), ""},
		check{"R, 9/s at 5/s, 4 servers [s]", octave, "0.212", four.MeanResponseSeconds(), ""},
		check{"p99 of M/M/1, 75 of 100/s [s]", "by hand, -ln(.01)/25", "0.184207", p99, ""})
	three := queue(2, 1, 3)
	for _, c := range []struct {
		quantile float64
		want     string
	}{{.5, "1.08741"}, {.9, "3.18440"}, {.95, "4.02069"}, {.99, "5.89117"}} {
		list = append(list, check{fmt.Sprintf("p%g of M/M/3, 2/s at 1/s [s]", c.quantile*100), independent, c.want,
			try[float64](t)(three.ResponseQuantile(c.quantile)), ""})
	}
	return list
}

func generalChecks(t *testing.T) []check {
	var list []check
	for _, c := range []struct {
		scv  float64
		want string
	}{{0, "2"}, {1, "4"}, {4, "10"}} {
		list = append(list, check{fmt.Sprintf("M/G/1 wait, rho .8, cs2 %g [service times]", c.scv), "Pollaczek-Khinchine, by hand", c.want,
			try[float64](t)(queueing.MG1MeanWaitSeconds(.8, 1, c.scv)), ""})
	}
	for _, c := range []struct {
		servers int
		want    string
	}{{2, "0.903284"}, {4, "0.386095"}} {
		q := try[queueing.MMc](t)(queueing.NewMMc(.8*float64(c.servers), 1, c.servers))
		exact := try[queueing.WaitEstimate](t)(queueing.MDcMeanWait(q)).MeanWaitSeconds
		near := try[queueing.WaitEstimate](t)(queueing.MGcMeanWait(q, 0)).MeanWaitSeconds
		rough := try[float64](t)(queueing.AllenCunneenMeanWaitSeconds(q, 1, 0))
		list = append(list,
			check{fmt.Sprintf("M/D/%d wait, rho .8 [service times]", c.servers), independent, c.want, exact, ""},
			check{fmt.Sprintf("the same after Cosmetatos, %d servers", c.servers), independent, c.want, near, "Cosmetatos is an approximation, within 1 % of the exact wait here; plan uses it because it holds at any size."},
			check{fmt.Sprintf("the same after Allen and Cunneen, %d servers", c.servers), independent, c.want, rough, "Allen and Cunneen are that far off where service times vary little, so plan does not use them below cs2 = 1."})
	}
	return list
}

func staffingChecks(t *testing.T) []check {
	var list []check
	for _, c := range []struct {
		alpha float64
		want  string
	}{{.5, "0.5061"}, {.2, "1.0615"}, {.05, "1.7398"}, {.01, "2.3749"}} {
		list = append(list, check{fmt.Sprintf("beta for a wait probability of %g", c.alpha), "Halfin and Whitt 1981", c.want,
			try[float64](t)(queueing.HalfinWhittBeta(c.alpha)), ""})
	}
	for _, c := range []struct {
		alpha float64
		want  string
	}{{.2, "48"}, {.05, "52"}, {.01, "57"}} {
		list = append(list, check{fmt.Sprintf("cores for 8000/s x 5 ms, P(wait) <= %g", c.alpha), independent, c.want,
			float64(try[int](t)(queueing.MinServersErlangC(40, c.alpha))), ""})
	}
	return list
}

func scalabilityChecks(t *testing.T) []check {
	const r = "R package usl"
	sdm := try[queueing.USL](t)(queueing.FitUSL([]queueing.USLPoint{{1, 64.9}, {18, 995.9}, {36, 1652.4}, {72, 1853.2},
		{108, 1828.9}, {144, 1775.0}, {216, 1702.2}}, queueing.Bootstrap{Seed: 1, Resamples: 100}))
	peak := try[queueing.USLPeak](t)(sdm.Peak())
	ray := try[queueing.USL](t)(queueing.FitUSL([]queueing.USLPoint{{1, 20}, {4, 78}, {8, 130}, {12, 170}, {16, 190}, {20, 200},
		{24, 210}, {28, 230}, {32, 260}, {48, 280}, {64, 310}}, queueing.Bootstrap{Seed: 1, Resamples: 100}))
	residual := ray.ResidualPerSec * ray.ResidualPerSec * 11
	stops := fmt.Sprintf("raytracer: the published fit stops short of the least squares. Its residual sum of squares is 697.424; the true minimum, at the computed values, is %.3f.", residual)
	return []check{
		{"specsdm91 gamma [1/s]", r, "89.99523", sdm.GammaPerSec.Value, ""},
		{"specsdm91 alpha", r, "0.02772848", sdm.Alpha.Value, ""},
		{"specsdm91 beta", r, "1.0436548e-4", sdm.Beta.Value, ""},
		{"specsdm91 peak [1/s]", r, "1883.899", peak.ThroughputPerSec, ""},
		{"specsdm91 peak at N", r, "96.52", peak.Concurrency, ""},
		{"raytracer gamma [1/s]", r, "21.9095", ray.GammaPerSec.Value, stops},
		{"raytracer alpha", r, "0.0580357", ray.Alpha.Value, stops},
		{"raytracer beta, on its bound: no peak", r, "0", ray.Beta.Value, ""},
	}
}

func flowChecks(t *testing.T) []check {
	f := try[queueing.Fluid](t)(queueing.FluidBacklog(0, []queueing.Flow{{Seconds: 10, ArrivalPerSec: 1e6, ServicePerSec: 1e5}}))
	drain := try[float64](t)(queueing.DrainSeconds(f.PeakBacklog, 0, 1e5))
	keys := try[queueing.Zipf](t)(queueing.NewZipf(1_000_000, .99))
	items := try[queueing.Zipf](t)(queueing.NewZipf(100_000, .99))
	reads := func(hit float64) float64 { return try[float64](t)(queueing.DatabaseReadsPerSec(1e6, hit)) }
	return []check{
		{"backlog, 1e6/s for 10 s against 1e5/s", independent, "9e6", f.PeakBacklog, ""},
		{"its drain time [s]", independent, "90", drain, ""},
		{"Zipf .99, 1e6 keys: share of the first", independent, "0.0650", try[float64](t)(keys.Share(1)), ""},
		{"Zipf .99, 1e6 keys: share of the top 20 %", independent, "0.8809", try[float64](t)(keys.TopShare(200_000)), ""},
		{"Che: hit ratio, Zipf .99, 1e5 items, 1e4 cached", independent, "0.7250", try[float64](t)(items.CacheHitRatio(10_000)), ""},
		{"database reads at a hit ratio of .98 over those at .99", "by hand", "2", reads(.98) / reads(.99), ""},
	}
}

// threeDigits rounds a simulated value, which is not known any better.
func threeDigits(v float64) float64 {
	scale := math.Pow(10, 2-math.Floor(math.Log10(v)))
	return math.Round(v*scale) / scale
}

func growthChecks(t *testing.T) []check {
	var list []check
	for _, c := range []struct {
		target float64
		want   string
	}{{.5, "7"}, {.7, "13"}, {.75, "16"}} {
		list = append(list, check{fmt.Sprintf("HPA cycles to grow 90 times at a target of %g %%", c.target*100), "Kubernetes HPA rules, by hand", c.want,
			float64(try[int](t)(queueing.DefaultHPA(c.target, 100_000).ClimbCycles(90))), ""})
	}
	ramp := func(b queueing.TokenBucket) float64 { return try[float64](t)(queueing.BurstRampSeconds(b, 10_000, .2)) }
	minutes := try[float64](t)(queueing.ContainerInstanceBurst().SecondsToPass(100_000.0/4)) / 60
	cold := try[queueing.ColdStartEstimate](t)(queueing.ColdStart{ArrivalPerSec: .9, WarmSeconds: 1.991, ColdSeconds: 2.244, IdleTimeoutSeconds: 600}.Simulate(1, 3_000_000))
	simulated := fmt.Sprintf("SimFaaS: published and computed values are both simulated. The 99 %% intervals of ours, 3 M requests, are %.4f to %.4f and %.2f to %.2f; the published share has two digits.",
		cold.ColdRatio.Low, cold.ColdRatio.High, cold.MeanInstances.Low, cold.MeanInstances.High)
	return append(list,
		check{"cold starts, 0.9/s, 1.991 s warm, 2.244 s cold, 600 s idle", simfaas, "0.0014", threeDigits(cold.ColdRatio.Value), simulated},
		check{"instances in the mean, the same", simfaas, "7.66", threeDigits(cold.MeanInstances.Value), simulated},
		check{"concurrency of 10 000/s x 200 ms", "Little, by hand", "2000", try[float64](t)(queueing.ServerlessConcurrency(10_000, .2)), ""},
		check{"its burst on Lambda [s]", "provider's limits", "10", ramp(queueing.LambdaBurst()), ""},
		check{"its burst on Function Compute [s]", "provider's limits", "340", ramp(queueing.FunctionComputeBurst()), ""},
		check{"100 000 cores as 4-core pods on ECI [min]", "provider's limits", "20.8", minutes, ""})
}

func riskChecks(t *testing.T) []check {
	sigma := math.Sqrt(.1*.1 + .2*.2 + .3*.3) // of users, active and actions together
	busy := distuv.LogNormal{Mu: math.Log(.8 * 60e6 / 18000), Sigma: sigma}
	return []check{
		{"3 zones, 1 lost: provision", "by hand", "1.5", try[float64](t)(queueing.ZoneRedundancy(3, 1)), ""},
		{"fan-out to 100 calls, 1 % slow each", "Dean and Barroso 2013", "0.634", try[float64](t)(queueing.FanOutRatio(.01, 100)), ""},
		{"attempts a request, half fail, 3 retries", "by hand", "1.875", try[float64](t)(queueing.RetryAmplification(.5, 3)), ""},
		{"busy mean, sigma .1, .2, .3: median [1/s]", independent, "2666.67", busy.Quantile(.5), ""},
		{"busy mean, sigma .1, .2, .3: p95 [1/s]", independent, "4934.6", busy.Quantile(.95), ""},
		{"busy mean, sigma .1, .2, .3: p99 [1/s]", independent, "6367.9", busy.Quantile(.99), ""},
	}
}
