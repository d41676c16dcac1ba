package cmd

import (
	"errors"
	"io"
	"regexp"

	"fsctl/report/render"
	"fsctl/scenarios/plaintext"
)

// screen is an output of a command. What others wrote, such as a scenario, a target or the run of somebody else, is shown by it and steers
// no terminal and no log: it passes printable text, line feeds and tabs on, and writes everything else out.
type screen struct {
	*plaintext.Writer
	behind io.Writer
}

// shown returns the streams with outputs that only show what is written to them.
func (s Streams) shown() Streams { return Streams{s.In, screenOn(s.Out), screenOn(s.Err)} }

func screenOn(w io.Writer) io.Writer {
	if _, ok := w.(*screen); ok || w == nil {
		return w
	}
	return &screen{plaintext.NewWriter(w), w}
}

// flush writes what a command has written of a character that it did not end.
func (s Streams) flush() {
	for _, w := range []io.Writer{s.Out, s.Err} {
		if s, ok := w.(*screen); ok {
			_ = s.Flush() // nothing is left to be said on it
		}
	}
}

// behind returns the stream behind an output.
func behind(w io.Writer) io.Writer {
	if s, ok := w.(*screen); ok {
		return s.behind
	}
	return w
}

// painter is a screen for text of package render, which has taken control characters out of all that it got, and colours it.
type painter struct {
	to     io.Writer
	colors *regexp.Regexp // those of package render
}

func newPainter(to io.Writer) painter {
	return painter{to, regexp.MustCompile("\x1b\\[(?:0|1|2|31|32|33)m")}
}

// canvas returns where a text for people goes, and how it looks there.
func canvas(w io.Writer) (io.Writer, render.Style) {
	look := style(w)
	if look.Color {
		return newPainter(behind(w)), look
	}
	return w, look
}

// Write passes a whole text on.
func (p painter) Write(text []byte) (int, error) {
	var out []byte
	from := 0
	for _, at := range append(p.colors.FindAllIndex(text, -1), []int{len(text), len(text)}) {
		out = append(out, plaintext.EscapeLines(string(text[from:at[0]]))...)
		out = append(out, text[at[0]:at[1]]...)
		from = at[1]
	}
	if _, err := p.to.Write(out); err != nil {
		return 0, err
	}
	return len(text), nil
}

// onScreen returns write for an output that may be shown on a terminal or in a log, as files with a report are. JSON is left as it is: it has
// no characters that are not shown.
func onScreen(write func(io.Writer) error) func(io.Writer) error {
	return func(w io.Writer) error {
		shown := plaintext.NewWriter(w)
		return errors.Join(write(shown), shown.Flush())
	}
}
