package strict

import (
	"strings"

	"go.yaml.in/yaml/v3"
)

// Line returns the line of a field in a text: that of the nearest field around it where it is absent, and 0 for a text that is not YAML. field
// is a path of names, such as services.shop.demand.
func Line(text []byte, field string) int {
	var document yaml.Node
	if yaml.Unmarshal(text, &document) != nil || len(document.Content) == 0 {
		return 0
	}
	return lineOf(document.Content[0], strings.Split(field, "."))
}

// lineOf returns the line of what is in a node by a path of names. An element of a list goes by its name.
func lineOf(n *yaml.Node, names []string) int {
	if len(names) == 0 {
		return n.Line
	}
	switch n.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			if n.Content[i].Value == names[0] {
				if len(names) == 1 {
					return n.Content[i].Line
				}
				return lineOf(n.Content[i+1], names[1:])
			}
		}
	case yaml.SequenceNode:
		for _, item := range n.Content {
			if nameOf(item) == names[0] {
				return lineOf(item, names[1:])
			}
		}
	}
	return n.Line
}

// nameOf returns the name of an element of a list, empty where it has none.
func nameOf(n *yaml.Node) string {
	for i := 0; n.Kind == yaml.MappingNode && i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == "name" {
			return n.Content[i+1].Value
		}
	}
	return ""
}
