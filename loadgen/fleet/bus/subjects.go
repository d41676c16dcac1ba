package bus

import (
	"crypto/rand"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// The subjects that belong to no run.
const (
	// StormSubject carries announcements by a coordinator.
	StormSubject = "fsctl.storm"
	// StormAskSubject carries requests of agents for a slot.
	StormAskSubject = "fsctl.storm.ask"
)

var runToken = regexp.MustCompile(`^[A-Za-z0-9]{8,32}$`)

// Run names one run on the bus: 8 to 32 letters and digits. It is a part of subjects, so text from
// elsewhere goes through ParseRun, or through JSON, which checks it too.
type Run string

// NewRun returns a name that no other run has: 26 letters and digits, drawn at random (130 bits).
func NewRun() Run { return Run(rand.Text()) }

// ParseRun checks the name of a run. It fails for anything but 8 to 32 letters and digits.
func ParseRun(text string) (Run, error) {
	if !runToken.MatchString(text) {
		return "", fmt.Errorf("run: found %.40q, wanted 8 to 32 letters and digits", text)
	}
	return Run(text), nil
}

// UnmarshalText checks the name of a run that comes in a message. It fails as ParseRun does.
func (r *Run) UnmarshalText(text []byte) (err error) {
	*r, err = ParseRun(string(text))
	return err
}

// ClockSubject carries probes of the coordinator's clock: requests of agents, answered by the coordinator.
func (r Run) ClockSubject() string { return r.subject("clock") }

// UpSubject carries the heartbeats of the agent of a slot, from 1.
func (r Run) UpSubject(slot int) string { return r.slotted("up", slot) }

// UpSubjects stands for the UpSubject of every slot, to subscribe to.
func (r Run) UpSubjects() string { return r.subject("up.*") }

// DownSubject carries control by the coordinator to all agents.
func (r Run) DownSubject() string { return r.subject("down") }

// DownSlotSubject carries control by the coordinator to the agent of a slot, from 1.
func (r Run) DownSlotSubject(slot int) string { return r.slotted("down", slot) }

func (r Run) downSlotSubjects() string { return r.subject("down.*") }

// RecordSubject carries the snapshots of the agent of a slot, from 1. The stream stores them.
func (r Run) RecordSubject(slot int) string { return r.slotted("rec", slot) }

// FinalSubject carries the final message of the agent of a slot, from 1. The stream stores it.
func (r Run) FinalSubject(slot int) string { return r.slotted("fin", slot) }

// StoredSubjects stands for the RecordSubject and FinalSubject of every slot: what the stream stores.
func (r Run) StoredSubjects() []string { return []string{r.subject("rec.*"), r.subject("fin.*")} }

// Stream names the JetStream stream of the run.
func (r Run) Stream() string { return "fsctl_" + string(r) }

// Bucket names the key-value bucket of the run. Only coordinators use it.
func (r Run) Bucket() string { return "fsctl_" + string(r) }

func (r Run) subject(name string) string { return "fsctl." + string(r) + "." + name }

func (r Run) slotted(name string, slot int) string { return r.subject(name + "." + strconv.Itoa(slot)) }

// SlotOf returns the slot at the end of a subject, from 1. With keys it is who sent the message: a server
// lets no agent publish for another slot. It fails where the subject does not end in such a number.
func SlotOf(subject string) (int, error) {
	slot, err := strconv.Atoi(subject[strings.LastIndexByte(subject, '.')+1:])
	if err != nil || slot < 1 {
		return 0, fmt.Errorf("subject %.80q: found no slot number at its end, wanted one from 1 on", subject)
	}
	return slot, nil
}

// inboxPrefix begins the subjects on which a slot gets answers. Each has its own, so that a server can keep
// agents from reading the answers to others.
func inboxPrefix(slot int) string {
	if slot == Coordinator {
		return "_INBOX_coordinator"
	}
	return "_INBOX_agent_" + strconv.Itoa(slot)
}
