package main

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"

	"fsctl/scenarios/quantity"
)

// page returns everything that a session of measurements found, as Markdown.
func page(about string, r *results, remarks []string) string {
	var text strings.Builder
	text.WriteString(about)
	text.WriteString("\n### Goals\n\n" + goalTable(r))
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

// markdown returns a comparison as a table: medians, and of the primary column lowest, highest and ratio.
func (t *table) markdown() string {
	heads := []string{""}
	for _, m := range t.columns {
		heads = append(heads, m.title)
		if m != t.primary {
			continue
		}
		heads = append(heads, "from .. to")
		if t.reference != "" {
			heads = append(heads, "ratio")
		}
	}
	lines := []string{cells(heads), strings.Repeat("|---", len(heads)) + "|\n"}
	for _, row := range t.rows {
		lines = append(lines, cells(t.cells(row)))
	}
	return strings.Join(lines, "")
}

// cells returns what a row shows.
func (t *table) cells(row string) []string {
	shown := []string{row}
	for _, m := range t.columns {
		s := t.summary(row, m)
		shown = append(shown, m.write(s.median))
		if m != t.primary {
			continue
		}
		shown = append(shown, m.writeRange(s))
		if t.reference != "" {
			shown = append(shown, t.advantage(s.median))
		}
	}
	return shown
}

// advantage writes how many times better the reference is than a row with this median.
func (t *table) advantage(median float64) string {
	ratio := t.summary(t.reference, t.primary).median / median
	if t.primary.cost {
		ratio = 1 / ratio
	}
	if math.IsNaN(ratio) {
		return t.primary.write(ratio)
	}
	return quantity.Factor(ratio)
}

// writeRange writes from where to where a metric went, or a dash for nowhere.
func (m *metric) writeRange(s summary) string {
	if s.count == 0 {
		return m.write(s.median)
	}
	return m.write(s.low) + " .. " + m.write(s.high)
}

// write writes a value, or a dash for none.
func (m *metric) write(value float64) string {
	if math.IsNaN(value) {
		return "-"
	}
	return m.format(value)
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
	file, err := os.CreateTemp(filepath.Dir(path), ".figures-*")
	if err != nil {
		return err
	}
	defer os.Remove(file.Name()) // gone already if all went well
	if _, err := file.WriteString(head + beginMarker + "\n" + text + "\n" + endMarker + tail); err != nil {
		file.Close()
		return err
	}
	if err := file.Close(); err != nil {
		return err
	}
	if err := os.Chmod(file.Name(), 0o644); err != nil {
		return err
	}
	return os.Rename(file.Name(), path)
}
