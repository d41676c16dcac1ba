package cmd

import (
	"fmt"
	"io"
	"strings"
	"time"

	"fsctl/loadgen/record"
)

// plainEvery is the time between lines of progress where no person watches.
const plainEvery = 5 * time.Second

// progress shows a run under way: one line that renews itself on a terminal, else a line every
// few seconds.
type progress struct {
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
	line := fmt.Sprintf("T%+ds  due %d/s  sent %d/s  answered %d/s  failed %d  late %d  waiting users %d",
		i.Second+1, now.Due, now.Sent, now.Done, p.totals.Failed, p.totals.Late+p.totals.Waited, i.Generator.Waiting)
	switch {
	case p.terminal:
		line = line[:min(len(line), max(p.width-1, 1))]
		fmt.Fprintf(p.w, "\r%s%s", line, strings.Repeat(" ", max(0, p.width-1-len(line))))
	case !p.begun || time.Duration(i.Second-p.last)*time.Second >= plainEvery:
		fmt.Fprintln(p.w, line)
		p.last = i.Second
	}
	p.begun = true
}

// note prints a line of its own.
func (p *progress) note(line string) {
	if p.terminal {
		line = "\r" + line + strings.Repeat(" ", max(0, p.width-1-len(line)))
	}
	fmt.Fprintln(p.w, line)
}

// end leaves the line that renews itself.
func (p *progress) end() {
	if p.terminal && p.begun {
		fmt.Fprintln(p.w)
	}
}
