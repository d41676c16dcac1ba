package strict

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

// applyAll sets fields in the order given and returns what could not be set.
func applyAll(root *yaml.Node, set []string) []Problem {
	var problems []Problem
	for _, assignment := range set {
		if err := apply(root, assignment); err != nil {
			problems = append(problems, Problem{Message: err.Error()})
		}
	}
	return problems
}

// apply sets one field, PATH=VALUE. A list's element is named by its name or index: services.shop,
// services.1, and services[1] as in a message.
func apply(root *yaml.Node, assignment string) error {
	path, text, ok := strings.Cut(assignment, "=")
	if !ok || path == "" {
		return fmt.Errorf("found --set %q, wanted PATH=VALUE such as services.shop.demand=3ms", assignment)
	}
	var value yaml.Node
	if err := yaml.Unmarshal([]byte(text), &value); err != nil || len(value.Content) != 1 {
		if top := strings.FieldsFunc(path, func(r rune) bool { return r == '.' || r == '[' }); len(top) == 0 || top[0] != "steps" && top[0] != "feeders" && top[0] != "ledger" {
			return fmt.Errorf("found --set %s with the value %q, wanted a YAML value", path, text)
		}
		return fmt.Errorf("found --set %s with a value that is no YAML, wanted one, in quotes where it has characters that mean something there", path)
	}
	n := root
	names := strings.Split(strings.NewReplacer("[", ".", "]", "").Replace(path), ".")
	for i, name := range names {
		if name == "" {
			return fmt.Errorf("found --set %q, wanted names with a dot between them, such as services.shop.demand=3ms", assignment)
		}
		next, err := descend(n, name)
		if err != nil {
			return fmt.Errorf("--set %s: %w", strings.Join(names[:i+1], "."), err)
		}
		n = next
	}
	*n = *value.Content[0]
	clearLines(n)
	return nil
}

// descend returns a child, which it makes in a mapping that has none of the name.
func descend(n *yaml.Node, name string) (*yaml.Node, error) {
	switch n.Kind {
	case yaml.MappingNode:
		if c := Child(n, name); c != nil {
			return c, nil
		}
		key := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: name}
		child := &yaml.Node{Kind: yaml.MappingNode}
		n.Content = append(n.Content, key, child)
		return child, nil
	case yaml.SequenceNode:
		var found []string
		for i, item := range n.Content {
			if c := Child(item, "name"); c != nil {
				if found = append(found, c.Value); c.Value == name {
					return item, nil
				}
			}
			if fmt.Sprint(i) == name {
				return item, nil
			}
		}
		return nil, fmt.Errorf("no element %q, wanted an index below %d%s", name, len(n.Content), orOneOf(found))
	}
	return nil, fmt.Errorf("found %s, which has no fields", describe(n))
}

func orOneOf(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return " or one of " + strings.Join(names, ", ")
}

func clearLines(n *yaml.Node) {
	n.Line = 0
	for _, c := range n.Content {
		clearLines(c)
	}
}
