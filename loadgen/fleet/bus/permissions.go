package bus

import (
	"fmt"
	"path/filepath"
	"strings"
)

// Permissions are the subjects that an identity may publish to and subscribe to, in the syntax of NATS.
type Permissions struct {
	Publish   []string
	Subscribe []string
}

// everyRun stands for any run in permissions: keys are made before the runs are.
const everyRun = Run("*")

// AgentPermissions returns all that the agent of a slot, from 1, may do. The coordinator may do everything.
func AgentPermissions(slot int) Permissions {
	return Permissions{
		Publish:   agentPublishes(slot),
		Subscribe: append(agentHears(slot), inboxPrefix(slot)+".>"),
	}
}

func agentPublishes(slot int) []string {
	return []string{StormAskSubject, everyRun.ClockSubject(), everyRun.UpSubject(slot),
		everyRun.RecordSubject(slot), everyRun.FinalSubject(slot)}
}

func agentHears(slot int) []string {
	return []string{StormSubject, everyRun.DownSubject(), everyRun.DownSlotSubject(slot)}
}

// coordinatorAccount is where the coordinator, the stream and the bucket are.
const coordinatorAccount = "FSCTL"

// ServerConf renders the keys as a part of the configuration of nats-server, 2.9 or newer: its certificate,
// and its users with their permissions. The embedded server reads it too. The rest (listen, jetstream) is
// for the operator of an external one.
//
// Each agent has an account of its own, because permissions do not cover the subject that a message names
// for its answer: in one account with the stream, an agent could have JetStream's acknowledgements sent to
// the bucket, or to JetStream's own interface, where they purge the stream.
func (k *Keys) ServerConf() string {
	var b strings.Builder
	fmt.Fprintf(&b, "tls {\n  cert_file: %q\n  key_file: %q\n}\naccounts {\n",
		filepath.Join(k.dir, serverFile), filepath.Join(k.dir, serverKeyFile))
	k.coordinatorConf(&b)
	for i, public := range k.agents {
		agentConf(&b, i+1, public)
	}
	b.WriteString("}\n")
	return b.String()
}

func (k *Keys) coordinatorConf(b *strings.Builder) {
	fmt.Fprintf(b, "  %s {\n    jetstream: enabled\n    users: [ { nkey: %s } ]\n    exports: [\n", coordinatorAccount, k.Coordinator.public)
	for _, subject := range []string{StormSubject, everyRun.DownSubject(), everyRun.downSlotSubjects()} {
		fmt.Fprintf(b, "      { stream: %q }\n", subject)
	}
	services := append([]string{StormAskSubject, everyRun.ClockSubject(), everyRun.UpSubjects()}, everyRun.StoredSubjects()...)
	for _, subject := range services {
		fmt.Fprintf(b, "      { service: %q }\n", subject)
	}
	b.WriteString("    ]\n  }\n")
}

func agentConf(b *strings.Builder, slot int, public string) {
	p := AgentPermissions(slot)
	fmt.Fprintf(b, "  %s_AGENT_%d {\n    users: [ { nkey: %s, permissions: {\n      publish: [%s]\n      subscribe: [%s]\n    } } ]\n    imports: [\n",
		coordinatorAccount, slot, public, quoted(p.Publish), quoted(p.Subscribe))
	for _, subject := range agentHears(slot) {
		fmt.Fprintf(b, "      { stream: { account: %s, subject: %q } }\n", coordinatorAccount, subject)
	}
	for _, subject := range agentPublishes(slot) {
		fmt.Fprintf(b, "      { service: { account: %s, subject: %q } }\n", coordinatorAccount, subject)
	}
	b.WriteString("    ]\n  }\n")
}

func quoted(subjects []string) string { return `"` + strings.Join(subjects, `", "`) + `"` }
