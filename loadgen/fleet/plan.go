package fleet

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"time"

	"fsctl/loadgen"
	"fsctl/loadgen/transport"
	"fsctl/scenarios"
	"fsctl/scenarios/arrivals"
	"fsctl/scenarios/inputfile"
	"fsctl/scenarios/plaintext"
	"fsctl/scenarios/quantity"
)

// Plan is what every agent must know to send its share of a storm: the same bytes for all of them.
type Plan struct {
	Scenario       []byte            `json:"scenario"` // the document, as it will run
	Files          map[string][]byte `json:"files"`    // that its feeders read and its requests send, by the names that it has for them
	ScaleRatio     float64           `json:"scale_ratio"`
	Target         string            `json:"target"`
	Others         map[string]string `json:"others,omitempty"` // by name, in place of the scenario's other targets
	Seed           uint64            `json:"seed"`
	Slots          int               `json:"slots"`                     // agents that share the storm, at least 1
	Connections    int               `json:"connections"`               // of all agents together, where their number is fixed; else 0
	MaxConnections int               `json:"max_connections,omitempty"` // of all agents together, where the user has said it; else 0
	Duration       time.Duration     `json:"duration_ns"`
	Engine         string            `json:"engine"`
	Route          transport.Route   `json:"route"`
	NoKeepAlive    bool              `json:"no_keepalive,omitempty"` // every request opens a connection of its own
	Insecure       bool              `json:"insecure"`               // the target's certificate is not verified
	Authority      []byte            `json:"authority"`              // PEM, of the target's certificate; empty for the system's
	Lead           time.Duration     `json:"lead_ns"`                // from the first arrival to T0
	Secrets        []string          `json:"secrets,omitempty"`      // that no sample of an exchange may hold
	NoPreflight    bool              `json:"no_preflight,omitempty"` // agents do not look whether the target can be reached

	// Environment has the values of the scenario's ${env.NAME} by their names. It travels beside the plan, is held in memory alone,
	// and the plan's hash, which is written down, leaves it out.
	Environment map[string]string `json:"-"`
}

// Encode returns the plan's bytes and their hash, SHA-256 in hexadecimal digits.
func (p *Plan) Encode() (data []byte, hash string) {
	data = encode(p)
	return data, hashOf(data)
}

func hashOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// DecodePlan reads a plan. It fails where data is not JSON of a plan; Storm checks the rest.
func DecodePlan(data []byte) (*Plan, error) {
	p := new(Plan)
	if err := json.Unmarshal(data, p); err != nil {
		return nil, fmt.Errorf("plan: %w", err)
	}
	return p, nil
}

// ReadFiles puts the files that the scenario's feeders read and its requests send into the plan. It fails where one cannot be read;
// the error names it.
func (p *Plan) ReadFiles(sc *scenarios.Scenario) error {
	p.Files = map[string][]byte{}
	for _, f := range sc.Feeders {
		if f.File == "" {
			continue
		}
		data, err := inputfile.Read(sc.Path(f.File), inputfile.MostTable)
		if err != nil {
			return fmt.Errorf("feeder %s: %w", f.Name, err)
		}
		p.Files[f.File] = data
	}
	for _, name := range sc.Files() {
		data, err := sc.ReadFile(name)
		if err != nil {
			return transport.InputErrorf("put the file into the scenario's folder", "%v", err)
		}
		p.Files[name] = data
	}
	return nil
}

// largest returns the plan's largest file.
func (p *Plan) largest() (name string, bytes int) {
	for _, n := range slices.Sorted(maps.Keys(p.Files)) {
		if len(p.Files[n]) > bytes {
			name, bytes = n, len(p.Files[n])
		}
	}
	return name, bytes
}

// Local is what an agent adds to the plan from its own machine.
type Local struct {
	Allow        []string          // hosts beyond its machine that it may send to
	Certificates []tls.Certificate // to show to the target
	Dir          string            // for what the agent measures
	Slot         int               // of the agent, from 1
	Slots        int               // agents in its process, which share what that may have; 0 for one
	Problem      func(error)       // is told when a name cannot be looked up any more, see transport.NewResolver; may be nil
}

// Storm compiles the plan for one agent. owns picks the arrivals that it sends. It fails where the plan's scenario,
// target, files or certificate cannot be used, and as loadgen.New does for a target that
// local does not allow.
func (p *Plan) Storm(local Local, owns func(arrivals.Arrival) bool) (*loadgen.Storm, error) {
	target, err := transport.ParseTarget(p.Target)
	if err != nil {
		return nil, fmt.Errorf("plan: target: %w", err)
	}
	others := map[string]*url.URL{}
	for name, text := range p.Others {
		if others[name], err = transport.ParseTarget(text); err != nil {
			return nil, fmt.Errorf("plan: target %s: %w", name, err)
		}
	}
	sc, err := scenarios.ParseWithFiles("scenario.yaml", p.Scenario, p.Files) // which may hold passwords, so that no file has them
	if err != nil {
		return nil, fmt.Errorf("plan: %w", err)
	}
	if sc, err = sc.WithEnvironment(func(name string) (string, bool) { value, ok := p.Environment[name]; return value, ok }); err != nil {
		return nil, fmt.Errorf("plan: %w", err)
	}
	config, err := p.tls(local)
	if err != nil {
		return nil, err
	}
	if err := p.Route.CheckProxy(local.Allow); err != nil { // the coordinator's user has named it, not this machine's
		return nil, err
	}
	route := p.Route
	route.Names = transport.NewResolver(nil, local.Problem)
	if !(p.ScaleRatio > 0) || p.Slots < 1 {
		return nil, fmt.Errorf("plan: found scale %s and %s, wanted both above 0", quantity.Given(p.ScaleRatio), quantity.Of(p.Slots, "slot"))
	}
	return loadgen.New(loadgen.Options{Scenario: sc.Scaled(p.ScaleRatio), Target: target, Others: others, Allow: local.Allow, Seed: p.Seed,
		Connections: p.part(p.Connections, local.Slot), MaxConnections: p.part(p.MaxConnections, local.Slot), ShareRatio: 1 / float64(p.Slots), Together: local.Slots, Duration: p.Duration, Engine: p.Engine,
		Route: route, NoKeepAlive: p.NoKeepAlive, TLS: config, Owns: owns, Secrets: p.Secrets})
}

// part returns a slot's part of what all slots share: the parts add up to it. Of what is not 0 each slot has one at least.
func (p *Plan) part(all, slot int) int {
	if all == 0 {
		return 0
	}
	return max((all+p.Slots-max(slot, 1))/p.Slots, 1)
}

func (p *Plan) tls(local Local) (*tls.Config, error) {
	config := &tls.Config{InsecureSkipVerify: p.Insecure, MinVersion: tls.VersionTLS12, Certificates: local.Certificates}
	if len(p.Authority) > 0 {
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(plaintext.Trim(p.Authority)) {
			return nil, errors.New("plan: found no certificate in its authority, wanted PEM")
		}
	}
	return config, nil
}
