package roster

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// mostRefused bounds how many refusals are kept: agents that stay try again and again.
const mostRefused = 100

// Refused lists the agents that could not take part or were not accepted up to now, and why, each once.
func (r *Roster) Refused() []string { return slices.Clone(r.refused) }

// noteRefused keeps a refusal, and reports whether it is a new one.
func (r *Roster) noteRefused(format string, args ...any) (line string, isNew bool) {
	line = fmt.Sprintf(format, args...)
	if slices.Contains(r.refused, line) || len(r.refused) >= mostRefused {
		return line, false
	}
	r.refused = append(r.refused, line)
	return line, true
}

// TurnAway notes that an agent which can take no other slot was not offered that slot, a number from 1, and why. Once T0 is set
// such an agent waits for the place of one that is lost.
func (r *Roster) TurnAway(slot int, why string) {
	if r.hasStarted() {
		return
	}
	if line, isNew := r.noteRefused("an agent for slot %d alone: %s", slot, shown(why)); isNew {
		r.log("%s; each needs a slot of its own", line)
	}
}

// noteFailed notes that the agent of a slot cannot take part, and why. Before T0 is set its slot waits for another one.
func (r *Roster) noteFailed(s *slot) {
	if line, isNew := r.noteRefused("agent %d (%s): %s", s.number, s.Host, s.trouble()); isNew {
		r.log("%s; it cannot take part", line)
	}
}

// trouble says what the agent's problem is and what can be done about it, in one line.
func (s *slot) trouble() string {
	text := shown(s.Problem)
	if hint := shown(s.Hint); hint != "" {
		text += " (" + hint + ")"
	}
	return text
}

// shown makes text that comes from an agent fit for one line.
func shown(text string) string {
	const longest = 1000
	text = strings.ToValidUTF8(text[:min(len(text), longest)], "")
	return strings.Map(func(c rune) rune {
		if unicode.IsControl(c) {
			return ' '
		}
		return c
	}, text)
}
