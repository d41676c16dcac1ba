package roster

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"fsctl/loadgen/record"
)

// choice is one column of a decision table: the letters that stand for its values.
type choice struct {
	name   string
	values string
}

// combinations calls f with every combination of values, one letter a column.
func combinations(columns []choice, f func(row string)) {
	rows := []string{""}
	for _, c := range columns {
		var longer []string
		for _, row := range rows {
			for _, v := range c.values {
				longer = append(longer, row+string(v))
			}
		}
		rows = longer
	}
	for _, row := range rows {
		f(row)
	}
}

// decide returns what the only row of a table that matches a combination says. Rows are of columns with a letter, several
// letters in brackets, or a dot for any.
func decide(t *testing.T, table map[string]string, row string) string {
	t.Helper()
	var found []string
	for pattern, want := range table {
		if matches(pattern, row) {
			found = append(found, want)
		}
	}
	if len(found) != 1 {
		t.Fatalf("%s: %d rows of the table match, wanted 1: %q", row, len(found), found)
	}
	return found[0]
}

func matches(pattern, row string) bool {
	columns := strings.Fields(pattern)
	return len(columns) == len(row) && !slices.ContainsFunc(slices.Collect(func(yield func(bool) bool) {
		for i, c := range columns {
			if !yield(c == "." || strings.ContainsRune(c, rune(row[i]))) {
				return
			}
		}
	}), func(ok bool) bool { return !ok })
}

// causes says why a run ends, by what has happened.
var causes = map[string]string{
	// event earlier policy away
	"r . . .":       "failed: receiver",
	"t . . .":       "aborted: threshold",
	"o . . .":       "failed: observer",
	"i . . .":       "interrupted: stopped by the user",
	"- i . .":       "interrupted: before",
	"- a . .":       "aborted: before",
	"- [-c] a y":    "aborted: an agent was lost",
	"- [-c] a n":    "completed: ",
	"- [-c] [cr] .": "completed: ",
}

// ends says whether the record is closed, by where the agents are and how much time has passed.
var ends = map[string]string{
	// delivered lost sent end snapshot since-delivered
	"y n . . . .":    "over",
	"y y . b . n":    "on", // a lost agent may come back
	"y y . b f y":    "on",
	"y y n b [qs] y": "on",
	"y y y b [qs] y": "over", // the storm is over for all, and the lost agent has not come back
	"y y . a f .":    "on",
	"y y . a [qs] n": "on",
	"y y . a [qs] y": "over",
	"y y . l f .":    "on",
	"y y . l q n":    "on",
	"y y . l q y":    "over",
	"y y . l s .":    "over",
	"y y . v . .":    "over",
	"n . . [ba] . .": "on",
	"n . . l [fq] .": "on",
	"n . . l s .":    "over, not everything", // all agents are silent
	"n . . v . .":    "over, not everything", // they go on and on
}

// situation makes a situation of letters, in the order of the columns of TestDecide.
func situation(row string) (s Situation) {
	switch row[0] {
	case 'r':
		s.ReceiveError = "receiver"
	case 't':
		s.Crossed = "threshold"
	case 'o':
		s.ObserveError = "observer"
	case 'i':
		s.Interrupted = true
	}
	s.Earlier = map[byte]record.End{'i': {Reason: record.Interrupted, Message: "before"}, 'a': {Reason: record.Aborted, Message: "before"},
		'c': {Reason: record.Completed}, '-': {}}[row[1]]
	s.OnLoss = map[byte]string{'a': OnLossAbort, 'c': OnLossAccount, 'r': OnLossReassign}[row[2]]
	s.IsAnyAway = row[3] == 'y'
	if row[4] == 'n' {
		s.Undelivered = []string{"agent-1", "agent-2"}
	}
	if row[5] == 'y' {
		s.Lost = 1
	}
	s.IsAnySent = row[6] == 'y'
	s.SinceEnd = map[byte]time.Duration{'b': -time.Second, 'a': time.Second, 'l': 31 * time.Second, 'v': 31 * time.Minute}[row[7]]
	s.SinceSnapshot = map[byte]time.Duration{'f': 5 * time.Second, 'q': 6 * time.Second, 's': 31 * time.Second}[row[8]]
	if row[9] == 'y' {
		s.SinceDelivered = 6 * time.Second
	}
	s.IsStopping = row[10] == 'y'
	return s
}

// TestDecide holds every combination of what can happen against the two tables.
func TestDecide(t *testing.T) {
	columns := []choice{{"event", "-rtoi"}, {"earlier", "-cia"}, {"policy", "acr"}, {"away", "yn"}, {"delivered", "yn"}, {"lost", "yn"}, {"sent", "yn"},
		{"end", "balv"}, {"snapshot", "fqs"}, {"since delivered", "yn"}, {"stopping", "yn"}}
	combinations(columns, func(row string) {
		cause := decide(t, causes, row[:4])
		wantStop := !strings.HasPrefix(cause, "completed") && row[0] != 'r' && row[10] == 'n'
		place := row[4:10]
		if wantStop {
			place = row[4:7] + "b" + row[8:10] // agents that are ordered to stop now have their time to answer
		}
		how := decide(t, ends, place)
		if row[0] == 'r' {
			how = "over"
		}
		if how == "over, not everything" && strings.HasSuffix(cause, ": ") {
			cause += "not everything was handed over: agent-1, agent-2"
		}
		got := Decide(situation(row))
		if text := fmt.Sprintf("%s: %s", got.End.Reason, got.End.Message); text != cause {
			t.Fatalf("%s: %q, wanted %q", row, text, cause)
		}
		if got.Stop != wantStop || got.IsOver != strings.HasPrefix(how, "over") {
			t.Fatalf("%s (%s): stop %v and over %v, wanted %v and %q", row, cause, got.Stop, got.IsOver, wantStop, how)
		}
	})
}

// complete is the whole log of a slot's agent.
func complete(slot int, epoch uint64) Log { return Log{Slot: slot, Epoch: epoch, Complete: true} }

// TestEndings follows runs to their end, a step every second.
func TestEndings(t *testing.T) {
	isSent := func(h *Heartbeat) { h.End = record.Completed }
	for name, test := range map[string]struct {
		onLoss string
		run    func(f *fleet, at time.Duration) (Events, []Log, uint64)
		want   record.End
		at     time.Duration // since T0
	}{
		"completed": {run: func(f *fleet, at time.Duration) (Events, []Log, uint64) {
			if at < 10*time.Second {
				f.says(1, "one", Sending)
				f.says(2, "two", Sending)
				return Events{}, nil, uint64(at)
			}
			f.says(1, "one", Sent, isSent)
			f.says(2, "two", Sent, isSent)
			return Events{}, []Log{complete(1, 1), complete(2, 1)}, 100
		}, want: record.End{Reason: record.Completed}, at: 10 * time.Second},
		"an agent is lost for good": {run: func(f *fleet, at time.Duration) (Events, []Log, uint64) {
			if at < 10*time.Second {
				f.says(1, "one", Sending)
				return Events{}, nil, uint64(at)
			}
			f.says(1, "one", Sent, isSent)
			return Events{}, []Log{complete(1, 1)}, 100
		}, want: record.End{Reason: record.Completed}, at: 16 * time.Second},
		"an agent is lost for good, and that ends the run": {onLoss: OnLossAbort, run: func(f *fleet, at time.Duration) (Events, []Log, uint64) {
			if f.IsStopping() {
				f.says(1, "one", Sent)
				return Events{}, []Log{complete(1, 1)}, 100
			}
			f.says(1, "one", Sending)
			return Events{}, nil, uint64(at)
		}, want: record.End{Reason: record.Aborted, Message: "an agent was lost"}, at: 11 * time.Second}, // lost after 4 s, all delivered after 5 s, and over 5 s more to come back
		"agents that are alive and silent": {run: func(f *fleet, at time.Duration) (Events, []Log, uint64) {
			f.says(1, "one", Sent, isSent)
			f.says(2, "two", Sending)
			return Events{}, []Log{complete(1, 1)}, 7
		}, want: record.End{Reason: record.Completed, Message: "not everything was handed over: agent-2@host"}, at: 43 * time.Second},
		"the user stops it": {run: func(f *fleet, at time.Duration) (Events, []Log, uint64) {
			state := Sending
			if f.IsStopping() {
				state = Sent
			}
			f.says(1, "one", state)
			f.says(2, "two", state)
			if state == Sent {
				return Events{}, []Log{complete(1, 1), complete(2, 1)}, 9
			}
			return Events{Interrupted: at == 5*time.Second}, nil, 8
		}, want: record.End{Reason: record.Interrupted, Message: "stopped by the user"}, at: 6 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFleet(t, Options{Slots: 2, OnLoss: test.onLoss})
			f.says(1, "one", Ready)
			f.says(2, "two", Ready)
			f.start()
			e := NewEnding(f.now, f.now.Add(12*time.Second), 3*time.Second)
			for at := time.Duration(0); at < time.Hour; at += time.Second {
				f.now = f.t0.Add(at)
				events, logs, snapshots := test.run(f, at)
				f.Watch(f.now)
				d := e.Step(f.now, f.Roster, events, logs, snapshots)
				if !d.IsOver {
					continue
				}
				if d.End != test.want || at != test.at {
					t.Errorf("%+v after %v, wanted %+v after %v", d.End, at, test.want, test.at)
				}
				return
			}
			t.Error("never ends")
		})
	}
}

// TestTakenOverAfterTheEnd: the time that agents and bus have for the rest begins with the take-over.
func TestTakenOverAfterTheEnd(t *testing.T) {
	f := newFleet(t, Options{Slots: 1})
	f.TakeOver(f.now, f.now.Add(-time.Hour), even(1))
	f.EndTakeOver(f.now)
	e := NewEnding(f.now, f.now.Add(-50*time.Minute), time.Second)
	for second := range 6 {
		if d := e.Step(f.now.Add(time.Duration(second)*time.Second), f.Roster, Events{}, nil, 0); d.IsOver {
			t.Fatalf("over after %d s, wanted some time for what the bus has", second)
		}
	}
	if d := e.Step(f.now.Add(6*time.Second), f.Roster, Events{}, nil, 0); !d.IsOver || d.End.Reason != record.Completed {
		t.Errorf("%+v, wanted the end", d)
	}
}
