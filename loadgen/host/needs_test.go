package host

import (
	"context"
	"errors"
	"net/netip"
	"runtime"
	"strings"
	"testing"

	"fsctl/loadgen/transport"
)

func TestPairsOfAddresses(t *testing.T) {
	four := []netip.Addr{netip.MustParseAddr("127.0.0.2"), netip.MustParseAddr("127.0.0.3")}
	six := []netip.Addr{netip.MustParseAddr("::1")}
	for _, c := range []struct {
		name      string
		addresses []string
		route     transport.Route
		binds     bool
		want      int // 0 for an error
	}{
		{"one of each", []string{"127.0.0.1:80"}, transport.Route{}, false, 1},
		{"two sources", []string{"127.0.0.1:80"}, transport.Route{Sources: four}, false, 2},
		{"two sources, three targets", []string{"127.0.0.1:80", "127.0.0.1:81", "127.0.0.4:80"}, transport.Route{Sources: four}, false, 6},
		{"a source's port is taken for all targets", []string{"127.0.0.1:80", "127.0.0.1:81", "127.0.0.4:80"}, transport.Route{Sources: four}, true, 2},
		{"no source to bind", []string{"127.0.0.1:80", "127.0.0.1:81"}, transport.Route{}, true, 2},
		{"sources of another family besides", []string{"127.0.0.1:80"}, transport.Route{Sources: append(six, four...)}, false, 2},
		{"sources of another family only", []string{"127.0.0.1:80"}, transport.Route{Sources: six}, false, 0},
		{"a target of IPv6", []string{"[::1]:80"}, transport.Route{Sources: six}, false, 1},
		{"a detour to IPv6", []string{"127.0.0.1:80"}, transport.Route{Sources: four, ConnectTo: []transport.Detour{{ToHost: "::1"}}}, false, 0},
		{"an unknown name", []string{"shop.invalid:80"}, transport.Route{Sources: four}, false, 2},
	} {
		d := Demand{Addresses: c.addresses, Route: c.route, BindsPorts: c.binds}
		got, err := d.pairs(context.Background())
		if _, input := errors.AsType[*transport.InputError](err); got != c.want || (err != nil) != (c.want == 0) || err != nil && !input {
			t.Errorf("%s: %d pairs, %v, wanted %d", c.name, got, err, c.want)
		}
	}
}

func TestNeeds(t *testing.T) {
	needs := func(change func(*Demand)) map[string]Need {
		d := Demand{Connections: 1000, PerConnection: 1, Thinking: 2000, Addresses: []string{"127.0.0.1:1"}}
		change(&d)
		needs, err := d.Needs(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		m := map[string]Need{}
		for _, n := range needs {
			m[n.Name] = n
		}
		return m
	}
	plain := needs(func(*Demand) {})
	if n := plain[NeedFiles].Needed; n < 1000 || n > 1000+spareFiles+float64(openFiles())+10 {
		t.Errorf("1000 connections need %g file descriptors", n)
	}
	inside := needs(func(d *Demand) { d.PerConnection = 2 })
	if n := inside[NeedFiles].Needed - plain[NeedFiles].Needed; n < 990 || n > 1010 {
		t.Errorf("a target in this process needs %g more file descriptors, wanted 1000", n)
	}
	secure := needs(func(d *Demand) { d.Secure = true })
	if secure[NeedMemory].Needed <= plain[NeedMemory].Needed || plain[NeedMemory].Needed < baseMemory+1000*plainMemory+2000*userMemory {
		t.Errorf("memory: %g bytes, with TLS %g", plain[NeedMemory].Needed, secure[NeedMemory].Needed)
	}
	if runtime.GOOS == "linux" {
		sources := needs(func(d *Demand) {
			d.Route.Sources = []netip.Addr{netip.MustParseAddr("127.0.0.2"), netip.MustParseAddr("127.0.0.3")}
		})
		if one, two := plain[NeedPorts], sources[NeedPorts]; one.Needed != 1000 || one.Available <= 0 || two.Available != 2*one.Available {
			t.Errorf("ports: %+v, from two sources %+v", one, two)
		}
	}
}

func TestReady(t *testing.T) {
	enough := Need{Name: NeedFiles, Needed: 100, Available: 100, Hint: "hint"}
	unknown := Need{Name: NeedPorts, Needed: 100, Hint: "hint"}
	short := Need{Name: NeedMemory, Needed: 2.5e6, Available: 1e6, Because: "1 connection", Hint: "use less"}
	if err := Ready([]Need{enough, unknown}); err != nil {
		t.Error(err)
	}
	err := Ready([]Need{enough, short})
	input, ok := errors.AsType[*transport.InputError](err)
	if !ok || input.Hint != "use less" || !strings.Contains(input.Error(), "memory: found 1 MB, wanted 2.5 MB: 1 connection") {
		t.Errorf("found %v", err)
	}
}
