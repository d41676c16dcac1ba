package roster

import (
	"strconv"
	"strings"
)

// Machine says where an agent runs, so that cores which several agents share are counted once.
type Machine struct {
	Name     string `json:"name,omitempty"`    // equal for all agents of one machine; empty for Heartbeat.Host
	Process  string `json:"process,omitempty"` // equal for all agents in one process; empty where each has its own
	Group    string `json:"group,omitempty"`   // equal for processes that share a quota of CPU
	HasQuota bool   `json:"has_quota,omitempty"`
	Allowed  string `json:"allowed,omitempty"` // cores that the process may run on, such as 0-3,8; empty where unknown
}

// machineCores are the cores of one machine that agents may use.
type machineCores struct {
	processes map[string]int // cores that each may use at once
	groups    map[string]int // of processes that share a quota: cores that all of them may use at once
	allowed   map[int]bool   // cores that any of them may run on
	unknown   int            // cores of the largest process whose allowed cores are not known
}

// Cores returns how many cores the agents may use. Cores that several of them share count once: those of a machine are as
// many as its processes may use in sum, and no more than there are different ones that they may run on.
func (r *Roster) Cores() int {
	machines := map[string]*machineCores{}
	for _, s := range r.slots {
		if s.isVacant() {
			continue
		}
		name := s.Machine.Name
		if name == "" {
			name = s.Host
		}
		if machines[name] == nil {
			machines[name] = &machineCores{processes: map[string]int{}, groups: map[string]int{}, allowed: map[int]bool{}}
		}
		machines[name].add(s)
	}
	sum := 0
	for _, m := range machines {
		sum += m.count()
	}
	return sum
}

func (m *machineCores) add(s *slot) {
	if m.addAllowed(s.Machine.Allowed) == 0 {
		m.unknown = max(m.unknown, s.Cores)
		return
	}
	process := s.Machine.Process
	if process == "" {
		process = s.Instance
	}
	if group := s.Machine.Group; s.Machine.HasQuota && group != "" {
		m.groups[group] = max(m.groups[group], s.Cores)
		return
	}
	m.processes[process] = max(m.processes[process], s.Cores)
}

// count returns how many they are.
func (m *machineCores) count() int {
	sum := 0
	for _, n := range m.processes {
		sum += n
	}
	for _, n := range m.groups {
		sum += n
	}
	return max(min(sum, len(m.allowed)), m.unknown)
}

// mostCore bounds the numbers of cores that an agent may name.
const mostCore = 1 << 14

// addAllowed adds a list of cores, such as 0-3,8, and returns how many it has; 0 where it is none.
func (m *machineCores) addAllowed(list string) (count int) {
	for part := range strings.SplitSeq(list, ",") {
		first, last, isRange := strings.Cut(part, "-")
		if !isRange {
			last = first
		}
		from, err := strconv.Atoi(first)
		to, err2 := strconv.Atoi(last)
		if err != nil || err2 != nil || from < 0 || to > mostCore {
			return 0
		}
		for n := from; n <= to; n++ {
			m.allowed[n] = true
			count++
		}
	}
	return count
}
