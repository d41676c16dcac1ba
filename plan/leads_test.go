package plan

import (
	"strings"
	"testing"
)

// twoProviders fills a fast pool and then a slow one: 10 cores of 1 a second, and the rest of 1 in 10 s.
const twoProviders = "estate={pools: [{name: slow, cores: 40, provision: {cores: 1, within: 10s}}, {name: fast, cores: 1k, provision: {cores: 100, within: 1s}}], scaling: [SCALING]}"

// The provider that takes the longest is the one that is named, wherever it stands among the pools.
func TestTheSlowestProviderIsNamed(t *testing.T) {
	p := newPlan(t, flags(t, "services.app.start=60s", strings.Replace(twoProviders, "SCALING", "", 1)), Options{Trials: 50})
	for _, part := range []string{"1 core within 10 s is enough", "of 40 in slow at mid", "of 1,000 in fast, which come sooner", "ask for them"} {
		if !strings.Contains(p.Estate.Verdict, part) {
			t.Errorf("verdict %q, want %q in it", p.Estate.Verdict, part)
		}
	}
}

// Each schedule is judged by its own service and by the providers that bring its cores.
func TestEveryScheduleIsJudgedByItself(t *testing.T) {
	const services = `services=[{name: app, kind: service, demand: 5ms, calls: {read: 1, transaction: 1}, start: 60s}, {name: quick, kind: service, demand: 1ms, calls: {read: 1}, start: 0s},
 {name: db, kind: database, capacity: 100k/s, demand: 1ms, instance: {cores: 1}, calls: {transaction: 1}, start: 10m}]`
	const home = "estate={pools: [{name: idc, cores: 1k}], scaling: [SCALING]}"
	for _, c := range []struct {
		name, estate, scaling string
		late                  []string // services
		given                 float64
	}{
		{"in time", home, "{service: app, policy: scheduled, lead: 6m}, {service: quick, policy: scheduled, lead: 5m}", nil, 360},
		{"the slower one", home, "{service: app, policy: scheduled, lead: 5m}, {service: quick, policy: scheduled, lead: 5m}", []string{"app"}, 300},
		{"a database's own start", home, "{service: db, policy: scheduled, lead: 14m}, {service: app, policy: scheduled, lead: 6m}", []string{"db"}, 840},
		{"both", home, "{service: db, policy: scheduled, lead: 14m}, {service: app, policy: scheduled, lead: 1m}", []string{"app", "db"}, 60},
		{"a slow provider", twoProviders, "{service: app, policy: scheduled, lead: 12m}", []string{"app, for cores of slow"}, 720},
		{"early enough for it", twoProviders, "{service: app, policy: scheduled, lead: 13m}", nil, 780},
	} {
		p := newPlan(t, flags(t, services, strings.Replace(c.estate, "SCALING", c.scaling, 1)), Options{Trials: 50})
		var late []string
		for _, w := range p.Warnings {
			if _, rest, found := strings.Cut(w.Message, "the scale-up of "); found && w.Code == "lead-too-short" {
				name, _, _ := strings.Cut(rest, " is scheduled")
				late = append(late, name)
			}
		}
		if strings.Join(late, "; ") != strings.Join(c.late, "; ") || p.Estate.GivenLeadSeconds != c.given {
			t.Errorf("%s: late %q with a lead of %g s, want %q and %g s: %s", c.name, late, p.Estate.GivenLeadSeconds, c.late, c.given, p.Estate.Verdict)
		}
		if p.Estate.ShortCores.P95 == 0 && p.Estate.Enough != (len(c.late) == 0) {
			t.Errorf("%s: enough %v", c.name, p.Estate.Enough)
		}
	}
}

// An estate that is enough only while no zone is lost is said to be too small, and so is a home without room for what stays there.
func TestEstatesThatAreNearlyEnough(t *testing.T) {
	const database = "services=[{name: db, kind: database, capacity: 1k/s, demand: 1ms, instance: {cores: 10}, calls: {read: 1}}]"
	for _, c := range []struct {
		set  []string
		want string
	}{
		{[]string{"estate={zones: 3, survive_zones: 1, pools: [{name: idc, cores: 70}]}"}, "with 1 of 3 zones lost, the instances need 72 cores"},
		{[]string{"estate={zones: 3, survive_zones: 1, pools: [{name: idc, cores: 90}]}"}, ""},
		{[]string{database, "estate={pools: [{name: idc, cores: 20}, {name: cloud, cores: 10k, provision: {cores: 1k, within: 1m}}]}"}, "of caches and databases"},
	} {
		got := warning(newPlan(t, flags(t, c.set...), Options{Trials: 50}), "estate-too-small")
		if (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
			t.Errorf("%v: warning %q, want %q in it", c.set, got, c.want)
		}
	}
}

// A start of 0 that the file gives is a start; one that it leaves out is an assumption.
func TestStartsThatAreNotGiven(t *testing.T) {
	const estate = "estate={pools: [{name: idc, cores: 1k}]}"
	for _, c := range []struct {
		set  []string
		want string
	}{
		{[]string{estate}, "app: no start is given"}, {[]string{estate, "services.app.start=0s"}, ""}, {[]string{estate, "services.app.calls={}"}, ""}, {nil, ""},
	} {
		got := warning(newPlan(t, flags(t, c.set...), Options{Trials: 50}), "start-assumed")
		if (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
			t.Errorf("%v: warning %q, want %q in it", c.set, got, c.want)
		}
	}
}

// The cores that would be there at T0 follow from the service of the schedule, not from the start or the schedule of another one.
func TestWhatWouldBeThere(t *testing.T) {
	const text = "workload: {requests: 86.4M, busy: {share: 100%, window: 24h}, peak: 1}\nservices:\n  - {name: web, kind: service, calls: {order: 1}, demand: 10ms, start: 30s}\n" +
		"  - {name: slow, kind: service, calls: {order: 1}, demand: 10ms, start: 20m}\n" +
		"estate: {zones: 1, margin: 1m, pools: [{name: idc, cores: 10}, {name: c, cores: 100, provision: {cores: 6, within: 1m}, price: 1}], scaling: [{service: web, policy: scheduled, lead: 3m30s}MORE]}\n"
	for more, want := range map[string]string{
		"": "3 min 30 s before T0 is too late to ask for them: 28 of 30 would be there at p95; ask 4 min 50 s before T0 for web, for cores of c",
		", {service: slow, policy: scheduled, lead: 20m}": "20 min before T0 is too late to ask for them: ask 24 min 20 s before T0 for slow, for cores of c",
	} {
		if e := estate(t, newPlan(t, parse(t, strings.Replace(text, "MORE", more, 1)), Options{})); !strings.Contains(e.Verdict, want) {
			t.Errorf("verdict %q, want %q in it", e.Verdict, want)
		}
	}
}

// The start of a function is its provider's: no estate waits for it.
func TestStartOfAFunctionLeadsNothing(t *testing.T) {
	leads := func(start string) float64 {
		return newPlan(t, flags(t, "services=[{name: web, kind: service, calls: {read: 1}, demand: 5ms, start: 30s}, {name: f, kind: function, calls: {transaction: 1}, demand: 100ms, start: "+start+"}]",
			"estate={pools: [{name: idc, cores: 10k}]}"), Options{Trials: 50}).Estate.LeadSeconds.Mid
	}
	if short, long := leads("0s"), leads("1h"); short != long {
		t.Errorf("leads of %v s and %v s with a function's start of 0 s and 1 h, wanted the same", short, long)
	}
}
