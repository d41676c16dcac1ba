package fleet

import (
	"context"
	"fmt"
	"maps"
	"math"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"fsctl/loadgen"
	"fsctl/loadgen/fleet/bus"
	"fsctl/loadgen/fleet/roster"
	"fsctl/loadgen/record"
	"fsctl/scenarios"
)

const scenario = `apiVersion: fsctl/v1
kind: Scenario
name: test
workload: {requests: 1M}
sale: {items: 5, stock: 100}
steps:
  browse: {share: 50%, request: {url: "/browse/${user.id}"}}
  order: {share: 50%, request: {method: POST, url: "/order/${user.id}/${sku}"}}
journeys: {buy: [browse, {think: 20ms}, order]}
feeders: {user: {from: sequence, size: 10k, fields: {token: "t${n}"}}}
storm:
  t0: 500ms
  phases: [{journey: buy, from: T0-300ms, to: T0+1200ms, rate: 200/s}, {journey: buy, at: T0, users: 300, reaction: {uniform: [0ms, 500ms]}}]
  drain: 60s
`

// target notes what it was asked for.
type target struct {
	*httptest.Server
	mu    sync.Mutex
	asked map[string]int
	first time.Time // of the requests
	last  time.Time
}

func newTarget(t *testing.T) *target {
	t.Helper()
	v := &target{asked: map[string]int{}}
	v.Server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		v.mu.Lock()
		defer v.mu.Unlock()
		v.asked[r.Method+" "+r.URL.Path]++
		if v.last = time.Now(); v.first.IsZero() {
			v.first = v.last
		}
	}))
	t.Cleanup(v.Close)
	return v
}

// ground is a bus with what a fleet needs to run on it.
type ground struct {
	t      *testing.T
	url    string
	keys   string // directory of the keys, where the bus wants some
	target *target
	plan   *Plan
	storm  *loadgen.Storm
	agents sync.WaitGroup
	mu     sync.Mutex
	left   []error // with what agents ended

	listening map[*Coordinator]func() // stops one from listening
}

func newGround(t *testing.T, text string, slots int) *ground { return newGroundOn(t, text, slots, "") }

// newGuarded has its bus over TLS, with a key for each slot.
func newGuarded(t *testing.T, text string, slots int) *ground {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "keys")
	if _, err := bus.MakeKeys(dir, slots, []string{"127.0.0.1"}); err != nil {
		t.Fatal(err)
	}
	return newGroundOn(t, text, slots, dir)
}

func newGroundOn(t *testing.T, text string, slots int, keysDir string) *ground {
	t.Helper()
	o := bus.ServerOptions{StoreDir: t.TempDir(), OnError: func(err error) { t.Log("bus:", err) }}
	if keysDir != "" {
		o.Keys = must(bus.LoadKeys(keysDir))
	}
	server, err := bus.StartServer(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	g := &ground{t: t, url: server.URL(), keys: keysDir, target: newTarget(t), listening: map[*Coordinator]func(){}}
	g.plan = &Plan{Scenario: []byte(text), ScaleRatio: 1, Target: g.target.URL, Seed: 7, Slots: slots, Connections: 16, Engine: loadgen.EngineAuto}
	sc, err := scenarios.Parse("test.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	where, _ := url.Parse(g.target.URL)
	if g.storm, err = loadgen.New(loadgen.Options{Scenario: sc, Target: where, Seed: 7, Connections: 16}); err != nil {
		t.Fatal(err)
	}
	g.plan.Lead = g.storm.Lead()
	return g
}

func (g *ground) log(format string, args ...any) { g.t.Logf(format, args...) }

// connect connects as a slot.
func (g *ground) connect(slot int, c bus.Config) bus.Config {
	c.URL, c.Slot = g.url, slot
	switch {
	case g.keys == "":
	case slot == bus.Coordinator:
		c.Creds = must(bus.LoadKeys(g.keys)).Coordinator
	default:
		c.Creds = must(bus.LoadCreds(filepath.Join(g.keys, bus.AgentFile(slot))))
	}
	return c
}

// agent starts an agent, which runs until its storm is over or ctx is done.
func (g *ground) agent(ctx context.Context, slot int, change ...func(*AgentOptions)) {
	conn, err := bus.Connect(ctx, g.connect(slot, bus.Config{}))
	if err != nil {
		g.t.Error(err)
		return
	}
	o := AgentOptions{Conn: conn, Slot: slot, Local: Local{Dir: g.t.TempDir()}, Capacity: 1, Version: "test", Linger: 2 * time.Minute, Log: g.log}
	for _, c := range change {
		c(&o)
	}
	g.agents.Go(func() {
		defer conn.Close()
		err := Serve(ctx, o)
		g.mu.Lock()
		defer g.mu.Unlock()
		g.left = append(g.left, err)
	})
}

// coordinator returns one that listens.
func (g *ground) coordinator(run bus.Run, change ...func(*CoordinatorOptions)) *Coordinator {
	g.t.Helper()
	var c *Coordinator
	conn, err := bus.Connect(g.t.Context(), g.connect(bus.Coordinator, bus.Config{
		OnDisconnect: func(error) { c.Link(false) }, OnReconnect: func() { c.Link(true) }}))
	if err != nil {
		g.t.Fatal(err)
	}
	o := CoordinatorOptions{Conn: conn, Run: run, Plan: g.plan, Version: "test", OnLoss: roster.OnLossAccount, Log: g.log}
	for _, f := range change {
		f(&o)
	}
	if c, err = New(o); err != nil {
		g.t.Fatal(err)
	}
	stop, err := c.Listen()
	if err != nil {
		g.t.Fatal(err)
	}
	g.listening[c] = stop
	g.t.Cleanup(func() { stop(); conn.Close() })
	return c
}

// lead gathers the agents and leads them to the end.
func (g *ground) lead(ctx context.Context, c *Coordinator, observe loadgen.Observer) (record.End, *record.Record) {
	g.t.Helper()
	if err := c.Gather(ctx, 20*time.Second); err != nil {
		g.t.Fatal(err)
	}
	t0, err := c.SetT0(ctx, time.Time{})
	if err != nil {
		g.t.Fatal(err)
	}
	if err := c.Acknowledged(ctx); err != nil {
		g.t.Fatal(err)
	}
	dir := filepath.Join(g.t.TempDir(), "run")
	w, err := record.Create(dir, record.Manifest{Scenario: "test", Target: g.target.URL, Start: time.Now(), T0: t0,
		PlannedArrivals: g.storm.Arrivals(), Connections: 16, Cores: c.Cores(), Agents: c.Agents()}, g.plan.Scenario)
	if err != nil {
		g.t.Fatal(err)
	}
	end, err := c.Lead(ctx, w, g.storm, observe)
	if err != nil {
		g.t.Error(err)
	}
	r, err := record.Open(dir)
	if err != nil {
		g.t.Fatal(err)
	}
	return end, r
}

// counted returns the requests of the record.
func counted(r *record.Record) record.Counters { return r.Counters(record.Everything, "") }

// TestSameStormFromAnyNumberOfAgents compares what the target was asked for.
func TestSameStormFromAnyNumberOfAgents(t *testing.T) {
	if testing.Short() {
		t.Skip("a storm from several agents takes real seconds")
	}
	t.Parallel()
	counts := []int{1, 2, 4, 8}
	storms := make([]sentStorm, len(counts))
	t.Run("agents", func(t *testing.T) { // returns when all are over
		for i, agents := range counts {
			t.Run(fmt.Sprint(agents), func(t *testing.T) {
				t.Parallel()
				storms[i] = sendBy(t, agents)
			})
		}
	})
	want := storms[0]
	for i, got := range storms {
		if !maps.Equal(got.due, want.due) {
			t.Errorf("%d agents: due by second: %v, by one agent %v", counts[i], got.due, want.due)
		}
		if len(got.asked) != len(want.asked) || len(got.asked) == 0 {
			t.Errorf("%d agents: %d different requests, one agent sends %d", counts[i], len(got.asked), len(want.asked))
		}
		for what, n := range want.asked {
			if got.asked[what] != n {
				t.Errorf("%d agents: %s: asked for %d times, by one agent %d times", counts[i], what, got.asked[what], n)
			}
		}
	}
}

// sentStorm is what a target was asked for, and what was due in each second.
type sentStorm struct {
	asked map[string]int
	due   map[int]uint64 // of the first step, whose due instants are the storm's own
}

// sendBy has so many agents send the storm, and checks that each sent its share.
func sendBy(t *testing.T, agents int) sentStorm {
	t.Helper()
	g := newGround(t, scenario, agents)
	for i := range agents {
		g.agent(t.Context(), 0, func(o *AgentOptions) { o.Capacity = 1 + float64(i) })
	}
	end, r := g.lead(t.Context(), g.coordinator(bus.NewRun()), nil)
	g.agents.Wait()
	if end.Reason != record.Completed || end.Message != "" || slices.ContainsFunc(g.left, func(e error) bool { return e != nil }) {
		t.Errorf("end %+v, agents ended with %v", end, g.left)
	}
	due := map[int]uint64{}
	first, last, _ := r.Seconds()
	for second := first; second <= last; second++ {
		if c := r.CountersAt(second)["browse"]; c.Due > 0 {
			due[second] = c.Due
		}
	}
	if c := counted(r); c.Due != 2*g.storm.Arrivals() || c.Done != c.Due || c.Failed > 0 {
		t.Errorf("%+v, wanted %d requests due and done", c, 2*g.storm.Arrivals())
	}
	for _, a := range r.Manifest.Agents {
		if a.Lost || !a.Finished || a.PlannedArrivals != a.ReportedArrivals || a.UnsentArrivals+a.InDoubtArrivals > 0 {
			t.Errorf("%+v, wanted a whole share", a)
		}
	}
	return sentStorm{g.target.asked, due}
}

// TestClocksApart has agents whose clocks are seconds off: all leave at the coordinator's T0, and the report knows by
// how much each was off.
func TestClocksApart(t *testing.T) {
	if testing.Short() {
		t.Skip("a storm from several agents takes real seconds")
	}
	t.Parallel()
	const off = 3 * time.Second
	offsets := []time.Duration{0, off, -off, 0, off / 2, -off / 2, off, -off}
	g := newGuarded(t, scenario, len(offsets))
	for i, off := range offsets {
		g.agent(t.Context(), i+1, func(o *AgentOptions) { o.Now = func() time.Time { return time.Now().Add(off) } })
	}
	end, r := g.lead(t.Context(), g.coordinator(bus.NewRun(), func(o *CoordinatorOptions) { o.MaxSkew = time.Second }), nil)
	g.agents.Wait()
	if end.Reason != record.Completed || counted(r).Done != 2*g.storm.Arrivals() {
		t.Errorf("end %+v, %+v", end, counted(r))
	}
	var widest time.Duration
	for i, a := range r.Manifest.Agents {
		off := time.Duration(a.OffsetSeconds * float64(time.Second))
		bound := time.Duration(a.BoundSeconds*float64(time.Second)) + time.Microsecond
		if widest = max(widest, bound); (off - offsets[i]).Abs() > bound {
			t.Errorf("%s: clock off by %v, known to %v; in truth %v", a.Name, off, bound, offsets[i])
		}
	}
	// The first user comes at most 300 ms before T0, and the last request within the last second that an agent has recorded by
	// its own clock. An agent that is seconds off begins before the one or ends after the other, however slow the machine is.
	_, last, _ := r.Seconds()
	early, late := g.target.first.Sub(r.Manifest.T0), g.target.last.Sub(r.Manifest.T0)
	if end := time.Duration(last+1)*time.Second + widest; early < -300*time.Millisecond-widest || late > end {
		t.Errorf("requests came from %v to %v after T0, wanted -300ms to %v", early, late, end)
	}
}

// TestRefusals: an agent that may not take part gets the reason.
func TestRefusals(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		agent func(*AgentOptions)
		lead  func(*CoordinatorOptions)
		plan  func(*Plan)
		want  string
	}{
		"another version":                      {agent: func(o *AgentOptions) { o.Version = "other" }, want: "use the same version everywhere"},
		"no capacity":                          {agent: func(o *AgentOptions) { o.Capacity = -1 }, want: "capacity"},
		"clock too loose":                      {lead: func(o *CoordinatorOptions) { o.MaxSkew = 1 }, want: "--max-skew"},
		"target that the agent does not allow": {plan: func(p *Plan) { p.Target = "http://shop.example" }, want: "it is not allowed"},
		"a file of the agent's machine": {plan: func(p *Plan) {
			p.Scenario = []byte(strings.Replace(scenario, "from: sequence", "from: csv, file: /etc/passwd", 1))
		}, want: "found no file"},
		"too few rows": {plan: func(p *Plan) { p.Scenario = []byte(strings.Replace(scenario, "10k", "10", 1)) }, want: "ends early"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := newGround(t, scenario, 1)
			if c.plan != nil {
				c.plan(g.plan)
			}
			var change []func(*CoordinatorOptions)
			if c.lead != nil {
				change = append(change, c.lead)
			}
			ctx, cancel := context.WithCancel(t.Context())
			co := g.coordinator(bus.NewRun(), change...)
			g.agent(ctx, 1, func(o *AgentOptions) {
				if c.agent != nil {
					c.agent(o)
				}
			})
			gathering, stop := context.WithCancel(ctx)
			go func() { g.agents.Wait(); stop() }()
			err := co.Gather(gathering, time.Minute)
			cancel()
			g.agents.Wait()
			if said := fmt.Sprint(err, g.left); !strings.Contains(said, c.want) {
				t.Errorf("%s, wanted %q", said, c.want)
			}
		})
	}
}

// TestOtherPlans: T0 for another plan than the agent has is refused by it. The roster's tests have the other direction.
func TestOtherPlans(t *testing.T) {
	t.Parallel()
	a := &agent{slot: 1, status: roster.Heartbeat{PlanHash: "mine"}}
	start := &Start{PlanHash: "other", Assignment: roster.Assignment{Shares: roster.Shares{1 << 63, math.MaxUint64}}}
	if err := a.acceptStart(start); err == nil || a.share.Load() != nil {
		t.Errorf("%v, wanted a refusal", err)
	}
	start.PlanHash = "mine"
	if err := a.acceptStart(start); err != nil || a.status.State != roster.Ready {
		t.Error(err)
	}
	if a.slot = 3; a.acceptStart(start) == nil {
		t.Error("took T0 with a share for two of three slots")
	}
}

// says has an agent report to the coordinator.
func says(t *testing.T, c *Coordinator, slot int, instance string, s roster.State, change ...func(*roster.Heartbeat)) heartbeatReply {
	t.Helper()
	h := roster.Heartbeat{Instance: instance, Epoch: 1, State: s, Version: "test", Host: "host", Capacity: 1}
	for _, f := range change {
		f(&h)
	}
	reply := c.report(slot, h)
	if reply.Error != "" {
		t.Fatalf("slot %d, %s: %s", slot, s, reply.Error)
	}
	return reply
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// TestGatherNamesWhoIsMissing waits for agents that do not come.
func TestGatherNamesWhoIsMissing(t *testing.T) {
	t.Parallel()
	g := newGround(t, scenario, 2)
	c := g.coordinator(bus.NewRun())
	err := c.Gather(t.Context(), time.Millisecond)
	if err == nil || !strings.Contains(err.Error(), "0 of 2 agents are ready") || !strings.Contains(err.Error(), "slot 2 has no agent") {
		t.Errorf("%v, wanted the slots that are missing", err)
	}
}

// TestOnlyOneCoordinatorSetsT0 has two lead the same run.
func TestOnlyOneCoordinatorSetsT0(t *testing.T) {
	t.Parallel()
	g := newGround(t, scenario, 1)
	run := bus.NewRun()
	for i, want := range []bool{true, false} {
		c := g.coordinator(run)
		says(t, c, 1, "one", roster.Armed)
		if _, err := c.SetT0(t.Context(), time.Time{}); (err == nil) != want {
			t.Errorf("coordinator %d: %v", i+1, err)
		}
	}
}

// TestPlanOverTheLimit is of a file that the bus cannot carry.
func TestPlanOverTheLimit(t *testing.T) {
	t.Parallel()
	g := newGround(t, scenario, 1)
	g.plan.Files = map[string][]byte{"users.csv": make([]byte, 1<<20)}
	conn, err := bus.Connect(t.Context(), g.connect(bus.Coordinator, bus.Config{}))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := New(CoordinatorOptions{Conn: conn, Run: bus.NewRun(), Plan: g.plan}); err == nil || !strings.Contains(err.Error(), "users.csv has 1,048,576 bytes") {
		t.Errorf("%v, wanted the file that is too large", err)
	}
}
