package report

import (
	"fmt"
	"math"
	"path/filepath"
	"time"

	"gonum.org/v1/gonum/stat/distuv"

	"fsctl/loadgen/record"
	"fsctl/plan"
	"fsctl/report/health"
	"fsctl/report/history"
	"fsctl/scenarios"
	"fsctl/scenarios/amount"
	"fsctl/scenarios/quantity"
)

// How much a run must hold before something is said to be measured.
const (
	leastBusySeconds  = 1   // with work waiting throughout, for a demand
	leastInnerSeconds = 2   // with work waiting before and after too, for these alone to count
	leastQuietSeconds = 5   // with few connections busy, for a variability
	leastRequests     = 100 // for any value
	mostFailedRatio   = 0.05
	calmLevel         = 3   // of requests in flight: fewer than 16
	calmShare         = 0.9 // of a second's answers that met a target with few connections busy
)

// calibration collects what a run measured, and why it did not measure more.
type calibration struct {
	sizing
	held // of a search for capacity
	rec  *record.Record
	made plan.Calibration
	left []string
}

// Calibrate returns what the run measured of its scenario's inputs, for [plan.NewCalibrated], and says
// what it left out and why. The calibration is nil where nothing could be measured.
//
//	rec  the run that r judges, by the scenario sc and the plan p; all not nil
//
// Of the one service that was the target's limit, by the report's finding, with running set:
//
//	demand       D = c U / X [s], c cores of all instances, U = 1 while work waited throughout, X calls
//	             answered in such a second [1/s]; the interval is Student's for the mean of those seconds
//	variability  squared coefficient of variation of the service time in quiet seconds; the
//	             interval is the jackknife's over those seconds
//
// Where levels of a search never met the limit, X is the most that the Universal Scalability Law of those
// levels allows. Of every step its share of all requests. A run that is invalid measured nothing.
// Source: Denning and Buzen, ACM Computing Surveys 10(3), 1978 (utilization law); Efron and Stein,
// Annals of Statistics 9(3), 1981 (jackknife).
func Calibrate(rec *record.Record, sc *scenarios.Scenario, p *plan.Plan, r *Report) (*plan.Calibration, []string) {
	run, capacity := history.New(rec), r.Capacity
	if len(r.Levels) > 0 { // the report's capacity is what was found within the thresholds
		run = r.valid(run)
		capacity = measureCapacity(run, history.ComparePressure(run), health.LateShare(sc), false)
	}
	c := &calibration{rec: rec, held: readLevels(rec, run, r), sizing: sizing{run: run, capacity: capacity, sc: sc, plan: p}}
	m := rec.Manifest
	measured := m.Start
	if m.End != nil {
		measured = m.End.At
	}
	c.made = plan.Calibration{APIVersion: "fsctl/v1", Kind: "Calibration", Scenario: sc.Name, Measured: measured.UTC().Format(time.RFC3339),
		Runs: []plan.RunTaken{{Name: c.name(), Target: m.Target, Seed: fmt.Sprint(m.Seed), Scale: m.ScaleRatio, Fsctl: m.FsctlVersion}}}
	if r.Verdict == Invalid {
		return nil, append(c.left, "everything: the run is invalid, "+r.Reason)
	}
	for i := range p.Services {
		if s := &p.Services[i]; scales(s.Kind) {
			c.service(s)
		} else {
			c.leave(s.Name, "a run sees only what it calls itself; measure its capacity and hit ratio where it runs")
		}
	}
	c.shares()
	if len(c.made.Values) == 0 {
		return nil, c.left
	}
	return &c.made, c.left
}

// name returns the run's name, that of its directory.
func (c *calibration) name() string {
	if c.rec.Dir == "" {
		return "run"
	}
	return filepath.Base(filepath.Clean(c.rec.Dir))
}

func (c *calibration) leave(what, format string, args ...any) {
	c.left = append(c.left, what+": "+fmt.Sprintf(format, args...))
}

func (c *calibration) keep(field, unit, method string, n int, low, mid, high float64) {
	c.made.Values = append(c.made.Values, plan.Measured{Field: field, Unit: unit, Run: c.name(), Method: method, N: n,
		Value: amount.Interval[float64]{Low: digits(low), Mid: digits(mid), High: digits(high)}})
}

// digits keeps six that count: more are noise.
func digits(v float64) float64 {
	if v == 0 {
		return 0
	}
	unit := math.Pow(10, math.Floor(math.Log10(math.Abs(v)))-5)
	if unit < 1 { // dividing by a whole number rounds once, where a product with a fraction rounds twice
		return math.Round(v/unit) / math.Round(1/unit)
	}
	return math.Round(v/unit) * unit
}

// service measures a service, if the run shows that it was the limit.
func (c *calibration) service(s *plan.Service) {
	own := c.sizing.service(s.Name)
	switch {
	case own == nil || own.Running == 0:
		c.leave(s.Name, "services.%s.running is not set, so the number of cores that answered is unknown", s.Name)
	case c.calls(s.Name) == 0:
		c.leave(s.Name, "the run made no calls to it that were answered")
	case c.capacity.LowerBound && len(c.levels) == 0:
		c.leave(s.Name, "the target was never at its limit, so its capacity is unknown; a larger --scale finds it")
	case !c.isLimit(s):
		c.leave(s.Name, "by the plan another service was the limit, so how far this one was below its own is unknown")
	case s.Kind != "service":
		c.leave(s.Name, "what limits a function is its account's concurrency, not its cores")
	default:
		if c.capacity.LowerBound && !c.everQueued() {
			c.demandByLevels(own)
		} else {
			c.demand(own)
		}
		c.variability(own)
	}
}

// demand measures the CPU time of a call by the utilization law in the seconds with work waiting
// throughout. The rates of a second scatter; the mean of several is what the interval is of.
func (c *calibration) demand(s *scenarios.Service) {
	rates, failedRatio := c.busyRates(s)
	field := "services." + s.Name + ".demand"
	mean, deviation := meanOf(rates)
	switch calls := mean * float64(len(rates)); {
	case len(rates) < leastBusySeconds || calls < leastRequests:
		c.leave(field, "the target was busy throughout for %s with %s, wanted %d and %d; a longer rush gives them",
			quantity.Of(len(rates), "second"), quantity.EstimateOf(calls, "call"), leastBusySeconds, leastRequests)
		return
	case failedRatio > mostFailedRatio:
		c.leave(field, "%s of the answers at the limit were failures, and the work they took is unknown", quantity.Percent(failedRatio))
		return
	}
	spread := amount.Normal90 * math.Sqrt(mean) // one second shows no scatter: that of counting stands for it
	if n := len(rates); n > 1 {
		spread = distuv.StudentsT{Sigma: 1, Nu: float64(n - 1)}.Quantile(0.9) * deviation / math.Sqrt(float64(n))
	}
	c.keepDemand(s, "all busy", len(rates), mean, spread)
	if n := len(c.made.Values); len(c.levels) > 0 {
		c.made.Values[n-1].Method += c.lawBeside(s)
	}
}

// keepDemand keeps the core time of a call of a service whose cores were all busy at a rate of calls, by the
// utilization law; the spread is the distance of that rate's 10 and 90 % points.
func (c *calibration) keepDemand(s *scenarios.Service, how string, n int, perSec, spread float64) {
	cores := s.Running * max(s.Instance.Cores, 1)
	seconds := func(rate float64) float64 { return float64(cores) / max(rate, perSec/2) }
	c.keep("services."+s.Name+".demand", "s", fmt.Sprintf("utilization law: %s, %s, at %s", quantity.Of(cores, "core"), how, quantity.RateOf(perSec, "call")),
		n, seconds(perSec+spread), seconds(perSec), seconds(perSec-spread))
}

// busyRates returns the calls answered in each second with work waiting throughout, and the share of
// answers in those seconds that were failures. The first and the last second of a rush, in which the
// target may have been idle for a while, count only where there are too few others.
func (c *calibration) busyRates(s *scenarios.Service) (rates []float64, failedRatio float64) {
	var all, inner []int
	for i, second := range c.run.Seconds {
		if !c.busy(i) {
			continue
		}
		all = append(all, i)
		before := i > 0 && c.run.Seconds[i-1] == second-1 && c.busy(i-1)
		after := i+1 < len(c.run.Seconds) && c.run.Seconds[i+1] == second+1 && c.busy(i+1)
		if before && after {
			inner = append(inner, i)
		}
	}
	if len(inner) >= leastInnerSeconds {
		all = inner
	}
	var sum record.Counters
	for _, i := range all {
		sum.Add(history.Sum(c.run.Events[i]))
		rates = append(rates, c.callsOf(s, c.run.Events[i]))
	}
	return rates, history.Ratio(float64(sum.Failed), float64(sum.Done))
}

// busy says whether the target had work waiting in all of a second of the run.
func (c *calibration) busy(i int) bool {
	return c.run.BusyThroughout(c.run.Seconds[i], c.run.Events[i]) || c.queued[c.run.Seconds[i]]
}

// callsOf returns the calls that reached a service in a second.
func (c *calibration) callsOf(s *scenarios.Service, events map[string]record.Counters) float64 {
	var sum float64
	for _, step := range c.run.Names {
		sum += history.Good(events[step]) * s.Calls[step]
	}
	return sum
}

// meanOf returns the mean and the standard deviation of a sample.
func meanOf(sample []float64) (mean, deviation float64) {
	n := float64(len(sample))
	if n == 0 {
		return 0, 0
	}
	for _, v := range sample {
		mean += v / n
	}
	for _, v := range sample {
		deviation += (v - mean) * (v - mean)
	}
	return mean, math.Sqrt(deviation / max(1, n-1))
}

// moments are the count, the sum and the sum of squares of service times [s].
type moments struct{ n, sum, squares float64 }

func (m moments) without(o moments) moments {
	return moments{m.n - o.n, m.sum - o.sum, m.squares - o.squares}
}

// scv returns the squared coefficient of variation.
func (m moments) scv() float64 {
	if m.n == 0 || m.sum == 0 {
		return 0
	}
	mean := m.sum / m.n
	return max(0, history.Finite(m.squares/m.n/(mean*mean)-1))
}

// variability measures how service times scatter while hardly anyone waits.
func (c *calibration) variability(s *scenarios.Service) {
	var seconds []moments
	var total moments
	for i, second := range c.run.Seconds {
		if !c.calmly(second, history.Sum(c.run.Events[i])) {
			continue
		}
		m := c.timesAt(s, second)
		if m.n == 0 {
			continue
		}
		seconds = append(seconds, m)
		total = moments{total.n + m.n, total.sum + m.sum, total.squares + m.squares}
	}
	field := "services." + s.Name + ".variability"
	if len(seconds) < leastQuietSeconds || total.n < leastRequests {
		c.leave(field, "quiet for %s with %s, wanted %d and %d; a ramp before the rush gives them",
			quantity.Of(len(seconds), "second"), quantity.EstimateOf(total.n, "call"), leastQuietSeconds, leastRequests)
		return
	}
	mid := min(total.scv(), 100)
	k, spread := float64(len(seconds)), 0.0
	for _, m := range seconds {
		off := total.without(m).scv() - mid
		spread += off * off
	}
	spread = amount.Normal90 * math.Sqrt(spread*(k-1)/k)
	c.keep(field, "ratio", fmt.Sprintf("service times of %s in which few connections were busy", quantity.Of(len(seconds), "second")),
		int(total.n), max(0, mid-spread), mid, min(mid+spread, 100))
}

// calmly says whether hardly any request of a second waited: few connections were busy. A search may have so many
// connections that few of them are more than the target can work on, so that only its low levels are calm.
func (c *calibration) calmly(second int, all record.Counters) bool {
	if all.Done == 0 || float64(all.Quiet.Requests+all.InFlight.Between(0, calmLevel).Requests) < calmShare*float64(all.Done) {
		return false
	}
	return len(c.levels) == 0 || c.isCalm(second)
}

// timesAt returns the service times of requests due in a second that call the service and did not fail.
func (c *calibration) timesAt(s *scenarios.Service, second int) moments {
	h := c.rec.Packed(record.Window{From: second, To: second + 1}, func(t record.Tag) bool {
		return t.Metric == record.ServiceTime && s.Calls[t.Step] > 0 && !isFailure(t.Outcome)
	})
	n := float64(h.Count())
	if n == 0 {
		return moments{}
	}
	mean, deviation := h.Mean()/nanosPerSecond, h.StdDev()/nanosPerSecond
	return moments{n, n * mean, n * (mean*mean + deviation*deviation)}
}

// shares measures each step's share of all requests, with the interval of a binomial share.
func (c *calibration) shares() {
	total := float64(c.run.All().Done)
	if total < leastRequests {
		c.leave("shares of steps", "%s answered, wanted %d", quantity.Of(c.run.All().Done, "request"), leastRequests)
		return
	}
	for i := range c.sc.Steps {
		name := c.sc.Steps[i].Name
		share := float64(c.run.Total(name).Done) / total
		if share == 0 {
			c.leave("steps."+name+".share", "the run made no such request")
			continue
		}
		spread := amount.Normal90 * math.Sqrt(share*(1-share)/total)
		c.keep("steps."+name+".share", "ratio", "requests of the step over all of the run", int(total), max(0, share-spread), share, min(1, share+spread))
	}
}
