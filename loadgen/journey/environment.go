package journey

import (
	"slices"
	"strings"

	"fsctl/loadgen/redact"
	"fsctl/loadgen/transport"
)

// fromEnvironment returns the value of ${env.NAME}.
func (c *compiler) fromEnvironment(name string) (string, error) {
	value := c.scenario.Environment()[name]
	if value == "" {
		return "", transport.InputErrorf("give the scenario its environment before it is sent", "found ${env.%s}, wanted a value for it", name)
	}
	return value, nil
}

// secretTexts returns what no text that is kept may hold of the values of the environment: each as it is, as it stands in a header,
// and a credential without the scheme before it.
func secretTexts(environment map[string]string) (list []string) {
	for _, name := range sorted(environment) {
		value := environment[name]
		inHeader := string(escapeHeader.from([]byte(value), 0))
		list = append(list, value, inHeader, strings.TrimSpace(inHeader))
		if _, credential, ok := strings.Cut(strings.TrimSpace(inHeader), " "); ok {
			list = append(list, credential)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// shown returns a text without the values of the environment.
func (t *text) shown() text {
	shown := text{slices.Clone(t.pieces)}
	for i := range shown.pieces {
		if shown.pieces[i].isSecret {
			shown.pieces[i].literal = redact.Mark
		}
	}
	return shown
}
