package host

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"net/netip"
	"runtime"
	"time"

	"fsctl/loadgen/budget"
	"fsctl/loadgen/record"
	"fsctl/loadgen/transport"
	"fsctl/scenarios/quantity"
)

// Need is something that a run takes of this machine.
type Need struct {
	Name      string  // NeedFiles, NeedPorts or NeedMemory
	Needed    float64 // in bytes for memory, else a number of them
	Own       float64 // in bytes for memory, else a number of them: the part of Needed that another run of this process would take again
	Available float64 // likewise; 0 where the system does not report it
	Because   string  // what both figures are made of
	Hint      string  // what to do where there is not enough
}

// What a run needs beside cores, which only a SelfTest can measure.
const (
	NeedFiles  = "file descriptors"
	NeedPorts  = "ports"
	NeedMemory = "memory"
)

// OK reports whether there is enough, as far as it is known.
func (n Need) OK() bool { return n.Available == 0 || n.Needed <= n.Available }

// Demand is what a run is made of, as far as it takes something of its machine.
type Demand struct {
	Connections   int // open at once
	Users         int // who are there at once at the least, where each has a connection of its own; 0 where they share connections
	PerConnection int // file descriptors: two where the target is in this process too
	Hosts         int // to which each of them may have one of its own, open at once; 0 and 1 for one of Addresses
	Together      int // demands like it that this process has at once, 0 for one
	Secure        bool
	KeepsBodies   bool     // checks or extractions read the bodies of answers
	Thinking      float64  // users between two requests at once, at most
	Addresses     []string // host:port that connections are meant for
	Route         transport.Route
	BindsPorts    bool // the engine takes a source's port for all targets, and not for each
}

// Ready fails with an *transport.InputError on the first need that this machine cannot meet.
func Ready(needs []Need) error {
	for _, n := range needs {
		if !n.OK() {
			return transport.InputErrorf(n.Hint, "%s: found %s, wanted %s: %s", n.Name, n.figure(n.Available), n.figure(n.Needed), n.Because)
		}
	}
	return nil
}

// figure writes an amount of what is needed.
func (n Need) figure(amount float64) string {
	if n.Name == NeedMemory {
		return quantity.Bytes(amount)
	}
	return quantity.Given(amount)
}

// Needs returns what the run needs of this machine beside cores. It looks the targets up. It fails
// where a name cannot be looked up; what needs no name is returned all the same.
func (d *Demand) Needs(ctx context.Context) ([]Need, error) {
	ports, _, err := d.ports(ctx)
	return []Need{d.files(), ports, d.memory()}, err
}

// Fit lowers Connections to what this machine has room for, 1 at least. It looks the targets up, and fails as Needs does.
func (d *Demand) Fit(ctx context.Context) error {
	ports, portsEach, err := d.ports(ctx)
	if err != nil {
		return err
	}
	most := float64(d.Connections)
	for _, n := range []Need{d.files(), ports, d.memory()} {
		each := float64(d.perConnection())
		switch n.Name {
		case NeedPorts:
			each = float64(portsEach)
		case NeedMemory:
			each *= d.connectionMemory()
		}
		if n.Available > 0 {
			room := float64(d.Connections) - (n.Needed-n.Available)/each
			most = min(most, math.Floor(room/float64(max(d.Together, 1))))
		}
	}
	d.Connections = int(max(most, 1))
	return nil
}

// spareFiles are for the record, name servers and whatever else opens a file.
const spareFiles = 32

func (d *Demand) files() Need {
	limit, open := fileLimit(), openFiles()
	perConnection := d.whose()
	if d.PerConnection > 1 {
		perConnection += fmt.Sprintf(" of %s each, since the target is in this process", quantity.Count(d.PerConnection))
	}
	return Need{Name: NeedFiles, Needed: float64(d.Connections*d.perConnection() + open + spareFiles), Own: float64(d.Connections * d.perConnection()), Available: float64(limit),
		Because: fmt.Sprintf("%s%s, %s open already, %d to spare", quantity.Of(d.Connections, "connection"), perConnection, quantity.Count(open), spareFiles),
		Hint: fmt.Sprintf("raise the limit (ulimit -n %d), open at most %s here (%s, which agents share), or use more agents",
			d.Connections*d.perConnection()+open+spareFiles, connections(max(1, (limit-open-spareFiles)/d.perConnection())), d.flags())}
}

// perConnection returns how many file descriptors a connection takes, to all hosts together.
func (d *Demand) perConnection() int { return d.PerConnection * max(d.Hosts, 1) }

// toHosts says where connections go, where each has one to several hosts.
func (d *Demand) toHosts() string {
	if d.Hosts < 2 {
		return ""
	}
	return fmt.Sprintf(" to each of %s", quantity.Of(d.Hosts, "target"))
}

// whose says where connections go, and whose they are where each user has one.
func (d *Demand) whose() string {
	if d.Users == 0 {
		return d.toHosts()
	}
	return fmt.Sprintf("%s, one for each user (at least %s there at once)", d.toHosts(), quantity.Count(d.Users))
}

// flags names those that bound the number of connections.
func (d *Demand) flags() string {
	if d.Users > 0 {
		return "--max-connections"
	}
	return "--connections or --max-connections"
}

// ports counts the ports that connections may leave from: each pair of a local address and one of the
// target's has all of them. portsEach is how many ports of a pair a connection takes.
func (d *Demand) ports(ctx context.Context) (n Need, portsEach int, err error) {
	pairs, portsEach, err := d.fewestPairs(ctx)
	each := ephemeralPorts()
	because := fmt.Sprintf("%s%s; %s (net.ipv4.ip_local_port_range) for each pair of addresses, here and there: %s",
		quantity.Of(d.Connections, "connection"), d.whose(), quantity.Of(each, "port"), quantity.Count(pairs))
	needed := float64(d.Connections * portsEach)
	return Need{Name: NeedPorts, Needed: needed, Own: needed, Available: float64(each * pairs), Because: because,
		Hint: fmt.Sprintf("widen the range (sysctl -w net.ipv4.ip_local_port_range=\"1024 65535\"), send from several --source addresses, open at most %s here (%s, which agents share), or use more agents",
			connections(max(1, each*pairs/portsEach)), d.flags())}, portsEach, err
}

// connections writes a number that a flag takes.
func connections(n int) string { return fmt.Sprintf("%d %s", n, quantity.Noun(n == 1, "connection")) }

// lookUpPatience is how long names may take to be looked up before a run; the engine tries again.
const lookUpPatience = 5 * time.Second

// fewestPairs returns the pairs of addresses that connections may use: of several hosts, each of which every connection has one to, those of
// the host that has the fewest. A connection takes one port of a pair, or one for each host where hosts share an address, or a source's port
// is for all of them.
func (d *Demand) fewestPairs(ctx context.Context) (fewest, portsEach int, first error) {
	if d.Hosts < 2 {
		fewest, first = d.pairs(ctx)
		return fewest, 1, first
	}
	portsEach = 1
	if d.BindsPorts && len(d.Route.Sources) > 0 {
		portsEach = d.Hosts
	}
	seen := map[string]bool{}
	for i, address := range d.Addresses {
		one := *d
		one.Addresses = []string{address}
		n, err := one.pairs(ctx)
		if i == 0 || n < fewest {
			fewest = n
		}
		first = cmp.Or(first, err)
		found, _ := d.Route.Addresses(ctx, address) // what is wrong with it is pairs' to say
		for _, at := range found {
			if seen[at] {
				portsEach = d.Hosts
			}
		}
		for _, at := range found {
			seen[at] = true
		}
	}
	return fewest, portsEach, first
}

// pairs counts the pairs of a local address and an address of the target's.
func (d *Demand) pairs(ctx context.Context) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, lookUpPatience)
	defer cancel()
	pairs, sources := 0, map[netip.Addr]bool{}
	for _, address := range d.Addresses {
		found, err := d.Route.Addresses(ctx, address)
		if _, unreached := errors.AsType[*transport.InputError](err); unreached {
			return 0, err
		}
		if err != nil {
			return max(1, len(d.Route.Sources)), nil // the engine returns the error
		}
		for _, to := range found {
			if len(d.Route.Sources) == 0 {
				pairs++
			}
			at, _ := netip.ParseAddrPort(to) // a port beyond 65535 is found by whoever dials it
			for _, from := range d.Route.Sources {
				if from.Is4() == at.Addr().Is4() {
					pairs, sources[from] = pairs+1, true
				}
			}
		}
	}
	if d.BindsPorts && len(sources) > 0 {
		return len(sources), nil
	}
	return pairs, nil
}

// What a run keeps in memory, in bytes, as measured.
const (
	baseMemory   = 64 << 20
	plainMemory  = 24 << 10 // of a connection
	secureMemory = 72 << 10 // of one over TLS
	userMemory   = 320
	bodyMemory   = 2 * transport.SmallBody // of a connection, for a body and to unpack it
)

// connectionMemory is what a connection takes, in bytes.
func (d *Demand) connectionMemory() float64 {
	each := float64(plainMemory)
	if d.Secure {
		each = secureMemory
	}
	if d.KeepsBodies {
		each += bodyMemory
	}
	return each
}

func (d *Demand) memory() Need {
	answers, bodies := 0.0, "" // those of all runs of this process together
	if d.KeepsBodies {
		answers = float64(budget.Answers.Limit())
		bodies = fmt.Sprintf(", %s for large answers, %s for small ones of each connection", quantity.Bytes(answers), quantity.Bytes(bodyMemory))
	}
	own := math.Ceil(float64(d.Connections*d.perConnection())*d.connectionMemory() + d.Thinking*userMemory)
	return Need{Name: NeedMemory, Needed: baseMemory + answers + own, Own: own, Available: freeMemory(),
		Because: fmt.Sprintf("%s%s and at most %s who think at once%s", quantity.Of(d.Connections, "connection"), d.whose(), quantity.EstimateOf(math.Ceil(d.Thinking), "user"), bodies),
		Hint:    "raise the memory limit, open fewer connections (" + d.flags() + "), use a smaller --scale, or more agents on other machines"}
}

// usableCores returns how many cores the generator may use, by its quota too.
func usableCores() float64 {
	cores := float64(runtime.GOMAXPROCS(0))
	if quota := coresAllowed(); quota > 0 {
		cores = min(cores, quota)
	}
	return cores * record.UsableCoresRatio
}
