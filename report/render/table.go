package render

import (
	"bytes"
	"regexp"
	"strings"

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
	colors  func(row, column int, cell string) string // of a cell, may be nil
}

const (
	gap       = 2
	leastFlex = 14
	leastCell = 4
)

func (t *table) add(cells ...string) {
	for i := range cells {
		cells[i] = plain(cells[i])
	}
	t.rows = append(t.rows, cells)
}

// render lays the table out within the style's width: columns that may go are dropped, then text is
// wrapped, and only then anything else.
func (t *table) render(s Style) (string, error) {
	room := s.width() - t.indent
	keep := t.choose(room)
	widths := t.fit(keep, room)
	var out bytes.Buffer
	w := newTableWriter(&out, t.alignments(keep))
	if header := t.header(keep, widths, s); header != nil {
		w.Header(header)
	}
	for i, row := range t.rows {
		cells := make([]string, len(keep))
		for k, c := range keep {
			cells[k] = t.cell(s, i, c, row[c], widths[k])
		}
		if err := w.Append(cells); err != nil {
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

func (t *table) cell(s Style, row, column int, text string, width int) string {
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

// choose returns the columns that are shown: not those without any content, nor those dropped for room.
func (t *table) choose(room int) []int {
	var keep []int
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
			return keep
		}
		victim := -1
		for k, c := range keep {
			if d := t.columns[c].drop; d > 0 && (victim < 0 || d > t.columns[keep[victim]].drop) {
				victim = k
			}
		}
		if victim < 0 {
			return keep
		}
		keep = append(keep[:victim:victim], keep[victim+1:]...)
	}
}

// least returns the width with text wrapped as far as it looks well.
func (t *table) least(keep []int) int {
	sum := gap * (len(keep) - 1)
	for _, c := range keep {
		n := t.natural(c)
		if t.columns[c].flex {
			n = min(n, leastFlex)
		}
		sum += n
	}
	return sum
}

// natural returns the width of a column that is not wrapped.
func (t *table) natural(c int) int {
	n := visible(t.columns[c].title)
	for _, row := range t.rows {
		n = max(n, visible(row[c]))
	}
	return n
}

// fit returns the width of each column: natural, but for the text that is wrapped to make room.
func (t *table) fit(keep []int, room int) []int {
	widths := make([]int, len(keep))
	over := gap*(len(keep)-1) - room
	for k, c := range keep {
		widths[k] = t.natural(c)
		over += widths[k]
	}
	over = t.shrink(keep, widths, over, leastFlex, func(c column) bool { return c.flex })
	t.shrink(keep, widths, over, leastCell, func(column) bool { return true })
	return widths
}

// shrink takes columns from the widest of those allowed until nothing is over or all are at their least.
func (t *table) shrink(keep, widths []int, over, least int, allowed func(column) bool) int {
	for over > 0 {
		widest := -1
		for k, c := range keep {
			if allowed(t.columns[c]) && widths[k] > least && (widest < 0 || widths[k] > widths[widest]) {
				widest = k
			}
		}
		if widest < 0 {
			return over
		}
		widths[widest]--
		over--
	}
	return 0
}

// newTableWriter returns a writer of bare columns.
func newTableWriter(out *bytes.Buffer, alignments []tw.Align) *tablewriter.Table {
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
