package try

import (
	"errors"
	"fmt"
	"net/url"

	"fsctl/loadgen/journey"
)

// Result is what one user's journey came to. Its texts are redacted, and cannot steer a terminal; a body may have lines.
type Result struct {
	Scenario string   `json:"scenario"`
	Target   string   `json:"target"`
	Journey  string   `json:"journey"`
	Before   string   `json:"before,omitempty"` // the journey that the user goes through ahead of it; empty for none
	User     uint64   `json:"user"`             // from 1
	Seed     uint64   `json:"seed"`
	Notes    []string `json:"notes"`
	Steps    []Step   `json:"steps"` // in the order in which they were performed
	Ended    Ended    `json:"ended"`
	Failure  *Failure `json:"failure,omitempty"` // the first; nil for none
	ExitCode int      `json:"exit_code"`         // set by whoever shows the result: 0, 1 or 105
}

// Step is a request of the journey with all that came of it.
type Step struct {
	Number      int         `json:"number"` // from 1
	Step        string      `json:"step"`
	Transaction bool        `json:"transaction,omitempty"`
	Before      bool        `json:"before,omitempty"` // it belongs to what the user does before its journey
	Wait        Wait        `json:"wait"`
	Request     Request     `json:"request"`
	Answer      Answer      `json:"answer"`
	Connection  Connection  `json:"connection"`
	Extracted   []Extracted `json:"extracted"`
	Checks      []Check     `json:"checks"`
	Counted     []Counted   `json:"counted,omitempty"` // what the answer adds to the step's own counters, in the order of their names
	Outcome     string      `json:"outcome"`           // ok, failed, error, or one of the scenario's
	When        string      `json:"when,omitempty"`    // the condition of an outcome of the scenario's
	Failed      bool        `json:"failed"`            // as an attack counts it
	Reason      string      `json:"reason,omitempty"`  // of a failure: an error's class, extract, status, or check: and its text
	Wanted      string      `json:"wanted,omitempty"`
	Found       string      `json:"found,omitempty"`
	Redacted    int         `json:"redacted"` // values taken out, 0 or more

	target     *url.URL // that the request went to
	cookieHint string   // of a failure that a cookie may mend
}

// Wait is the pause before a request.
type Wait struct {
	Seconds float64 `json:"seconds"`        // 0 or more
	Kind    string  `json:"kind,omitempty"` // Thinking, Pacing, Repeating, Retrying, Polling or Beginning; empty for no pause
	Waited  bool    `json:"waited"`
}

// Kinds of pauses.
const (
	Thinking  = "think"
	Repeating = "repeat" // the next round is due later
	Polling   = "poll"   // the user asks again until the target is ready
	Pacing    = "pacing" // the round is to take so long
	Retrying  = "retry"  // the step is tried again later
	Beginning = "begin"  // what is done before is over, and the journey begins later
)

// Request is what was sent: the step's own request, before any redirect.
type Request struct {
	Method  string   `json:"method"`
	URL     string   `json:"url"` // in full
	Headers []string `json:"headers"`
	Body
}

// Body is a body as far as it is shown.
type Body struct {
	Text   string `json:"body"`             // JSON is laid out in lines
	Bytes  uint64 `json:"body_bytes"`       // of all of it as it was sent, where that is known
	Cut    bool   `json:"cut,omitempty"`    // it goes on
	Binary bool   `json:"binary,omitempty"` // it is no text, and not shown
}

// Answer is what came back: of the last request, where redirects were followed.
type Answer struct {
	StatusLine string   `json:"status_line"` // empty where no whole head came
	Status     int      `json:"status"`      // 0 where no whole answer came
	Headers    []string `json:"headers"`
	Body
	Error          string  `json:"error,omitempty"` // why there is no whole answer
	Class          string  `json:"class,omitempty"` // of the error
	WaitingSeconds float64 `json:"waiting_seconds"` // from sending to the first byte
	TookSeconds    float64 `json:"took_seconds"`    // from sending to the last byte
	Redirects      int     `json:"redirects"`       // followed, from 0
	RedirectedTo   string  `json:"redirected_to,omitempty"`
	Resent         int     `json:"resent"` // times, from 0, that the request went out again on a new connection
}

// Connection is the one that a request went over.
type Connection struct {
	Opened     bool    `json:"opened"`      // for this request
	Reused     bool    `json:"reused"`      // it was open before
	Seconds    float64 `json:"seconds"`     // to open it
	TLSSeconds float64 `json:"tls_seconds"` // of them, for the handshake
}

// Extracted is a variable that the answer should hold.
type Extracted struct {
	Variable string `json:"variable"`
	From     string `json:"from"` // such as json:$.token
	Value    string `json:"value"`
	OK       bool   `json:"ok"`
	Found    string `json:"found,omitempty"` // what was there in its place
	Optional bool   `json:"optional,omitempty"`
}

// Check is a check of the step.
type Check struct {
	Check string `json:"check"`
	Held  bool   `json:"held"`
	Found string `json:"found,omitempty"`
}

// Counted is what an answer adds to an own counter of the scenario.
type Counted struct {
	Counter string  `json:"counter"`
	From    string  `json:"from"`  // a place such as json:$.risk, or a condition
	Added   float64 `json:"added"` // 0 to 1e9, without a unit
}

// Reasons of a step's failure that are not the text of a check or the class of an error.
const (
	Extract = journey.ReasonExtract
	Status  = journey.ReasonStatus
)

// How a trial can end.
const (
	Finished    = "finished"
	ByOutcome   = "outcome"     // one that the scenario names, such as sold_out
	Left        = "left"        // a variable was missing
	Abandoned   = "abandoned"   // the user gave up waiting for an answer
	Unreachable = "unreachable" // no connection could be opened
	Cut         = "cut"         // the most requests were sent
	Interrupted = "interrupted" // by the user of fsctl
)

// Ended says how the journey ended, and why.
type Ended struct {
	How      string `json:"how"`
	Outcome  string `json:"outcome,omitempty"`
	Step     string `json:"step,omitempty"`     // that the user did not come to
	Variable string `json:"variable,omitempty"` // that this step needs
	Message  string `json:"message"`
	Hint     string `json:"hint,omitempty"`
}

// Failure is the first thing that went wrong.
type Failure struct {
	Number int    `json:"number"` // of the request, from 1; 0 where it is none's
	Step   string `json:"step"`
	Why    string `json:"why"`
	Hint   string `json:"hint,omitempty"`
}

// Err returns an error that says what went wrong first, nil where nothing failed and the journey ended as the scenario says.
func (r *Result) Err() error {
	f := r.Failure
	switch {
	case f == nil:
		return nil
	case f.Number == 0:
		return errors.New(f.Why)
	}
	return fmt.Errorf("step %s (request %d): %s", f.Step, f.Number, f.Why)
}
