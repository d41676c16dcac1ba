package host

import (
	"bufio"
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// controlGroups returns the directories of the control groups that limit a resource of this process: its
// own and those above it, none where they cannot be seen. Both versions of groups are found.
func controlGroups(controller string) []string {
	group, _ := os.ReadFile("/proc/self/cgroup")
	mounts, _ := os.ReadFile("/proc/self/mountinfo")
	return groupsIn(controller, group, mounts)
}

// groupsIn reads the texts of /proc/self/cgroup and /proc/self/mountinfo.
func groupsIn(controller string, group, mounts []byte) (directories []string) {
	for line := range strings.Lines(string(group)) { // number:controllers:path
		parts := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(parts) != 3 || parts[1] != "" && !slices.Contains(strings.Split(parts[1], ","), controller) {
			continue
		}
		version1 := controller
		if parts[1] == "" {
			version1 = ""
		}
		top, at := mountOf(version1, parts[2], mounts)
		for at != "" {
			directories = append(directories, at)
			if at == top || at == "/" {
				break
			}
			at = filepath.Dir(at)
		}
	}
	return directories
}

// mountOf returns where a control group is in the file system, and the top of what is mounted there; no
// controller stands for version 2. A container may see the part of the tree that is its own.
func mountOf(controller, path string, mounts []byte) (top, at string) {
	in := bufio.NewScanner(bytes.NewReader(mounts))
	for in.Scan() { // id parent device root mountpoint options... - type source options
		before, after, _ := strings.Cut(in.Text(), " - ")
		left, right := strings.Fields(before), strings.Fields(after)
		if len(left) < 5 || len(right) < 3 {
			continue
		}
		version1 := right[0] == "cgroup" && slices.Contains(strings.Split(right[2], ","), controller)
		if version1 || controller == "" && right[0] == "cgroup2" {
			root, mounted := left[3], left[4]
			inside, found := strings.CutPrefix(path, strings.TrimSuffix(root, "/"))
			if !found {
				inside = "" // the group is outside of what this process sees: the mount's own is the nearest
			}
			return mounted, filepath.Join(mounted, inside)
		}
	}
	return "", ""
}

// coreQuota returns how many cores the groups let this process use, 0 for no limit.
func coreQuota(groups []string) float64 {
	var least float64
	for _, group := range groups {
		quota, period := numbersIn(group, "cpu.max")
		if period == 0 {
			quota, _ = numbersIn(group, "cpu.cfs_quota_us")
			period, _ = numbersIn(group, "cpu.cfs_period_us")
		}
		if quota > 0 && period > 0 && (least == 0 || quota/period < least) {
			least = quota / period
		}
	}
	return least
}

// memoryLimit returns how much memory the groups allow, 0 for no limit.
func memoryLimit(groups []string) float64 {
	var least float64
	for _, group := range groups {
		for _, name := range []string{"memory.max", "memory.limit_in_bytes"} {
			if limit, _ := numbersIn(group, name); limit > 0 && (least == 0 || limit < least) {
				least = limit
			}
		}
	}
	return least
}

// numbersIn returns the first two numbers of a group's file, 0 for what is none.
func numbersIn(group, file string) (a, b float64) {
	text, _ := os.ReadFile(filepath.Join(group, file)) // empty where there is none
	numbers := append(strings.Fields(string(text)), "", "")
	a, _ = strconv.ParseFloat(numbers[0], 64)
	b, _ = strconv.ParseFloat(numbers[1], 64)
	return a, b
}
