package plan

import (
	"strings"
	"testing"

	"fsctl/plan/model"
)

const uslShop = `apiVersion: fsctl/v1
kind: Calibration
scenario: flags
measured: 2026-11-12T01:00:00Z
runs: [{name: steps}]
values:
  - {field: services.app.usl.gamma, value: 800, unit: 1/s, run: steps, method: least squares, n: 8}
  - {field: services.app.usl.alpha, value: 0.02, unit: ratio, run: steps, method: least squares, n: 8}
  - {field: services.app.usl.beta, value: 0.0001, unit: ratio, run: steps, method: least squares, n: 8}
  - {field: services.app.usl.measured, value: 40, unit: instances, run: steps, method: counted, n: 8}
`

func calibrated(t testing.TB, text string, set ...string) *Plan {
	t.Helper()
	p, err := NewCalibrated(flags(t, set...), parseCalibration(t, text), Options{Trials: 200})
	if err != nil {
		t.Fatal(err)
	}
	checkPlan(t, p)
	return p
}

func warned(p *Plan, code string) string {
	for _, w := range p.Warnings {
		if w.Code == code {
			return w.Message
		}
	}
	return ""
}

// 8000/s at 70 % ask for X(N) >= 11429/s. Linear scaling would take 15 instances of 800/s.
func TestMeasuredGrowthReplacesLinearScaling(t *testing.T) {
	p := calibrated(t, uslShop, "workload.peak=3")
	law := func(n float64) float64 { return 800 * n / (1 + 0.02*(n-1) + 0.0001*n*(n-1)) }
	want := 1.0
	for 0.7*law(want) < 8000 {
		want++
	}
	s := service(t, p, "app")
	if s.Instances.Mid != want || want <= 15 || s.Bottleneck != model.ByUSL {
		t.Errorf("%g instances by %s, wanted %g by usl", s.Instances.Mid, s.Bottleneck, want)
	}
	near(t, "utilization", s.UtilizationRatio, 8000/law(want), 1e-9)
	if len(p.Calibration) != 4 || p.Calibration[0].Old != nil || p.Uncalibrated.Services[0].Instances.Mid != 15 {
		t.Errorf("%+v, before %+v", p.Calibration, p.Uncalibrated)
	}
	for _, code := range []string{"usl-extrapolation", "usl-peak", "usl-peak-unknown"} {
		if m := warned(p, code); m != "" && code != "usl-peak-unknown" {
			t.Errorf("%s: %s", code, m)
		}
	}
}

func TestGrowthIsNotExtrapolated(t *testing.T) {
	short := strings.Replace(uslShop, "value: 40", "value: 5", 1)
	p := calibrated(t, short, "workload.peak=3")
	s := service(t, p, "app")
	if m := warned(p, "usl-extrapolation"); !strings.Contains(m, "need more than the 10 instances up to which a measurement of 5 may be believed") {
		t.Errorf("%q, wanted that 10 instances are the end", m)
	}
	if s.Instances.Mid <= 10 || len(p.Excuses) != 1 || p.Excuses[0].Candidate != "app at 10 instances" || p.Excuses[0].Bottleneck != model.ByUSL {
		t.Errorf("%+v with excuses %+v, wanted a lower bound above 10", s.Instances, p.Excuses)
	}
	if m := warned(p, "usl-peak-unknown"); m == "" {
		t.Error("nothing said of the peak, which lies at 99 instances, beyond the measurement")
	}
}

func TestGrowthThatTurnsBackHasNoSize(t *testing.T) {
	steep := strings.Replace(uslShop, "value: 0.0001", "value: 0.01", 1) // peak at sqrt(.98/.01) = 9.9
	p := calibrated(t, steep, "workload.peak=3")
	if m := warned(p, "usl-peak"); !strings.Contains(m, "no number of instances does more than") || !strings.Contains(m, "at 10 of them") {
		t.Errorf("%q, wanted the peak at 10 instances", m)
	}
	if warned(p, "usl-peak-unknown") != "" || warned(p, "usl-extrapolation") != "" {
		t.Errorf("%+v, wanted the peak to be known", p.Warnings)
	}
	open := strings.Replace(uslShop, "value: 0.0001", "value: [0, 0.005, 0.01]", 1)
	if m := warned(calibrated(t, open), "usl-peak-unknown"); m == "" {
		t.Error("beta's interval includes 0, and nothing says that the peak is unknown")
	}
}

// One instance of 4 cores, all of the work in parallel, is what the plan without the law counts.
func TestLawWithoutContentionIsLinear(t *testing.T) {
	text := strings.NewReplacer("value: 0.02", "value: 0", "value: 0.0001", "value: 0").Replace(uslShop)
	for _, set := range [][]string{{}, {"services.app.wait=1%", "services.app.utilization=95%"}, {"services.app.latency={quantile: 0.99, limit: 25ms}", "services.app.utilization=98%"}} {
		set = append(set, "workload.peak=3")
		law, linear := service(t, calibrated(t, text, set...), "app"), service(t, newPlan(t, flags(t, set...), Options{Trials: 200}), "app")
		if law.Instances.Mid != linear.Instances.Mid || law.Bottleneck != linear.Bottleneck {
			t.Errorf("%v: %g by %s, wanted %g by %s", set, law.Instances.Mid, law.Bottleneck, linear.Instances.Mid, linear.Bottleneck)
		}
	}
}
