package strict

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"
)

// JSON returns a YAML value as JSON text: keys in the file's order, numbers with the characters that the file has. It reports what
// JSON cannot say as it is written, such as 0x10, 010 or .nan.
func (d *Decoder) JSON(n *yaml.Node, path string) string {
	var b strings.Builder
	d.writeJSON(n, path, &b)
	return b.String()
}

func (d *Decoder) writeJSON(n *yaml.Node, path string, b *strings.Builder) {
	switch n.Kind {
	case yaml.MappingNode:
		d.wantTag(n, path, "!!map")
		b.WriteByte('{')
		first := true
		d.Pairs(n, path, func(key string, k, v *yaml.Node) {
			if k.Tag == "!!merge" {
				d.Problem(k, path, "found the merge key <<, wanted the values themselves, or the key in quotes")
			}
			if !first {
				b.WriteByte(',')
			}
			first = false
			b.WriteString(quoted(key))
			b.WriteByte(':')
			d.writeJSON(v, Join(path, key), b)
		})
		b.WriteByte('}')
	case yaml.SequenceNode:
		d.wantTag(n, path, "!!seq")
		b.WriteByte('[')
		for i, v := range n.Content {
			if i > 0 {
				b.WriteByte(',')
			}
			d.writeJSON(v, Named(path, i, ""), b)
		}
		b.WriteByte(']')
	default:
		d.writeJSONWord(n, path, b)
	}
}

// wantTag reports a mapping or a list that is tagged as something else.
func (d *Decoder) wantTag(n *yaml.Node, path, tag string) {
	if n.Tag != "" && n.Tag != tag {
		d.Problem(n, path, "found the tag %s, which JSON has no form for, wanted a value without it", n.Tag)
	}
}

var (
	jsonNumber = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?$`)

	// numeral is what YAML, of any version, takes for a number.
	numeral = regexp.MustCompile(`^[-+]?((\.[0-9_]+|[0-9][0-9_]*(\.[0-9_]*)?)([eE][-+]?[0-9]+)?|0[xX][0-9a-fA-F_]+|0[oO][0-7_]+|0[bB][01_]+|\.(?i:inf))$|^\.(?i:nan)$`)
)

func (d *Decoder) writeJSONWord(n *yaml.Node, path string, b *strings.Builder) {
	const inQuotes = yaml.SingleQuotedStyle | yaml.DoubleQuotedStyle | yaml.LiteralStyle | yaml.FoldedStyle
	word := strings.ToLower(n.Value)
	isNumber := n.Tag == "!!int" || n.Tag == "!!float"
	isText := n.Tag == "!!str" || n.Tag == "!!timestamp" || n.Tag == "!!merge" // JSON has no dates
	switch {
	case n.Tag == "!!str" && n.Style&(inQuotes|yaml.TaggedStyle) != 0:
		b.WriteString(quoted(n.Value))
	case n.Tag == "!!null" && (word == "" || word == "~" || word == "null"):
		b.WriteString("null")
	case n.Tag == "!!bool" && (word == "true" || word == "false"):
		b.WriteString(word)
	case (isNumber || isText) && jsonNumber.MatchString(n.Value): // also of more digits than YAML has numbers for
		b.WriteString(n.Value)
	case isNumber, isText && numeral.MatchString(n.Value):
		d.Problem(n, path, "found the number %s, which JSON does not write like that, wanted digits as in 10, -1.50 or 1e3, or quotes around it to send it as text", n.Value)
	case isText:
		b.WriteString(quoted(n.Value))
	default:
		d.Problem(n, path, "found the tag %s, which JSON has no form for, wanted a value without it", n.Tag)
	}
}

// quoted returns a text as JSON, its characters as they are but for those that JSON must escape.
func quoted(text string) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(text) // a string always has a JSON form
	return strings.TrimSuffix(b.String(), "\n")
}
