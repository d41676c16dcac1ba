// Package table reads CSV files: RFC 4180 with a header line, as spreadsheets and databases write it, every value byte for byte.
//
// Lines end with LF, CRLF or CR; blank lines are skipped. The header says what stands between values: commas, semicolons or tabs.
// A byte-order mark is no part of the first name. What could be read in two ways is refused, and the error says where and what to do.
package table

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"unsafe"

	"fsctl/scenarios/inputfile"
	"fsctl/scenarios/plaintext"
	"fsctl/scenarios/quantity"
)

// Table is a header with its rows.
type Table struct {
	Names []string // of the columns: none empty, none twice, without blanks around them

	text      string
	begins    []uint32 // of each value in text, row by row
	separator byte
}

// mostValues keeps a table within 200 MB beside its text.
const mostValues = 50_000_000

// Rows returns the number of rows, from 0, without the header.
func (t *Table) Rows() int { return len(t.begins) / len(t.Names) }

// Value returns the value of a row in a column, both from 0.
func (t *Table) Value(row, column int) string {
	p := parser{text: t.text, at: int(t.begins[row*len(t.Names)+column]), separator: t.separator}
	value, _ := p.value() // which was read before
	return value
}

// ReadFile reads a whole table from a regular file: a pipe would be read twice, once for its header. It fails as Read does, and with
// an *[inputfile.Error] for a file of another kind or of over [inputfile.MostTable] bytes.
func ReadFile(path string) (*Table, error) {
	file, err := inputfile.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	text, err := inputfile.Content(file, inputfile.MostTable)
	if err != nil {
		return nil, err
	}
	return Parse(text)
}

// Parse reads a whole table, and keeps text, which must not change. It fails for text in another encoding than UTF-8, a header without
// names or with one twice, a row of another length, a quote that is not closed or stands within a value, line ends of two kinds, and
// over 50 M values; the error begins with the line.
func Parse(text []byte) (*Table, error) {
	if err := plaintext.Check(text); err != nil {
		return nil, err
	}
	text = plaintext.Trim(text)
	t := &Table{text: unsafe.String(unsafe.SliceData(text), len(text))} // a copy would take as much memory again
	p := newParser(t.text)
	var err error
	if t.Names, err = p.header(); err != nil {
		return nil, err
	}
	t.separator = p.separator
	t.begins = make([]uint32, 0, min(mostValues, (1+strings.Count(t.text[p.at:], "\n"))*len(t.Names)))
	for {
		n, err := p.record(func(at int, _ string) { t.begins = append(t.begins, uint32(at)) })
		if errors.Is(err, io.EOF) {
			return t, nil
		}
		if err != nil {
			return nil, err
		}
		if n != len(t.Names) {
			return nil, fmt.Errorf("line %d: found %s, wanted %d as in the header: quote a value that holds a %s", p.began, quantity.Of(n, "value"), len(t.Names), separators[p.separator])
		}
		if len(t.begins) > mostValues {
			return nil, fmt.Errorf("line %d: found over %s in the rows up to here, wanted at most that in a file: use fewer rows, or leave out columns that no request uses", p.began, quantity.Of(mostValues, "value"))
		}
	}
}

// longestHeader keeps a file that is no table, such as a device, from being read for ever.
const longestHeader = 1 << 20

// Header reads the names of the columns alone. It fails as Read does.
func Header(r io.Reader) ([]string, error) {
	text, err := io.ReadAll(io.LimitReader(r, longestHeader))
	if err != nil {
		return nil, err
	}
	begin := text
	if end := strings.IndexAny(string(text), "\r\n"); end >= 0 {
		begin = text[:end]
	} else if len(text) == longestHeader {
		return nil, errors.New("line 1: found a header line of over 1 MiB, wanted the names of the columns")
	}
	if err := plaintext.Check(begin); err != nil { // the rows are checked when they are read
		return nil, err
	}
	return newParser(string(plaintext.Trim(text))).header()
}

// separators are what may stand between values, by their characters.
var separators = map[byte]string{',': "comma", ';': "semicolon", '\t': "tab"}

// parser cuts a text into records.
type parser struct {
	text      string
	at        int
	line      int  // of at, from 1
	began     int  // the line in which the last record began
	separator byte // 0 until the header has shown it
	ending    byte // '\n', also after '\r', or '\r'; 0 until the first
}

func newParser(text string) *parser { return &parser{text: text, line: 1} }

// header reads the names of the columns.
func (p *parser) header() ([]string, error) {
	p.skipBlank()
	line := p.line
	if strings.HasPrefix(strings.ToLower(p.text[p.at:]), "sep=") {
		return nil, fmt.Errorf("line %d: found sep=, which only spreadsheets read, wanted the names of the columns: take that line out", line)
	}
	if err := p.findSeparator(); err != nil {
		return nil, err
	}
	var names []string
	_, err := p.record(func(_ int, name string) { names = append(names, name) })
	if errors.Is(err, io.EOF) {
		return nil, errors.New("found no text, wanted a header line with the names of the columns")
	}
	if err != nil {
		return nil, err
	}
	first := make(map[string]int, len(names))
	for i, name := range names {
		names[i] = strings.TrimSpace(name)
		if names[i] == "" {
			return nil, fmt.Errorf("line %d: found no name for column %d, wanted one for each: give it a name, or take its %s out of every line", line, i+1, separators[p.separator])
		}
		k, twice := first[names[i]]
		first[names[i]] = i
		if twice {
			return nil, fmt.Errorf("line %d: found the name %q for the columns %d and %d, wanted each once: rename one", line, names[i], k+1, i+1)
		}
	}
	return names, nil
}

// findSeparator looks for what stands between the names of the header line.
func (p *parser) findSeparator() error {
	found := map[byte]bool{}
	quoted, bar := false, false
	for i := p.at; i < len(p.text) && (quoted || p.text[i] != '\n' && p.text[i] != '\r'); i++ {
		c := p.text[i]
		if c == '"' {
			quoted = !quoted
		}
		if _, ok := separators[c]; ok && !quoted {
			found[c] = true
		}
		bar = bar || c == '|' && !quoted
	}
	switch {
	case len(found) > 1:
		return fmt.Errorf("line %d: found more than one of comma, semicolon and tab between the names of the columns, wanted one of them, or quotes around a name that holds one", p.line)
	case len(found) == 0 && bar:
		return fmt.Errorf("line %d: found | between the names of the columns, wanted commas, semicolons or tabs", p.line)
	}
	p.separator = ','
	for c := range found {
		p.separator = c
	}
	return nil
}

// record calls each with where every value of the next record begins, and with the value. It returns their number. The error is
// io.EOF at the end of the text.
func (p *parser) record(each func(at int, value string)) (n int, err error) {
	p.skipBlank()
	p.began = p.line
	if p.at == len(p.text) {
		return 0, io.EOF
	}
	for {
		at := p.at
		value, err := p.value()
		if err != nil {
			return n, err
		}
		each(at, value)
		n++
		if p.at < len(p.text) && p.text[p.at] == p.separator {
			p.at++
			continue
		}
		return n, p.endLine()
	}
}

// value reads one value, up to what stands behind it.
func (p *parser) value() (string, error) {
	if p.at < len(p.text) && p.text[p.at] == '"' {
		return p.quoted()
	}
	rest := p.text[p.at:]
	end := 0
	for end < len(rest) && rest[end] != p.separator && rest[end] != '\n' && rest[end] != '\r' {
		if rest[end] == '"' {
			return "", fmt.Errorf(`line %d: found a quote within a value, wanted quotes around all of it and the inner one twice: "a ""b"" c"`, p.line)
		}
		end++
	}
	p.at += end
	return rest[:end], nil
}

// quoted reads a value in quotes, in which two of them stand for one.
func (p *parser) quoted() (string, error) {
	line, begin := p.line, p.at+1
	hasQuotes := false
	for i := begin; i < len(p.text); i++ {
		switch p.text[i] {
		case '\n':
			p.line++
		case '\r':
			if p.ending == '\r' {
				p.line++
			}
		case '"':
			if i+1 < len(p.text) && p.text[i+1] == '"' {
				hasQuotes = true
				i++
				continue
			}
			value := p.text[begin:i]
			if hasQuotes {
				value = strings.ReplaceAll(value, `""`, `"`)
			}
			p.at = i + 1
			if p.at < len(p.text) && !strings.ContainsRune(string([]byte{p.separator, '\r', '\n'}), rune(p.text[p.at])) {
				return "", fmt.Errorf("line %d: found %q behind a quoted value, wanted a %s or the end of the line: a quote within a value is written twice", p.line, p.text[p.at], separators[p.separator])
			}
			return value, nil
		}
	}
	return "", fmt.Errorf("line %d: found a quote that is not closed, wanted one at the end of the value", line)
}

// endLine reads the end of a line, or that of the text.
func (p *parser) endLine() error {
	if p.at == len(p.text) {
		return nil
	}
	ending := byte('\r')
	if strings.HasPrefix(p.text[p.at:], "\r\n") {
		ending = '\n'
		p.at++
	} else if p.text[p.at] == '\n' {
		ending = '\n'
	}
	if p.ending != 0 && p.ending != ending {
		return fmt.Errorf("line %d: found a line end of another kind than before (CR alone beside LF or CRLF), wanted one kind, or quotes around a value that holds one", p.line)
	}
	p.ending = ending
	p.at++
	p.line++
	return nil
}

// skipBlank passes over lines without a character.
func (p *parser) skipBlank() {
	for p.at < len(p.text) && (p.text[p.at] == '\n' || p.text[p.at] == '\r') {
		if p.endLine() != nil {
			return // it is found again, as the end of an empty record
		}
	}
}
