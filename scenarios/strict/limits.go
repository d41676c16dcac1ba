package strict

import (
	"bytes"
	"fmt"
	"unicode/utf8"

	"fsctl/scenarios/quantity"

	"go.yaml.in/yaml/v3"
)

const (
	// mostValues is how many keys and values a file may have: reading them takes below a second, and 100 MB.
	mostValues = 250_000

	// mostElements is how many elements a list, or keys a mapping, of a file may have. Kinds of files have smaller limits of their own.
	mostElements = 10_000

	// mostProblems is how many problems of a file are listed.
	mostProblems = 100

	// longestMessage is how many bytes of a message are shown, of the beginning and the end of a longer one.
	longestMessage = 1000
)

// tooMany says what is wrong with a text that has more values than a file may have. It must not take what it is there to prevent:
// it counts what separates values, and some of that may stand within texts. So a file of many such characters may be refused that has
// fewer values, and none is read that has more.
func tooMany(text []byte) *Problem {
	if len(text) <= mostValues { // each takes a byte
		return nil
	}
	n := bytes.Count(text, []byte("\n")) + bytes.Count(text, []byte(",")) + bytes.Count(text, []byte("[")) + bytes.Count(text, []byte("{")) +
		bytes.Count(text, []byte("- ")) + bytes.Count(text, []byte("? ")) + bytes.Count(text, []byte(": ")) + bytes.Count(text, []byte(":\n")) +
		bytes.Count(text, []byte("\":")) + bytes.Count(text, []byte("':"))
	if n <= mostValues {
		return nil
	}
	return &Problem{1, "", fmt.Sprintf("found up to %s, by the lines, commas, brackets and colons of the file, wanted at most %s", quantity.Of(n, "value"), quantity.Count(mostValues))}
}

// CheckLength reports a list or a mapping that is too long to be read, after which no more is said of the file.
func (d *Decoder) CheckLength(n *yaml.Node, path string) bool {
	length := len(n.Content)
	if n.Kind == yaml.MappingNode {
		length /= 2
	}
	if length <= mostElements {
		return true
	}
	d.Problem(n, path, "found %s, wanted at most %s", quantity.Of(length, "element"), quantity.Count(mostElements))
	d.isCut = true
	return false
}

// add adds a problem to those to be listed, and counts the others.
func add(problems []Problem, more *int, p Problem) []Problem {
	if len(problems) >= mostProblems {
		*more++
		return problems
	}
	p.Field, p.Message = shortened(p.Field), shortened(p.Message)
	return append(problems, p)
}

// shortened returns the beginning and the end of a text that is too long to be read.
func shortened(text string) string {
	if len(text) <= longestMessage {
		return text
	}
	begin, end := longestMessage*2/3, len(text)-longestMessage/3
	for !utf8.RuneStart(text[begin]) {
		begin--
	}
	for !utf8.RuneStart(text[end]) {
		end++
	}
	return text[:begin] + " ... " + text[end:]
}
