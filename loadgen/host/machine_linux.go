package host

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// tick is the unit of /proc/stat: USER_HZ is 100 wherever Go runs.
const tick = 10 * time.Millisecond

// machine reads what Linux reports of cores and limits. Where a file cannot be read, such as without a free
// file descriptor, what was read last holds.
type machine struct {
	allowed map[string]bool // cores by their names in /proc/stat: cpu0, cpu1
	groups  []string        // control groups that may throttle this process
	cores   coreTimes
	stopped time.Duration
}

func newMachine() *machine {
	status, _ := os.ReadFile("/proc/self/status") // unknown without it
	return &machine{allowed: allowedCores(status), groups: controlGroups("cpu")}
}

// allowedCores reads which cores the process may run on from /proc/self/status.
func allowedCores(status []byte) map[string]bool {
	cores := map[string]bool{}
	for part := range strings.SplitSeq(listAllowed(status), ",") {
		from, to, err := span(part)
		for i := from; err == nil && i <= to; i++ {
			cores["cpu"+strconv.Itoa(i)] = true
		}
	}
	return cores
}

// listAllowed returns them as they are written there, such as 0-3,8.
func listAllowed(status []byte) string {
	_, rest, _ := bytes.Cut(status, []byte("\nCpus_allowed_list:"))
	list, _, _ := strings.Cut(string(rest), "\n")
	return strings.TrimSpace(list)
}

func (m *machine) coreTimes() coreTimes {
	if text, err := os.ReadFile("/proc/stat"); err == nil {
		m.cores = parseCoreTimes(text, m.allowed)
	}
	return m.cores
}

// parseCoreTimes adds up the lines of /proc/stat for these cores:
//
//	cpu0 user nice system idle iowait irq softirq steal guest guest_nice
//
// The time of guests is in user and nice already.
func parseCoreTimes(stat []byte, allowed map[string]bool) coreTimes {
	const (
		idle, iowait = 4, 5
		steal        = 8
		last         = steal
	)
	var sum coreTimes
	for line := range strings.Lines(string(stat)) {
		if !strings.HasPrefix(line, "cpu") {
			break // the cores come first
		}
		fields := strings.Fields(line)
		if !allowed[fields[0]] {
			continue
		}
		for i := 1; i <= min(last, len(fields)-1); i++ {
			n, err := strconv.ParseUint(fields[i], 10, 64)
			if err != nil {
				continue
			}
			spent := ticks(n, tick)
			switch i {
			case idle, iowait:
				sum.idle += spent
			case steal:
				sum.stolen += spent
			default:
				sum.busy += spent
			}
		}
	}
	return sum
}

// Cores returns how many cores the machine has, those that this process may not use too; 0 where unknown.
func Cores() int {
	stat, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0
	}
	return countCores(stat)
}

// countCores counts the lines of /proc/stat for single cores.
func countCores(stat []byte) int {
	cores := 0
	for line := range strings.Lines(string(stat)) {
		if name, _, _ := strings.Cut(line, " "); strings.HasPrefix(name, "cpu") && name != "cpu" {
			cores++
		}
	}
	return cores
}

func (m *machine) throttled() time.Duration {
	var sum time.Duration
	for _, group := range m.groups {
		if text, err := os.ReadFile(filepath.Join(group, "cpu.stat")); err == nil {
			sum += parseThrottled(text)
		}
	}
	m.stopped = max(m.stopped, sum)
	return m.stopped
}

// parseThrottled reads for how long a control group was stopped from its cpu.stat, of either version.
func parseThrottled(stat []byte) time.Duration {
	for line := range strings.Lines(string(stat)) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		unit := map[string]time.Duration{"throttled_usec": time.Microsecond, "throttled_time": time.Nanosecond}[key]
		if n, err := strconv.ParseUint(value, 10, 64); err == nil && unit > 0 {
			return ticks(n, unit)
		}
	}
	return 0
}

// openFiles returns how many file descriptors this process has open, 0 where the system does not report it.
func openFiles() int {
	const path = "/proc/self/fd"
	if info, err := os.Stat(path); err == nil && info.Size() > 0 { // since Linux 6.2
		return int(info.Size())
	}
	dir, err := os.Open(path)
	if errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE) {
		return fileLimit() // there is none left
	}
	if err != nil { // such as without /proc
		return 0
	}
	defer dir.Close() // only read
	names, _ := dir.Readdirnames(-1)
	return max(len(names)-1, 0) // without dir's own
}

// residentBytes returns the memory that this process holds in RAM.
func residentBytes() uint64 {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(text))
	if len(fields) < 2 {
		return 0
	}
	pages, _ := strconv.ParseUint(fields[1], 10, 64) // 0 where it is no number
	return pages * uint64(os.Getpagesize())
}
