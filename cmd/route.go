package cmd

import (
	"context"
	"fmt"
	"maps"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"fsctl/loadgen/transport"
)

// proxyOfEnvironment is what --proxy holds for the proxy that the environment names.
const proxyOfEnvironment = "env"

// findRoute reads how connections reach the target.
func (o *targetOptions) findRoute() (err error) {
	o.route = transport.Route{Names: transport.NewResolver(nil, func(err error) {
		if shown := o.shown.Load(); shown != nil { // no connection is open before
			shown.note("fsctl: warning: " + err.Error())
		}
	})}
	if o.proxy != "" && o.proxy != proxyOfEnvironment {
		if o.route.Proxy, err = transport.ParseProxy(o.proxy); err != nil {
			return fmt.Errorf("--proxy: %w", err)
		}
	}
	for _, text := range o.connectTo {
		detour, err := transport.ParseDetour(text)
		if err != nil {
			return fmt.Errorf("--connect-to: %w", err)
		}
		o.route.ConnectTo = append(o.route.ConnectTo, detour)
	}
	for _, text := range o.sources {
		source, err := transport.ParseSource(text)
		if err != nil {
			return fmt.Errorf("--source: %w", err)
		}
		o.route.Sources = append(o.route.Sources, source)
	}
	return nil
}

// findProxy returns the proxy for a target, the same one for all of them, and notes what is to be said of it before the storm.
func (o *targetOptions) findProxy(target *url.URL) (*transport.Proxy, error) {
	if !slices.ContainsFunc(o.aims, func(u *url.URL) bool { return u.Scheme == target.Scheme && u.Host == target.Host }) {
		o.aims = append(o.aims, target)
	}
	if o.proxy != "" && o.proxy != proxyOfEnvironment {
		return o.route.Proxy, nil
	}
	p, variable, err := transport.EnvProxy(target, os.Getenv)
	if o.proxy == "" {
		if variable != "" {
			o.note(fmt.Sprintf("the proxy in %s is not used; --proxy %s would send through it", variable, proxyOfEnvironment))
		}
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if first := o.aims[0]; first != target {
		if other, _, _ := transport.EnvProxy(first, os.Getenv); shownProxy(p) != shownProxy(other) {
			return nil, &hinted{usagef("--proxy %s: found %s for %s and %s for %s, wanted one proxy for all targets", proxyOfEnvironment,
				shownProxy(other), first.Redacted(), shownProxy(p), target.Redacted()), "name it with --proxy URL, or use a target list for each"}
		}
	}
	if p == nil {
		o.note("the environment names no proxy for the target (loopback and NO_PROXY go without): connections are direct")
	}
	return p, nil
}

// note keeps what is to be said before the storm, once.
func (o *targetOptions) note(text string) {
	if !slices.Contains(o.notes, text) {
		o.notes = append(o.notes, text)
	}
}

// shownProxy is a proxy as people may see it.
func shownProxy(p *transport.Proxy) string {
	if p == nil {
		return "none"
	}
	return p.String()
}

// proxySetting is the proxy as run.json keeps it: without its password, empty for none.
func (o *targetOptions) proxySetting() string {
	if o.route.Proxy == nil {
		return ""
	}
	return o.route.Proxy.String()
}

// lookAhead says what there is to say of the proxy, and finds what connections will really go to, for showRoute; it takes
// lookAheadWithin at most. Call it before the manifest is made, which sets T0.
func (o *targetOptions) lookAhead(ctx context.Context, s Streams) {
	for _, note := range o.notes {
		fmt.Fprintln(s.Err, note)
	}
	ctx, cancel := context.WithTimeout(ctx, lookAheadWithin)
	defer cancel()
	o.reached = nil
	for _, target := range o.aims {
		if to := o.route.Reach(ctx, target, o.tls.insecure); !to.IsPlain() && !slices.Contains(o.reached, to.String()) {
			o.reached = append(o.reached, to.String())
		}
	}
}

// lookAheadWithin is how long all names of a target list may take to be looked up.
const lookAheadWithin = 5 * time.Second

// mostReached is how many hosts of a target list are shown.
const mostReached = 10

// showRoute says before T0 what connections really go to.
func (o *targetOptions) showRoute(s Streams) {
	for i, line := range o.reached {
		if i == mostReached {
			fmt.Fprintf(s.Err, "  and %d more hosts, listed in run.json\n", len(o.reached)-mostReached)
			break
		}
		fmt.Fprintln(s.Err, "  "+strings.TrimSpace(line))
	}
}

// targetFlag is --target: URL for the main target, NAME=URL for another of the scenario's.
type targetFlag struct{ o *targetOptions }

// Set takes one URL, in place of one of the same name.
func (f *targetFlag) Set(text string) error {
	name := transport.MainTarget
	if before, after, found := strings.Cut(text, "="); found && !strings.ContainsAny(before, ":/@[?#%.") { // which no URL is without
		name, text = before, after
	}
	if name == transport.MainTarget {
		f.o.target = text
		return nil
	}
	if f.o.others == nil {
		f.o.others = map[string]string{}
	}
	f.o.others[name] = text
	return nil
}

// String returns the main target.
func (f *targetFlag) String() string {
	if f.o == nil { // as pflag asks for the zero value
		return ""
	}
	return f.o.target
}

// Type is that of a text.
func (f *targetFlag) Type() string { return "string" }

// Append takes one more URL, as Set does, and never fails.
func (f *targetFlag) Append(text string) error { return f.Set(text) }

// Replace takes the URLs in place of those that it has, from a configuration file. It never fails.
func (f *targetFlag) Replace(list []string) error {
	f.o.target, f.o.others = "", nil
	for _, text := range list {
		_ = f.Set(text) // never fails
	}
	return nil
}

// GetSlice returns all URLs.
func (f *targetFlag) GetSlice() []string {
	var list []string
	if f.o.target != "" {
		list = append(list, f.o.target)
	}
	for _, name := range slices.Sorted(maps.Keys(f.o.others)) {
		list = append(list, name+"="+f.o.others[name])
	}
	return list
}
