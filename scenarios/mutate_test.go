package scenarios

import (
	"testing"

	"go.yaml.in/yaml/v3"
	"pgregory.net/rapid"
)

// everyNode lists the nodes of a document, keys too.
func everyNode(n *yaml.Node) []*yaml.Node {
	nodes := []*yaml.Node{n}
	for _, c := range n.Content {
		nodes = append(nodes, everyNode(c)...)
	}
	return nodes
}

// Fuzzing bytes seldom gets past YAML. Here whole values change place with odd ones, a few at once,
// and what holds of every text must still hold.
func TestParseOfMutatedScenarios(t *testing.T) {
	var texts []string
	for _, name := range append(Builtin(), example) {
		_, text, err := Read(name)
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, string(text))
	}
	odd := []string{"", "~", "''", "x", "-1", "0", "1", "0.5", "1e308", "1e308G", "9223372036854775808", ".nan", "-.inf", "100%", "1000000h", "0s", "8784h",
		"T0", "T0-8784h", "T0+8784h", "T0..T0+1s", "1..2", "3..2", "1G/s", "0/s", "true", "2026-11-11", "!!binary aGk=", "!!str 5", "!x y", "[]", "{}", "[[]]", "[~]",
		"[1, 2, 3]", "[{}]", "{a: b}", "{name: x}", "{? [a] : b}", "order", "[order]", "shop", "${sku}", "status 200", "json:$.a", "p(99)<1s", "name", "misses",
		"{lognormal: {median: 8000h, sigma: 5}}", "{uniform: [8784h, 8784h]}", "{repeat: {times: 3, do: [order]}}", "fsctl/v1", "orders-db", "hpa", "csv"}
	rapid.Check(t, func(rt *rapid.T) {
		var document yaml.Node
		if err := yaml.Unmarshal([]byte(rapid.SampledFrom(texts).Draw(rt, "text")), &document); err != nil {
			rt.Fatal(err)
		}
		for range rapid.IntRange(1, 3).Draw(rt, "changes") {
			nodes := everyNode(document.Content[0])
			n := nodes[splitMix64(rapid.Uint64().Draw(rt, "node"))%uint64(len(nodes))] // mixed: rapid's own numbers are mostly small
			var value yaml.Node
			if err := yaml.Unmarshal([]byte(odd[splitMix64(rapid.Uint64().Draw(rt, "value"))%uint64(len(odd))]), &value); err != nil {
				rt.Fatal(err)
			}
			*n = yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str"}
			if len(value.Content) > 0 {
				*n = *value.Content[0]
			}
		}
		text, err := yaml.Marshal(&document)
		if err != nil {
			return // what cannot be written cannot be in a file
		}
		checkParsed(rt, text)
	})
}
