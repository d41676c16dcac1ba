package host

import (
	"bytes"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// limitsOfProcess reads what this process may have. Without /proc only the file descriptors are known.
func limitsOfProcess() processLimits {
	return processLimits{group: groupMemory(), addresses: addressesLeft(), files: fileLimit(), threads: threadsLeft(controlGroups("pids"))}
}

// groupMemory returns this process's part of the memory that its control groups allow, 0 for no limit.
func groupMemory() float64 { return memoryLimit(controlGroups("memory")) / float64(processesHere()) }

// addressesLeft returns how many bytes of address space and of data this process may still take by its limits (ulimit -v, -d), 1 at least;
// 0 for no limit.
func addressesLeft() float64 {
	text, err := os.ReadFile("/proc/self/statm") // in pages: size resident shared text lib data
	fields := strings.Fields(string(text))
	if err != nil || len(fields) < 6 {
		return 0
	}
	left := math.Inf(1)
	for resource, field := range map[int]int{unix.RLIMIT_AS: 0, unix.RLIMIT_DATA: 5} {
		var l syscall.Rlimit
		if syscall.Getrlimit(resource, &l) != nil || l.Cur > math.MaxInt64 {
			continue // no limit
		}
		pages, _ := strconv.ParseFloat(fields[field], 64) // 0 where it is no number
		left = min(left, max(float64(l.Cur)-pages*float64(os.Getpagesize()), 1))
	}
	if math.IsInf(left, 1) {
		return 0
	}
	return left
}

// threadsLeft returns how many threads this process may have by its groups and its user's limit, those included that it has; 0 for no
// limit.
func threadsLeft(groups []string) int {
	own := countThreads("/proc/self/status")
	left := math.Inf(1)
	for _, group := range groups {
		if most, _ := numbersIn(group, "pids.max"); most > 0 {
			current, _ := numbersIn(group, "pids.current")
			left = min(left, most-current+float64(own))
		}
	}
	var l syscall.Rlimit
	if os.Geteuid() != 0 && syscall.Getrlimit(unix.RLIMIT_NPROC, &l) == nil && l.Cur <= closeLimit {
		left = min(left, float64(l.Cur)-float64(threadsOfUser(os.Getuid())-own))
	}
	if math.IsInf(left, 1) || own == 0 {
		return 0
	}
	return int(max(left, 1))
}

// closeLimit is the largest limit of a user's threads for which they are counted: that takes time for each process.
const closeLimit = 4096

// threadsOfUser counts the threads of all processes of a user.
func threadsOfUser(id int) (count int) {
	all, _ := filepath.Glob("/proc/[0-9]*/status") // none where it cannot be read
	for _, path := range all {
		if info, err := os.Stat(path); err == nil {
			if owner, ok := info.Sys().(*syscall.Stat_t); ok && int(owner.Uid) == id {
				count += countThreads(path)
			}
		}
	}
	return count
}

// countThreads reads how many threads a process has from its status, 0 where that cannot be read.
func countThreads(path string) int {
	status, _ := os.ReadFile(path)
	_, rest, _ := bytes.Cut(status, []byte("\nThreads:"))
	line, _, _ := bytes.Cut(rest, []byte("\n"))
	n, _ := strconv.Atoi(string(bytes.TrimSpace(line)))
	return n
}
