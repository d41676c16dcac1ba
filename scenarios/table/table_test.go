package table

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func read(text string) (names []string, rows [][]string, err error) {
	t, err := Parse([]byte(text))
	if err != nil {
		return nil, nil, err
	}
	for r := range t.Rows() {
		row := []string{}
		for c := range t.Names {
			row = append(row, t.Value(r, c))
		}
		rows = append(rows, row)
	}
	return t.Names, rows, nil
}

func TestRead(t *testing.T) {
	for text, want := range map[string][][]string{
		"a,b\n1,2\n": {{"a", "b"}, {"1", "2"}}, "a,b\n1,2": {{"a", "b"}, {"1", "2"}}, "a,b\r\n1,2\r\n": {{"a", "b"}, {"1", "2"}}, "a,b\r1,2\r3,4": {{"a", "b"}, {"1", "2"}, {"3", "4"}},
		"a,b\n1,2\r\n3,4\n": {{"a", "b"}, {"1", "2"}, {"3", "4"}},
		"\uFEFFa,b\n1,2\n":  {{"a", "b"}, {"1", "2"}}, "\uFEFF\"a\",b\n1,2\n": {{"a", "b"}, {"1", "2"}}, "\n\n a , b \n\n 1 ,2\n\n": {{"a", "b"}, {" 1 ", "2"}},
		"a,b\n\"x,y\",\"line\r\nnext\nlast\"\n": {{"a", "b"}, {"x,y", "line\r\nnext\nlast"}}, "a,b\n\"say \"\"hi\"\"\",\"\"\n": {{"a", "b"}, {`say "hi"`, ""}},
		"a\n1;2\n\"\"\n": {{"a"}, {"1;2"}, {""}}, "a;b\n1,5;2\n": {{"a", "b"}, {"1,5", "2"}}, "a\tb\n1;,\t2\n": {{"a", "b"}, {"1;,", "2"}}, "\"a;x\",b\n1,2\n": {{"a;x", "b"}, {"1", "2"}},
		"a,b\n,\n": {{"a", "b"}, {"", ""}}, "first name,é\nO'Brien & Co=1+1,日本\n": {{"first name", "é"}, {"O'Brien & Co=1+1", "日本"}}, "a": {{"a"}}, "a\n": {{"a"}},
		"a|b,c\n1|2,3\n": {{"a|b", "c"}, {"1|2", "3"}}, "a,b\n1,\"x\ry\"\n": {{"a", "b"}, {"1", "x\ry"}},
	} {
		names, rows, err := read(text)
		if err != nil || !reflect.DeepEqual(append([][]string{names}, rows...), want) {
			t.Errorf("%q is read as %q %q, %v; wanted %q", text, names, rows, err, want)
		}
		if header, err := Header(strings.NewReader(text)); err != nil || !slices.Equal(header, want[0]) {
			t.Errorf("%q has the header %q, %v", text, header, err)
		}
	}
}

func TestBadTables(t *testing.T) {
	for text, want := range map[string]string{
		"": "wanted a header", "\uFEFF": "wanted a header", "\n\r\n": "wanted a header",
		"a,b\n1\n": "line 2: found 1 value, wanted 2", "a,b\n\n1,2\n1,2,3\n": "line 4: found 3 values", "a,b\n\"x\ny\",1\n2\n": "line 4: found 1 value", "a;b\n1;2;3": "that holds a semicolon",
		"a,,b\n": "no name for column 2", "a,b,\n1,2,\n": "no name for column 3", "a, \n": "no name for column 2", "a,b, a\n": `the name "a" for the columns 1 and 3`,
		"a,b\n1,x\"y\"\n": "line 2: found a quote within", "a,b\n1, \"x\"\n": "line 2: found a quote within", "a,b\n\"x\"y,1\n": `found 'y' behind a quoted value`, "a,b\n1,2\n\"x,1\n2,3\n": "line 3: found a quote that is not closed",
		"a;b,c\n": "more than one of comma", "a\tb;c\n": "more than one of comma", "a|b\n1|2\n": "found | between", "sep=;\na;b\n": "found sep=",
		"a,b\n1,x\ry\n": "line 2: found a line end of another kind", "a,b\r1,2\n": "of another kind", "a\n1\n\r2\n": "of another kind",
		"a,b\n1,\x00\n": "line 2: found a NUL", "a,b\n1,M\xfcller\n": "line 2: found a byte that is not UTF-8", "\xff\xfea\x00": "UTF-16", "a\x00,\x00b\x00\n\x00": "UTF-16LE", "\x00a\x00,": "UTF-16BE",
	} {
		if names, rows, err := read(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is read as %q %q, %v; wanted %q", text, names, rows, err, want)
		}
	}
}

// Whatever encoding/csv writes is read as it was, byte for byte.
func TestWrittenTablesAreReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		columns := rapid.IntRange(1, 5).Draw(t, "columns")
		names := []string{"a", "b", "c", "d", "e"}[:columns]
		value := rapid.OneOf(rapid.String(), rapid.StringMatching("[\",;\t\r\n a'|&=\\\\]{0,6}"))
		table := [][]string{names}
		for range rapid.IntRange(0, 8).Draw(t, "rows") {
			row := []string{}
			for range columns {
				row = append(row, strings.ReplaceAll(value.Draw(t, "value"), "\x00", ""))
			}
			if columns > 1 || row[0] != "" { // which is written as a blank line
				table = append(table, row)
			}
		}
		var b bytes.Buffer
		b.WriteString(rapid.SampledFrom([]string{"", "\uFEFF"}).Draw(t, "mark"))
		w := csv.NewWriter(&b)
		if columns > 1 {
			w.Comma = rapid.SampledFrom([]rune{',', ';', '\t'}).Draw(t, "separator")
		}
		_ = w.WriteAll(table) // to memory
		text := b.String()
		if rapid.Bool().Draw(t, "cut") {
			text = strings.TrimSuffix(text, "\n")
		}
		got, rows, err := read(text)
		if err != nil || !reflect.DeepEqual(append([][]string{got}, rows...), table) {
			t.Fatalf("%q is read as %q %q, %v; wanted %q", text, got, rows, err, table)
		}
	})
}

// What is read at all is what encoding/csv reads, but for line ends within quotes, which that package changes.
func FuzzRead(f *testing.F) {
	for _, text := range []string{"a,b\n1,2\n", "\uFEFFa;b\r\n\"x\"\"y\";2", "a\tb\r1\t2\r", "a\n\"1\n2\"\n\n3", "a,b\n1,x\"y\n", "sep=;\na"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		names, rows, err := read(text)
		if err != nil {
			if err.Error() == "" {
				t.Fatalf("%q: an error without words", text)
			}
			return
		}
		var b bytes.Buffer
		w := csv.NewWriter(&b)
		_ = w.WriteAll(append([][]string{names}, rows...)) // to memory
		if len(names) == 1 && (slices.ContainsFunc(rows, func(row []string) bool { return row[0] == "" })) || strings.ContainsAny(names[0], ";\t|") || strings.HasPrefix(strings.ToLower(names[0]), "sep=") {
			return // a blank line, and names that are written without the quotes that they had
		}
		for _, name := range names {
			if strings.ContainsAny(name, ";\t") {
				return
			}
		}
		again, rowsAgain, err := read(b.String())
		if err != nil || !slices.Equal(names, again) || !reflect.DeepEqual(rows, rowsAgain) {
			t.Fatalf("%q is read as %q %q, and written and read as %q %q, %v", text, names, rows, again, rowsAgain, err)
		}
	})
}

// TestHeaderIsBounded: a header line has an end, and a file that is read is one: a pipe would be waited for.
func TestHeaderIsBounded(t *testing.T) {
	var wide strings.Builder
	for i := range 200_000 {
		fmt.Fprintf(&wide, "column%d,", i)
	}
	if _, err := Header(strings.NewReader(wide.String())); err == nil || !strings.Contains(err.Error(), "over 1 MiB") {
		t.Errorf("found %v", err)
	}
	if _, err := ReadFile(t.TempDir()); err == nil || !strings.Contains(err.Error(), "found a directory, wanted a file") {
		t.Errorf("found %v", err)
	}
	if _, err := ReadFile(os.DevNull); err == nil || !strings.Contains(err.Error(), "wanted a file") {
		t.Errorf("found %v", err)
	}
	if _, err := ReadFile("no-such.csv"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("found %v", err)
	}
}
