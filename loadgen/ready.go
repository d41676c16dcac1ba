package loadgen

import (
	"context"
	"fmt"
	"math"
	"net"
	"net/netip"
	"runtime"
	"slices"
	"strings"
	"time"

	"fsctl/loadgen/record"
)

// Need is something that a run takes of this machine.
type Need struct {
	Name      string  // NeedFiles, NeedPorts or NeedMemory
	Needed    float64 // in bytes for memory, else a number of them
	Available float64 // 0 where the system does not tell
	Because   string  // what both figures are made of
	Hint      string  // what to do where there is not enough
}

// What a run needs beside cores, which only a SelfTest can tell.
const (
	NeedFiles  = "file descriptors"
	NeedPorts  = "ports"
	NeedMemory = "memory"
)

// OK tells whether there is enough, as far as anybody knows.
func (n Need) OK() bool { return n.Available == 0 || n.Needed <= n.Available }

// demand is what a run is made of, as far as it takes something of its machine.
type demand struct {
	connections   int
	perConnection int // file descriptors: two where the target is in this process too
	secure        bool
	thinking      float64  // users between two requests at once, at most
	addresses     []string // host:port that connections are meant for
	route         Route
	bindsPorts    bool // the engine takes a source's port for all targets, and not for each
}

// Needs returns what the storm needs of this machine beside cores. It looks the target up.
func (s *Storm) Needs(ctx context.Context) ([]Need, error) {
	if s.Dial != nil {
		return nil, nil // another network than this machine's
	}
	d := demand{connections: s.Connections, perConnection: 1, secure: s.Target.Scheme == "https", addresses: []string{addressOf(s.Target)},
		route: s.Route, bindsPorts: s.engineName() == EngineVegeta}
	if s.TargetInside {
		d.perConnection = 2
	}
	if s.schedule != nil {
		d.thinking = s.forecast().thinking
	}
	return d.needs(ctx)
}

// Needs returns what the list needs of this machine beside cores. It looks the targets up.
func (l *TargetList) Needs(ctx context.Context) ([]Need, error) {
	secure := slices.ContainsFunc(l.addresses, func(a string) bool { return strings.HasSuffix(a, ":443") })
	d := demand{connections: l.Connections, perConnection: 1, secure: secure, addresses: l.addresses, route: l.Route, bindsPorts: true}
	return d.needs(ctx)
}

// Needs returns what the search needs of this machine beside cores. It looks the target up.
func (s *Search) Needs(ctx context.Context) ([]Need, error) { return s.storm.Needs(ctx) }

// Ready fails with an *InputError on the first need that this machine cannot meet.
func Ready(needs []Need) error {
	for _, n := range needs {
		if !n.OK() {
			return inputError(n.Hint, "%s: found %s, wanted %s: %s", n.Name, n.figure(n.Available), n.figure(n.Needed), n.Because)
		}
	}
	return nil
}

// figure writes an amount of what is needed.
func (n Need) figure(amount float64) string {
	if n.Name == NeedMemory {
		return fmt.Sprintf("%.0f MB", math.Ceil(amount/1e6))
	}
	return fmt.Sprintf("%.0f", amount)
}

func (d *demand) needs(ctx context.Context) ([]Need, error) {
	ports, err := d.ports(ctx)
	return []Need{d.files(), ports, d.memory()}, err
}

// spareFiles are for the record, name servers and whatever else opens a file.
const spareFiles = 32

func (d *demand) files() Need {
	limit, open := fileLimit(), openFiles()
	perConnection := ""
	if d.perConnection > 1 {
		perConnection = fmt.Sprintf(" of %d each, since the target is in this process", d.perConnection)
	}
	return Need{Name: NeedFiles, Needed: float64(d.connections*d.perConnection + open + spareFiles), Available: float64(limit),
		Because: fmt.Sprintf("%d connections%s, %d open already, %d to spare", d.connections, perConnection, open, spareFiles),
		Hint: fmt.Sprintf("raise the limit (ulimit -n %d), use --connections %d or fewer, or more agents",
			d.connections*d.perConnection+open+spareFiles, max(1, (limit-open-spareFiles)/d.perConnection))}
}

// ports counts the ports that connections may leave from: each pair of a local address and one of the
// target's has all of them.
func (d *demand) ports(ctx context.Context) (Need, error) {
	pairs, err := d.pairs(ctx)
	each := ephemeralPorts()
	because := fmt.Sprintf("%d connections; %d ports (net.ipv4.ip_local_port_range) for each pair of addresses, here and there: %d", d.connections, each, pairs)
	return Need{Name: NeedPorts, Needed: float64(d.connections), Available: float64(each * pairs), Because: because,
		Hint: fmt.Sprintf("widen the range (sysctl -w net.ipv4.ip_local_port_range=\"1024 65535\"), send from several --source addresses, use --connections %d or fewer, or more agents",
			max(1, each*pairs))}, err
}

// lookUpPatience is how long names may take to be looked up before a run; the engine tries again.
const lookUpPatience = 5 * time.Second

// pairs counts the pairs of a local address and an address of the target's.
func (d *demand) pairs(ctx context.Context) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, lookUpPatience)
	defer cancel()
	pairs, sources := 0, map[netip.Addr]bool{}
	for _, address := range d.addresses {
		host, _, _ := net.SplitHostPort(d.route.lead(address))
		found, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
		if err != nil {
			return max(1, len(d.route.Sources)), nil // the engine will tell
		}
		reached := false
		for _, to := range found {
			if len(d.route.Sources) == 0 {
				pairs, reached = pairs+1, true
			}
			for _, from := range d.route.Sources {
				if from.Is4() == to.Unmap().Is4() {
					pairs, reached, sources[from] = pairs+1, true, true
				}
			}
		}
		if !reached {
			return 0, inputError("name a --source address of the target's family", "target %s: found addresses %v, which none of the sources %v reaches", host, found, d.route.Sources)
		}
	}
	if d.bindsPorts && len(sources) > 0 {
		return len(sources), nil
	}
	return pairs, nil
}

// What a run keeps in memory, in bytes, as measured.
const (
	baseMemory       = 64 << 20
	connectionMemory = 24 << 10
	secureMemory     = 72 << 10 // of a connection over TLS
	userMemory       = 320
)

func (d *demand) memory() Need {
	each := float64(connectionMemory)
	if d.secure {
		each = secureMemory
	}
	return Need{Name: NeedMemory, Needed: math.Ceil(baseMemory + float64(d.connections*d.perConnection)*each + d.thinking*userMemory), Available: freeMemory(),
		Because: fmt.Sprintf("%d connections and at most %.0f users who think at once", d.connections, d.thinking),
		Hint:    "use fewer --connections, a smaller --scale, or more agents"}
}

// usableCores returns how many cores the generator may use, by its quota too.
func usableCores() float64 {
	cores := float64(runtime.GOMAXPROCS(0))
	if quota := coresAllowed(); quota > 0 {
		cores = min(cores, quota)
	}
	return cores * record.UsableCoresRatio
}
