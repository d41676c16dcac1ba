package record

import (
	"fmt"
	"strings"
)

// ParseTag returns the tag whose text form is metric.step.outcome.
//
// It fails unless there are exactly three parts, none of them empty and none with a comma,
// blank or control character: such a name could not be read back from latency.hlog.
func ParseTag(text string) (Tag, error) {
	parts := strings.Split(text, ".")
	if len(parts) != 3 {
		return Tag{}, fmt.Errorf("tag %q has %d parts, wanted the three of metric.step.outcome", text, len(parts))
	}
	tag := Tag{Metric: parts[0], Step: parts[1], Outcome: parts[2]}
	return tag, tag.check()
}

// Compare orders tags by their text form.
func (t Tag) Compare(other Tag) int { return strings.Compare(t.String(), other.String()) }

func (t Tag) check() error {
	for _, part := range []string{t.Metric, t.Step, t.Outcome} {
		if err := CheckName(part); err != nil {
			return fmt.Errorf("tag %q: %w", t.String(), err)
		}
	}
	return nil
}

// CheckName accepts what can stand between the dots of a tag: it fails for a name that is empty, or has a dot,
// comma, blank or control character. Names of metrics, steps and outcomes must pass.
func CheckName(name string) error {
	if name == "" {
		return fmt.Errorf("a name is empty, wanted at least one character")
	}
	forbidden := func(r rune) bool { return r == '.' || r == ',' || r <= ' ' || r == 0x7f }
	if at := strings.IndexFunc(name, forbidden); at >= 0 {
		return fmt.Errorf("name %q has %q at byte %d, wanted no dot, comma, blank or control character", name, name[at], at)
	}
	return nil
}
