package host

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"

	"fsctl/loadgen/budget"
	"fsctl/loadgen/transport"
	"fsctl/scenarios/quantity"
)

// What a process needs before it can say anything. Below, Go's runtime ends it with a trace, at any instant.
const (
	leastAddresses = 1 << 30 // bytes of address space, beside what is in use when the program begins: mostly for the stacks of threads
	leastFiles     = 8       // file descriptors
	leastThreads   = 8       // beside those for the cores
)

// Shares of a memory limit.
const (
	heapRatio    = 0.9  // that Go's runtime may use
	answersRatio = 0.25 // of what is left beside baseMemory
)

// processesVariable tells an agent how many processes of this program share the memory of their control groups.
const processesVariable = "FSCTL_PROCESSES"

// ShareMemory divides the memory that control groups allow among some processes of this program, 1 at least: it lowers the limit of this
// one, unless the user has set GOMEMLIMIT, and returns what the others need in their environment.
func ShareMemory(processes int) (environment []string) {
	limits := limitsOfProcess()
	limits.group /= float64(max(processes, 1))
	limits.apply()
	return []string{fmt.Sprintf("%s=%d", processesVariable, processes)}
}

// processesHere returns how many processes of this program share the memory of their control groups, 1 at least.
func processesHere() int {
	n, _ := strconv.Atoi(os.Getenv(processesVariable)) // 0 where it is not set
	return max(n, 1)
}

// Start fits this process to its limits, once, as it begins: where the user has not set GOMEMLIMIT, the runtime's memory limit is 90 %
// of what a control group or the address space allows; large answers may take a quarter of what it leaves beside 64 MiB, at most budget.Default where the
// user has not set it.
//
// It fails with an *transport.InputError where a limit is so low that the runtime could end the process at any instant.
func Start() error {
	limits := limitsOfProcess()
	if err := limits.check(runtime.GOMAXPROCS(0)); err != nil {
		return err
	}
	limits.apply()
	return nil
}

// apply sets the limits of the runtime and of large answers.
func (l *processLimits) apply() {
	heap, answers := l.memory(debug.SetMemoryLimit(-1), os.Getenv("GOMEMLIMIT") != "")
	debug.SetMemoryLimit(heap)
	budget.Answers.SetLimit(answers)
}

// processLimits are what the system allows this process; 0 for what has no limit, and for what is not known.
type processLimits struct {
	group     float64 // bytes, this process's part of what the control groups allow
	addresses float64 // bytes of address space beside what is in use
	files     int     // file descriptors
	threads   int     // that it may have
}

// check fails on the first limit that is too low for a process on so many cores.
func (l *processLimits) check(cores int) error {
	switch {
	case l.addresses > 0 && l.addresses < leastAddresses:
		return transport.InputErrorf("raise it (ulimit -v unlimited); a control group bounds memory itself: systemd-run --scope -p MemoryMax=512M fsctl ...",
			"address space (ulimit -v): found room for %s beside what the program takes when it begins, wanted %s", quantity.Bytes(l.addresses), quantity.Bytes(leastAddresses))
	case l.files > 0 && l.files < leastFiles:
		return transport.InputErrorf(fmt.Sprintf("raise the limit (ulimit -n 1024), %d at least for what opens no connection", leastFiles),
			"file descriptors (ulimit -n): found %d, wanted at least %d", l.files, leastFiles)
	case l.threads > 0 && l.threads < leastThreads+cores:
		return transport.InputErrorf("raise the limit (ulimit -u, or the pids limit of the container)",
			"threads (ulimit -u, pids.max): found room for %d, wanted at least %d: %d and one for each core", l.threads, leastThreads+cores, leastThreads)
	}
	return nil
}

// memory returns how many bytes the runtime may use, and how many of them large answers. runtimes is the limit that the runtime has, of
// the user's where isUsers.
func (l *processLimits) memory(runtimes int64, isUsers bool) (heap, answers int64) {
	if isUsers {
		return runtimes, answersOf(float64(runtimes))
	}
	limit := l.group
	if half := l.addresses / 2; half > 0 && (limit == 0 || half < limit) { // the other half is for stacks
		limit = half
	}
	if limit == 0 {
		return runtimes, budget.Default
	}
	return int64(limit * heapRatio), min(answersOf(limit), budget.Default)
}

// answersOf returns how many bytes of a memory limit large answers may take.
func answersOf(limit float64) int64 { return int64(max(limit-baseMemory, 0) * answersRatio) }
