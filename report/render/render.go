// Package render writes results in the form that was asked for: text, page or data.
package render

import (
	"bytes"
	"fmt"
	"io"
	"strings"
)

// Style is how text for people looks.
type Style struct {
	Color bool // the caller knows whether w is a terminal and what NO_COLOR says
	Width int  // columns; PipedWidth where 0 or less
}

// PipedWidth is the width of text that no terminal shows, in columns.
const PipedWidth = 120

// leastWidth is the narrowest text that still has columns.
const leastWidth = 30

func (s Style) width() int {
	if s.Width <= 0 {
		return PipedWidth
	}
	return max(s.Width, leastWidth)
}

// Colours of a terminal.
const (
	bold   = "1"
	faint  = "2"
	red    = "31"
	green  = "32"
	yellow = "33"
)

// paint colours a text, where colour was asked for.
func (s Style) paint(text, color string) string {
	if !s.Color || text == "" || color == "" {
		return text
	}
	return "\x1b[" + color + "m" + text + "\x1b[0m"
}

// page collects a text, so that what w says about it is asked once, at its end.
type page struct {
	Style
	text bytes.Buffer
	err  error // the first of a table
}

// line writes a line as it is.
func (p *page) line(text string) { p.text.WriteString(strings.TrimRight(text, " ") + "\n") }

// blank writes an empty line, but never two.
func (p *page) blank() {
	if text := p.text.Bytes(); len(text) > 0 && !bytes.HasSuffix(text, []byte("\n\n")) {
		p.text.WriteByte('\n')
	}
}

// say writes a text wrapped to the width: its first line after first, the others after rest.
func (p *page) say(first, rest, text string) {
	room := func(lead string) int { return max(p.width()-visible(lead), 10) }
	for i, l := range wrapAfter(text, room(first), room(rest)) {
		if i == 0 {
			p.line(first + l)
		} else {
			p.line(rest + l)
		}
	}
}

// table writes a table, and names the columns that there was no room for.
func (p *page) table(t *table) {
	if len(t.rows) == 0 {
		return
	}
	text, left, err := t.render(p.Style)
	if p.err == nil && err != nil {
		p.err = fmt.Errorf("lay out a table: %w", err)
	}
	p.text.WriteString(text)
	if len(left) > 0 {
		p.say(p.paint("not shown: ", faint), "  ", strings.Join(left, ", "))
	}
}

func (p *page) writeTo(w io.Writer) error {
	if p.err != nil {
		return p.err
	}
	_, err := w.Write(p.text.Bytes())
	return err
}
