package host

import (
	"bytes"
	"os"
	"strconv"
	"strings"
)

// ephemeralPorts returns how many ports the kernel gives to connections from one address to one target,
// 0 where it does not report it.
func ephemeralPorts() int {
	const directory = "/proc/sys/net/ipv4/ip_local_"
	ports, err := os.ReadFile(directory + "port_range")
	reserved, err2 := os.ReadFile(directory + "reserved_ports")
	if err != nil || err2 != nil {
		return 0
	}
	return countPorts(string(ports), string(reserved))
}

// countPorts counts the ports from the first to the last of a range, "32768 60999", that are not in a
// list of reserved ones, "8080,9000-9100".
func countPorts(ports, reserved string) int {
	first, last, err := span(strings.Join(strings.Fields(ports), "-"))
	if err != nil {
		return 0
	}
	count := last - first + 1
	for part := range strings.SplitSeq(strings.TrimSpace(reserved), ",") {
		if from, to, err := span(part); err == nil {
			count -= max(0, min(to, last)-max(from, first)+1)
		}
	}
	return max(count, 0)
}

// span reads one number or a range of them, 4 or 4-7.
func span(text string) (from, to int, err error) {
	first, last, isRange := strings.Cut(text, "-")
	if from, err = strconv.Atoi(first); err != nil || !isRange {
		return from, from, err
	}
	to, err = strconv.Atoi(last)
	return from, to, err
}

// freeMemory returns how much memory this process may still take, in bytes; 0 where the system does not report it.
func freeMemory() float64 {
	text, _ := os.ReadFile("/proc/meminfo") // empty where it cannot be read
	free := memoryAvailable(text)
	if limit := groupMemory(); limit > 0 && (free == 0 || limit < free) {
		free = max(limit-float64(residentBytes()), 1)
	}
	if left := addressesLeft() / 2; left > 0 && (free == 0 || left < free) { // as Start divides them
		free = left
	}
	return free
}

// memoryAvailable reads what can be had without swapping from /proc/meminfo.
func memoryAvailable(meminfo []byte) float64 {
	_, rest, _ := bytes.Cut(meminfo, []byte("MemAvailable:"))
	fields := bytes.Fields(rest)
	if len(fields) == 0 {
		return 0
	}
	kilobytes, _ := strconv.ParseFloat(string(fields[0]), 64) // 0 where it is no number
	return kilobytes * 1024
}

// coresAllowed returns how many cores the quotas of this process's control groups amount to, 0 for no quota.
func coresAllowed() float64 { return coreQuota(controlGroups("cpu")) }
