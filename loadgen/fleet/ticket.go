package fleet

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"fsctl/loadgen/fleet/bus"
	"fsctl/loadgen/record"
	"fsctl/loadgen/record/atomicfile"
)

// Ticket is what another coordinator needs to take over a run whose T0 is set. It is a file beside the record.
type Ticket struct {
	Run   bus.Run `json:"run"`
	Start *Start  `json:"start"`
}

func (t Ticket) slots() int {
	if t.Start == nil {
		return 0
	}
	return len(t.Start.Assignment.Shares)
}

// TicketFile is the ticket's name in a run directory.
const TicketFile = "fleet.json"

// EndedError says that a run has ended, so that there is nothing to take over.
type EndedError struct{ Reason string }

// Error says how the run has ended.
func (e *EndedError) Error() string { return fmt.Sprintf("the run has ended (%s)", e.Reason) }

// ReadTicket reads the ticket in a run directory. It fails with an *EndedError for a run that has ended, and where the
// file is missing or is not JSON. A run that failed can be taken over: its agents still have their measurements.
func ReadTicket(dir string) (t Ticket, err error) {
	if r, err := record.Open(dir); err == nil && r.Manifest.End != nil && r.Manifest.End.Reason != record.Failed {
		return t, &EndedError{r.Manifest.End.Reason}
	}
	data, err := os.ReadFile(filepath.Join(dir, TicketFile))
	if err == nil {
		err = json.Unmarshal(data, &t)
	}
	return t, err
}

// writeTicket returns a function that writes tickets to a run directory.
func writeTicket(dir string) func(Ticket) error {
	return func(t Ticket) error {
		return atomicfile.Write(filepath.Join(dir, TicketFile), atomicfile.Options{Perm: 0o600}, func(w io.Writer) error { _, err := w.Write(encode(t)); return err })
	}
}
