package cmd

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"

	"fsctl/loadgen/fleet/bus"
	"fsctl/loadgen/fleet/stream"
	"fsctl/scenarios/quantity"
)

// keyring is the keys that an agent has, by slot.
type keyring map[int]*bus.Creds

// loadKeyring reads the keys of one slot from a file, or of several from a directory that holds a file for each.
func loadKeyring(path string) (keyring, error) {
	paths := []string{path}
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		if paths, err = agentFiles(path); err != nil {
			return nil, err
		}
	}
	ring, from := keyring{}, map[int]string{}
	for _, p := range paths {
		creds, err := bus.LoadCreds(p)
		if err != nil {
			return nil, err
		}
		if creds.Slot == bus.Coordinator {
			return nil, usagef("--creds %s: found the coordinator's keys, wanted those of an agent, such as %s", p, bus.AgentFile(1))
		}
		if ring[creds.Slot] != nil {
			return nil, usagef("--creds %s: found keys of slot %d in %s and in %s, wanted one file for each slot", path, creds.Slot, from[creds.Slot], filepath.Base(p))
		}
		ring[creds.Slot], from[creds.Slot] = creds, filepath.Base(p)
	}
	return ring, nil
}

// agentFiles returns the agents' files in a directory. What else is there is not an agent's to read: the rest of a set of
// keys, or what Kubernetes has beside the links in a Secret's directory.
func agentFiles(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("--creds: %w", err)
	}
	var paths []string
	for _, e := range entries {
		if match, _ := filepath.Match("agent-*.creds", e.Name()); match { // the pattern is a good one
			paths = append(paths, filepath.Join(dir, e.Name()))
		}
	}
	if len(paths) == 0 {
		return nil, &hinted{usagef("--creds %s: found a directory without agents' keys, wanted files such as %s in it", dir, bus.AgentFile(1)),
			"make keys with fsctl agent-keys; in Kubernetes, mount a Secret of its agent-*.creds"}
	}
	return paths, nil
}

// restrict keeps only the keys of the slot that --slot names. It fails where there are not enough for --slots.
func (k keyring) restrict(o *agentOptions) (keyring, error) {
	if o.slot != 0 {
		if k[o.slot] == nil {
			return nil, usagef("--creds %s: found no keys of --slot %d, but of %s", o.creds, o.slot, k)
		}
		k = keyring{o.slot: k[o.slot]}
	}
	if len(k) < o.slots {
		return nil, &hinted{usagef("--creds %s: found keys of %s, wanted those of %s for --slots %d", o.creds, k, quantity.Of(o.slots, "slot"), o.slots),
			"name a directory that holds a file of keys for each slot"}
	}
	return k, nil
}

// String names the slots.
func (k keyring) String() string {
	if len(k) == 1 {
		for slot := range k {
			return fmt.Sprint("slot ", slot)
		}
	}
	return fmt.Sprintf("%s from %d to %d", quantity.Of(len(k), "slot"), slices.Min(k.slots()), slices.Max(k.slots()))
}

func (k keyring) slots() []int { return slices.Collect(maps.Keys(k)) }

// order returns the slots in the order to try them: first those with measurements left in the spool, which only an agent
// of their slot can deliver, then in random order, so that agents with the same keys do not all begin with the same one.
func (k keyring) order(spool string) []int {
	left, _ := stream.Spools(spool) // a spool that cannot be read is reported to the coordinator, before T0
	slots := k.slots()
	rand.Shuffle(len(slots), func(i, j int) { slots[i], slots[j] = slots[j], slots[i] })
	hasSpool := func(slot int) int {
		if slices.ContainsFunc(left, func(key stream.Key) bool { return key.Slot == slot }) {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(slots, func(a, b int) int { return hasSpool(a) - hasSpool(b) })
	return slots
}
