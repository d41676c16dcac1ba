package bus

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestRunNames(t *testing.T) {
	for text, good := range map[string]bool{
		"ABCdef12":              true,
		strings.Repeat("a", 32): true,
		string(NewRun()):        true,
		"":                      false,
		"short12":               false,
		strings.Repeat("a", 33): false,
		"has.a.dot":             false,
		"fsctl.*.":              false,
		"wild*card":             false,
		"wildcard>":             false,
		"with space":            false,
		"umlautäöü":             false,
		"line\nbreak":           false,
		"abcdefgh\n":            false,
	} {
		run, err := ParseRun(text)
		if good != (err == nil) || good && string(run) != text {
			t.Errorf("%q: %q, %v", text, run, err)
		}
		quoted, _ := json.Marshal(text)
		var decoded Run
		if err := json.Unmarshal(quoted, &decoded); good != (err == nil) {
			t.Errorf("%s in JSON: %v", quoted, err)
		}
	}
	if a, b := NewRun(), NewRun(); a == b {
		t.Error("two runs have one name")
	}
}

func TestSubjects(t *testing.T) {
	run := Run("R2345678")
	for got, want := range map[string]string{
		run.ClockSubject():                        "fsctl.R2345678.clock",
		run.UpSubject(3):                          "fsctl.R2345678.up.3",
		run.UpSubjects():                          "fsctl.R2345678.up.*",
		run.DownSubject():                         "fsctl.R2345678.down",
		run.DownSlotSubject(12):                   "fsctl.R2345678.down.12",
		run.RecordSubject(1):                      "fsctl.R2345678.rec.1",
		run.FinalSubject(1):                       "fsctl.R2345678.fin.1",
		strings.Join(run.StoredSubjects(), " "):   "fsctl.R2345678.rec.* fsctl.R2345678.fin.*",
		run.Stream():                              "fsctl_R2345678",
		run.Bucket():                              "fsctl_R2345678",
		inboxPrefix(Coordinator) + inboxPrefix(1): "_INBOX_coordinator_INBOX_agent_1",
	} {
		if got != want {
			t.Errorf("%s, wanted %s", got, want)
		}
	}
}

func TestSlotOf(t *testing.T) {
	run := NewRun()
	for _, slot := range []int{1, 12, MaxAgents} {
		for _, subject := range []string{run.UpSubject(slot), run.RecordSubject(slot), run.FinalSubject(slot)} {
			if got, err := SlotOf(subject); err != nil || got != slot {
				t.Errorf("%s: %d, %v", subject, got, err)
			}
		}
	}
	for _, subject := range []string{"", "fsctl", "fsctl.R.up.", "fsctl.R.up.x", "fsctl.R.up.0", "fsctl.R.up.-1", "fsctl.R.up.*",
		"fsctl.R.up.99999999999999999999"} {
		if got, err := SlotOf(subject); err == nil {
			t.Errorf("%s: %d, wanted an error", subject, got)
		}
	}
}
