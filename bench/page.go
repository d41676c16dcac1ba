package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"fsctl/loadgen/record/atomicfile"
	"fsctl/scenarios/quantity"
)

// page returns everything that a session of measurements found, as Markdown.
func page(about string, r *results, remarks []string) string {
	var text strings.Builder
	text.WriteString(about)
	text.WriteString("\n### Goals\n\n" + goalTable(r))
	if builds := buildTable(r); builds != "" {
		text.WriteString("\n### " + newBuild + " against " + oldBuild + "\n\n" + builds)
	}
	for _, t := range r.tables {
		text.WriteString("\n### " + t.title + "\n\n" + t.markdown())
	}
	if len(remarks) > 0 {
		text.WriteString("\n### Remarks\n\n")
	}
	for _, remark := range remarks {
		text.WriteString("- " + remark + "\n")
	}
	return text.String()
}

// buildTable sets this tree's build of fsctl against the older one, wherever both were measured, as a Markdown
// table. It returns nothing where the older one took no part.
func buildTable(r *results) string {
	text := ""
	for _, t := range r.tables {
		for _, row := range t.rows {
			rest, isOld := strings.CutPrefix(row, oldBuild)
			if !isOld {
				continue
			}
			current := newBuild + rest
			for _, m := range append([]*metric{t.primary}, t.also...) {
				ratio := t.ratio(current, row, m)
				text += cells([]string{t.title, current, m.title, t.estimate(current, m).center(m.format), t.estimate(row, m).center(m.format),
					ratio.center(times), ratio.interval(times), ratio.improves(m.cost)})
			}
		}
	}
	if text == "" {
		return ""
	}
	return header("comparison", "row", "metric", newBuild, oldBuild, "new / old", intervalHead, "") + text
}

// markdown returns a comparison as a table: medians, and of the primary column the interval and the ratio.
func (t *table) markdown() string {
	heads := []string{""}
	for _, m := range t.columns {
		heads = append(heads, m.title)
		if m != t.primary {
			continue
		}
		heads = append(heads, intervalHead)
		if t.reference != "" {
			heads = append(heads, t.reference+" / this", intervalHead, "")
		}
	}
	text := header(heads...)
	for _, row := range t.rows {
		text += cells(t.cells(row))
	}
	return text
}

// cells returns what a row shows.
func (t *table) cells(row string) []string {
	shown := []string{row}
	for _, m := range t.columns {
		e := t.estimate(row, m)
		shown = append(shown, e.center(m.format))
		if m != t.primary {
			continue
		}
		shown = append(shown, e.interval(m.format))
		if row == t.reference {
			shown = append(shown, none, none, none)
		} else if t.reference != "" {
			ratio := t.ratio(t.reference, row, m)
			shown = append(shown, ratio.center(times), ratio.interval(times), ratio.improves(m.cost))
		}
	}
	return shown
}

// intervalHead stands above all intervals.
var intervalHead = quantity.Percent(confidence) + " interval"

// header returns the first two lines of a Markdown table.
func header(titles ...string) string {
	return cells(titles) + strings.Repeat("|---", len(titles)) + "|\n"
}

func cells(texts []string) string { return "| " + strings.Join(texts, " | ") + " |\n" }

// Markers of the part of a document that is written anew.
const (
	beginMarker = "<!-- figures: written by bench/run.sh, not by hand -->\n"
	endMarker   = "<!-- end of figures -->\n"
)

// aroundFigures returns what stands before and after the figures of a document.
func aroundFigures(path string) (head, tail string, err error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return "", "", err
	}
	head, rest, begins := strings.Cut(string(text), beginMarker)
	_, tail, ends := strings.Cut(rest, endMarker)
	if !begins || !ends {
		return "", "", fmt.Errorf("%s: found no place for the figures, wanted the lines %q and %q", path, beginMarker, endMarker)
	}
	return head, tail, nil
}

// replaceFigures puts text between the markers of a document. The file is whole at every moment.
func replaceFigures(path, text string) error {
	head, tail, err := aroundFigures(path)
	if err != nil {
		return err
	}
	return atomicfile.Write(path, atomicfile.Options{}, func(w io.Writer) error {
		_, err := io.WriteString(w, head+beginMarker+"\n"+text+"\n"+endMarker+tail)
		return err
	})
}
