package fleet

import (
	"errors"
	"net/url"
	"strings"
	"testing"

	"fsctl/loadgen/fleet/bus"
	"fsctl/loadgen/record"
	"fsctl/loadgen/transport"
)

// Each agent says what its connections go to; the record keeps it.
func TestAgentsSayWhatTheyReach(t *testing.T) {
	t.Parallel()
	g := newGround(t, scenario, 2)
	port := must(url.Parse(g.target.URL)).Port()
	g.plan.Target = "http://shop.test:" + port
	g.plan.Route.ConnectTo = []transport.Detour{must(transport.ParseDetour("shop.test::127.0.0.1:"))}
	c := g.coordinator(bus.NewRun())
	for range 2 {
		g.agent(t.Context(), 0)
	}
	end, r := g.lead(t.Context(), c, nil)
	if n := counted(r); end.Reason != record.Completed || n.Done == 0 || n.Failed > 0 {
		t.Errorf("%s: %d done, %d failed by %v", end.Reason, n.Done, n.Failed, n.Errors)
	}
	for _, a := range r.Manifest.Agents {
		if want := "shop.test:" + port + " by way of 127.0.0.1:" + port + " (--connect-to)"; a.Reached != want {
			t.Errorf("%s says %q, wanted %q", a.Name, a.Reached, want)
		}
	}
}

// The coordinator's user may name a proxy, and the agent's must allow it: else any host could be pressed through an agent.
func TestProxyOfThePlan(t *testing.T) {
	proxy := must(transport.ParseProxy("http://bob:s3cret@proxy.example:3128"))
	p := &Plan{Scenario: []byte(scenario), ScaleRatio: 1, Target: "http://shop.example", Slots: 1, Route: transport.Route{Proxy: proxy}}
	data, _ := p.Encode()
	read := must(DecodePlan(data))
	if read.Route.Proxy.URL().String() != proxy.URL().String() {
		t.Errorf("an agent reads proxy %s", read.Route.Proxy)
	}
	for _, c := range []struct {
		allow string
		ok    bool
	}{{"shop.example", false}, {"proxy.example", false}, {"shop.example,proxy.example:80", false}, {"shop.example,proxy.example", true}, {"shop.example,proxy.example:3128", true}} {
		_, err := read.Storm(Local{Dir: t.TempDir(), Allow: strings.Split(c.allow, ",")}, nil)
		_, input := errors.AsType[*transport.InputError](err)
		if (err == nil) != c.ok || err != nil && (!input || strings.Contains(err.Error(), "s3cret")) {
			t.Errorf("allowed %s: %v, wanted it to take part: %t", c.allow, err, c.ok)
		}
	}
	data = []byte(strings.Replace(string(data), "http://bob:s3cret@proxy.example", "ftp://bob:s3cret@proxy.example", 1))
	if _, err := DecodePlan(data); err == nil || strings.Contains(err.Error(), "s3cret") {
		t.Errorf("%v, wanted an error without the password", err)
	}
}
