package cmd

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"fsctl/loadgen/record"
	"fsctl/scenarios/plaintext"
	"fsctl/scenarios/quantity"
)

// plainEvery is the time between lines of progress where the output is no terminal.
const plainEvery = 5 * time.Second

// progress shows a run while it goes on: on a terminal one line that is rewritten every second, else a line every few seconds.
type progress struct {
	mu       sync.Mutex // notes come from several goroutines
	w        io.Writer
	terminal bool
	width    int
	last     int // second of the last line
	begun    bool
	totals   record.Counters
}

func newProgress(w io.Writer) *progress {
	return &progress{w: w, terminal: isTerminal(w), width: style(w).Width}
}

// show takes one second of the run.
func (p *progress) show(i record.Interval) {
	if i.Generator == nil {
		return
	}
	var now record.Counters
	for _, c := range i.Steps {
		now.Add(*c)
	}
	p.totals.Add(now)
	parts := []string{fmt.Sprintf("T%+ds  due ", i.Second+1) + perSecond(now.Due), "sent " + perSecond(now.Sent), "answered " + perSecond(now.Done),
		"failed " + quantity.Count(p.totals.Failed), "late " + quantity.Count(p.totals.Late+p.totals.Waited), "waiting users " + quantity.Count(i.Generator.Waiting)}
	line := strings.Join(parts, "  ")
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.terminal:
		line = fitting(parts, p.width-1)
		fmt.Fprintf(behind(p.w), "\r%s%s", plaintext.Escape(line), strings.Repeat(" ", max(0, p.width-1-len(line))))
	case !p.begun || time.Duration(i.Second-p.last)*time.Second >= plainEvery:
		fmt.Fprintln(p.w, line)
		p.last = i.Second
	}
	p.begun = true
}

// perSecond writes what was counted in a second.
func perSecond(n uint64) string { return quantity.Rate(float64(n)) }

// fitting returns as much of a line as fits. A narrow terminal goes without waiting users first, then without the rates
// of answers and of sent requests, then without the late ones, then without what is due: what failed stays.
func fitting(parts []string, width int) string {
	left := slices.Clone(parts)
	line := strings.Join(left, "  ")
	for _, i := range []int{5, 2, 1, 4, 0} {
		if len(line) <= width {
			return line
		}
		left[i] = ""
		line = strings.Join(slices.DeleteFunc(slices.Clone(left), func(s string) bool { return s == "" }), "  ")
	}
	return line[:min(len(line), max(width, 1))]
}

// note prints a line that stays.
func (p *progress) note(line string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.terminal {
		line = plaintext.EscapeLines(line)
		fmt.Fprintln(behind(p.w), "\r"+line+strings.Repeat(" ", max(0, p.width-1-len(line))))
		return
	}
	fmt.Fprintln(p.w, line)
}

// end moves past the line that is rewritten.
func (p *progress) end() {
	if p.terminal && p.begun {
		fmt.Fprintln(p.w)
	}
}
