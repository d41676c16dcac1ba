package journey

import (
	"bytes"
	"maps"
	"math"
	"slices"
	"strconv"

	"fsctl/loadgen/transport"
	"fsctl/scenarios"
	"fsctl/scenarios/decimal"
)

// counter adds something of an answer to an own counter of the scenario: a number that is there, or 1 where a condition holds.
type counter struct {
	from *extract
	when *boundCondition
}

// counters compiles the counters of a step.
func (c *compiler) counters(v *Step, s *scenarios.Step) error {
	for _, name := range slices.Sorted(maps.Keys(s.Count)) {
		from, isExtract := scenarios.ParseCount(s.Count[name])
		var made counter
		if isExtract {
			e := newExtract(from, 0)
			made.from = &e
			switch e.From {
			case "header":
				v.wantHead = append(v.wantHead, e.Name)
			default:
				v.wantBody = true
			}
		} else {
			outcomes := map[string]int32{}
			for number, outcome := range v.Outcomes {
				if number != OutcomeError {
					outcomes[outcome] = v.outcomeIDs[number]
				}
			}
			when, err := c.conditionIn(s.Count[name], &scope{compiler: c, step: v, outcomes: outcomes})
			if err != nil {
				return err
			}
			v.wantBody = v.wantBody || when.readsBody()
			made.when = when
		}
		v.Counters, v.counters = append(v.Counters, name), append(v.counters, made)
	}
	return nil
}

// count fills counts with what each counter of the step adds for an answer.
func (s *Step) count(u *User, a *transport.Answer, values *ValueReader) {
	values.counts = values.counts[:0]
	for i := range s.counters {
		added := 0.0
		switch c := &s.counters[i]; {
		case a.Err != nil:
		case c.when != nil:
			if c.when.holds(u, a, values) {
				added = 1
			}
		default:
			value, ok := c.from.find(a, values)
			if ok {
				added, _ = CountOf(value)
			}
		}
		values.counts = append(values.counts, added)
	}
}

// Counts returns what the step's counters add for the answer that Judge read last, in the order of Step.Counters, 0 or more and
// without a unit. It is good until the next answer is judged.
func (r *ValueReader) Counts() []float64 { return r.counts }

// mostCount is the largest number that an answer may add to a counter.
const mostCount = 1e9

// longestNumber is the longest text of one, in bytes.
const longestNumber = 32

var (
	wordTrue  = []byte("true")
	wordFalse = []byte("false")
)

// CountOf returns the number that a text adds to a counter, 0 to 1e9, in millionths; true adds 1. It returns false for any other text:
// one answer must not be able to spoil the sum.
func CountOf(text []byte) (number float64, ok bool) {
	switch {
	case bytes.Equal(text, wordTrue):
		return 1, true
	case bytes.Equal(text, wordFalse):
		return 0, true
	}
	if _, isNumber := decimal.Parse(text); !isNumber || len(text) > longestNumber {
		return 0, false
	}
	f, err := strconv.ParseFloat(string(text), 64) // on the stack, since it is short
	if err != nil || f < 0 || f > mostCount {
		return 0, false
	}
	return math.Round(f*1e6) / 1e6, true
}
