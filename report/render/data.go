package render

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"go.yaml.in/yaml/v3"

	"fsctl/scenarios/plaintext"
)

// JSON writes a result as indented JSON. It fails, and writes nothing, where v cannot be JSON. Else
// the error is w's.
func JSON(w io.Writer, v any) error {
	text, err := marshal(v)
	if err != nil {
		return err
	}
	_, err = w.Write(text)
	return err
}

func marshal(v any) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false) // p(99)<300ms is to be read
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(v); err != nil {
		return nil, fmt.Errorf("write as JSON: %w", err)
	}
	return plaintext.EscapeJSON(out.Bytes()), nil
}

// YAML writes a result as YAML with the keys and the order of its JSON form. It fails, and writes
// nothing, where v cannot be JSON; else the error is w's.
func YAML(w io.Writer, v any) error {
	text, err := marshal(v)
	if err != nil {
		return err
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	node, err := yamlOf(decoder)
	if err != nil {
		return fmt.Errorf("write as YAML: %w", err)
	}
	var out bytes.Buffer
	encoder := yaml.NewEncoder(&out)
	encoder.SetIndent(2)
	if err := errors.Join(encoder.Encode(node), encoder.Close()); err != nil {
		return fmt.Errorf("write as YAML: %w", err)
	}
	// Characters that are not shown are only in values of double quotes, where YAML has them as JSON does.
	_, err = w.Write(plaintext.EscapeJSON(out.Bytes()))
	return err
}

// yamlOf reads the next JSON value.
func yamlOf(decoder *json.Decoder) (*yaml.Node, error) {
	token, err := decoder.Token()
	if err != nil {
		return nil, err
	}
	node := &yaml.Node{}
	switch v := token.(type) {
	case json.Delim:
		node.Kind, node.Tag = yaml.MappingNode, "!!map"
		if v == '[' {
			node.Kind, node.Tag = yaml.SequenceNode, "!!seq"
		}
		for decoder.More() {
			child, err := yamlOf(decoder) // keys of an object are values in turn
			if err != nil {
				return nil, err
			}
			node.Content = append(node.Content, child)
		}
		_, err := decoder.Token()
		return node, err
	case json.Number:
		node.Kind, node.Tag, node.Value = yaml.ScalarNode, "!!float", v.String()
		if _, err := v.Int64(); err == nil {
			node.Tag = "!!int"
		}
		return node, nil
	}
	if err := node.Encode(token); err != nil {
		return nil, err
	}
	if strings.IndexFunc(node.Value, func(r rune) bool { return !plaintext.IsShown(r) && r != '\n' }) >= 0 {
		node.Style = yaml.DoubleQuotedStyle
	}
	return node, nil
}
