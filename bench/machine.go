package main

import (
	"fmt"
	"maps"
	"os"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"time"

	"fsctl/scenarios/quantity"
)

// describeMachine says what was measured where, when and how, as Markdown.
func describeMachine(b *bench, commandLine []string) string {
	versions := []string{b.server.version}
	for _, name := range slices.Sorted(maps.Keys(b.peers)) {
		versions = append(versions, name+" "+b.peers[name].version)
	}
	lines := []string{
		time.Now().UTC().Format("2006-01-02 15:04 UTC") + ", `" + shownCommand(commandLine) + "`",
		fmt.Sprintf("%s, %d cores, Linux %s; load average at the start %s", field("/proc/cpuinfo", "model name"), runtime.NumCPU(),
			firstWord("/proc/sys/kernel/osrelease"), firstWord("/proc/loadavg")),
		strings.Join(versions, ", ") + "; built with " + runtime.Version(),
		fmt.Sprintf("medians of %s; each measurement %s, after %s that are not counted", quantity.Of(b.rounds, "round"), quantity.Exact(b.window), quantity.Exact(b.warmUp)),
	}
	if b.rounds < fewestRounds {
		lines = append(lines, fmt.Sprintf("an interval takes %d rounds: in parentheses stand lowest and highest", fewestRounds))
	}
	return "- " + strings.Join(lines, "\n- ") + "\n"
}

// programPath is where a program is on this machine; it is not printed.
var programPath = regexp.MustCompile(`=\S*/\S*`)

// shownCommand returns the command line as it may be repeated elsewhere.
func shownCommand(commandLine []string) string {
	return programPath.ReplaceAllString(strings.Join(append([]string{"bench/run.sh"}, commandLine[1:]...), " "), "=PATH")
}

// field returns the first value of a name in a file of "name : value" lines.
func field(path, name string) string {
	text, _ := os.ReadFile(path) // shown as unknown
	for line := range strings.Lines(string(text)) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return "unknown processor"
}

func firstWord(path string) string {
	text, _ := os.ReadFile(path) // shown as unknown
	if words := strings.Fields(string(text)); len(words) > 0 {
		return words[0]
	}
	return "unknown"
}
