package explain

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"

	"fsctl/plan"
	"fsctl/scenarios"
	"fsctl/scenarios/quantity"
)

// origins knows where the values of a plan come from.
type origins struct {
	file     string
	root     *yaml.Node // nil where the scenario has no text
	measured []plan.Change
}

func newOrigins(sc *scenarios.Scenario, measured []plan.Change) origins {
	var document yaml.Node
	if len(sc.Document) == 0 || yaml.Unmarshal(sc.Document, &document) != nil || len(document.Content) == 0 {
		return origins{file: sc.File, measured: measured}
	}
	return origins{sc.File, document.Content[0], measured}
}

// of says where a field of the scenario was given: path, with file and line where they are known.
func (o origins) of(path string) string {
	for _, c := range o.measured {
		if c.Applied && (c.Field == path || strings.HasPrefix(path, c.Field+".")) {
			return fmt.Sprintf("calibration: %s, measured in %s by %s, n = %s", path, c.Origin.Run, c.Origin.Method, quantity.Count(c.Origin.N))
		}
	}
	if o.root == nil {
		return path
	}
	line := lineOf(o.root, strings.Split(path, "."))
	switch {
	case line == 0 && path == "workload.peak":
		return "assumption: " + path + " is not given"
	case line == 0:
		return "default of " + path
	case o.file == "":
		return path
	}
	return fmt.Sprintf("%s, %s:%d", path, o.file, line)
}

// lineOf returns the line of a value, 0 where it is not given. A list's element goes by its name.
func lineOf(n *yaml.Node, names []string) int {
	if len(names) == 0 {
		return n.Line
	}
	for i := 0; n.Kind == yaml.MappingNode && i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == names[0] {
			return lineOf(n.Content[i+1], names[1:])
		}
	}
	for i := 0; n.Kind == yaml.SequenceNode && i < len(n.Content); i++ {
		item := n.Content[i]
		for k := 0; item.Kind == yaml.MappingNode && k+1 < len(item.Content); k += 2 {
			if item.Content[k].Value == "name" && item.Content[k+1].Value == names[0] {
				return lineOf(item, names[1:])
			}
		}
	}
	return 0
}
