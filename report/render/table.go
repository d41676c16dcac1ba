package render

import (
	"bytes"
	"cmp"
	"regexp"
	"slices"
	"strings"

	"fsctl/scenarios/plaintext"

	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/renderer"
	"github.com/olekukonko/tablewriter/tw"
)

// column is one column of a table.
type column struct {
	title string
	right bool // numbers
	drop  int  // where room is short the highest goes first; 0 stays
	flex  bool // text that may be wrapped
}

// table is rows under titles, without lines or boxes.
type table struct {
	indent  int
	columns []column
	rows    [][]string
	colors  func(row, column int, field string) string // of a field, may be nil
	gap     int                                        // blanks between columns, once it is known whether they fit
}

// untitled is what a column without a title is called where it is not shown.
const untitled = "remarks"

const (
	wideGap    = 2
	leastGap   = 1
	leastFlex  = 14
	leastField = 4
)

func (t *table) add(fields ...string) {
	for i := range fields {
		fields[i] = plaintext.Line(fields[i])
	}
	t.rows = append(t.rows, fields)
}

// render lays the table out within the style's width: titles are wrapped, columns that may go are left out,
// then text is wrapped, then columns move together, and only then anything else is wrapped. It returns the titles of what was left out.
func (t *table) render(s Style) (text string, left []string, err error) {
	room := s.width() - t.indent
	t.gap = wideGap
	keep, dropped := t.choose(room)
	if t.least(keep) > room {
		t.gap = leastGap
	}
	for _, c := range dropped {
		left = append(left, cmp.Or(t.columns[c].title, untitled))
	}
	text, err = t.draw(s, keep, t.fit(keep, room))
	return text, left, err
}

// draw writes the columns kept in their widths.
func (t *table) draw(s Style, keep, widths []int) (string, error) {
	var out bytes.Buffer
	w := newTableWriter(&out, t.alignments(keep), t.gap)
	if header := t.header(keep, widths, s); header != nil {
		w.Header(header)
	}
	for i, row := range t.rows {
		fields := make([]string, len(keep))
		for k, c := range keep {
			fields[k] = t.field(s, i, c, row[c], widths[k])
		}
		if err := w.Append(fields); err != nil {
			return "", err
		}
	}
	if err := w.Render(); err != nil {
		return "", err
	}
	return tidy(out.String(), t.indent), nil
}

// reset is a colour's end that the table writer repeats after the padding.
var reset = regexp.MustCompile("(\x1b\\[0m *)\x1b\\[0m")

// tidy indents the lines and takes away what pads them at their ends.
func tidy(text string, indent int) string {
	var b strings.Builder
	for line := range strings.SplitSeq(strings.TrimRight(text, "\n"), "\n") {
		line = reset.ReplaceAllString(line, "$1")
		b.WriteString(strings.TrimRight(strings.Repeat(" ", indent)+line, " ") + "\n")
	}
	return b.String()
}

func (t *table) header(keep, widths []int, s Style) []string {
	header := make([]string, len(keep))
	any := false
	for k, c := range keep {
		any = any || t.columns[c].title != ""
		lines := wrap(t.columns[c].title, widths[k])
		for i := range lines {
			lines[i] = s.paint(lines[i], faint)
		}
		header[k] = strings.Join(lines, "\n")
	}
	if !any {
		return nil
	}
	return header
}

func (t *table) field(s Style, row, column int, text string, width int) string {
	lines := wrap(text, width)
	if t.colors != nil {
		color := t.colors(row, column, text)
		for i := range lines {
			lines[i] = s.paint(lines[i], color)
		}
	}
	return strings.Join(lines, "\n")
}

func (t *table) alignments(keep []int) []tw.Align {
	list := make([]tw.Align, len(keep))
	for k, c := range keep {
		list[k] = tw.AlignLeft
		if t.columns[c].right {
			list[k] = tw.AlignRight
		}
	}
	return list
}

// choose returns the columns that are shown, and those dropped for room. Columns without any content are
// neither.
func (t *table) choose(room int) (keep, dropped []int) {
	for c := range t.columns {
		for _, row := range t.rows {
			if row[c] != "" {
				keep = append(keep, c)
				break
			}
		}
	}
	for {
		if t.least(keep) <= room {
			break
		}
		victim := -1
		for k, c := range keep {
			if d := t.columns[c].drop; d > 0 && (victim < 0 || d > t.columns[keep[victim]].drop) {
				victim = k
			}
		}
		if victim < 0 {
			break
		}
		dropped = append(dropped, keep[victim])
		keep = append(keep[:victim:victim], keep[victim+1:]...)
	}
	slices.Sort(dropped)
	return keep, dropped
}

// least returns the width with titles and text wrapped as far as it looks well.
func (t *table) least(keep []int) int {
	sum := t.gap * (len(keep) - 1)
	for _, c := range keep {
		sum += t.readable(c)
	}
	return sum
}

// natural returns the width of a column of which nothing is wrapped.
func (t *table) natural(c int) int { return max(visible(t.columns[c].title), t.narrow(c)) }

// narrow returns the width of a column of which the title is wrapped between its words.
func (t *table) narrow(c int) int {
	n := 0
	for _, word := range words(t.columns[c].title) {
		n = max(n, visible(word))
	}
	for _, row := range t.rows {
		n = max(n, visible(row[c]))
	}
	return n
}

// readable returns the width of a column of which the text is wrapped as well, as far as it looks well.
func (t *table) readable(c int) int {
	if t.columns[c].flex {
		return min(t.narrow(c), leastFlex)
	}
	return t.narrow(c)
}

// fit returns the width of each column: natural, but for the titles and then the text that are wrapped to
// make room, and then anything.
func (t *table) fit(keep []int, room int) []int {
	widths := make([]int, len(keep))
	over := t.gap*(len(keep)-1) - room
	for k, c := range keep {
		widths[k] = t.natural(c)
		over += widths[k]
	}
	for _, least := range []func(column int) int{t.narrow, t.readable, func(int) int { return leastField }} {
		limits := make([]int, len(keep))
		for k, c := range keep {
			limits[k] = least(c)
		}
		over = shrink(widths, limits, over)
	}
	return widths
}

// shrink takes columns from the widest until nothing is over or all are at their limits, and returns what is
// still over.
func shrink(widths, limits []int, over int) int {
	for over > 0 {
		widest := -1
		for k := range widths {
			if widths[k] > limits[k] && (widest < 0 || widths[k] > widths[widest]) {
				widest = k
			}
		}
		if widest < 0 {
			break
		}
		widths[widest]--
		over--
	}
	return max(over, 0)
}

// newTableWriter returns a writer of bare columns, with gap blanks between them.
func newTableWriter(out *bytes.Buffer, alignments []tw.Align, gap int) *tablewriter.Table {
	section := tw.CellConfig{
		Formatting: tw.CellFormatting{AutoWrap: tw.WrapNone, AutoFormat: tw.Off},
		Alignment:  tw.CellAlignment{Global: tw.AlignLeft, PerColumn: alignments},
		Padding:    tw.CellPadding{Global: tw.Padding{Left: "", Right: strings.Repeat(" ", gap), Overwrite: true}},
	}
	return tablewriter.NewTable(out,
		tablewriter.WithRenderer(renderer.NewBlueprint(tw.Rendition{
			Borders:  tw.BorderNone,
			Settings: tw.Settings{Separators: tw.SeparatorsNone, Lines: tw.LinesNone},
		})),
		tablewriter.WithConfig(tablewriter.Config{
			Header:   section,
			Row:      section,
			Behavior: tw.Behavior{TrimSpace: tw.Off, TrimLine: tw.Off},
		}),
	)
}
