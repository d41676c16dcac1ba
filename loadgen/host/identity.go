package host

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"runtime"
)

// Identity says which cores a process runs on, so that those which several processes share are counted once.
type Identity struct {
	Machine  string // equal for all processes of one kernel, in whatever container; a host's name where there is no better
	Allowed  string // cores that the process may run on, such as 0-3,8; empty where unknown
	Group    string // its control group, whose quota of CPU all processes in it share; empty where unknown
	Cores    int    // that it uses at once, at most
	HasQuota bool   // a quota of CPU limits its control group
}

// Identify returns that of this process.
func Identify() Identity {
	name, _ := os.Hostname() // better than nothing
	id := Identity{Machine: name, Cores: runtime.GOMAXPROCS(0), HasQuota: coresAllowed() > 0}
	if kernel := kernelID(); kernel != "" {
		id.Machine = kernel
	}
	id.Allowed, id.Group = allowedList(), groupID()
	return id
}

// Place names the cores in a few letters: equal for processes that may run on the same cores of one machine.
func (id Identity) Place() string {
	sum := sha256.Sum256([]byte(id.Machine + "\n" + id.Allowed))
	return hex.EncodeToString(sum[:8])
}
