package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"fsctl/scenarios/quantity"
)

// Above this share of the two cores, what other programs did spoils a measurement. It is then made again, so
// often at most.
const (
	disturbedRatio = 0.04
	mostRepeats    = 2
)

// workload is what the two cores and we ourselves have done since the machine was started.
type workload struct {
	at        time.Time
	all, ours time.Duration
}

// workload reads what the cores have done. Interrupts are left out: whether processes are charged for them
// differs between kernels.
func (b *bench) workload() (w workload, err error) {
	stat, err := os.ReadFile("/proc/stat")
	if err != nil {
		return w, err
	}
	self, err := os.ReadFile("/proc/self/stat")
	if err != nil {
		return w, err
	}
	w.at = time.Now()
	for _, core := range []int{b.generatorCore, b.serverCore} {
		busy, err := coreTime(string(stat), core)
		if err != nil {
			return w, err
		}
		w.all += busy
	}
	if w.ours, err = familyTime(string(self)); err != nil {
		return w, err
	}
	server, err := processCPU(b.server.worker)
	w.ours += server
	return w, err
}

// others returns the share of the two cores that other programs, or other guests of the machine, have used
// since an earlier reading: at least that much.
func (w workload) others(since workload) (ratio float64) {
	used := (w.all - since.all) - (w.ours - since.ours)
	return max(0, used.Seconds()/(2*w.at.Sub(since.at).Seconds()))
}

// coreTime returns how long a core has run programs, or was taken away from this machine, by /proc/stat:
//
//	cpu0 user nice system idle iowait irq softirq steal ...
func coreTime(stat string, core int) (time.Duration, error) {
	name := "cpu" + strconv.Itoa(core)
	for line := range strings.Lines(stat) {
		if f := strings.Fields(line); len(f) > 8 && f[0] == name {
			return ticks(f[1], f[2], f[3], f[8])
		}
	}
	return 0, fmt.Errorf("time of the cores: found no %s, wanted it in /proc/stat; choose with --cores", name)
}

// familyTime returns the CPU time of a process and of its children that have ended, by /proc/PID/stat.
func familyTime(stat string) (time.Duration, error) {
	f := strings.Fields(stat[strings.LastIndexByte(stat, ')')+1:]) // the name of the program may hold anything
	if len(f) < 15 {
		return 0, fmt.Errorf("CPU time of this process: found %q, wanted the line of /proc/self/stat", stat)
	}
	return ticks(f[11:15]...)
}

// ticks adds up numbers of hundredths of a second, which is the unit of these files on all that Go runs on.
func ticks(numbers ...string) (sum time.Duration, err error) {
	for _, text := range numbers {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("found %q, wanted a number of ticks", text)
		}
		sum += time.Duration(n) * 10 * time.Millisecond
	}
	return sum, nil
}

// undisturbed measures until other programs leave the cores alone, or patience ends: then the last sample
// counts, with a remark. What is robust is measured once.
func (b *bench) undisturbed(what string, robust bool, measure func() (sample, error)) (sample, error) {
	for repeat := 0; ; repeat++ {
		before, err := b.workload()
		if err != nil {
			return nil, err
		}
		s, err := measure()
		if err != nil {
			return nil, err
		}
		after, err := b.workload()
		if err != nil {
			return nil, err
		}
		others := after.others(before)
		if robust || others <= disturbedRatio {
			return s, nil
		}
		if repeat == mostRepeats {
			b.remarkf("%s: other programs used %s of the two cores", what, quantity.Percent(others))
			return s, nil
		}
		fmt.Fprintf(b.progress, "%s: again, other programs used %s of the two cores\n", what, quantity.Percent(others))
	}
}
